package dev.arclet.emulator.cpu.simd;

/**
 * Packed integer arithmetic on 64 bits: what MMX instructions do to a register and SSE instructions
 * to each half of one. Pure functions. The names say lane width in bits and, where it matters,
 * {@code S} for signed and {@code U} for unsigned lanes.
 *
 * <p>Most work on all lanes at once: an addition must not carry from lane to lane, so the top bits
 * are left out of it and put in by exclusive or.
 */
public final class PackedInteger {
    /** Top bits of the lanes. */
    private static final long TOP8 = 0x8080_8080_8080_8080L;

    private static final long TOP16 = 0x8000_8000_8000_8000L;
    private static final long TOP32 = 0x8000_0000_8000_0000L;

    /** Even bytes; even words; the even doubleword. */
    private static final long EVEN8 = 0x00FF_00FF_00FF_00FFL;

    private static final long EVEN16 = 0x0000_FFFF_0000_FFFFL;
    private static final long EVEN32 = 0xFFFF_FFFFL;

    /** Word lanes of one. */
    private static final long ONE16 = 0x0001_0001_0001_0001L;

    private PackedInteger() {}

    private static long add(long a, long b, long top) {
        return ((a & ~top) + (b & ~top)) ^ ((a ^ b) & top);
    }

    private static long sub(long a, long b, long top) {
        return ((a | top) - (b & ~top)) ^ (~(a ^ b) & top);
    }

    /** Makes lanes of ones of set top bits. */
    private static long spread(long topBits, int width) {
        return (topBits << 1) - (topBits >>> (width - 1));
    }

    /** Top bits of the lanes that differ from zero. */
    private static long nonZero(long a, long top) {
        return ((a & ~top) + ~top | a) & top;
    }

    /** Top bits of the lanes with a below b, unsigned: where the subtraction borrows. */
    private static long below(long a, long b, long top) {
        return (~a & b | ~(a ^ b) & sub(a, b, top)) & top;
    }

    private static long equal(long a, long b, long top, int width) {
        return spread(nonZero(a ^ b, top) ^ top, width);
    }

    private static long greaterS(long a, long b, long top, int width) {
        return spread(below(b ^ top, a ^ top, top), width);
    }

    private static long select(long mask, long a, long b) {
        return b ^ (a ^ b) & mask;
    }

    private static long addSaturatedU(long a, long b, long top, int width) {
        long sum = add(a, b, top);
        return sum | spread((a & b | (a | b) & ~sum) & top, width);
    }

    private static long subSaturatedU(long a, long b, long top, int width) {
        return sub(a, b, top) & ~spread(below(a, b, top), width);
    }

    /** The largest or smallest number by the sign of a, where overflow says so; else result. */
    private static long saturate(long result, long a, long overflow, long top, int width) {
        long limit = ((a & top) >>> (width - 1)) + ~top;
        return select(spread(overflow, width), limit, result);
    }

    private static long addSaturatedS(long a, long b, long top, int width) {
        long sum = add(a, b, top);
        return saturate(sum, a, ~(a ^ b) & (a ^ sum) & top, top, width);
    }

    private static long subSaturatedS(long a, long b, long top, int width) {
        long difference = sub(a, b, top);
        return saturate(difference, a, (a ^ b) & (a ^ difference) & top, top, width);
    }

    /** PADDB. */
    public static long add8(long a, long b) {
        return add(a, b, TOP8);
    }

    /** PADDW. */
    public static long add16(long a, long b) {
        return add(a, b, TOP16);
    }

    /** PADDD. */
    public static long add32(long a, long b) {
        return add(a, b, TOP32);
    }

    /** PADDQ. */
    public static long add64(long a, long b) {
        return a + b;
    }

    /** PSUBB: a - b. */
    public static long sub8(long a, long b) {
        return sub(a, b, TOP8);
    }

    /** PSUBW. */
    public static long sub16(long a, long b) {
        return sub(a, b, TOP16);
    }

    /** PSUBD. */
    public static long sub32(long a, long b) {
        return sub(a, b, TOP32);
    }

