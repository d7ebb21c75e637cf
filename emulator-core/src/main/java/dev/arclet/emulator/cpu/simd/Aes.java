package dev.arclet.emulator.cpu.simd;

/**
 * Rounds of the Advanced Encryption Standard (FIPS 197) as the AES instructions split them. A state
 * is 128 bits, byte 0 lowest; its columns are four doublewords. Each function returns one half of
 * the result: columns 0 and 1 for {@code half} 0, columns 2 and 3 for {@code half} 1.
 */
public final class Aes {
    private static final int[] SUBSTITUTION = new int[256];
    private static final int[] INVERSE_SUBSTITUTION = new int[256];

    /** MixColumns of a column that has the substituted byte in row 0 only. */
    private static final int[] MIXED = new int[256];

    /** InvMixColumns of a column that has the byte in row 0 only. */
    private static final int[] UNMIXED = new int[256];

    static {
        // All powers of 3, which generates the field, and beside them those of its inverse 0xF6.
        int p = 1;
        int q = 1;
        do {
            p = times2(p) ^ p;
            q = product(q, 0xF6);
            substitute(p, affine(q));
        } while (p != 1);
        substitute(0, affine(0));
        for (int i = 0; i < 256; i++) {
            int s = SUBSTITUTION[i];
            MIXED[i] = column(product(s, 2), s, s, product(s, 3));
            UNMIXED[i] = column(product(i, 14), product(i, 9), product(i, 13), product(i, 11));
        }
    }

    private Aes() {}

    private static void substitute(int from, int to) {
        SUBSTITUTION[from] = to;
        INVERSE_SUBSTITUTION[to] = from;
    }

    private static int times2(int a) {
        return a << 1 & 0xFF ^ ((a & 0x80) != 0 ? 0x1B : 0);
    }

    private static int product(int a, int b) {
        int result = 0;
        for (int factor = a; b != 0; b >>= 1, factor = times2(factor)) {
            if ((b & 1) != 0) {
                result ^= factor;
            }
        }
        return result;
    }

    /** The affine transformation of SubBytes (section 5.1.1). */
    private static int affine(int a) {
        int twice = a | a << 8;
        return (a ^ twice >> 7 ^ twice >> 6 ^ twice >> 5 ^ twice >> 4) & 0xFF ^ 0x63;
    }

    private static int column(int row0, int row1, int row2, int row3) {
        return row0 | row1 << 8 | row2 << 16 | row3 << 24;
    }

    /** The byte at a row of a column 0..7, of which 4..7 are 0..3 again. */
    private static int at(long low, long high, int column, int row) {
        long half = (column & 2) != 0 ? high : low;
        return (int) (half >>> 32 * (column & 1) + 8 * row) & 0xFF;
    }

    private static long pair(int first, int second) {
        return first & 0xFFFF_FFFFL | (long) second << 32;
    }

    /** AESENC without the key: ShiftRows, SubBytes, MixColumns. */
    public static long encrypt(long low, long high, int half) {
        int c = 2 * half;
        return pair(encryptColumn(low, high, c), encryptColumn(low, high, c + 1));
    }

    private static int encryptColumn(long low, long high, int c) {
        return MIXED[at(low, high, c, 0)]
                ^ Integer.rotateLeft(MIXED[at(low, high, c + 1, 1)], 8)
                ^ Integer.rotateLeft(MIXED[at(low, high, c + 2, 2)], 16)
                ^ Integer.rotateLeft(MIXED[at(low, high, c + 3, 3)], 24);
    }

    /** AESENCLAST without the key: ShiftRows, SubBytes. */
    public static long encryptLast(long low, long high, int half) {
        int c = 2 * half;
        return pair(encryptLastColumn(low, high, c), encryptLastColumn(low, high, c + 1));
    }

    private static int encryptLastColumn(long low, long high, int c) {
        return column(
                SUBSTITUTION[at(low, high, c, 0)],
                SUBSTITUTION[at(low, high, c + 1, 1)],
                SUBSTITUTION[at(low, high, c + 2, 2)],
                SUBSTITUTION[at(low, high, c + 3, 3)]);
    }

    /** AESDEC without the key: InvShiftRows, InvSubBytes, InvMixColumns. */
    public static long decrypt(long low, long high, int half) {
        int c = 2 * half;
        return pair(
                unmix(decryptLastColumn(low, high, c)), unmix(decryptLastColumn(low, high, c + 1)));
    }

    /** AESDECLAST without the key: InvShiftRows, InvSubBytes. */
    public static long decryptLast(long low, long high, int half) {
        int c = 2 * half;
        return pair(decryptLastColumn(low, high, c), decryptLastColumn(low, high, c + 1));
    }

    private static int decryptLastColumn(long low, long high, int c) {
        return column(
                INVERSE_SUBSTITUTION[at(low, high, c, 0)],
                INVERSE_SUBSTITUTION[at(low, high, c + 3, 1)],
                INVERSE_SUBSTITUTION[at(low, high, c + 2, 2)],
                INVERSE_SUBSTITUTION[at(low, high, c + 1, 3)]);
    }

    private static int unmix(int a) {
        return UNMIXED[a & 0xFF]
                ^ Integer.rotateLeft(UNMIXED[a >>> 8 & 0xFF], 8)
                ^ Integer.rotateLeft(UNMIXED[a >>> 16 & 0xFF], 16)
                ^ Integer.rotateLeft(UNMIXED[a >>> 24], 24);
    }

    /** AESIMC: InvMixColumns of two columns. */
    public static long inverseMix(long columns) {
        return pair(unmix((int) columns), unmix((int) (columns >>> 32)));
    }

    /**
     * One half of AESKEYGENASSIST: SubWord of the upper doubleword, and the same rotated right by a
     * byte, exclusive or {@code constant}.
     *
     * @param half the half of the source that makes this half of the result
     */
    public static long keyAssist(long half, int constant) {
        int a = (int) (half >>> 32);
        int s =
                column(
                        SUBSTITUTION[a & 0xFF],
                        SUBSTITUTION[a >>> 8 & 0xFF],
                        SUBSTITUTION[a >>> 16 & 0xFF],
                        SUBSTITUTION[a >>> 24]);
        return pair(s, Integer.rotateRight(s, 8) ^ constant);
    }
}
