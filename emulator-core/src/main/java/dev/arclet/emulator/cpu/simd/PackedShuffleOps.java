package dev.arclet.emulator.cpu.simd;

import static dev.arclet.emulator.cpu.decode.Mnemonic.*;
import static dev.arclet.emulator.cpu.simd.PackedOps.halves;
import static dev.arclet.emulator.cpu.simd.PackedOps.immediateHalves;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.interp.OpFactory;
import dev.arclet.emulator.cpu.interp.OpTable;
import java.util.function.LongUnaryOperator;

/** Interleaving, shuffles, alignment, widening and blends of MMX and SSE up to SSE4.1. */
public final class PackedShuffleOps {
    private static final long LOW = 0xFFFF_FFFFL;

    private PackedShuffleOps() {}

    /** Puts all of them into the table. */
    public static void register(OpTable table) {
        registerInterleaving(table);
        registerShuffles(table);
        registerWidening(table);
        registerBlends(table);
    }

    /** Interleaves the low halves: MMX form, class of the XMM form. */
    private static void low(OpTable table, Mnemonic mnemonic, PackedOps.Lane mmx, OpFactory xmm) {
        table.put(
                mnemonic,
                (instruction, place) ->
                        PackedOps.isMmx(instruction, 0)
                                ? new PackedOps.MmxOp(instruction, place, mmx)
                                : xmm.create(instruction, place));
    }

    /** Interleaves the high halves, by what does so with 64 bits. */
    private static void high(
            OpTable table, Mnemonic mnemonic, PackedOps.Lane low, PackedOps.Lane high) {
        halves(
                table,
                mnemonic,
                high,
                (aLow, aHigh, bLow, bHigh) -> low.apply(aHigh, bHigh),
                (aLow, aHigh, bLow, bHigh) -> high.apply(aHigh, bHigh));
    }

    private static void registerInterleaving(OpTable table) {
        low(table, PUNPCKLBW, PackedShuffle::interleaveLow8, XmmHotOps.InterleaveLow8::new);
        low(table, PUNPCKLWD, PackedShuffle::interleaveLow16, XmmHotOps.InterleaveLow16::new);
        low(table, PUNPCKLDQ, PackedShuffle::interleaveLow32, XmmHotOps.InterleaveLow32::new);
        high(table, PUNPCKHBW, PackedShuffle::interleaveLow8, PackedShuffle::interleaveHigh8);
        high(table, PUNPCKHWD, PackedShuffle::interleaveLow16, PackedShuffle::interleaveHigh16);
        high(table, PUNPCKHDQ, PackedShuffle::interleaveLow32, PackedShuffle::interleaveHigh32);
        high(table, UNPCKHPS, PackedShuffle::interleaveLow32, PackedShuffle::interleaveHigh32);
        table.put(UNPCKLPS, XmmHotOps.InterleaveLow32::new);
        table.put(UNPCKLPD, XmmHotOps.InterleaveLow64::new);
        table.put(PUNPCKLQDQ, XmmHotOps.InterleaveLow64::new);
        for (Mnemonic mnemonic : new Mnemonic[] {UNPCKHPD, PUNPCKHQDQ}) {
            halves(
                    table,
                    mnemonic,
                    (aLow, aHigh, bLow, bHigh) -> aHigh,
                    (aLow, aHigh, bLow, bHigh) -> bHigh);
        }
    }

    private static void registerShuffles(OpTable table) {
        table.put(PSHUFD, XmmHotOps.Shuffle32::new);
        table.put(
                PSHUFW,
                (instruction, place) -> {
                    int control = PackedOps.immediate(instruction, 2);
                    return new PackedOps.MmxOp(
                            instruction, place, (a, b) -> PackedShuffle.shuffle16(b, control));
                });
        immediateHalves(
                table,
                PSHUFLW,
                i -> (aLow, aHigh, bLow, bHigh) -> PackedShuffle.shuffle16(bLow, i),
                i -> (aLow, aHigh, bLow, bHigh) -> bHigh);
        immediateHalves(
                table,
                PSHUFHW,
                i -> (aLow, aHigh, bLow, bHigh) -> bLow,
                i -> (aLow, aHigh, bLow, bHigh) -> PackedShuffle.shuffle16(bHigh, i));
        immediateHalves(
                table,
                SHUFPS,
                i -> (aLow, aHigh, bLow, bHigh) -> PackedShuffle.shuffle32(aLow, aHigh, i),
                i -> (aLow, aHigh, bLow, bHigh) -> PackedShuffle.shuffle32(bLow, bHigh, i >>> 4));
        immediateHalves(
                table,
                SHUFPD,
                i -> (aLow, aHigh, bLow, bHigh) -> (i & 1) != 0 ? aHigh : aLow,
                i -> (aLow, aHigh, bLow, bHigh) -> (i & 2) != 0 ? bHigh : bLow);
        halves(
                table,
                PSHUFB,
                PackedShuffle::shuffle8,
                (aLow, aHigh, bLow, bHigh) -> PackedShuffle.shuffle8(aLow, aHigh, bLow),
                (aLow, aHigh, bLow, bHigh) -> PackedShuffle.shuffle8(aLow, aHigh, bHigh));
        table.put(
                PALIGNR,
                (instruction, place) -> {
                    int bytes = PackedOps.immediate(instruction, 2);
                    return PackedOps.isMmx(instruction, 0)
                            ? new PackedOps.MmxOp(
                                    instruction,
                                    place,
                                    (a, b) -> PackedShuffle.bytesAt(b, a, bytes))
                            : new PackedOps.XmmOp(
                                    instruction, place, alignment(bytes), alignment(bytes + 8));
                });
    }