    /** PSUBQ. */
    public static long sub64(long a, long b) {
        return a - b;
    }

    /** PADDSB. */
    public static long addS8(long a, long b) {
        return addSaturatedS(a, b, TOP8, 8);
    }

    /** PADDSW. */
    public static long addS16(long a, long b) {
        return addSaturatedS(a, b, TOP16, 16);
    }

    /** PADDUSB. */
    public static long addU8(long a, long b) {
        return addSaturatedU(a, b, TOP8, 8);
    }

    /** PADDUSW. */
    public static long addU16(long a, long b) {
        return addSaturatedU(a, b, TOP16, 16);
    }

    /** PSUBSB. */
    public static long subS8(long a, long b) {
        return subSaturatedS(a, b, TOP8, 8);
    }

    /** PSUBSW. */
    public static long subS16(long a, long b) {
        return subSaturatedS(a, b, TOP16, 16);
    }

    /** PSUBUSB. */
    public static long subU8(long a, long b) {
        return subSaturatedU(a, b, TOP8, 8);
    }

    /** PSUBUSW. */
    public static long subU16(long a, long b) {
        return subSaturatedU(a, b, TOP16, 16);
    }

    /** PAND. */
    public static long and(long a, long b) {
        return a & b;
    }

    /** PANDN: the complement of a, and b. */
    public static long andNot(long a, long b) {
        return ~a & b;
    }

    /** POR. */
    public static long or(long a, long b) {
        return a | b;
    }

    /** PXOR. */
    public static long xor(long a, long b) {
        return a ^ b;
    }

    /** PCMPEQB. */
    public static long equal8(long a, long b) {
        return equal(a, b, TOP8, 8);
    }

    /** PCMPEQW. */
    public static long equal16(long a, long b) {
        return equal(a, b, TOP16, 16);
    }

    /** PCMPEQD. */
    public static long equal32(long a, long b) {
        return equal(a, b, TOP32, 32);
    }

    /** PCMPEQQ. */
    public static long equal64(long a, long b) {
        return a == b ? -1 : 0;
    }

    /** PCMPGTB: a above b. */
    public static long greater8(long a, long b) {
        return greaterS(a, b, TOP8, 8);
    }

    /** PCMPGTW. */
    public static long greater16(long a, long b) {
        return greaterS(a, b, TOP16, 16);
    }

    /** PCMPGTD. */
    public static long greater32(long a, long b) {
        return greaterS(a, b, TOP32, 32);
    }

    /** PCMPGTQ. */
    public static long greater64(long a, long b) {
        return a > b ? -1 : 0;
    }

    /** PMINUB. */
    public static long minU8(long a, long b) {
        return select(spread(below(a, b, TOP8), 8), a, b);
    }

    /** PMINUW. */
    public static long minU16(long a, long b) {
        return select(spread(below(a, b, TOP16), 16), a, b);
    }

    /** PMINUD. */
    public static long minU32(long a, long b) {
        return select(spread(below(a, b, TOP32), 32), a, b);
    }

    /** PMAXUB. */
    public static long maxU8(long a, long b) {
        return select(spread(below(a, b, TOP8), 8), b, a);
    }

    /** PMAXUW. */
    public static long maxU16(long a, long b) {
        return select(spread(below(a, b, TOP16), 16), b, a);
    }

    /** PMAXUD. */
    public static long maxU32(long a, long b) {
        return select(spread(below(a, b, TOP32), 32), b, a);
    }

    /** PMINSB. */
    public static long minS8(long a, long b) {
        return select(greater8(a, b), b, a);
    }

    /** PMINSW. */
    public static long minS16(long a, long b) {
        return select(greater16(a, b), b, a);
    }

    /** PMINSD. */
    public static long minS32(long a, long b) {
        return select(greater32(a, b), b, a);
    }

    /** PMAXSB. */
    public static long maxS8(long a, long b) {
        return select(greater8(a, b), a, b);
    }

