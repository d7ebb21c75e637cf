package dev.arclet.emulator.cpu.fpu;

/** Unsigned 128-bit integer operations, operands as high and low halves. */
final class Wide {
    private Wide() {}

    /** {@code hi:lo / d}; needs {@code hi < d} and bit 63 of d set. */
    static long divide(long hi, long lo, long d) {
        if (hi == 0) {
            return Long.divideUnsigned(lo, d);
        }
        // Two steps of schoolbook division in base 2^32 (Knuth, TAOCP vol. 2, 4.3.1 D): with a
        // normalised divisor each estimate is at most two too large.
        long dHigh = d >>> 32;
        long dLow = d & 0xFFFF_FFFFL;
        long q1 = step(hi, lo >>> 32, d, dHigh, dLow);
        long rest = (hi << 32 | lo >>> 32) - q1 * d;
        long q0 = step(rest, lo & 0xFFFF_FFFFL, d, dHigh, dLow);
        return q1 << 32 | q0;
    }

    private static long step(long rest, long next, long d, long dHigh, long dLow) {
        long q = Long.divideUnsigned(rest, dHigh);
        long r = rest - q * dHigh;
        while (q >>> 32 != 0 || Long.compareUnsigned(q * dLow, r << 32 | next) > 0) {
            q--;
            r += dHigh;
            if (r >>> 32 != 0) {
                break;
            }
        }
        return q;
    }

    /** {@code hi:lo mod d}; needs {@code hi < d} and bit 63 of d set. */
    static long remainder(long hi, long lo, long d) {
        return lo - divide(hi, lo, d) * d;
    }

    /** The integral square root of {@code hi:lo}, which is at least 2^126. */
    static long squareRoot(long hi, long lo) {
        // 53 bits from the host (exactly rounded by its definition, and only an estimate here), one
        // Newton step for the rest, then the exact neighbour.
        double estimate = Math.sqrt(unsigned(hi)) * 0x1p32;
        long root = estimate >= 0x1p64 ? -1L : toUnsigned(estimate);
        if (root >= 0) {
            root = Long.MIN_VALUE;
        }
        if (Long.compareUnsigned(hi, root) < 0) {
            long quotient = divide(hi, lo, root);
            // The mean of root and quotient; both are below 2^64 and close to each other.
            root = (root >>> 1) + (quotient >>> 1) + (root & quotient & 1);
        }
        while (exceeds(root, hi, lo)) {
            root--;
        }
        while (root != -1L && !exceeds(root + 1, hi, lo)) {
            root++;
        }
        return root;
    }

    private static boolean exceeds(long root, long hi, long lo) {
        long squareHi = Math.unsignedMultiplyHigh(root, root);
        int compared = Long.compareUnsigned(squareHi, hi);
        return compared > 0 || compared == 0 && Long.compareUnsigned(root * root, lo) > 0;
    }

    private static double unsigned(long value) {
        return value >= 0 ? value : (value >>> 1 | value & 1) * 2.0;
    }

    private static long toUnsigned(double value) {
        return value < 0x1p63 ? (long) value : (long) (value - 0x1p63) ^ Long.MIN_VALUE;
    }
}
