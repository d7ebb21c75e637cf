package dev.arclet.emulator.cpu.simd;

import static dev.arclet.emulator.cpu.decode.Mnemonic.*;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;
import dev.arclet.emulator.cpu.interp.EffectiveAddress;
import dev.arclet.emulator.cpu.interp.Op;
import dev.arclet.emulator.cpu.interp.OpTable;
import dev.arclet.emulator.fault.GuestFault;

/** Operations of the floating-point instructions of SSE, SSE2, SSE3 and SSE4.1. */
public final class SseFloatOps {
    private static final long LOW = 0xFFFF_FFFFL;

    private SseFloatOps() {}

    /** One lane of singles. */
    @FunctionalInterface
    private interface SingleLane {
        int apply(SseFloat c, int a, int b);
    }

    /** One lane of doubles. */
    @FunctionalInterface
    private interface DoubleLane {
        long apply(SseFloat c, long a, long b);
    }

    /** A whole instruction: leaves the destination's new image in the context. */
    @FunctionalInterface
    private interface Whole {
        void apply(SseFloat c, long aLow, long aHigh, long bLow, long bHigh);
    }

    /** From an XMM register or memory to a general or MMX register. */
    @FunctionalInterface
    private interface ToInteger {
        long apply(SseFloat c, long low, long high);
    }

    /** From a general or MMX register or memory to an XMM register. */
    @FunctionalInterface
    private interface FromInteger {
        void apply(SseFloat c, long aLow, long aHigh, long value);
    }

    /** Puts all of them into the table. */
    public static void register(OpTable table) {
        registerArithmetic(table);
        registerHorizontal(table);
        registerComparisons(table);
        registerConversions(table);
        registerImmediates(table);
        registerControl(table);
    }

    private static void registerArithmetic(OpTable table) {
        lanes(table, ADDPS, ADDSS, SseFloat::add32, ADDPD, ADDSD, SseFloat::add64);
        lanes(table, SUBPS, SUBSS, SseFloat::subtract32, SUBPD, SUBSD, SseFloat::subtract64);
        lanes(table, MULPS, MULSS, SseFloat::multiply32, MULPD, MULSD, SseFloat::multiply64);
        lanes(table, DIVPS, DIVSS, SseFloat::divide32, DIVPD, DIVSD, SseFloat::divide64);
        lanes(table, MINPS, MINSS, SseFloat::minimum32, MINPD, MINSD, SseFloat::minimum64);
        lanes(table, MAXPS, MAXSS, SseFloat::maximum32, MAXPD, MAXSD, SseFloat::maximum64);
        lanes(
                table,
                SQRTPS,
                SQRTSS,
                SseFloat::squareRoot32,
                SQRTPD,
                SQRTSD,
                SseFloat::squareRoot64);
        SingleLane reciprocal = (c, a, b) -> c.reciprocal(b);
        SingleLane reciprocalRoot = (c, a, b) -> c.reciprocalRoot(b);
        whole(table, RCPPS, packed(reciprocal));
        whole(table, RCPSS, scalar(reciprocal));
        whole(table, RSQRTPS, packed(reciprocalRoot));
        whole(table, RSQRTSS, scalar(reciprocalRoot));
    }

    private static void lanes(
            OpTable table,
            Mnemonic packedSingle,
            Mnemonic scalarSingle,
            SingleLane single,
            Mnemonic packedDouble,
            Mnemonic scalarDouble,
            DoubleLane doubled) {
        whole(table, packedSingle, packed(single));
        whole(table, scalarSingle, scalar(single));
        whole(table, packedDouble, packed(doubled));
        whole(table, scalarDouble, scalar(doubled));
    }

    private static long pair(int low, int high) {
        return low & LOW | (long) high << 32;
    }

    private static int lower(long value) {
        return (int) value;
    }

    private static int upper(long value) {
        return (int) (value >>> 32);
    }

    private static Whole packed(SingleLane lane) {
        return (c, aLow, aHigh, bLow, bHigh) -> {
            c.low =
                    pair(
                            lane.apply(c, (int) aLow, (int) bLow),
                            lane.apply(c, upper(aLow), upper(bLow)));
            c.high =
                    pair(
                            lane.apply(c, (int) aHigh, (int) bHigh),
                            lane.apply(c, upper(aHigh), upper(bHigh)));
        };
    }