    /** PMAXSW. */
    public static long maxS16(long a, long b) {
        return select(greater16(a, b), a, b);
    }

    /** PMAXSD. */
    public static long maxS32(long a, long b) {
        return select(greater32(a, b), a, b);
    }

    /** PAVGB: half the sum, rounded up. */
    public static long average8(long a, long b) {
        return (a | b) - (((a ^ b) & 0xFEFE_FEFE_FEFE_FEFEL) >>> 1);
    }

    /** PAVGW. */
    public static long average16(long a, long b) {
        return (a | b) - (((a ^ b) & 0xFFFE_FFFE_FFFE_FFFEL) >>> 1);
    }

    /** PSADBW: the sum of the eight distances, 0..2040. */
    public static long sumOfDistances(long a, long b) {
        long distances = sub8(maxU8(a, b), minU8(a, b));
        long pairs = (distances & EVEN8) + (distances >>> 8 & EVEN8);
        return pairs * ONE16 >>> 48;
    }

    private static int word(long a, int i) {
        return (short) (a >>> 16 * i);
    }

    private static long words(int w0, int w1, int w2, int w3) {
        return w0 & 0xFFFFL | (w1 & 0xFFFFL) << 16 | (w2 & 0xFFFFL) << 32 | (long) w3 << 48;
    }

    private static long doublewords(int low, int high) {
        return low & EVEN32 | (long) high << 32;
    }

    /** PMULLW: the low halves of the products. */
    public static long multiplyLow16(long a, long b) {
        return words(
                word(a, 0) * word(b, 0),
                word(a, 1) * word(b, 1),
                word(a, 2) * word(b, 2),
                word(a, 3) * word(b, 3));
    }

    /** PMULHW: the high halves of signed products. */
    public static long multiplyHighS16(long a, long b) {
        return words(
                word(a, 0) * word(b, 0) >> 16,
                word(a, 1) * word(b, 1) >> 16,
                word(a, 2) * word(b, 2) >> 16,
                word(a, 3) * word(b, 3) >> 16);
    }

    /** PMULHUW: the high halves of unsigned products. */
    public static long multiplyHighU16(long a, long b) {
        return words(
                (word(a, 0) & 0xFFFF) * (word(b, 0) & 0xFFFF) >>> 16,
                (word(a, 1) & 0xFFFF) * (word(b, 1) & 0xFFFF) >>> 16,
                (word(a, 2) & 0xFFFF) * (word(b, 2) & 0xFFFF) >>> 16,
                (word(a, 3) & 0xFFFF) * (word(b, 3) & 0xFFFF) >>> 16);
    }

    private static int roundedHigh(int a, int b) {
        return (a * b >> 14) + 1 >> 1;
    }

    /** PMULHRSW: bits 15..30 of signed products, rounded. */
    public static long multiplyRounded16(long a, long b) {
        return words(
                roundedHigh(word(a, 0), word(b, 0)),
                roundedHigh(word(a, 1), word(b, 1)),
                roundedHigh(word(a, 2), word(b, 2)),
                roundedHigh(word(a, 3), word(b, 3)));
    }

    /** PMADDWD: sums of neighbouring signed products. */
    public static long multiplyAdd16(long a, long b) {
        return doublewords(
                word(a, 0) * word(b, 0) + word(a, 1) * word(b, 1),
                word(a, 2) * word(b, 2) + word(a, 3) * word(b, 3));
    }

    private static int mixedProducts(long a, long b, int i) {
        int low = (int) (a >>> 16 * i & 0xFF) * (byte) (b >>> 16 * i);
        int high = (int) (a >>> 16 * i + 8 & 0xFF) * (byte) (b >>> 16 * i + 8);
        return saturateS16(low + high);
    }

    /** PMADDUBSW: saturated sums of neighbouring products of unsigned a and signed b. */
    public static long multiplyAdd8(long a, long b) {
        return words(
                mixedProducts(a, b, 0),
                mixedProducts(a, b, 1),
                mixedProducts(a, b, 2),
                mixedProducts(a, b, 3));
    }

