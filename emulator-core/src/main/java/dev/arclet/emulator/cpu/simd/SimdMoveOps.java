package dev.arclet.emulator.cpu.simd;

import static dev.arclet.emulator.cpu.decode.Mnemonic.*;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;
import dev.arclet.emulator.cpu.interp.EffectiveAddress;
import dev.arclet.emulator.cpu.interp.Op;
import dev.arclet.emulator.cpu.interp.OpTable;

/** Moves between MMX, XMM and general registers and memory, sign masks, and EMMS. */
public final class SimdMoveOps {
    private static final long LOW = 0xFFFF_FFFFL;

    private SimdMoveOps() {}

    /** Puts all of them into the table. */
    public static void register(OpTable table) {
        for (Mnemonic mnemonic :
                new Mnemonic[] {MOVAPS, MOVAPD, MOVDQA, MOVNTPS, MOVNTPD, MOVNTDQ, MOVNTDQA}) {
            table.put(mnemonic, (instruction, place) -> whole(instruction, place, true));
        }
        for (Mnemonic mnemonic : new Mnemonic[] {MOVUPS, MOVUPD, MOVDQU, LDDQU}) {
            table.put(mnemonic, (instruction, place) -> whole(instruction, place, false));
        }
        table.put(MOVSS, SimdMoveOps::scalar);
        table.put(MOVSD, SimdMoveOps::scalar);
        table.put(MOVD, SimdMoveOps::quadword);
        table.put(MOVQ, SimdMoveOps::quadword);
        table.put(MOVNTQ, SimdMoveOps::quadword);
        table.put(MOVQ2DQ, MmxToXmmOp::new);
        table.put(MOVDQ2Q, XmmToMmxOp::new);
        table.put(MOVLPS, (instruction, place) -> half(instruction, place, 0));
        table.put(MOVLPD, (instruction, place) -> half(instruction, place, 0));
        table.put(MOVHPS, (instruction, place) -> half(instruction, place, 1));
        table.put(MOVHPD, (instruction, place) -> half(instruction, place, 1));
        table.put(MOVHLPS, (instruction, place) -> new HalfCopyOp(instruction, 0, 1));
        table.put(MOVLHPS, (instruction, place) -> new HalfCopyOp(instruction, 1, 0));
        PackedOps.halves(
                table,
                MOVDDUP,
                (aLow, aHigh, bLow, bHigh) -> bLow,
                (aLow, aHigh, bLow, bHigh) -> bLow);
        PackedOps.lanes(table, MOVSLDUP, (a, b) -> b & LOW | b << 32);
        PackedOps.lanes(table, MOVSHDUP, (a, b) -> b & ~LOW | b >>> 32);
        table.put(MOVMSKPS, (instruction, place) -> new SignsOp(instruction, 4));
        table.put(MOVMSKPD, (instruction, place) -> new SignsOp(instruction, 8));
        table.put(
                PMOVMSKB,
                (instruction, place) ->
                        PackedOps.isMmx(instruction, 1)
                                ? new MmxSignsOp(instruction)
                                : new ByteSignsOp(instruction));
        table.put(MASKMOVQ, MaskedStoreOp::new);
        table.put(MASKMOVDQU, MaskedStoreOp::new);
        table.put(EMMS, (instruction, place) -> new LeaveOp());
    }

    /** Moves of 16 bytes. */
    private static Op whole(Instruction instruction, Op.Place place, boolean aligned) {
        if (instruction.operand(0) instanceof Operand.Memory memory) {
            EffectiveAddress address = new EffectiveAddress(memory, place);
            return new StoreOp(instruction, address, aligned);
        }
        if (instruction.operand(1) instanceof Operand.Memory memory) {
            EffectiveAddress address = new EffectiveAddress(memory, place);
            return new LoadOp(instruction, address, aligned);
        }
        return new CopyOp(instruction);
    }

    /** MOVSS and MOVSD. */
    private static Op scalar(Instruction instruction, Op.Place place) {
        if (instruction.operand(0) instanceof Operand.Memory memory) {
            return new StoreLowOp(instruction, place, memory, 0);
        }
        if (instruction.operand(1) instanceof Operand.Memory memory) {
            return new LoadLowOp(instruction, place, memory);
        }
        return instruction.operand(0).size() == 8
                ? new HalfCopyOp(instruction, 0, 0)
                : new CopySingleOp(instruction);
    }

    /** MOVLPS, MOVHPS and relatives with memory. */
    private static Op half(Instruction instruction, Op.Place place, int half) {
        return instruction.operand(0) instanceof Operand.Memory memory
                ? new StoreLowOp(instruction, place, memory, half)
                : new LoadHalfOp(instruction, place, half);
    }

