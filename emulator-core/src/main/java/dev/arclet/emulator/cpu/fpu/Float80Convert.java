package dev.arclet.emulator.cpu.fpu;

import static dev.arclet.emulator.cpu.fpu.Float80.BIAS;
import static dev.arclet.emulator.cpu.fpu.Float80.EXPONENT;
import static dev.arclet.emulator.cpu.fpu.Float80.INTEGER;
import static dev.arclet.emulator.cpu.fpu.Float80.QUIET;
import static dev.arclet.emulator.cpu.fpu.Float80.SIGN;

/** Conversions between the 80-bit format and those in memory (SDM vol. 1, section 4.2 and 8.1). */
public final class Float80Convert {
    private Float80Convert() {}

    /** A signed integer, exactly. */
    public static void fromInteger(Float80 f, long value) {
        if (value == 0) {
            f.zero(0);
            return;
        }
        int sign = value < 0 ? SIGN : 0;
        long magnitude = Math.abs(value);
        int shift = Long.numberOfLeadingZeros(magnitude);
        f.set(sign | (BIAS + 63 - shift), magnitude << shift);
    }

    /** A single, exactly, whatever it is; NaNs keep their kind, no exception is signalled. */
    public static void widenSingle(Float80 f, int bits) {
        int sign = bits >>> 16 & SIGN;
        int e = bits >>> 23 & 0xFF;
        long fraction = (long) (bits & 0x7F_FFFF) << 40;
        widen(f, sign, e, fraction, 0xFF, 127);
    }

    /** A double, exactly, whatever it is; NaNs keep their kind, no exception is signalled. */
    public static void widenDouble(Float80 f, long bits) {
        int sign = (int) (bits >>> 48) & SIGN;
        int e = (int) (bits >>> 52) & 0x7FF;
        long fraction = (bits & 0xF_FFFF_FFFF_FFFFL) << 11;
        widen(f, sign, e, fraction, 0x7FF, 1023);
    }

    private static void widen(Float80 f, int sign, int e, long fraction, int top, int bias) {
        if (e == top) {
            f.set(sign | EXPONENT, INTEGER | fraction);
        } else if (e != 0) {
            f.set(sign | (e - bias + BIAS), INTEGER | fraction);
        } else if (fraction == 0) {
            f.zero(sign);
        } else {
            int shift = Long.numberOfLeadingZeros(fraction);
            f.set(sign | (1 - bias + BIAS - shift), fraction << shift);
        }
    }

    /** Whether the bits are a denormal single. */
    public static boolean isDenormalSingle(int bits) {
        return (bits & 0x7F80_0000) == 0 && (bits & 0x7F_FFFF) != 0;
    }

    /** Whether the bits are a denormal double. */
    public static boolean isDenormalDouble(long bits) {
        return (bits & 0x7FF0_0000_0000_0000L) == 0 && (bits & 0xF_FFFF_FFFF_FFFFL) != 0;
    }

    /** To a single, rounded; the bits. Meaningless if an unmasked exception was signalled. */
    public static int toSingle(Float80 f, int se, long a) {
        return (int) narrow(f, se, a, 24, 8);
    }

    /** To a double, rounded; the bits. Meaningless if an unmasked exception was signalled. */
    public static long toDouble(Float80 f, int se, long a) {
        return narrow(f, se, a, 53, 11);
    }

    private static long narrow(Float80 f, int se, long a, int bits, int exponentBits) {
        int sign = se & SIGN;
        int top = (1 << exponentBits) - 1;
        int bias = top >> 1;
        int fractionBits = bits - 1;
        long signBit = sign == 0 ? 0 : 1L << (fractionBits + exponentBits);
        long infinity = (long) top << fractionBits;
        if (Float80.isUnsupported(se, a)) {
            f.flags |= Float80.INVALID;
            return 1L << (fractionBits + exponentBits) | infinity | 1L << (fractionBits - 1);
        }
        int e = se & EXPONENT;
        if (e == EXPONENT) {
            if (a == INTEGER) {
                return signBit | infinity;
            }
            if ((a & QUIET) == 0) {
                f.flags |= Float80.INVALID;
            }
            return signBit | infinity | ((a | QUIET) << 1 >>> (64 - fractionBits));
        }
        if (a == 0) {
            return signBit;
        }
        int shift = Long.numberOfLeadingZeros(a);
        a <<= shift;
        e = Math.max(e, 1) - shift - BIAS + bias;
        int drop = 64 - bits;
        long rest = Float80.rest(a, 0, drop);
        boolean up = Float80.roundsUp(f.rounding, sign != 0, (a >>> drop & 1) != 0, rest);
        // Significand with its integer bit; a carry out of it moves into the exponent.
        long value = (a >>> drop) + (up ? 1 : 0);
        int rounded = e + (int) (value >>> bits);
        if (rounded <= 0) {
            if ((f.masks & Float80.UNDERFLOW) == 0) {
                f.flags |= Float80.UNDERFLOW | inexact(rest, up);
                return 0;
            }
            if (f.flushToZero) {
                f.flags |= Float80.UNDERFLOW | Float80.PRECISION;
                return signBit;
            }
            int right = 1 - e;
            long low = Float80.shiftLowSticky(a, 0, right);
            long high = Float80.shiftHigh(a, right);
            rest = Float80.rest(high, low, drop);
            up = Float80.roundsUp(f.rounding, sign != 0, (high >>> drop & 1) != 0, rest);
            if (rest != 0) {
                f.flags |= Float80.UNDERFLOW | inexact(rest, up);
            }
            return signBit | (high >>> drop) + (up ? 1 : 0);
        }
        if (rounded >= top) {
            f.flags |= Float80.OVERFLOW;
            if ((f.masks & Float80.OVERFLOW) == 0) {
                f.flags |= inexact(rest, up);
                return 0;
            }
            f.flags |= Float80.PRECISION;
            if (f.rounding == Float80.NEAREST
                    || f.rounding == (sign != 0 ? Float80.DOWN : Float80.UP)) {
                f.flags |= Float80.ROUNDED_UP;
                return signBit | infinity;
            }
            return signBit | infinity - 1;
        }
        f.flags |= inexact(rest, up);
        return signBit | ((long) (e - 1) << fractionBits) + value;
    }