    private static Whole scalar(SingleLane lane) {
        return (c, aLow, aHigh, bLow, bHigh) -> {
            c.low = aLow & ~LOW | lane.apply(c, (int) aLow, (int) bLow) & LOW;
            c.high = aHigh;
        };
    }

    private static Whole packed(DoubleLane lane) {
        return (c, aLow, aHigh, bLow, bHigh) -> {
            c.low = lane.apply(c, aLow, bLow);
            c.high = lane.apply(c, aHigh, bHigh);
        };
    }

    private static Whole scalar(DoubleLane lane) {
        return (c, aLow, aHigh, bLow, bHigh) -> {
            c.low = lane.apply(c, aLow, bLow);
            c.high = aHigh;
        };
    }

    private static void registerHorizontal(OpTable table) {
        whole(
                table,
                ADDSUBPS,
                (c, aLow, aHigh, bLow, bHigh) -> {
                    c.low =
                            pair(
                                    c.subtract32((int) aLow, (int) bLow),
                                    c.add32(upper(aLow), upper(bLow)));
                    c.high =
                            pair(
                                    c.subtract32((int) aHigh, (int) bHigh),
                                    c.add32(upper(aHigh), upper(bHigh)));
                });
        whole(
                table,
                ADDSUBPD,
                (c, aLow, aHigh, bLow, bHigh) -> {
                    c.low = c.subtract64(aLow, bLow);
                    c.high = c.add64(aHigh, bHigh);
                });
        whole(table, HADDPS, horizontal(SseFloat::add32));
        whole(table, HSUBPS, horizontal(SseFloat::subtract32));
        whole(table, HADDPD, horizontal(SseFloat::add64));
        whole(table, HSUBPD, horizontal(SseFloat::subtract64));
    }

    private static Whole horizontal(SingleLane lane) {
        return (c, aLow, aHigh, bLow, bHigh) -> {
            c.low =
                    pair(
                            lane.apply(c, (int) aLow, upper(aLow)),
                            lane.apply(c, (int) aHigh, upper(aHigh)));
            c.high =
                    pair(
                            lane.apply(c, (int) bLow, upper(bLow)),
                            lane.apply(c, (int) bHigh, upper(bHigh)));
        };
    }

    private static Whole horizontal(DoubleLane lane) {
        return (c, aLow, aHigh, bLow, bHigh) -> {
            c.low = lane.apply(c, aLow, aHigh);
            c.high = lane.apply(c, bLow, bHigh);
        };
    }

    private static void registerComparisons(OpTable table) {
        compareFlags(table, COMISS, UCOMISS, 4);
        compareFlags(table, COMISD, UCOMISD, 8);
        immediate(table, CMPPS, i -> packed((SingleLane) (c, a, b) -> c.compare32(a, b, i & 7)));
        immediate(table, CMPSS, i -> scalar((SingleLane) (c, a, b) -> c.compare32(a, b, i & 7)));
        immediate(table, CMPPD, i -> packed((DoubleLane) (c, a, b) -> c.compare64(a, b, i & 7)));
        immediate(table, CMPSD, i -> scalar((DoubleLane) (c, a, b) -> c.compare64(a, b, i & 7)));
    }

    private static void compareFlags(OpTable table, Mnemonic ordered, Mnemonic quiet, int bytes) {
        table.put(
                ordered,
                (instruction, place) -> new CompareFlagsOp(instruction, place, bytes, false));
        table.put(
                quiet, (instruction, place) -> new CompareFlagsOp(instruction, place, bytes, true));
    }