    /** MOVD, MOVQ and MOVNTQ: which registers take part says which instruction it is. */
    private static Op quadword(Instruction instruction, Op.Place place) {
        Operand destination = instruction.operand(0);
        Operand source = instruction.operand(1);
        if (PackedOps.isMmx(instruction, 0)) {
            return source instanceof Operand.Register r && r.file() == Operand.File.GPR
                    ? new GprToMmxOp(instruction)
                    : new LoadMmxOp(instruction, place);
        }
        if (PackedOps.isMmx(instruction, 1)) {
            return destination instanceof Operand.Memory memory
                    ? new StoreMmxOp(instruction, place, memory)
                    : new MmxToGprOp(instruction);
        }
        if (destination instanceof Operand.Memory memory) {
            return new StoreLowOp(instruction, place, memory, 0);
        }
        if (source instanceof Operand.Memory memory) {
            return new LoadLowOp(instruction, place, memory);
        }
        if (((Operand.Register) destination).file() == Operand.File.GPR) {
            return new XmmToGprOp(instruction);
        }
        return ((Operand.Register) source).file() == Operand.File.GPR
                ? new GprToXmmOp(instruction)
                : new CopyLowOp(instruction);
    }

    private static final class CopyOp extends Op {
        private final int destination;
        private final int source;

        CopyOp(Instruction instruction) {
            destination = 2 * PackedOps.register(instruction, 0);
            source = 2 * PackedOps.register(instruction, 1);
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            long[] xmm = cpu.xmm;
            xmm[destination] = xmm[source];
            xmm[destination + 1] = xmm[source + 1];
        }
    }

    private static final class LoadOp extends Op {
        private final int destination;
        private final EffectiveAddress address;
        private final int misaligned;

        LoadOp(Instruction instruction, EffectiveAddress address, boolean aligned) {
            destination = 2 * PackedOps.register(instruction, 0);
            this.address = address;
            misaligned = aligned ? 15 : 0;
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            long linear = address.read(cpu, 16);
            if ((linear & misaligned) != 0) {
                SimdAccess.checkAligned(cpu, linear);
            }
            long low = cpu.mmu.load64(linear);
            cpu.xmm[destination + 1] = cpu.mmu.load64(linear + 8 & cpu.linearMask);
            cpu.xmm[destination] = low;
        }
    }

    private static final class StoreOp extends Op {
        private final int source;
        private final EffectiveAddress address;
        private final int misaligned;

        StoreOp(Instruction instruction, EffectiveAddress address, boolean aligned) {
            source = 2 * PackedOps.register(instruction, 1);
            this.address = address;
            misaligned = aligned ? 15 : 0;
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            long linear = address.write(cpu, 16);
            if ((linear & misaligned) != 0) {
                SimdAccess.checkAligned(cpu, linear);
            }
            cpu.mmu.store128(linear, cpu.xmm[source], cpu.xmm[source + 1]);
        }
    }

    /** 4 or 8 bytes of memory; the rest of the register becomes zero. */
    private static final class LoadLowOp extends Op {
        private final int destination;
        private final EffectiveAddress address;
        private final int bytes;

        LoadLowOp(Instruction instruction, Place place, Operand.Memory memory) {
            destination = 2 * PackedOps.register(instruction, 0);
            address = new EffectiveAddress(memory, place);
            bytes = memory.size();
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            long linear = address.read(cpu, bytes);
            long[] xmm = cpu.xmm;
            xmm[destination] = bytes == 8 ? cpu.mmu.load64(linear) : cpu.mmu.load32(linear) & LOW;
            xmm[destination + 1] = 0;
        }
    }

    /** Stores the low 4 or 8 bytes, or the high 8. */
    private static final class StoreLowOp extends Op {
        private final int source;
        private final EffectiveAddress address;
        private final int bytes;

        StoreLowOp(Instruction instruction, Place place, Operand.Memory memory, int half) {
            source = 2 * PackedOps.register(instruction, 1) + half;
            address = new EffectiveAddress(memory, place);
            bytes = memory.size();
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            long linear = address.write(cpu, bytes);
            if (bytes == 8) {
                cpu.mmu.store64(linear, cpu.xmm[source]);
            } else {
                cpu.mmu.store32(linear, (int) cpu.xmm[source]);
            }
        }
    }

    /** 8 bytes of memory to one half of the register. */
    private static final class LoadHalfOp extends Op {
        private final int destination;
        private final EffectiveAddress address;

        LoadHalfOp(Instruction instruction, Place place, int half) {
            destination = 2 * PackedOps.register(instruction, 0) + half;
            address = new EffectiveAddress((Operand.Memory) instruction.operand(1), place);
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            cpu.xmm[destination] = cpu.mmu.load64(address.read(cpu, 8));
        }
    }

