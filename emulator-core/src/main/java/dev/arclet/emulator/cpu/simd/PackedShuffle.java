package dev.arclet.emulator.cpu.simd;

/**
 * Rearrangement of packed data: interleaving, shuffles, widening, blends. Pure functions on 64-bit
 * halves; those with a 128-bit result come in pairs or are called once for each half.
 */
public final class PackedShuffle {
    private static final long LOW = 0xFFFF_FFFFL;

    private PackedShuffle() {}

    /** Four bytes to the even bytes of the result. */
    private static long spread8(long a) {
        long x = (a | a << 16) & 0x0000_FFFF_0000_FFFFL;
        return (x | x << 8) & 0x00FF_00FF_00FF_00FFL;
    }

    /** Two words to the even words of the result. */
    private static long spread16(long a) {
        return (a | a << 16) & 0x0000_FFFF_0000_FFFFL;
    }

    /** PUNPCKLBW on 64 bits: the low four bytes of a and b in turn. */
    public static long interleaveLow8(long a, long b) {
        return spread8(a & LOW) | spread8(b & LOW) << 8;
    }

    /** PUNPCKHBW on 64 bits. */
    public static long interleaveHigh8(long a, long b) {
        return spread8(a >>> 32) | spread8(b >>> 32) << 8;
    }

    /** PUNPCKLWD on 64 bits. */
    public static long interleaveLow16(long a, long b) {
        return spread16(a & LOW) | spread16(b & LOW) << 16;
    }

    /** PUNPCKHWD on 64 bits. */
    public static long interleaveHigh16(long a, long b) {
        return spread16(a >>> 32) | spread16(b >>> 32) << 16;
    }

    /** PUNPCKLDQ on 64 bits. */
    public static long interleaveLow32(long a, long b) {
        return a & LOW | b << 32;
    }

    /** PUNPCKHDQ on 64 bits. */
    public static long interleaveHigh32(long a, long b) {
        return a >>> 32 | b & ~LOW;
    }

    private static long word(long a, int selector) {
        return a >>> 16 * (selector & 3) & 0xFFFF;
    }

    /** PSHUFW: word i of the result is the one that bits 2i and 2i + 1 of {@code control} say. */
    public static long shuffle16(long a, int control) {
        return word(a, control)
                | word(a, control >>> 2) << 16
                | word(a, control >>> 4) << 32
                | word(a, control >>> 6) << 48;
    }

    private static long doubleword(long low, long high, int selector) {
        return ((selector & 2) != 0 ? high : low) >>> 32 * (selector & 1) & LOW;
    }

    /** Two doublewords of 128 bits, as bits 0..1 and 2..3 of {@code control} say (PSHUFD). */
    public static long shuffle32(long low, long high, int control) {
        return doubleword(low, high, control) | doubleword(low, high, control >>> 2) << 32;
    }

    /** PSHUFB on 64 bits: bytes of a as b says; 0 where bit 7 of b is set. */
    public static long shuffle8(long a, long b) {
        long result = 0;
        for (int i = 0; i < 64; i += 8) {
            int selector = (int) (b >>> i);
            if ((selector & 0x80) == 0) {
                result |= (a >>> 8 * (selector & 7) & 0xFF) << i;
            }
        }
        return result;
    }

    /** One half of PSHUFB on 128 bits. */
    public static long shuffle8(long low, long high, long b) {
        long result = 0;
        for (int i = 0; i < 64; i += 8) {
            int selector = (int) (b >>> i);
            if ((selector & 0x80) == 0) {
                long half = (selector & 8) != 0 ? high : low;
                result |= (half >>> 8 * (selector & 7) & 0xFF) << i;
            }
        }
        return result;
    }

    /** Eight bytes from byte {@code offset} (0 or more) of 128 bits; zeros behind the end. */
    public static long bytesAt(long low, long high, int offset) {
        if (offset >= 8) {
            return offset >= 16 ? 0 : high >>> 8 * (offset - 8);
        }
        return offset == 0 ? low : low >>> 8 * offset | high << 64 - 8 * offset;
    }

    /** Eight bytes from byte {@code offset} (0 or more) of 256 bits, lowest quadword first. */
    public static long bytesAt(long q0, long q1, long q2, long q3, int offset) {
        return offset < 8
                ? bytesAt(q0, q1, offset)
                : offset < 16 ? bytesAt(q1, q2, offset - 8) : bytesAt(q2, q3, offset - 16);
    }

    /** Four signed bytes to words (PMOVSXBW). */
    public static long widenS8To16(long a) {
        long even = spread8(a & LOW);
        return even | (even >>> 7 & 0x0001_0001_0001_0001L) * 0xFF00;
    }

    /** Four unsigned bytes to words. */
    public static long widenU8To16(long a) {
        return spread8(a & LOW);
    }

    /** Two signed bytes to doublewords (PMOVSXBD). */
    public static long widenS8To32(long a) {
        return (byte) a & LOW | (long) (byte) (a >>> 8) << 32;
    }

    /** Two unsigned bytes to doublewords. */
    public static long widenU8To32(long a) {
        return a & 0xFF | (a >>> 8 & 0xFF) << 32;
    }

    /** Two signed words to doublewords (PMOVSXWD). */
    public static long widenS16To32(long a) {
        return (short) a & LOW | (long) (short) (a >>> 16) << 32;
    }

    /** Two unsigned words to doublewords. */
    public static long widenU16To32(long a) {
        return spread16(a & LOW);
    }

    /** Mask of bytes whose top bit is set (PBLENDVB). */
    public static long mask8(long a) {
        return PackedInteger.greater8(0, a);
    }

    /** Mask of doublewords whose top bit is set (BLENDVPS). */
    public static long mask32(long a) {
        return PackedInteger.greater32(0, a);
    }

    /** b where the mask is one, else a. */
    public static long blend(long a, long b, long mask) {
        return a ^ (a ^ b) & mask;
    }

    /** Mask of the words whose bits 0..3 in {@code bits} are set (PBLENDW). */
    public static long words(int bits) {
        long mask = 0;
        for (int i = 0; i < 4; i++) {
            if ((bits >>> i & 1) != 0) {
                mask |= 0xFFFFL << 16 * i;
            }
        }
        return mask;
    }

    /** Mask of the doublewords whose bits 0..1 in {@code bits} are set (BLENDPS). */
    public static long doublewords(int bits) {
        return ((bits & 1) != 0 ? LOW : 0) | ((bits & 2) != 0 ? ~LOW : 0);
    }
}