    /** PMULLD: the low halves of the products. */
    public static long multiplyLow32(long a, long b) {
        return a * b & EVEN32 | (a >>> 32) * (b >>> 32) << 32;
    }

    /** PMULUDQ: the product of the low doublewords, unsigned. */
    public static long multiplyU32(long a, long b) {
        return (a & EVEN32) * (b & EVEN32);
    }

    /** PMULDQ: the product of the low doublewords, signed. */
    public static long multiplyS32(long a, long b) {
        return (long) (int) a * (int) b;
    }

    private static long sign(long a, long b, long top, int width) {
        long negative = spread(b & top, width);
        return sub(a ^ negative, negative, top) & spread(nonZero(b, top), width);
    }

    /** PSIGNB: a, -a or 0 by the sign of b. */
    public static long sign8(long a, long b) {
        return sign(a, b, TOP8, 8);
    }

    /** PSIGNW. */
    public static long sign16(long a, long b) {
        return sign(a, b, TOP16, 16);
    }

    /** PSIGND. */
    public static long sign32(long a, long b) {
        return sign(a, b, TOP32, 32);
    }

    /** PABSB. */
    public static long absolute8(long a) {
        long negative = spread(a & TOP8, 8);
        return sub(a ^ negative, negative, TOP8);
    }

    /** PABSW. */
    public static long absolute16(long a) {
        long negative = spread(a & TOP16, 16);
        return sub(a ^ negative, negative, TOP16);
    }

    /** PABSD. */
    public static long absolute32(long a) {
        long negative = spread(a & TOP32, 32);
        return sub(a ^ negative, negative, TOP32);
    }

    private static long gather16(long even) {
        return even & 0xFFFF | even >>> 16 & 0xFFFF_0000L;
    }

    /** Even words of a, then of b. */
    private static long evenWords(long a, long b) {
        return gather16(a & EVEN16) | gather16(b & EVEN16) << 32;
    }

    private static long oddWords(long a, long b) {
        return evenWords(a >>> 16, b >>> 16);
    }

    /** PHADDW: sums of neighbours in a, then in b. */
    public static long addNeighbours16(long a, long b) {
        return add16(evenWords(a, b), oddWords(a, b));
    }

    /** PHADDSW. */
    public static long addNeighboursS16(long a, long b) {
        return addS16(evenWords(a, b), oddWords(a, b));
    }

    /** PHADDD. */
    public static long addNeighbours32(long a, long b) {
        return doublewords((int) (a + (a >>> 32)), (int) (b + (b >>> 32)));
    }

    /** PHSUBW: the lower minus the higher neighbour. */
    public static long subNeighbours16(long a, long b) {
        return sub16(evenWords(a, b), oddWords(a, b));
    }

    /** PHSUBSW. */
    public static long subNeighboursS16(long a, long b) {
        return subS16(evenWords(a, b), oddWords(a, b));
    }

    /** PHSUBD. */
    public static long subNeighbours32(long a, long b) {
        return doublewords((int) (a - (a >>> 32)), (int) (b - (b >>> 32)));
    }

    /** PSLLW; counts are unsigned and clear everything if above 15. */
    public static long shiftLeft16(long a, long count) {
        return outside(count, 16) ? 0 : a << count & (0xFFFFL << count & 0xFFFF) * ONE16;
    }

    /** PSLLD. */
    public static long shiftLeft32(long a, long count) {
        return outside(count, 32) ? 0 : a << count & (EVEN32 << count & EVEN32) * 0x1_0000_0001L;
    }

    /** PSLLQ. */
    public static long shiftLeft64(long a, long count) {
        return outside(count, 64) ? 0 : a << count;
    }

    /** PSRLW. */
    public static long shiftRight16(long a, long count) {
        return outside(count, 16) ? 0 : a >>> count & (0xFFFF >>> count) * ONE16;
    }

    /** PSRLD. */
    public static long shiftRight32(long a, long count) {
        return outside(count, 32) ? 0 : a >>> count & (EVEN32 >>> count) * 0x1_0000_0001L;
    }