    /** One half of a register to one of another, whose other half stays. */
    private static final class HalfCopyOp extends Op {
        private final int destination;
        private final int source;

        HalfCopyOp(Instruction instruction, int toHalf, int fromHalf) {
            destination = 2 * PackedOps.register(instruction, 0) + toHalf;
            source = 2 * PackedOps.register(instruction, 1) + fromHalf;
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            cpu.xmm[destination] = cpu.xmm[source];
        }
    }

    /** MOVSS between registers. */
    private static final class CopySingleOp extends Op {
        private final int destination;
        private final int source;

        CopySingleOp(Instruction instruction) {
            destination = 2 * PackedOps.register(instruction, 0);
            source = 2 * PackedOps.register(instruction, 1);
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            long[] xmm = cpu.xmm;
            xmm[destination] = xmm[destination] & ~LOW | xmm[source] & LOW;
        }
    }

    /** MOVQ between XMM registers. */
    private static final class CopyLowOp extends Op {
        private final int destination;
        private final int source;

        CopyLowOp(Instruction instruction) {
            destination = 2 * PackedOps.register(instruction, 0);
            source = 2 * PackedOps.register(instruction, 1);
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            cpu.xmm[destination] = cpu.xmm[source];
            cpu.xmm[destination + 1] = 0;
        }
    }

    private static final class XmmToGprOp extends Op {
        private final int destination;
        private final int source;
        private final long mask;

        XmmToGprOp(Instruction instruction) {
            destination = PackedOps.register(instruction, 0);
            source = 2 * PackedOps.register(instruction, 1);
            mask = instruction.operand(0).size() == 8 ? -1 : LOW;
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            cpu.gpr[destination] = cpu.xmm[source] & mask;
        }
    }

    private static final class GprToXmmOp extends Op {
        private final int destination;
        private final int source;
        private final long mask;

        GprToXmmOp(Instruction instruction) {
            destination = 2 * PackedOps.register(instruction, 0);
            source = PackedOps.register(instruction, 1);
            mask = instruction.operand(1).size() == 8 ? -1 : LOW;
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            cpu.xmm[destination] = cpu.gpr[source] & mask;
            cpu.xmm[destination + 1] = 0;
        }
    }

    /** MMX register or memory to an MMX register. */
    private static final class LoadMmxOp extends Op {
        private final int destination;
        private final MmxSource source;

        LoadMmxOp(Instruction instruction, Place place) {
            destination = PackedOps.register(instruction, 0);
            source = new MmxSource(instruction.operand(1), place);
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkMmx(cpu);
            long value = source.load(cpu);
            SimdAccess.enterMmx(cpu);
            SimdAccess.setMmx(cpu, destination, value);
        }
    }

    private static final class StoreMmxOp extends Op {
        private final int source;
        private final EffectiveAddress address;
        private final int bytes;

        StoreMmxOp(Instruction instruction, Place place, Operand.Memory memory) {
            source = PackedOps.register(instruction, 1);
            address = new EffectiveAddress(memory, place);
            bytes = memory.size();
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkMmx(cpu);
            long linear = address.write(cpu, bytes);
            long value = SimdAccess.mmx(cpu, source);
            if (bytes == 8) {
                cpu.mmu.store64(linear, value);
            } else {
                cpu.mmu.store32(linear, (int) value);
            }
            SimdAccess.enterMmx(cpu);
        }
    }

    private static final class MmxToGprOp extends Op {
        private final int destination;
        private final int source;
        private final long mask;

        MmxToGprOp(Instruction instruction) {
            destination = PackedOps.register(instruction, 0);
            source = PackedOps.register(instruction, 1);
            mask = instruction.operand(0).size() == 8 ? -1 : LOW;
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkMmx(cpu);
            SimdAccess.enterMmx(cpu);
            cpu.gpr[destination] = SimdAccess.mmx(cpu, source) & mask;
        }
    }

    private static final class GprToMmxOp extends Op {
        private final int destination;
        private final int source;
        private final long mask;

        GprToMmxOp(Instruction instruction) {
            destination = PackedOps.register(instruction, 0);
            source = PackedOps.register(instruction, 1);
            mask = instruction.operand(1).size() == 8 ? -1 : LOW;
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkMmx(cpu);
            SimdAccess.enterMmx(cpu);
            SimdAccess.setMmx(cpu, destination, cpu.gpr[source] & mask);
        }
    }

    private static final class MmxToXmmOp extends Op {
        private final int destination;
        private final int source;

