package dev.arclet.emulator.cpu.simd;

/** Products of polynomials over GF(2), as PCLMULQDQ computes them. */
public final class CarrylessProduct {
    /** Every fourth bit, from bit 0, 1, 2, 3. */
    private static final long M0 = 0x1111_1111_1111_1111L;

    private static final long M1 = M0 << 1;
    private static final long M2 = M0 << 2;
    private static final long M3 = M0 << 3;

    private CarrylessProduct() {}

    /**
     * The low 64 bits of the 127-bit product.
     *
     * <p>Ordinary multiplication of numbers that have only every fourth bit: each of these
     * positions of the product sums up to 16 ones. That overflows its four bits for the highest
     * position only, whose carry leaves the 64 bits; so bit 0 of each is their exclusive or.
     */
    public static long low(long a, long b) {
        long a0 = a & M0;
        long a1 = a & M1;
        long a2 = a & M2;
        long a3 = a & M3;
        long b0 = b & M0;
        long b1 = b & M1;
        long b2 = b & M2;
        long b3 = b & M3;
        long p0 = a0 * b0 ^ a1 * b3 ^ a2 * b2 ^ a3 * b1;
        long p1 = a0 * b1 ^ a1 * b0 ^ a2 * b3 ^ a3 * b2;
        long p2 = a0 * b2 ^ a1 * b1 ^ a2 * b0 ^ a3 * b3;
        long p3 = a0 * b3 ^ a1 * b2 ^ a2 * b1 ^ a3 * b0;
        return p0 & M0 | p1 & M1 | p2 & M2 | p3 & M3;
    }

    /** The high 64 bits: bit 63 is always 0. The product of reversed factors is reversed. */
    public static long high(long a, long b) {
        return Long.reverse(low(Long.reverse(a), Long.reverse(b))) >>> 1;
    }
}