    /** PSRLQ. */
    public static long shiftRight64(long a, long count) {
        return outside(count, 64) ? 0 : a >>> count;
    }

    /** PSRAW; counts above 15 leave the sign. */
    public static long shiftSigned16(long a, long count) {
        long n = outside(count, 16) ? 15 : count;
        long kept = (0xFFFF >>> n) * ONE16;
        return a >>> n & kept | spread(a & TOP16, 16) & ~kept;
    }

    /** PSRAD. */
    public static long shiftSigned32(long a, long count) {
        int n = outside(count, 32) ? 31 : (int) count;
        return doublewords((int) a >> n, (int) (a >>> 32) >> n);
    }

    private static boolean outside(long count, int width) {
        return (count & -width) != 0;
    }

    /** PMOVMSKB: the eight top bits. */
    public static int signs8(long a) {
        // Bit 8i of the first factor meets 2^(56-7i): bit 56+i; no two products fall together.
        return (int) ((a >>> 7 & 0x0101_0101_0101_0101L) * 0x0102_0408_1020_4080L >>> 56);
    }

    private static int saturateS16(int a) {
        return Math.clamp(a, Short.MIN_VALUE, Short.MAX_VALUE);
    }

    private static int saturateU16(int a) {
        return a < 0 ? 0 : Math.min(a, 0xFFFF);
    }

    private static long byteS(long a, int i) {
        return Math.clamp(word(a, i), Byte.MIN_VALUE, Byte.MAX_VALUE) & 0xFFL;
    }

    private static long byteU(long a, int i) {
        return Math.clamp(word(a, i), 0, 0xFF);
    }

    private static long fourBytesS(long a) {
        return byteS(a, 0) | byteS(a, 1) << 8 | byteS(a, 2) << 16 | byteS(a, 3) << 24;
    }

    private static long fourBytesU(long a) {
        return byteU(a, 0) | byteU(a, 1) << 8 | byteU(a, 2) << 16 | byteU(a, 3) << 24;
    }

    /** PACKSSWB: words to signed bytes, a's then b's. */
    public static long packS16(long a, long b) {
        return fourBytesS(a) | fourBytesS(b) << 32;
    }

    /** PACKUSWB: signed words to unsigned bytes. */
    public static long packU16(long a, long b) {
        return fourBytesU(a) | fourBytesU(b) << 32;
    }

    /** PACKSSDW: doublewords to signed words. */
    public static long packS32(long a, long b) {
        return words(
                saturateS16((int) a),
                saturateS16((int) (a >>> 32)),
                saturateS16((int) b),
                saturateS16((int) (b >>> 32)));
    }

    /** PACKUSDW: signed doublewords to unsigned words. */
    public static long packU32(long a, long b) {
        return words(
                saturateU16((int) a),
                saturateU16((int) (a >>> 32)),
                saturateU16((int) b),
                saturateU16((int) (b >>> 32)));
    }

    /**
     * PHMINPOSUW: the smallest of eight unsigned words in bits 0..15, its (first) index in bits
     * 16..18.
     */
    public static long smallestWord(long low, long high) {
        long best = 0x7FFF_FFFFL;
        for (int i = 7; i >= 0; i--) {
            long value = (i < 4 ? low : high) >>> 16 * (i & 3) & 0xFFFF;
            if (value <= (best & 0xFFFF)) {
                best = value | (long) i << 16;
            }
        }
        return best;
    }

    /**
     * Four sums of MPSADBW: distances of four bytes of {@code b} from those of {@code a} that start
     * at its bytes 0, 1, 2 and 3.
     *
     * @param a seven bytes
     * @param b four bytes
     */
    public static long slidingDistances(long a, int b) {
        long four = b & EVEN32;
        return sumOfDistances(a & EVEN32, four)
                | sumOfDistances(a >>> 8 & EVEN32, four) << 16
                | sumOfDistances(a >>> 16 & EVEN32, four) << 32
                | sumOfDistances(a >>> 24 & EVEN32, four) << 48;
    }
}