        MmxToXmmOp(Instruction instruction, Place place) {
            destination = 2 * PackedOps.register(instruction, 0);
            source = PackedOps.register(instruction, 1);
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            SimdAccess.checkMmx(cpu);
            SimdAccess.enterMmx(cpu);
            cpu.xmm[destination] = SimdAccess.mmx(cpu, source);
            cpu.xmm[destination + 1] = 0;
        }
    }

    private static final class XmmToMmxOp extends Op {
        private final int destination;
        private final int source;

        XmmToMmxOp(Instruction instruction, Place place) {
            destination = PackedOps.register(instruction, 0);
            source = 2 * PackedOps.register(instruction, 1);
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            SimdAccess.checkMmx(cpu);
            SimdAccess.enterMmx(cpu);
            SimdAccess.setMmx(cpu, destination, cpu.xmm[source]);
        }
    }

    /** PMOVMSKB of an XMM register. */
    private static final class ByteSignsOp extends Op {
        private final int destination;
        private final int source;

        ByteSignsOp(Instruction instruction) {
            destination = PackedOps.register(instruction, 0);
            source = 2 * PackedOps.register(instruction, 1);
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            cpu.gpr[destination] =
                    PackedInteger.signs8(cpu.xmm[source])
                            | PackedInteger.signs8(cpu.xmm[source + 1]) << 8;
        }
    }

    /** PMOVMSKB of an MMX register. */
    private static final class MmxSignsOp extends Op {
        private final int destination;
        private final int source;

        MmxSignsOp(Instruction instruction) {
            destination = PackedOps.register(instruction, 0);
            source = PackedOps.register(instruction, 1);
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkMmx(cpu);
            SimdAccess.enterMmx(cpu);
            cpu.gpr[destination] = PackedInteger.signs8(SimdAccess.mmx(cpu, source));
        }
    }

    /** MOVMSKPS and MOVMSKPD. */
    private static final class SignsOp extends Op {
        private final int destination;
        private final int source;
        private final boolean singles;

        SignsOp(Instruction instruction, int laneBytes) {
            destination = PackedOps.register(instruction, 0);
            source = 2 * PackedOps.register(instruction, 1);
            singles = laneBytes == 4;
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            long low = cpu.xmm[source];
            long high = cpu.xmm[source + 1];
            cpu.gpr[destination] =
                    singles
                            ? low >>> 31 & 1
                                    | low >>> 63 << 1
                                    | (high >>> 31 & 1) << 2
                                    | high >>> 63 << 3
                            : low >>> 63 | high >>> 63 << 1;
        }
    }

    /** MASKMOVQ and MASKMOVDQU: stores those bytes whose top bit in the mask is set. */
    private static final class MaskedStoreOp extends Op {
        private final int data;
        private final int mask;
        private final int bytes;
        private final EffectiveAddress address;

        MaskedStoreOp(Instruction instruction, Place place) {
            boolean mmx = PackedOps.isMmx(instruction, 0);
            bytes = mmx ? 8 : 16;
            data = PackedOps.register(instruction, 0);
            mask = PackedOps.register(instruction, 1);
            address =
                    new EffectiveAddress(
                            new Operand.Memory(
                                    instruction.segment(),
                                    CpuState.RDI,
                                    CpuState.ZERO,
                                    0,
                                    0,
                                    instruction.addressSize(),
                                    bytes),
                            place);
        }

        @Override
        public void execute(CpuState cpu) {
            if (bytes == 8) {
                SimdAccess.checkMmx(cpu);
                store(
                        cpu,
                        PackedInteger.signs8(SimdAccess.mmx(cpu, mask)),
                        SimdAccess.mmx(cpu, data),
                        0);
                SimdAccess.enterMmx(cpu);
            } else {
                SimdAccess.checkSse(cpu);
                long[] xmm = cpu.xmm;
                int selected =
                        PackedInteger.signs8(xmm[2 * mask])
                                | PackedInteger.signs8(xmm[2 * mask + 1]) << 8;
                store(cpu, selected, xmm[2 * data], xmm[2 * data + 1]);
            }
        }

        private void store(CpuState cpu, int selected, long low, long high) {
            long linear = address.write(cpu, bytes);
            if (selected == 0) {
                return;
            }
            int first = Integer.numberOfTrailingZeros(selected);
            int last = 31 - Integer.numberOfLeadingZeros(selected);
            cpu.mmu.probeWrite(linear + first & cpu.linearMask, last - first + 1);
            for (int i = first; i <= last; i++) {
                if ((selected >>> i & 1) != 0) {
                    long half = i < 8 ? low : high;
                    cpu.mmu.store8(linear + i & cpu.linearMask, (int) (half >>> 8 * (i & 7)));
                }
            }
        }
    }

    private static final class LeaveOp extends Op {
        LeaveOp() {}

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkMmx(cpu);
            SimdAccess.leaveMmx(cpu);
        }
    }
}
