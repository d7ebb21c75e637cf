package dev.arclet.emulator.cpu.fpu;

import java.math.BigInteger;

/**
 * A binary number of 128 significant bits, for the inner arithmetic of the transcendental
 * functions: {@code hi:lo * 2^(exponent - 127)}, with bit 63 of hi set unless the number is zero.
 * Operations are good to about two units in the last place. A part too small to be seen in a sum
 * never disappears wholly: what is slightly below a number stays below it.
 *
 * @param negative sign
 * @param exponent unbiased, of the leading bit
 * @param hi upper half of the significand
 * @param lo lower half
 */
record WideFloat(boolean negative, int exponent, long hi, long lo) {
    static final WideFloat ZERO = new WideFloat(false, 0, 0, 0);
    static final WideFloat ONE = new WideFloat(false, 0, Long.MIN_VALUE, 0);

    private static final int BITS = 128;

    /** A finite 80-bit number, exactly. */
    static WideFloat of(int signExponent, long significand) {
        int e = Math.max(signExponent & Float80.EXPONENT, 1) - Float80.BIAS;
        return normalised((signExponent & Float80.SIGN) != 0, e, significand, 0);
    }

    /** A small integer. */
    static WideFloat of(int value) {
        return normalised(value < 0, 31, (long) Math.abs(value) << 32, 0);
    }

    /** {@code value * 2^scale}, cut to 128 bits. */
    static WideFloat of(BigInteger value, int scale) {
        if (value.signum() == 0) {
            return ZERO;
        }
        BigInteger magnitude = value.abs();
        int length = magnitude.bitLength();
        BigInteger cut = magnitude.shiftRight(length - BITS);
        return new WideFloat(
                value.signum() < 0,
                length - 1 + scale,
                cut.shiftRight(64).longValue(),
                cut.longValue());
    }

    /** The quotient of two positive integers, cut to 128 bits. */
    static WideFloat ratio(BigInteger numerator, BigInteger denominator) {
        int shift = denominator.bitLength() - numerator.bitLength() + BITS + 2;
        return of(numerator.shiftLeft(shift).divide(denominator), -shift);
    }

    private static WideFloat normalised(boolean negative, int exponent, long hi, long lo) {
        if (hi == 0) {
            if (lo == 0) {
                return ZERO;
            }
            hi = lo;
            lo = 0;
            exponent -= 64;
        }
        int shift = Long.numberOfLeadingZeros(hi);
        if (shift != 0) {
            hi = hi << shift | lo >>> (64 - shift);
            lo <<= shift;
            exponent -= shift;
        }
        return new WideFloat(negative, exponent, hi, lo);
    }

    boolean isZero() {
        return hi == 0;
    }

    WideFloat negate() {
        return new WideFloat(!negative, exponent, hi, lo);
    }

    /** Times a power of two. */
    WideFloat scale(int power) {
        return isZero() ? this : new WideFloat(negative, exponent + power, hi, lo);
    }

    WideFloat times(WideFloat b) {
        if (isZero() || b.isZero()) {
            return ZERO;
        }
        long high = Math.unsignedMultiplyHigh(hi, b.hi);
        long low = hi * b.hi;
        long cross = Math.unsignedMultiplyHigh(hi, b.lo);
        long sum = low + cross;
        if (Long.compareUnsigned(sum, low) < 0) {
            high++;
        }
        low = sum + Math.unsignedMultiplyHigh(lo, b.hi);
        if (Long.compareUnsigned(low, sum) < 0) {
            high++;
        }
        return normalised(negative ^ b.negative, exponent + b.exponent + 1, high, low);
    }

    WideFloat plus(WideFloat b) {
        if (isZero()) {
            return b;
        }
        if (b.isZero()) {
            return this;
        }
        if (exponent < b.exponent || exponent == b.exponent && compareSignificand(b) < 0) {
            return b.plus(this);
        }
        int distance = exponent - b.exponent;
        long bHi;
        long bLo;
        boolean lost;
        if (distance >= BITS) {
            bHi = 0;
            bLo = 0;
            lost = true;
        } else {
            bHi = Float80.shiftHigh(b.hi, distance);
            bLo =
                    distance == 0
                            ? b.lo
                            : distance < 64
                                    ? b.hi << (64 - distance) | b.lo >>> distance
                                    : b.hi >>> (distance - 64);
            lost =
                    distance < 64
                            ? distance != 0 && b.lo << (64 - distance) != 0
                            : b.lo != 0 || distance > 64 && b.hi << (128 - distance) != 0;
        }
        if (negative == b.negative) {
            long low = lo + bLo;
            long carry = Long.compareUnsigned(low, lo) < 0 ? 1 : 0;
            long high = hi + bHi;
            boolean overflow = Long.compareUnsigned(high, hi) < 0;
            high += carry;
            overflow |= carry != 0 && high == 0;
            if (overflow) {
                return new WideFloat(
                        negative,
                        exponent + 1,
                        high >>> 1 | Long.MIN_VALUE,
                        low >>> 1 | high << 63);
            }
            return new WideFloat(negative, exponent, high, low);
        }
        if (lost) {
            bLo++;
            if (bLo == 0) {
                bHi++;
            }
        }
        long low = lo - bLo;
        long high = hi - bHi - (Long.compareUnsigned(lo, bLo) < 0 ? 1 : 0);
        return normalised(negative, exponent, high, low);
    }

    private int compareSignificand(WideFloat b) {
        return hi != b.hi ? Long.compareUnsigned(hi, b.hi) : Long.compareUnsigned(lo, b.lo);
    }

    WideFloat minus(WideFloat b) {
        return plus(b.negate());
    }

    /** Compares magnitudes. */
    int compareMagnitude(WideFloat b) {
        if (isZero() || b.isZero()) {
            return Boolean.compare(b.isZero(), isZero());
        }
        return exponent != b.exponent
                ? Integer.compare(exponent, b.exponent)
                : compareSignificand(b);
    }

    WideFloat dividedBy(WideFloat b) {
        if (isZero()) {
            return ZERO;
        }
        // 1/b to 62 bits from the upper halves, one Newton step, then a correction of the quotient.
        long estimate = b.hi == Long.MIN_VALUE ? -1L : Wide.divide(Long.MIN_VALUE, 0, b.hi);
        WideFloat reciprocal = new WideFloat(b.negative, -b.exponent - 1, estimate, 0);
        WideFloat error = ONE.minus(b.times(reciprocal));
        reciprocal = reciprocal.plus(reciprocal.times(error));
        WideFloat quotient = times(reciprocal);
        return quotient.plus(minus(quotient.times(b)).times(reciprocal));
    }

    /** Delivers it, rounded; an exact result is not expected. */
    void roundInto(Float80 f) {
        f.round(negative ? Float80.SIGN : 0, exponent + Float80.BIAS, hi, lo | 1, 64);
    }
}
