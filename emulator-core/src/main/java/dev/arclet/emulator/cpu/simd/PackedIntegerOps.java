package dev.arclet.emulator.cpu.simd;

import static dev.arclet.emulator.cpu.decode.Mnemonic.*;
import static dev.arclet.emulator.cpu.simd.PackedOps.joins;
import static dev.arclet.emulator.cpu.simd.PackedOps.lanes;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;
import dev.arclet.emulator.cpu.interp.Op;
import dev.arclet.emulator.cpu.interp.OpFactory;
import dev.arclet.emulator.cpu.interp.OpTable;

/** Packed integer arithmetic, logic, comparison and shifts of MMX and SSE up to SSE4.2. */
public final class PackedIntegerOps {
    private static final int CF = 1, ZF = 0x40;

    private PackedIntegerOps() {}

    /** Puts all of them into the table. */
    public static void register(OpTable table) {
        registerLogic(table);
        registerSums(table);
        registerProducts(table);
        registerComparisons(table);
        registerPacks(table);
        registerShifts(table);
    }

    /** MMX forms by {@code lane}; XMM forms by a class of their own. */
    private static void hot(OpTable table, Mnemonic mnemonic, PackedOps.Lane lane, OpFactory xmm) {
        table.put(
                mnemonic,
                (instruction, place) ->
                        PackedOps.isMmx(instruction, 0)
                                ? new PackedOps.MmxOp(instruction, place, lane)
                                : xmm.create(instruction, place));
    }

    private static void registerLogic(OpTable table) {
        hot(table, PAND, PackedInteger::and, XmmHotOps.And::new);
        hot(table, PANDN, PackedInteger::andNot, XmmHotOps.AndNot::new);
        hot(table, POR, PackedInteger::or, XmmHotOps.Or::new);
        hot(table, PXOR, PackedInteger::xor, XmmHotOps.Xor::new);
        table.put(ANDPS, XmmHotOps.And::new);
        table.put(ANDPD, XmmHotOps.And::new);
        table.put(ANDNPS, XmmHotOps.AndNot::new);
        table.put(ANDNPD, XmmHotOps.AndNot::new);
        table.put(ORPS, XmmHotOps.Or::new);
        table.put(ORPD, XmmHotOps.Or::new);
        table.put(XORPS, XmmHotOps.Xor::new);
        table.put(XORPD, XmmHotOps.Xor::new);
        table.put(PTEST, TestOp::new);
    }

    private static void registerSums(OpTable table) {
        lanes(table, PADDB, PackedInteger::add8);
        lanes(table, PADDW, PackedInteger::add16);
        hot(table, PADDD, PackedInteger::add32, XmmHotOps.Add32::new);
        hot(table, PADDQ, PackedInteger::add64, XmmHotOps.Add64::new);
        hot(table, PSUBB, PackedInteger::sub8, XmmHotOps.Sub8::new);
        lanes(table, PSUBW, PackedInteger::sub16);
        lanes(table, PSUBD, PackedInteger::sub32);
        lanes(table, PSUBQ, PackedInteger::sub64);
        lanes(table, PADDSB, PackedInteger::addS8);
        lanes(table, PADDSW, PackedInteger::addS16);
        lanes(table, PADDUSB, PackedInteger::addU8);
        lanes(table, PADDUSW, PackedInteger::addU16);
        lanes(table, PSUBSB, PackedInteger::subS8);
        lanes(table, PSUBSW, PackedInteger::subS16);
        lanes(table, PSUBUSB, PackedInteger::subU8);
        lanes(table, PSUBUSW, PackedInteger::subU16);
        lanes(table, PAVGB, PackedInteger::average8);
        lanes(table, PAVGW, PackedInteger::average16);
        lanes(table, PSADBW, PackedInteger::sumOfDistances);
        lanes(table, PSIGNB, PackedInteger::sign8);
        lanes(table, PSIGNW, PackedInteger::sign16);
        lanes(table, PSIGND, PackedInteger::sign32);
        lanes(table, PABSB, (a, b) -> PackedInteger.absolute8(b));
        lanes(table, PABSW, (a, b) -> PackedInteger.absolute16(b));
        lanes(table, PABSD, (a, b) -> PackedInteger.absolute32(b));
        joins(table, PHADDW, PackedInteger::addNeighbours16);
        joins(table, PHADDD, PackedInteger::addNeighbours32);
        joins(table, PHADDSW, PackedInteger::addNeighboursS16);
        joins(table, PHSUBW, PackedInteger::subNeighbours16);
        joins(table, PHSUBD, PackedInteger::subNeighbours32);
        joins(table, PHSUBSW, PackedInteger::subNeighboursS16);
        PackedOps.immediateHalves(table, MPSADBW, i -> distances(i, 0), i -> distances(i, 4));
        PackedOps.halves(
                table,
                PHMINPOSUW,
                (aLow, aHigh, bLow, bHigh) -> PackedInteger.smallestWord(bLow, bHigh),
                (aLow, aHigh, bLow, bHigh) -> 0);
    }

