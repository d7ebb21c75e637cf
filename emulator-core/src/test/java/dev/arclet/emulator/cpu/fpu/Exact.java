package dev.arclet.emulator.cpu.fpu;

import java.math.BigInteger;

/**
 * An exact positive or negative rational with a power of two, and its rounding by the definition of
 * IEEE 754: the reference for tests. Slow, and independent of what it checks.
 */
record Exact(BigInteger numerator, BigInteger denominator, int scale) {
    static Exact of(int signExponent, long significand) {
        BigInteger magnitude = new BigInteger(Long.toUnsignedString(significand));
        int exponent = Math.max(signExponent & 0x7FFF, 1) - 16383 - 63;
        return new Exact(
                (signExponent & 0x8000) != 0 ? magnitude.negate() : magnitude,
                BigInteger.ONE,
                exponent);
    }

    Exact plus(Exact b) {
        int common = Math.min(scale, b.scale);
        return new Exact(
                numerator.shiftLeft(scale - common).add(b.numerator.shiftLeft(b.scale - common)),
                BigInteger.ONE,
                common);
    }

    Exact negate() {
        return new Exact(numerator.negate(), denominator, scale);
    }

    Exact times(Exact b) {
        return new Exact(
                numerator.multiply(b.numerator),
                denominator.multiply(b.denominator),
                scale + b.scale);
    }

    Exact dividedBy(Exact b) {
        BigInteger n = numerator.multiply(b.denominator);
        BigInteger d = denominator.multiply(b.numerator);
        return new Exact(d.signum() < 0 ? n.negate() : n, d.abs(), scale - b.scale);
    }

    boolean isZero() {
        return numerator.signum() == 0;
    }

    /** A rounded result: encoding, and flags as in the status word with C1. */
    record Rounded(int signExponent, long significand, int flags) {}

    /**
     * Rounds a value that is not zero to so many bits in the 80-bit format, masked responses.
     *
     * @param mode rounding control of the control word
     */
    Rounded round(int bits, int mode) {
        boolean negative = numerator.signum() < 0;
        int exponent = exponent();
        BigInteger unbounded = quantise(exponent - bits + 1, mode, negative);
        boolean carries = unbounded.bitLength() > bits;
        boolean tiny = exponent + (carries ? 1 : 0) < -16382;
        // The unit of a denormal is that of the smallest normal number of the same precision.
        int unit = Math.max(exponent, -16382) - bits + 1;
        BigInteger value = quantise(unit, mode, negative);
        int comparison = compareMagnitude(value, unit);
        int flags = comparison == 0 ? 0 : comparison > 0 ? 0x220 : 0x20;
        if (tiny && comparison != 0) {
            flags |= 0x10;
        }
        int sign = negative ? 0x8000 : 0;
        if (value.bitLength() > bits) {
            unit++;
            value = value.shiftRight(1);
        }
        int top = unit + bits - 1;
        if (value.bitLength() == bits && top > 16383) {
            boolean infinite = mode == 0 || mode == (negative ? 1 : 2);
            return infinite
                    ? new Rounded(sign | 0x7FFF, Long.MIN_VALUE, 0x228)
                    : new Rounded(sign | 0x7FFE, -1L << (64 - bits), 0x28);
        }
        long significand = value.longValue() << (64 - bits);
        int biased = value.bitLength() == bits ? top + 16383 : 0;
        return new Rounded(sign | biased, significand, flags);
    }

    /** Floor of the logarithm of the magnitude. */
    private int exponent() {
        BigInteger n = numerator.abs();
        int guess = n.bitLength() - denominator.bitLength();
        boolean less =
                guess >= 0
                        ? n.compareTo(denominator.shiftLeft(guess)) < 0
                        : n.shiftLeft(-guess).compareTo(denominator) < 0;
        return scale + (less ? guess - 1 : guess);
    }

    /** The magnitude in units of 2^unit, rounded to an integer. */
    private BigInteger quantise(int unit, int mode, boolean negative) {
        int shift = scale - unit;
        BigInteger n = shift >= 0 ? numerator.abs().shiftLeft(shift) : numerator.abs();
        BigInteger d = shift >= 0 ? denominator : denominator.shiftLeft(-shift);
        BigInteger[] parts = n.divideAndRemainder(d);
        boolean up;
        if (parts[1].signum() == 0) {
            up = false;
        } else if (mode == 0) {
            int half = parts[1].shiftLeft(1).compareTo(d);
            up = half > 0 || half == 0 && parts[0].testBit(0);
        } else {
            up = mode == (negative ? 1 : 2);
        }
        return up ? parts[0].add(BigInteger.ONE) : parts[0];
    }

    /** The sign of {@code value * 2^unit} minus the magnitude. */
    private int compareMagnitude(BigInteger value, int unit) {
        int shift = unit - scale;
        BigInteger left = value.multiply(denominator);
        BigInteger right = numerator.abs();
        return shift >= 0
                ? left.shiftLeft(shift).compareTo(right)
                : left.compareTo(right.shiftLeft(-shift));
    }
}
