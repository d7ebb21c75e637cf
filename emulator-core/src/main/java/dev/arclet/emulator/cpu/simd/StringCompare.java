package dev.arclet.emulator.cpu.simd;

/**
 * The string comparisons of SSE4.2 (SDM vol. 2B, section 4.1, "Imm8 control byte operation"). The
 * two operands are strings of 16 bytes or 8 words, of which a number are valid.
 */
public final class StringCompare {
    /** Bits of the control byte. */
    private static final int WORDS = 1, SIGNED = 2;

    private StringCompare() {}

    /** Elements of an operand: 16 bytes or 8 words. */
    public static int elements(int control) {
        return (control & WORDS) != 0 ? 8 : 16;
    }

    /** The number of valid elements that an explicit length (as signed number) says. */
    public static int explicitLength(long length, int control) {
        int n = elements(control);
        return length >= n || length <= -n ? n : (int) Math.abs(length);
    }

    /** The number of elements before the first that is zero. */
    public static int implicitLength(long low, long high, int control) {
        int n = elements(control);
        for (int i = 0; i < n; i++) {
            if (element(low, high, i, control) == 0) {
                return i;
            }
        }
        return n;
    }

    private static int element(long low, long high, int i, int control) {
        if ((control & WORDS) != 0) {
            long half = i < 4 ? low : high;
            int shift = 16 * (i & 3);
            return (control & SIGNED) != 0
                    ? (short) (half >>> shift)
                    : (int) (half >>> shift) & 0xFFFF;
        }
        long half = i < 8 ? low : high;
        int shift = 8 * (i & 7);
        return (control & SIGNED) != 0 ? (byte) (half >>> shift) : (int) (half >>> shift) & 0xFF;
    }

    /**
     * Compares.
     *
     * @param aLength valid elements of the first operand, 0..16 (0..8 words)
     * @param bLength valid elements of the second operand
     * @param control the immediate
     * @return a bit for each element of the second operand: the SDM's IntRes2
     */
    public static int compare(
            long aLow, long aHigh, int aLength, long bLow, long bHigh, int bLength, int control) {
        int n = elements(control);
        int all = (1 << n) - 1;
        int valid = (1 << bLength) - 1;
        int result =
                switch (control >>> 2 & 3) {
                    case 0 -> equalAny(aLow, aHigh, aLength, bLow, bHigh, bLength, control);
                    case 1 -> ranges(aLow, aHigh, aLength, bLow, bHigh, bLength, control);
                    case 2 -> equalEach(aLow, aHigh, aLength, bLow, bHigh, bLength, control);
                    default -> equalOrdered(aLow, aHigh, aLength, bLow, bHigh, bLength, control);
                };
        return switch (control >>> 4 & 3) {
            case 1 -> result ^ all;
            case 3 -> result ^ valid;
            default -> result;
        };
    }

    private static int equalAny(
            long aLow, long aHigh, int aLength, long bLow, long bHigh, int bLength, int control) {
        int result = 0;
        for (int j = 0; j < bLength; j++) {
            int b = element(bLow, bHigh, j, control);
            for (int i = 0; i < aLength; i++) {
                if (element(aLow, aHigh, i, control) == b) {
                    result |= 1 << j;
                }
            }
        }
        return result;
    }

    private static int ranges(
            long aLow, long aHigh, int aLength, long bLow, long bHigh, int bLength, int control) {
        int result = 0;
        for (int j = 0; j < bLength; j++) {
            int b = element(bLow, bHigh, j, control);
            for (int i = 0; i + 1 < aLength; i += 2) {
                if (b >= element(aLow, aHigh, i, control)
                        && b <= element(aLow, aHigh, i + 1, control)) {
                    result |= 1 << j;
                }
            }
        }
        return result;
    }

    private static int equalEach(
            long aLow, long aHigh, int aLength, long bLow, long bHigh, int bLength, int control) {
        int n = elements(control);
        int result = 0;
        for (int j = 0; j < n; j++) {
            boolean equal =
                    j < aLength && j < bLength
                            ? element(aLow, aHigh, j, control) == element(bLow, bHigh, j, control)
                            : j >= aLength && j >= bLength;
            if (equal) {
                result |= 1 << j;
            }
        }
        return result;
    }

    private static int equalOrdered(
            long aLow, long aHigh, int aLength, long bLow, long bHigh, int bLength, int control) {
        int n = elements(control);
        int result = 0;
        for (int j = 0; j < n; j++) {
            boolean equal = true;
            for (int i = 0; equal && i < aLength && i + j < n; i++) {
                equal =
                        i + j < bLength
                                && element(aLow, aHigh, i, control)
                                        == element(bLow, bHigh, i + j, control);
            }
            if (equal) {
                result |= 1 << j;
            }
        }
        return result;
    }

    /** The index that PCMPESTRI and PCMPISTRI leave in ECX. */
    public static int index(int result, int control) {
        if (result == 0) {
            return elements(control);
        }
        return (control & 0x40) != 0
                ? 31 - Integer.numberOfLeadingZeros(result)
                : Integer.numberOfTrailingZeros(result);
    }

    /** The low half of the mask that PCMPESTRM and PCMPISTRM leave in XMM0. */
    public static long maskLow(int result, int control) {
        return (control & 0x40) != 0 ? expand(result, control) : result;
    }

    /** The high half. */
    public static long maskHigh(int result, int control) {
        return (control & 0x40) != 0 ? expand(result >>> elements(control) / 2, control) : 0;
    }

    /** Makes lanes of ones of bits. */
    private static long expand(int bits, int control) {
        int width = 128 / elements(control);
        long lane = -1L >>> 64 - width;
        long result = 0;
        for (int i = 0; i * width < 64; i++) {
            if ((bits >>> i & 1) != 0) {
                result |= lane << i * width;
            }
        }
        return result;
    }
}