    /** Four sums of MPSADBW, whose first begin at byte {@code first} of the chosen ones. */
    private static PackedOps.Half distances(int control, int first) {
        int aOffset = (control >>> 2 & 1) * 4 + first;
        int bOffset = (control & 3) * 4;
        return (aLow, aHigh, bLow, bHigh) ->
                PackedInteger.slidingDistances(
                        PackedShuffle.bytesAt(aLow, aHigh, aOffset),
                        (int) PackedShuffle.bytesAt(bLow, bHigh, bOffset));
    }

    private static void registerProducts(OpTable table) {
        lanes(table, PMULLW, PackedInteger::multiplyLow16);
        lanes(table, PMULHW, PackedInteger::multiplyHighS16);
        lanes(table, PMULHUW, PackedInteger::multiplyHighU16);
        lanes(table, PMULHRSW, PackedInteger::multiplyRounded16);
        lanes(table, PMADDWD, PackedInteger::multiplyAdd16);
        lanes(table, PMADDUBSW, PackedInteger::multiplyAdd8);
        lanes(table, PMULLD, PackedInteger::multiplyLow32);
        lanes(table, PMULUDQ, PackedInteger::multiplyU32);
        lanes(table, PMULDQ, PackedInteger::multiplyS32);
    }

    private static void registerComparisons(OpTable table) {
        hot(table, PCMPEQB, PackedInteger::equal8, XmmHotOps.Equal8::new);
        lanes(table, PCMPEQW, PackedInteger::equal16);
        hot(table, PCMPEQD, PackedInteger::equal32, XmmHotOps.Equal32::new);
        lanes(table, PCMPEQQ, PackedInteger::equal64);
        lanes(table, PCMPGTB, PackedInteger::greater8);
        lanes(table, PCMPGTW, PackedInteger::greater16);
        lanes(table, PCMPGTD, PackedInteger::greater32);
        lanes(table, PCMPGTQ, PackedInteger::greater64);
        hot(table, PMINUB, PackedInteger::minU8, XmmHotOps.Min8::new);
        lanes(table, PMINUW, PackedInteger::minU16);
        lanes(table, PMINUD, PackedInteger::minU32);
        lanes(table, PMINSB, PackedInteger::minS8);
        lanes(table, PMINSW, PackedInteger::minS16);
        lanes(table, PMINSD, PackedInteger::minS32);
        lanes(table, PMAXUB, PackedInteger::maxU8);
        lanes(table, PMAXUW, PackedInteger::maxU16);
        lanes(table, PMAXUD, PackedInteger::maxU32);
        lanes(table, PMAXSB, PackedInteger::maxS8);
        lanes(table, PMAXSW, PackedInteger::maxS16);
        lanes(table, PMAXSD, PackedInteger::maxS32);
    }

    private static void registerPacks(OpTable table) {
        joins(table, PACKSSWB, PackedInteger::packS16);
        joins(table, PACKUSWB, PackedInteger::packU16);
        joins(table, PACKSSDW, PackedInteger::packS32);
        joins(table, PACKUSDW, PackedInteger::packU32);
    }

    private static void registerShifts(OpTable table) {
        shift(table, PSLLW, PackedInteger::shiftLeft16);
        shift(table, PSLLD, PackedInteger::shiftLeft32);
        shift(table, PSLLQ, PackedInteger::shiftLeft64);
        shift(table, PSRLW, PackedInteger::shiftRight16);
        shift(table, PSRLD, PackedInteger::shiftRight32);
        shift(table, PSRLQ, PackedInteger::shiftRight64);
        shift(table, PSRAW, PackedInteger::shiftSigned16);
        shift(table, PSRAD, PackedInteger::shiftSigned32);
        table.put(PSLLDQ, (instruction, place) -> new ByteShiftOp(instruction, true));
        table.put(PSRLDQ, (instruction, place) -> new ByteShiftOp(instruction, false));
    }