    private static void registerConversions(OpTable table) {
        whole(
                table,
                CVTPS2PD,
                (c, aLow, aHigh, bLow, bHigh) -> {
                    c.low = c.widen((int) bLow);
                    c.high = c.widen(upper(bLow));
                });
        whole(
                table,
                CVTSS2SD,
                (c, aLow, aHigh, bLow, bHigh) -> {
                    c.low = c.widen((int) bLow);
                    c.high = aHigh;
                });
        whole(
                table,
                CVTPD2PS,
                (c, aLow, aHigh, bLow, bHigh) -> {
                    c.low = pair(c.narrow(bLow), c.narrow(bHigh));
                    c.high = 0;
                });
        whole(
                table,
                CVTSD2SS,
                (c, aLow, aHigh, bLow, bHigh) -> {
                    c.low = aLow & ~LOW | c.narrow(bLow) & LOW;
                    c.high = aHigh;
                });
        whole(table, CVTDQ2PS, packed((SingleLane) (c, a, b) -> c.integerTo32(b)));
        whole(
                table,
                CVTDQ2PD,
                (c, aLow, aHigh, bLow, bHigh) -> {
                    c.low = c.integerTo64(lower(bLow));
                    c.high = c.integerTo64(upper(bLow));
                });
        whole(table, CVTPS2DQ, packed((SingleLane) (c, a, b) -> (int) c.toInteger32(b, 32, false)));
        whole(table, CVTTPS2DQ, packed((SingleLane) (c, a, b) -> (int) c.toInteger32(b, 32, true)));
        whole(table, CVTPD2DQ, doublesToIntegers(false));
        whole(table, CVTTPD2DQ, doublesToIntegers(true));
        toInteger(table, CVTPS2PI, 8, singlePairToIntegers(false));
        toInteger(table, CVTTPS2PI, 8, singlePairToIntegers(true));
        toInteger(table, CVTPD2PI, 16, doublePairToIntegers(false));
        toInteger(table, CVTTPD2PI, 16, doublePairToIntegers(true));
        scalarToInteger(table, CVTSS2SI, 4, false);
        scalarToInteger(table, CVTTSS2SI, 4, true);
        scalarToInteger(table, CVTSD2SI, 8, false);
        scalarToInteger(table, CVTTSD2SI, 8, true);
        fromInteger(
                table,
                CVTSI2SS,
                (c, aLow, aHigh, value) -> {
                    c.low = aLow & ~LOW | c.integerTo32(value) & LOW;
                    c.high = aHigh;
                });
        fromInteger(
                table,
                CVTSI2SD,
                (c, aLow, aHigh, value) -> {
                    c.low = c.integerTo64(value);
                    c.high = aHigh;
                });
        fromInteger(
                table,
                CVTPI2PS,
                (c, aLow, aHigh, value) -> {
                    c.low = pair(c.integerTo32(lower(value)), c.integerTo32(upper(value)));
                    c.high = aHigh;
                });
        fromInteger(
                table,
                CVTPI2PD,
                (c, aLow, aHigh, value) -> {
                    c.low = c.integerTo64(lower(value));
                    c.high = c.integerTo64(upper(value));
                });
    }

    private static Whole doublesToIntegers(boolean chop) {
        return (c, aLow, aHigh, bLow, bHigh) -> {
            c.low = pair((int) c.toInteger64(bLow, 32, chop), (int) c.toInteger64(bHigh, 32, chop));
            c.high = 0;
        };
    }

    private static ToInteger singlePairToIntegers(boolean chop) {
        return (c, low, high) ->
                pair(
                        (int) c.toInteger32((int) low, 32, chop),
                        (int) c.toInteger32(upper(low), 32, chop));
    }

    private static ToInteger doublePairToIntegers(boolean chop) {
        return (c, low, high) ->
                pair((int) c.toInteger64(low, 32, chop), (int) c.toInteger64(high, 32, chop));
    }

    private static void toInteger(
            OpTable table, Mnemonic mnemonic, int bytes, ToInteger conversion) {
        table.put(
                mnemonic,
                (instruction, place) -> new ToIntegerOp(instruction, place, bytes, conversion));
    }

    private static void scalarToInteger(OpTable table, Mnemonic mnemonic, int bytes, boolean chop) {
        table.put(
                mnemonic,
                (instruction, place) -> {
                    int bits = 8 * instruction.operand(0).size();
                    ToInteger conversion =
                            bytes == 4
                                    ? (c, low, high) -> c.toInteger32((int) low, bits, chop)
                                    : (c, low, high) -> c.toInteger64(low, bits, chop);
                    return new ToIntegerOp(instruction, place, bytes, conversion);
                });
    }

    private static void fromInteger(OpTable table, Mnemonic mnemonic, FromInteger conversion) {
        table.put(
                mnemonic,
                (instruction, place) -> new FromIntegerOp(instruction, place, conversion));
    }

