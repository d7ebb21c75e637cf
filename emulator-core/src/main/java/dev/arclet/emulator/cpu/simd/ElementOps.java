package dev.arclet.emulator.cpu.simd;

import static dev.arclet.emulator.cpu.decode.Mnemonic.*;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Operand;
import dev.arclet.emulator.cpu.interp.EffectiveAddress;
import dev.arclet.emulator.cpu.interp.Op;
import dev.arclet.emulator.cpu.interp.OpTable;

/** Single elements into and out of MMX and XMM registers: PINSRx, PEXTRx, INSERTPS, EXTRACTPS. */
public final class ElementOps {
    private static final long LOW = 0xFFFF_FFFFL;

    private ElementOps() {}

    /** Puts all of them into the table. */
    public static void register(OpTable table) {
        table.put(PEXTRB, (instruction, place) -> new ExtractOp(instruction, place, 1));
        table.put(
                PEXTRW,
                (instruction, place) ->
                        PackedOps.isMmx(instruction, 1)
                                ? new MmxExtractOp(instruction)
                                : new ExtractOp(instruction, place, 2));
        table.put(PEXTRD, (instruction, place) -> new ExtractOp(instruction, place, 4));
        table.put(EXTRACTPS, (instruction, place) -> new ExtractOp(instruction, place, 4));
        table.put(PEXTRQ, (instruction, place) -> new ExtractOp(instruction, place, 8));
        table.put(PINSRB, (instruction, place) -> new InsertOp(instruction, place, 1));
        table.put(
                PINSRW,
                (instruction, place) ->
                        PackedOps.isMmx(instruction, 0)
                                ? new MmxInsertOp(instruction, place)
                                : new InsertOp(instruction, place, 2));
        table.put(PINSRD, (instruction, place) -> new InsertOp(instruction, place, 4));
        table.put(PINSRQ, (instruction, place) -> new InsertOp(instruction, place, 8));
        table.put(INSERTPS, InsertSingleOp::new);
    }

    private static long mask(int bytes) {
        return -1L >>> 64 - 8 * bytes;
    }

    /** A general register or memory of 1, 2, 4 or 8 bytes. */
    private static final class Element {
        private final EffectiveAddress address;
        private final int register;
        private final int bytes;

        Element(Operand operand, Op.Place place, int bytes) {
            this.bytes = bytes;
            if (operand instanceof Operand.Memory memory) {
                address = new EffectiveAddress(memory, place);
                register = 0;
            } else {
                address = null;
                register = ((Operand.Register) operand).index();
            }
        }

        long load(CpuState cpu) {
            if (address == null) {
                return cpu.gpr[register] & mask(bytes);
            }
            long linear = address.read(cpu, bytes);
            return switch (bytes) {
                case 1 -> cpu.mmu.load8(linear);
                case 2 -> cpu.mmu.load16(linear);
                case 4 -> cpu.mmu.load32(linear) & LOW;
                default -> cpu.mmu.load64(linear);
            };
        }

        void store(CpuState cpu, long value) {
            if (address == null) {
                cpu.gpr[register] = value & mask(bytes);
                return;
            }
            long linear = address.write(cpu, bytes);
            switch (bytes) {
                case 1 -> cpu.mmu.store8(linear, (int) value);
                case 2 -> cpu.mmu.store16(linear, (int) value);
                case 4 -> cpu.mmu.store32(linear, (int) value);
                default -> cpu.mmu.store64(linear, value);
            }
        }
    }

    private static final class ExtractOp extends Op {
        private final Element destination;
        private final int source;
        private final int shift;

        ExtractOp(Instruction instruction, Place place, int bytes) {
            destination = new Element(instruction.operand(0), place, bytes);
            int first = PackedOps.immediate(instruction, 2) * bytes & 15;
            source = 2 * PackedOps.register(instruction, 1) + (first >> 3);
            shift = 8 * (first & 7);
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            destination.store(cpu, cpu.xmm[source] >>> shift);
        }
    }

    private static final class MmxExtractOp extends Op {
        private final int destination;
        private final int source;
        private final int shift;

        MmxExtractOp(Instruction instruction) {
            destination = PackedOps.register(instruction, 0);
            source = PackedOps.register(instruction, 1);
            shift = 16 * (PackedOps.immediate(instruction, 2) & 3);
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkMmx(cpu);
            SimdAccess.enterMmx(cpu);
            cpu.gpr[destination] = SimdAccess.mmx(cpu, source) >>> shift & 0xFFFF;
        }
    }

    private static final class InsertOp extends Op {
        private final int destination;
        private final Element source;
        private final int shift;
        private final long kept;

        InsertOp(Instruction instruction, Place place, int bytes) {
            source = new Element(instruction.operand(1), place, bytes);
            int first = PackedOps.immediate(instruction, 2) * bytes & 15;
            destination = 2 * PackedOps.register(instruction, 0) + (first >> 3);
            shift = 8 * (first & 7);
            kept = ~(mask(bytes) << shift);
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            long element = source.load(cpu) << shift;
            cpu.xmm[destination] = cpu.xmm[destination] & kept | element;
        }
    }

    private static final class MmxInsertOp extends Op {
        private final int destination;
        private final Element source;
        private final int shift;

        MmxInsertOp(Instruction instruction, Place place) {
            destination = PackedOps.register(instruction, 0);
            source = new Element(instruction.operand(1), place, 2);
            shift = 16 * (PackedOps.immediate(instruction, 2) & 3);
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkMmx(cpu);
            long element = source.load(cpu) << shift;
            SimdAccess.enterMmx(cpu);
            long kept = SimdAccess.mmx(cpu, destination) & ~(0xFFFFL << shift);
            SimdAccess.setMmx(cpu, destination, kept | element);
        }
    }

    private static final class InsertSingleOp extends Op {
        private final int destination;
        private final XmmSource source;
        private final int sourceHalf;
        private final int sourceShift;
        private final int targetHalf;
        private final int targetShift;
        private final long lowKept;
        private final long highKept;

        InsertSingleOp(Instruction instruction, Place place) {
            destination = 2 * PackedOps.register(instruction, 0);
            source = new XmmSource(instruction.operand(1), place, 4, false);
            int control = PackedOps.immediate(instruction, 2);
            int from = source.isMemory() ? 0 : control >>> 6;
            sourceHalf = from >> 1;
            sourceShift = 32 * (from & 1);
            int to = control >>> 4 & 3;
            targetHalf = to >> 1;
            targetShift = 32 * (to & 1);
            lowKept = ~PackedShuffle.doublewords(control);
            highKept = ~PackedShuffle.doublewords(control >>> 2);
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            int s = source.fetch(cpu);
            int d = destination;
            long[] xmm = cpu.xmm;
            long single = xmm[s + sourceHalf] >>> sourceShift & LOW;
            long others = xmm[d + targetHalf] & ~(LOW << targetShift);
            xmm[d + targetHalf] = others | single << targetShift;
            xmm[d] &= lowKept;
            xmm[d + 1] &= highKept;
        }
    }
}