    private static int inexact(long rest, boolean up) {
        return rest == 0 ? 0 : up ? Float80.PRECISION | Float80.ROUNDED_UP : Float80.PRECISION;
    }

    /**
     * To a signed integer of 16, 32 or 64 bits; what does not fit, and NaNs, are invalid and give
     * the integer indefinite.
     *
     * @param rounding the rounding control to use
     */
    public static long toInteger(Float80 f, int se, long a, int bits, int rounding) {
        long indefinite = -1L << (bits - 1);
        int e = se & EXPONENT;
        if (Float80.isUnsupported(se, a) || e == EXPONENT || e > BIAS + 63) {
            f.flags |= Float80.INVALID;
            return indefinite;
        }
        if (a == 0) {
            return 0;
        }
        boolean negative = (se & SIGN) != 0;
        int fractionBits = BIAS + 63 - Math.max(e, 1);
        long rest = Float80.shiftLowSticky(a, 0, fractionBits);
        long whole = fractionBits < 64 ? a >>> fractionBits : 0;
        boolean up = Float80.roundsUp(rounding, negative, (whole & 1) != 0, rest);
        if (up) {
            whole++;
            if (whole == 0) {
                f.flags |= Float80.INVALID;
                return indefinite;
            }
        }
        long limit = (1L << (bits - 1)) - (negative ? 0 : 1);
        if (Long.compareUnsigned(whole, limit) > 0) {
            f.flags |= Float80.INVALID;
            return indefinite;
        }
        f.flags |= inexact(rest, up);
        return negative ? -whole : whole;
    }

    /** FBLD: 18 packed decimal digits and a sign byte; digits above 9 count for what they are. */
    public static void fromBcd(Float80 f, long low, int high) {
        long value = 0;
        for (int shift = 4; shift >= 0; shift -= 4) {
            value = value * 10 + (high >>> shift & 15);
        }
        for (int shift = 60; shift >= 0; shift -= 4) {
            value = value * 10 + (low >>> shift & 15);
        }
        fromInteger(f, value);
        if ((high & 0x8000) != 0) {
            f.signExponent |= SIGN;
        }
    }

    /** The high two bytes of the packed BCD indefinite. */
    public static final int BCD_INDEFINITE_HIGH = 0xFFFF;

    /** The low eight bytes of the packed BCD indefinite. */
    public static final long BCD_INDEFINITE_LOW = 0xC000_0000_0000_0000L;

    private static final long BCD_LIMIT = 999_999_999_999_999_999L;

    /**
     * FBSTP: as 18 packed decimal digits. The low eight bytes go to {@code significand} of the
     * accumulator, the high two to {@code signExponent}.
     */
    public static void toBcd(Float80 f, int se, long a) {
        int before = f.flags;
        long value = toInteger(f, se, a, 64, f.rounding);
        if ((f.flags & Float80.INVALID) != 0
                || Long.compareUnsigned(Math.abs(value), BCD_LIMIT) > 0) {
            f.flags = before | Float80.INVALID;
            f.set(BCD_INDEFINITE_HIGH, BCD_INDEFINITE_LOW);
            return;
        }
        long magnitude = Math.abs(value);
        long low = 0;
        for (int shift = 0; shift < 64; shift += 4) {
            low |= magnitude % 10 << shift;
            magnitude /= 10;
        }
        int high = (int) (magnitude % 10 | magnitude / 10 << 4);
        f.set(se & SIGN | high, low);
    }
}
