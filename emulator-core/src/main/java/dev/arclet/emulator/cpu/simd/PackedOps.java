package dev.arclet.emulator.cpu.simd;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;
import dev.arclet.emulator.cpu.interp.Op;
import dev.arclet.emulator.cpu.interp.OpFactory;
import dev.arclet.emulator.cpu.interp.OpTable;

/**
 * The shapes of packed instructions: {@code destination = f(destination, source)} with an MMX or
 * XMM destination register, made of functions on 64 bits.
 */
final class PackedOps {
    private PackedOps() {}

    /** 64 bits of a result from as many of both operands. */
    @FunctionalInterface
    interface Lane {
        long apply(long a, long b);
    }

    /** 64 bits of a result from 128 of both operands. */
    @FunctionalInterface
    interface Half {
        long apply(long aLow, long aHigh, long bLow, long bHigh);
    }

    /** Makes a function from an immediate of 8 bits. */
    @FunctionalInterface
    interface ByImmediate<F> {
        F function(int immediate);
    }

    /** Index of a register operand. */
    static int register(Instruction instruction, int operand) {
        return ((Operand.Register) instruction.operand(operand)).index();
    }

    /** Value of an immediate operand. */
    static int immediate(Instruction instruction, int operand) {
        return (int) ((Operand.Immediate) instruction.operand(operand)).value();
    }

    /** Whether an operand is an MMX register. */
    static boolean isMmx(Instruction instruction, int operand) {
        return instruction.operand(operand) instanceof Operand.Register r
                && r.file() == Operand.File.MMX;
    }

    /** An instruction that does the same to both halves of an XMM register and to MMX registers. */
    static void lanes(OpTable table, Mnemonic mnemonic, Lane lane) {
        table.put(mnemonic, laneFactory(lane));
    }

    /** Makes the operations of {@link #lanes}. */
    static OpFactory laneFactory(Lane lane) {
        return (instruction, place) ->
                isMmx(instruction, 0)
                        ? new MmxOp(instruction, place, lane)
                        : new XmmLaneOp(instruction, place, lane);
    }

    /**
     * An instruction whose result is that of the destination followed by that of the source:
     * packing and sums of neighbours.
     */
    static void joins(OpTable table, Mnemonic mnemonic, Lane lane) {
        halves(
                table,
                mnemonic,
                lane,
                (aLow, aHigh, bLow, bHigh) -> lane.apply(aLow, aHigh),
                (aLow, aHigh, bLow, bHigh) -> lane.apply(bLow, bHigh));
    }

    /** An instruction with MMX and XMM forms. */
    static void halves(OpTable table, Mnemonic mnemonic, Lane mmx, Half low, Half high) {
        table.put(
                mnemonic,
                (instruction, place) ->
                        isMmx(instruction, 0)
                                ? new MmxOp(instruction, place, mmx)
                                : new XmmOp(instruction, place, low, high));
    }

    /** An instruction with XMM forms only. */
    static void halves(OpTable table, Mnemonic mnemonic, Half low, Half high) {
        table.put(mnemonic, (instruction, place) -> new XmmOp(instruction, place, low, high));
    }

    /** An instruction with an immediate and XMM forms only. */
    static void immediateHalves(
            OpTable table, Mnemonic mnemonic, ByImmediate<Half> low, ByImmediate<Half> high) {
        table.put(
                mnemonic,
                (instruction, place) -> {
                    int immediate = immediate(instruction, 2);
                    return new XmmOp(
                            instruction, place, low.function(immediate), high.function(immediate));
                });
    }

    /** MMX register op= MMX register or memory. */
    static final class MmxOp extends Op {
        private final int destination;
        private final MmxSource source;
        private final Lane lane;

        MmxOp(Instruction instruction, Place place, Lane lane) {
            destination = register(instruction, 0);
            source = new MmxSource(instruction.operand(1), place);
            this.lane = lane;
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkMmx(cpu);
            long b = source.load(cpu);
            SimdAccess.enterMmx(cpu);
            SimdAccess.setMmx(cpu, destination, lane.apply(SimdAccess.mmx(cpu, destination), b));
        }
    }

    /** What reads an XMM register or memory and changes an XMM register. */
    abstract static class XmmBase extends Op {
        /** Index into {@link CpuState#xmm}. */
        final int destination;

        final XmmSource source;

        XmmBase(Instruction instruction, Place place) {
            destination = 2 * register(instruction, 0);
            source = new XmmSource(instruction.operand(1), place, true);
        }
    }

    /** XMM register op= XMM register or memory, both halves in the same way. */
    static final class XmmLaneOp extends XmmBase {
        private final Lane lane;

        XmmLaneOp(Instruction instruction, Place place, Lane lane) {
            super(instruction, place);
            this.lane = lane;
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            int s = source.fetch(cpu);
            int d = destination;
            long[] xmm = cpu.xmm;
            xmm[d] = lane.apply(xmm[d], xmm[s]);
            xmm[d + 1] = lane.apply(xmm[d + 1], xmm[s + 1]);
        }
    }

    /** XMM register op= XMM register or memory. */
    static final class XmmOp extends XmmBase {
        private final Half low;
        private final Half high;

        XmmOp(Instruction instruction, Place place, Half low, Half high) {
            super(instruction, place);
            this.low = low;
            this.high = high;
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            int s = source.fetch(cpu);
            int d = destination;
            long[] xmm = cpu.xmm;
            long aLow = xmm[d];
            long aHigh = xmm[d + 1];
            long bLow = xmm[s];
            long bHigh = xmm[s + 1];
            xmm[d] = low.apply(aLow, aHigh, bLow, bHigh);
            xmm[d + 1] = high.apply(aLow, aHigh, bLow, bHigh);
        }
    }
}