    private static void shift(OpTable table, Mnemonic mnemonic, PackedOps.Lane lane) {
        table.put(
                mnemonic,
                (instruction, place) -> {
                    boolean mmx = PackedOps.isMmx(instruction, 0);
                    if (instruction.operand(1) instanceof Operand.Immediate) {
                        return mmx
                                ? new MmxImmediateShiftOp(instruction, lane)
                                : new XmmImmediateShiftOp(instruction, lane);
                    }
                    return mmx
                            ? new PackedOps.MmxOp(instruction, place, lane)
                            : new XmmShiftOp(instruction, place, lane);
                });
    }

    private static final class TestOp extends PackedOps.XmmBase {
        TestOp(Instruction instruction, Place place) {
            super(instruction, place);
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            int s = source.fetch(cpu);
            long[] xmm = cpu.xmm;
            long aLow = xmm[destination];
            long aHigh = xmm[destination + 1];
            boolean noneIn = (aLow & xmm[s] | aHigh & xmm[s + 1]) == 0;
            boolean noneOut = (~aLow & xmm[s] | ~aHigh & xmm[s + 1]) == 0;
            cpu.setArithmeticFlags((noneIn ? ZF : 0) | (noneOut ? CF : 0));
        }
    }

    /** Count in an XMM register or memory. */
    private static final class XmmShiftOp extends PackedOps.XmmBase {
        private final PackedOps.Lane lane;

        XmmShiftOp(Instruction instruction, Place place, PackedOps.Lane lane) {
            super(instruction, place);
            this.lane = lane;
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            long[] xmm = cpu.xmm;
            long count = xmm[source.fetch(cpu)];
            int d = destination;
            xmm[d] = lane.apply(xmm[d], count);
            xmm[d + 1] = lane.apply(xmm[d + 1], count);
        }
    }

    private static final class XmmImmediateShiftOp extends Op {
        private final int destination;
        private final int count;
        private final PackedOps.Lane lane;

        XmmImmediateShiftOp(Instruction instruction, PackedOps.Lane lane) {
            destination = 2 * PackedOps.register(instruction, 0);
            count = PackedOps.immediate(instruction, 1);
            this.lane = lane;
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            int d = destination;
            long[] xmm = cpu.xmm;
            xmm[d] = lane.apply(xmm[d], count);
            xmm[d + 1] = lane.apply(xmm[d + 1], count);
        }
    }

    private static final class MmxImmediateShiftOp extends Op {
        private final int destination;
        private final int count;
        private final PackedOps.Lane lane;

        MmxImmediateShiftOp(Instruction instruction, PackedOps.Lane lane) {
            destination = PackedOps.register(instruction, 0);
            count = PackedOps.immediate(instruction, 1);
            this.lane = lane;
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkMmx(cpu);
            SimdAccess.enterMmx(cpu);
            SimdAccess.setMmx(
                    cpu, destination, lane.apply(SimdAccess.mmx(cpu, destination), count));
        }
    }

    /** PSLLDQ and PSRLDQ. */
    private static final class ByteShiftOp extends Op {
        private final int destination;
        private final int bytes;
        private final boolean left;

        ByteShiftOp(Instruction instruction, boolean left) {
            destination = 2 * PackedOps.register(instruction, 0);
            bytes = Math.min(16, PackedOps.immediate(instruction, 1));
            this.left = left;
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            int d = destination;
            long[] xmm = cpu.xmm;
            long low = xmm[d];
            long high = xmm[d + 1];
            if (left) {
                xmm[d] = PackedShuffle.bytesAt(0, 0, low, high, 16 - bytes);
                xmm[d + 1] = PackedShuffle.bytesAt(0, low, high, 0, 16 - bytes);
            } else {
                xmm[d] = PackedShuffle.bytesAt(low, high, bytes);
                xmm[d + 1] = PackedShuffle.bytesAt(high, 0, bytes);
            }
        }
    }
}