    private static void registerImmediates(OpTable table) {
        immediate(table, ROUNDPS, i -> packed((SingleLane) (c, a, b) -> c.round32(b, i)));
        immediate(table, ROUNDSS, i -> scalar((SingleLane) (c, a, b) -> c.round32(b, i)));
        immediate(table, ROUNDPD, i -> packed((DoubleLane) (c, a, b) -> c.round64(b, i)));
        immediate(table, ROUNDSD, i -> scalar((DoubleLane) (c, a, b) -> c.round64(b, i)));
        immediate(table, DPPS, SseFloatOps::dotProductSingle);
        immediate(table, DPPD, SseFloatOps::dotProductDouble);
    }

    private static int selected(int value, int control, int bit) {
        return (control >>> bit & 1) != 0 ? value : 0;
    }

    private static Whole dotProductSingle(int control) {
        return (c, aLow, aHigh, bLow, bHigh) -> {
            int p0 = product(c, (int) aLow, (int) bLow, control, 4);
            int p1 = product(c, upper(aLow), upper(bLow), control, 5);
            int p2 = product(c, (int) aHigh, (int) bHigh, control, 6);
            int p3 = product(c, upper(aHigh), upper(bHigh), control, 7);
            if (c.stops()) {
                return;
            }
            int sumLow = c.add32(p0, p1);
            int sumHigh = c.add32(p2, p3);
            if (c.stops()) {
                return;
            }
            int sum = c.add32(sumLow, sumHigh);
            c.low = pair(selected(sum, control, 0), selected(sum, control, 1));
            c.high = pair(selected(sum, control, 2), selected(sum, control, 3));
        };
    }

    private static int product(SseFloat c, int a, int b, int control, int bit) {
        return (control >>> bit & 1) != 0 ? c.multiply32(a, b) : 0;
    }

    private static Whole dotProductDouble(int control) {
        return (c, aLow, aHigh, bLow, bHigh) -> {
            long p0 = (control & 0x10) != 0 ? c.multiply64(aLow, bLow) : 0;
            long p1 = (control & 0x20) != 0 ? c.multiply64(aHigh, bHigh) : 0;
            if (c.stops()) {
                return;
            }
            long sum = c.add64(p0, p1);
            c.low = (control & 1) != 0 ? sum : 0;
            c.high = (control & 2) != 0 ? sum : 0;
        };
    }

    private static void registerControl(OpTable table) {
        table.put(LDMXCSR, (instruction, place) -> new MxcsrOp(instruction, place, true));
        table.put(STMXCSR, (instruction, place) -> new MxcsrOp(instruction, place, false));
    }

    private static void whole(OpTable table, Mnemonic mnemonic, Whole action) {
        table.put(mnemonic, (instruction, place) -> new XmmOp(instruction, place, action));
    }

    /** Makes the action of an instruction from its immediate. */
    @FunctionalInterface
    private interface ByImmediate {
        Whole action(int immediate);
    }

    private static void immediate(OpTable table, Mnemonic mnemonic, ByImmediate maker) {
        table.put(
                mnemonic,
                (instruction, place) -> {
                    long value = ((Operand.Immediate) instruction.operand(2)).value();
                    return new XmmOp(instruction, place, maker.action((int) value));
                });
    }

    private static int register(Instruction instruction, int operand) {
        return ((Operand.Register) instruction.operand(operand)).index();
    }

    /** XMM register op= XMM register or memory. */
    private static final class XmmOp extends Op {
        private final int destination;
        private final XmmSource source;
        private final Whole action;

        XmmOp(Instruction instruction, Place place, Whole action) {
            destination = 2 * SseFloatOps.register(instruction, 0);
            source = new XmmSource(instruction.operand(1), place, true);
            this.action = action;
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            int s = source.fetch(cpu);
            int d = destination;
            long[] xmm = cpu.xmm;
            SseFloat c = cpu.sse;
            c.begin(cpu.mxcsr);
            action.apply(c, xmm[d], xmm[d + 1], xmm[s], xmm[s + 1]);
            c.finish(cpu);
            xmm[d] = c.low;
            xmm[d + 1] = c.high;
        }
    }

    private static final class CompareFlagsOp extends Op {
        private final int first;
        private final XmmSource second;
        private final boolean single;
        private final boolean quiet;