    private static PackedOps.Half alignment(int offset) {
        return (aLow, aHigh, bLow, bHigh) ->
                PackedShuffle.bytesAt(bLow, bHigh, aLow, aHigh, offset);
    }

    private static void registerWidening(OpTable table) {
        widen(table, PMOVSXBW, PackedShuffle::widenS8To16, 32);
        widen(table, PMOVSXBD, PackedShuffle::widenS8To32, 16);
        widen(table, PMOVSXBQ, a -> (byte) a, 8);
        widen(table, PMOVSXWD, PackedShuffle::widenS16To32, 32);
        widen(table, PMOVSXWQ, a -> (short) a, 16);
        widen(table, PMOVSXDQ, a -> (int) a, 32);
        widen(table, PMOVZXBW, PackedShuffle::widenU8To16, 32);
        widen(table, PMOVZXBD, PackedShuffle::widenU8To32, 16);
        widen(table, PMOVZXBQ, a -> a & 0xFF, 8);
        widen(table, PMOVZXWD, PackedShuffle::widenU16To32, 32);
        widen(table, PMOVZXWQ, a -> a & 0xFFFF, 16);
        widen(table, PMOVZXDQ, a -> a & LOW, 32);
    }

    /** Each half of the result comes from {@code bits} bits of the source. */
    private static void widen(
            OpTable table, Mnemonic mnemonic, LongUnaryOperator function, int bits) {
        halves(
                table,
                mnemonic,
                (aLow, aHigh, bLow, bHigh) -> function.applyAsLong(bLow),
                (aLow, aHigh, bLow, bHigh) -> function.applyAsLong(bLow >>> bits));
    }

    private static void registerBlends(OpTable table) {
        immediateHalves(
                table,
                PBLENDW,
                i -> lowBlend(PackedShuffle.words(i)),
                i -> highBlend(PackedShuffle.words(i >>> 4)));
        immediateHalves(
                table,
                BLENDPS,
                i -> lowBlend(PackedShuffle.doublewords(i)),
                i -> highBlend(PackedShuffle.doublewords(i >>> 2)));
        immediateHalves(table, BLENDPD, i -> lowBlend(-(i & 1L)), i -> highBlend(-(i >>> 1 & 1L)));
        variableBlend(table, PBLENDVB, PackedShuffle::mask8);
        variableBlend(table, BLENDVPS, PackedShuffle::mask32);
        variableBlend(table, BLENDVPD, mask -> mask >> 63);
    }

    private static PackedOps.Half lowBlend(long mask) {
        return (aLow, aHigh, bLow, bHigh) -> PackedShuffle.blend(aLow, bLow, mask);
    }

    private static PackedOps.Half highBlend(long mask) {
        return (aLow, aHigh, bLow, bHigh) -> PackedShuffle.blend(aHigh, bHigh, mask);
    }

    private static void variableBlend(OpTable table, Mnemonic mnemonic, LongUnaryOperator mask) {
        table.put(mnemonic, (instruction, place) -> new BlendOp(instruction, place, mask));
    }

    /** A blend by the top bits of the lanes of XMM0. */
    private static final class BlendOp extends PackedOps.XmmBase {
        private final LongUnaryOperator mask;

        BlendOp(Instruction instruction, Place place, LongUnaryOperator mask) {
            super(instruction, place);
            this.mask = mask;
        }

        @Override
        public void execute(CpuState cpu) {
            SimdAccess.checkSse(cpu);
            int s = source.fetch(cpu);
            int d = destination;
            long[] xmm = cpu.xmm;
            long highMask = mask.applyAsLong(xmm[1]);
            xmm[d] = PackedShuffle.blend(xmm[d], xmm[s], mask.applyAsLong(xmm[0]));
            xmm[d + 1] = PackedShuffle.blend(xmm[d + 1], xmm[s + 1], highMask);
        }
    }
}
