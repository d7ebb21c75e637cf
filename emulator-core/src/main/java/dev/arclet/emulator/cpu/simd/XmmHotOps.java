package dev.arclet.emulator.cpu.simd;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.decode.Instruction;

/**
 * Packed XMM instructions that guests execute most, each with a class of its own: a call of a
 * function object that many instructions share is one that the JVM cannot inline.
 */
final class XmmHotOps {
    private XmmHotOps() {}

    /** PAND, ANDPS, ANDPD. */
    static final class And extends PackedOps.XmmBase {
        And(Instruction instruction, Place place) {
            super(instruction, place);
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            int s = source.fetch(cpu);
            int d = destination;
            long[] xmm = cpu.xmm;
            xmm[d] &= xmm[s];
            xmm[d + 1] &= xmm[s + 1];
        }
    }

    /** PANDN, ANDNPS, ANDNPD. */
    static final class AndNot extends PackedOps.XmmBase {
        AndNot(Instruction instruction, Place place) {
            super(instruction, place);
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            int s = source.fetch(cpu);
            int d = destination;
            long[] xmm = cpu.xmm;
            xmm[d] = ~xmm[d] & xmm[s];
            xmm[d + 1] = ~xmm[d + 1] & xmm[s + 1];
        }
    }

    /** POR, ORPS, ORPD. */
    static final class Or extends PackedOps.XmmBase {
        Or(Instruction instruction, Place place) {
            super(instruction, place);
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            int s = source.fetch(cpu);
            int d = destination;
            long[] xmm = cpu.xmm;
            xmm[d] |= xmm[s];
            xmm[d + 1] |= xmm[s + 1];
        }
    }

    /** PXOR, XORPS, XORPD. */
    static final class Xor extends PackedOps.XmmBase {
        Xor(Instruction instruction, Place place) {
            super(instruction, place);
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            int s = source.fetch(cpu);
            int d = destination;
            long[] xmm = cpu.xmm;
            xmm[d] ^= xmm[s];
            xmm[d + 1] ^= xmm[s + 1];
        }
    }

    /** PCMPEQB. */
    static final class Equal8 extends PackedOps.XmmBase {
        Equal8(Instruction instruction, Place place) {
            super(instruction, place);
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            int s = source.fetch(cpu);
            int d = destination;
            long[] xmm = cpu.xmm;
            xmm[d] = PackedInteger.equal8(xmm[d], xmm[s]);
            xmm[d + 1] = PackedInteger.equal8(xmm[d + 1], xmm[s + 1]);
        }
    }

    /** PCMPEQD. */
    static final class Equal32 extends PackedOps.XmmBase {
        Equal32(Instruction instruction, Place place) {
            super(instruction, place);
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            int s = source.fetch(cpu);
            int d = destination;
            long[] xmm = cpu.xmm;
            xmm[d] = PackedInteger.equal32(xmm[d], xmm[s]);
            xmm[d + 1] = PackedInteger.equal32(xmm[d + 1], xmm[s + 1]);
        }
    }

    /** PMINUB. */
    static final class Min8 extends PackedOps.XmmBase {
        Min8(Instruction instruction, Place place) {
            super(instruction, place);
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            int s = source.fetch(cpu);
            int d = destination;
            long[] xmm = cpu.xmm;
            xmm[d] = PackedInteger.minU8(xmm[d], xmm[s]);
            xmm[d + 1] = PackedInteger.minU8(xmm[d + 1], xmm[s + 1]);
        }
    }

    /** PSUBB. */
    static final class Sub8 extends PackedOps.XmmBase {
        Sub8(Instruction instruction, Place place) {
            super(instruction, place);
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            int s = source.fetch(cpu);
            int d = destination;
            long[] xmm = cpu.xmm;
            xmm[d] = PackedInteger.sub8(xmm[d], xmm[s]);
            xmm[d + 1] = PackedInteger.sub8(xmm[d + 1], xmm[s + 1]);
        }
    }

    /** PADDD. */
    static final class Add32 extends PackedOps.XmmBase {
        Add32(Instruction instruction, Place place) {
            super(instruction, place);
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            int s = source.fetch(cpu);
            int d = destination;
            long[] xmm = cpu.xmm;
            xmm[d] = PackedInteger.add32(xmm[d], xmm[s]);
            xmm[d + 1] = PackedInteger.add32(xmm[d + 1], xmm[s + 1]);
        }
    }

    /** PADDQ. */
    static final class Add64 extends PackedOps.XmmBase {
        Add64(Instruction instruction, Place place) {
            super(instruction, place);
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            int s = source.fetch(cpu);
            int d = destination;
            long[] xmm = cpu.xmm;
            xmm[d] += xmm[s];
            xmm[d + 1] += xmm[s + 1];
        }
    }

    /** PUNPCKLBW. */
    static final class InterleaveLow8 extends PackedOps.XmmBase {
        InterleaveLow8(Instruction instruction, Place place) {
            super(instruction, place);
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            int s = source.fetch(cpu);
            int d = destination;
            long[] xmm = cpu.xmm;
            long a = xmm[d];
            long b = xmm[s];
            xmm[d] = PackedShuffle.interleaveLow8(a, b);
            xmm[d + 1] = PackedShuffle.interleaveHigh8(a, b);
        }
    }

    /** PUNPCKLWD. */
    static final class InterleaveLow16 extends PackedOps.XmmBase {
        InterleaveLow16(Instruction instruction, Place place) {
            super(instruction, place);
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            int s = source.fetch(cpu);
            int d = destination;
            long[] xmm = cpu.xmm;
            long a = xmm[d];
            long b = xmm[s];
            xmm[d] = PackedShuffle.interleaveLow16(a, b);
            xmm[d + 1] = PackedShuffle.interleaveHigh16(a, b);
        }
    }

    /** PUNPCKLDQ and UNPCKLPS. */
    static final class InterleaveLow32 extends PackedOps.XmmBase {
        InterleaveLow32(Instruction instruction, Place place) {
            super(instruction, place);
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            int s = source.fetch(cpu);
            int d = destination;
            long[] xmm = cpu.xmm;
            long a = xmm[d];
            long b = xmm[s];
            xmm[d] = PackedShuffle.interleaveLow32(a, b);
            xmm[d + 1] = PackedShuffle.interleaveHigh32(a, b);
        }
    }

    /** PUNPCKLQDQ and UNPCKLPD. */
    static final class InterleaveLow64 extends PackedOps.XmmBase {
        InterleaveLow64(Instruction instruction, Place place) {
            super(instruction, place);
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            cpu.xmm[destination + 1] = cpu.xmm[source.fetch(cpu)];
        }
    }

    /** PSHUFD. */
    static final class Shuffle32 extends PackedOps.XmmBase {
        private final int control;

        Shuffle32(Instruction instruction, Place place) {
            super(instruction, place);
            control = PackedOps.immediate(instruction, 2);
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            int s = source.fetch(cpu);
            int d = destination;
            long[] xmm = cpu.xmm;
            long low = xmm[s];
            long high = xmm[s + 1];
            xmm[d] = PackedShuffle.shuffle32(low, high, control);
            xmm[d + 1] = PackedShuffle.shuffle32(low, high, control >>> 4);
        }
    }
}