        CompareFlagsOp(Instruction instruction, Place place, int bytes, boolean quiet) {
            first = 2 * SseFloatOps.register(instruction, 0);
            second = new XmmSource(instruction.operand(1), place, bytes, false);
            single = bytes == 4;
            this.quiet = quiet;
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            int s = second.fetch(cpu);
            SseFloat c = cpu.sse;
            c.begin(cpu.mxcsr);
            long a = cpu.xmm[first];
            long b = cpu.xmm[s];
            int flags =
                    single
                            ? c.compareFlags32((int) a, (int) b, quiet)
                            : c.compareFlags64(a, b, quiet);
            c.finish(cpu);
            cpu.setArithmeticFlags(flags);
        }
    }

    /** To a general register of 4 or 8 bytes, or to an MMX register. */
    private static final class ToIntegerOp extends Op {
        private final int destination;
        private final int size;
        private final boolean mmx;
        private final XmmSource source;
        private final ToInteger conversion;

        ToIntegerOp(Instruction instruction, Place place, int bytes, ToInteger conversion) {
            Operand.Register target = (Operand.Register) instruction.operand(0);
            destination = target.index();
            size = target.size();
            mmx = target.file() == Operand.File.MMX;
            source = new XmmSource(instruction.operand(1), place, bytes, true);
            this.conversion = conversion;
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            if (mmx) {
                SimdAccess.checkMmx(cpu);
            }
            int s = source.fetch(cpu);
            if (mmx) {
                // The transition comes first: it is made even if the conversion then raises #XM.
                SimdAccess.enterMmx(cpu);
            }
            SseFloat c = cpu.sse;
            c.begin(cpu.mxcsr);
            long value = conversion.apply(c, cpu.xmm[s], cpu.xmm[s + 1]);
            c.finish(cpu);
            if (mmx) {
                SimdAccess.setMmx(cpu, destination, value);
            } else {
                cpu.gpr[destination] = size == 8 ? value : value & LOW;
            }
        }
    }

    /** From a general register or memory of 4 or 8 bytes, or from an MMX register or memory. */
    private static final class FromIntegerOp extends Op {
        private final int destination;
        private final EffectiveAddress address;
        private final int register;
        private final int size;
        private final boolean mmx;
        private final FromInteger conversion;

        FromIntegerOp(Instruction instruction, Place place, FromInteger conversion) {
            destination = 2 * SseFloatOps.register(instruction, 0);
            Operand operand = instruction.operand(1);
            size = operand.size();
            Mnemonic mnemonic = instruction.mnemonic();
            if (operand instanceof Operand.Memory memory) {
                address = new EffectiveAddress(memory, place);
                register = 0;
                mmx = false;
            } else {
                address = null;
                register = ((Operand.Register) operand).index();
                mmx = mnemonic == CVTPI2PS || mnemonic == CVTPI2PD;
            }
            this.conversion = conversion;
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            if (mmx) {
                SimdAccess.checkMmx(cpu);
            }
            long value;
            if (address != null) {
                long linear = address.read(cpu, size);
                value = size == 4 ? cpu.mmu.load32(linear) : cpu.mmu.load64(linear);
            } else if (mmx) {
                value = SimdAccess.mmx(cpu, register);
            } else {
                value = size == 4 ? (int) cpu.gpr[register] : cpu.gpr[register];
            }
            if (mmx) {
                SimdAccess.enterMmx(cpu);
            }
            SseFloat c = cpu.sse;
            c.begin(cpu.mxcsr);
            int d = destination;
            conversion.apply(c, cpu.xmm[d], cpu.xmm[d + 1], value);
            c.finish(cpu);
            cpu.xmm[d] = c.low;
            cpu.xmm[d + 1] = c.high;
        }
    }

    private static final class MxcsrOp extends Op {
        private final EffectiveAddress address;
        private final boolean load;

        MxcsrOp(Instruction instruction, Place place, boolean load) {
            address = new EffectiveAddress((Operand.Memory) instruction.operand(0), place);
            this.load = load;
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            if (!load) {
                cpu.mmu.store32(address.write(cpu, 4), cpu.mxcsr);
                return;
            }
            int value = cpu.mmu.load32(address.read(cpu, 4));
            if (!SseFloat.isValidMxcsr(value)) {
                throw cpu.fault(GuestFault.GP, 0);
            }
            cpu.mxcsr = value;
        }
    }
}
