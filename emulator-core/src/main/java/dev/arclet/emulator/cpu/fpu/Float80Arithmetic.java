package dev.arclet.emulator.cpu.fpu;

import static dev.arclet.emulator.cpu.fpu.Float80.BIAS;
import static dev.arclet.emulator.cpu.fpu.Float80.DOWN;
import static dev.arclet.emulator.cpu.fpu.Float80.EXPONENT;
import static dev.arclet.emulator.cpu.fpu.Float80.INTEGER;
import static dev.arclet.emulator.cpu.fpu.Float80.SIGN;

/**
 * Arithmetic on 80-bit numbers (IEEE 754-2008, section 5; SDM vol. 1, chapter 8). Operands are
 * pairs of sign-and-exponent and significand; results and exceptions go to a {@link Float80}.
 */
public final class Float80Arithmetic {
    private Float80Arithmetic() {}

    /** a + b. */
    public static void add(Float80 f, int aSe, long a, int bSe, long b) {
        addSigned(f, aSe, a, bSe, b, 0);
    }

    /** a - b. */
    public static void subtract(Float80 f, int aSe, long a, int bSe, long b) {
        addSigned(f, aSe, a, bSe, b, SIGN);
    }

    private static void addSigned(Float80 f, int aSe, long a, int bSe, long b, int flip) {
        int ea = aSe & EXPONENT;
        int eb = bSe & EXPONENT;
        int aSign = aSe & SIGN;
        int bSign = (bSe & SIGN) ^ flip;
        if (ea == EXPONENT || eb == EXPONENT || a >= 0 || b >= 0 || ea == 0 || eb == 0) {
            if (f.special(aSe, a, bSe, b)) {
                return;
            }
            if (ea == EXPONENT && eb == EXPONENT) {
                if (aSign != bSign) {
                    f.invalid();
                } else {
                    f.infinity(aSign);
                }
                return;
            }
            f.noteDenormal(aSe, a);
            f.noteDenormal(bSe, b);
            if (ea == EXPONENT) {
                f.infinity(aSign);
                return;
            }
            if (eb == EXPONENT) {
                f.infinity(bSign);
                return;
            }
            if (a == 0 && b == 0) {
                f.zero(aSign == bSign ? aSign : f.rounding == DOWN ? SIGN : 0);
                return;
            }
            ea = Math.max(ea, 1);
            eb = Math.max(eb, 1);
        }
        int sign = aSign;
        int exponent = ea;
        int distance = ea - eb;
        long big = a;
        long small = b;
        if (distance < 0 || distance == 0 && Long.compareUnsigned(a, b) < 0) {
            sign = bSign;
            exponent = eb;
            distance = -distance;
            big = b;
            small = a;
        }
        long hi = Float80.shiftHigh(small, distance);
        long lo = Float80.shiftLowSticky(small, 0, distance);
        if (aSign == bSign) {
            long sum = big + hi;
            if (Long.compareUnsigned(sum, big) < 0) {
                lo = sum << 63 | lo >>> 1 | lo & 1;
                sum = sum >>> 1 | INTEGER;
                exponent++;
            }
            f.normaliseAndRound(sign, exponent, sum, lo, f.precision);
        } else {
            long difference = big - hi - (lo != 0 ? 1 : 0);
            lo = -lo;
            if ((difference | lo) == 0) {
                f.zero(f.rounding == DOWN ? SIGN : 0);
                return;
            }
            f.normaliseAndRound(sign, exponent, difference, lo, f.precision);
        }
    }

    /** a * b. */
    public static void multiply(Float80 f, int aSe, long a, int bSe, long b) {
        int ea = aSe & EXPONENT;
        int eb = bSe & EXPONENT;
        int sign = (aSe ^ bSe) & SIGN;
        if (ea == EXPONENT || eb == EXPONENT || a >= 0 || b >= 0 || ea == 0 || eb == 0) {
            if (f.special(aSe, a, bSe, b)) {
                return;
            }
            if (ea == EXPONENT || eb == EXPONENT) {
                if (ea == 0 && a == 0 || eb == 0 && b == 0) {
                    f.invalid();
                } else {
                    f.noteDenormal(aSe, a);
                    f.noteDenormal(bSe, b);
                    f.infinity(sign);
                }
                return;
            }
            f.noteDenormal(aSe, a);
            f.noteDenormal(bSe, b);
            if (a == 0 || b == 0) {
                f.zero(sign);
                return;
            }
            int shift = Long.numberOfLeadingZeros(a);
            a <<= shift;
            ea = Math.max(ea, 1) - shift;
            shift = Long.numberOfLeadingZeros(b);
            b <<= shift;
            eb = Math.max(eb, 1) - shift;
        }
        int exponent = ea + eb - BIAS + 1;
        long hi = Math.unsignedMultiplyHigh(a, b);
        long lo = a * b;
        if (hi >= 0) {
            hi = hi << 1 | lo >>> 63;
            lo <<= 1;
            exponent--;
        }
        f.round(sign, exponent, hi, lo);
    }

    /** a / b. */
    public static void divide(Float80 f, int aSe, long a, int bSe, long b) {
        int ea = aSe & EXPONENT;
        int eb = bSe & EXPONENT;
        int sign = (aSe ^ bSe) & SIGN;
        if (ea == EXPONENT || eb == EXPONENT || a >= 0 || b >= 0 || ea == 0 || eb == 0) {
            if (f.special(aSe, a, bSe, b)) {
                return;
            }
            if (ea == EXPONENT) {
                if (eb == EXPONENT) {
                    f.invalid();
                } else {
                    f.noteDenormal(bSe, b);
                    f.infinity(sign);
                }
                return;
            }
            if (eb == EXPONENT) {
                f.noteDenormal(aSe, a);
                f.zero(sign);
                return;
            }
            if (b == 0) {
                if (a == 0) {
                    f.invalid();
                } else {
                    f.flags |= Float80.ZERO_DIVIDE;
                    f.infinity(sign);
                }
                return;
            }
            f.noteDenormal(aSe, a);
            f.noteDenormal(bSe, b);
            if (a == 0) {
                f.zero(sign);
                return;
            }
            int shift = Long.numberOfLeadingZeros(a);
            a <<= shift;
            ea = Math.max(ea, 1) - shift;
            shift = Long.numberOfLeadingZeros(b);
            b <<= shift;
            eb = Math.max(eb, 1) - shift;
        }
        int exponent = ea - eb + BIAS;
        long hi = a;
        long lo = 0;
        if (Long.compareUnsigned(a, b) >= 0) {
            hi = a >>> 1;
            lo = a << 63;
        } else {
            exponent--;
        }
        long quotient = Wide.divide(hi, lo, b);
        long remainder = lo - quotient * b;
        f.round(sign, exponent, quotient, half(remainder, b));
    }

    /** The fraction {@code remainder / b} as seen by rounding: zero, below, at or above a half. */
    private static long half(long remainder, long b) {
        if (remainder == 0) {
            return 0;
        }
        int compared = remainder < 0 ? 1 : Long.compareUnsigned(remainder << 1, b);
        return compared < 0 ? 1 : compared == 0 ? INTEGER : INTEGER | 1;
    }

    /** Square root. */
    public static void squareRoot(Float80 f, int se, long a) {
        if (f.special(se, a)) {
            return;
        }
        int e = se & EXPONENT;
        if (e == 0 && a == 0) {
            f.zero(se & SIGN);
            return;
        }
        if ((se & SIGN) != 0) {
            f.invalid();
            return;
        }
        if (e == EXPONENT) {
            f.infinity(0);
            return;
        }
        f.noteDenormal(se, a);
        int shift = Long.numberOfLeadingZeros(a);
        a <<= shift;
        e = Math.max(e, 1) - shift;
        // Value a * 2^(e - BIAS - 63); the radicand is a * 2^64 or a * 2^63, so that what remains
        // of the exponent is even.
        boolean odd = ((e - BIAS) & 1) != 0;
        long hi = odd ? a : a >>> 1;
        long lo = odd ? 0 : a << 63;
        long root = Wide.squareRoot(hi, lo);
        long square = root * root;
        long squareHi = Math.unsignedMultiplyHigh(root, root);
        long restHi = hi - squareHi - (Long.compareUnsigned(lo, square) < 0 ? 1 : 0);
        long restLo = lo - square;
        long tail;
        if ((restHi | restLo) == 0) {
            tail = 0;
        } else if (restHi != 0 || Long.compareUnsigned(restLo, root) > 0) {
            tail = INTEGER | 1;
        } else {
            tail = 1;
        }
        f.round(0, Math.floorDiv(e - BIAS, 2) + BIAS, root, tail);
    }

    /** Rounds to an integral value in the accumulator's rounding mode. */
    public static void roundToIntegral(Float80 f, int se, long a) {
        if (f.special(se, a)) {
            return;
        }
        int e = se & EXPONENT;
        f.noteDenormal(se, a);
        if (e >= BIAS + 63 || a == 0) {
            f.set(se, a);
            return;
        }
        int sign = se & SIGN;
        int fractionBits = BIAS + 63 - Math.max(e, 1);
        long rest = Float80.shiftLowSticky(a, 0, fractionBits);
        long whole = fractionBits < 64 ? a >>> fractionBits : 0;
        boolean up = Float80.roundsUp(f.rounding, sign != 0, (whole & 1) != 0, rest);
        if (up) {
            whole++;
            f.flags |= Float80.ROUNDED_UP;
        }
        if (rest != 0) {
            f.flags |= Float80.PRECISION;
        }
        if (whole == 0) {
            f.zero(sign);
        } else {
            int shift = Long.numberOfLeadingZeros(whole);
            f.set(sign | (BIAS + 63 - shift), whole << shift);
        }
    }

    /** Comparison result: the condition bits C3 C2 C0 at their places in the status word. */
    public static final int GREATER = 0, LESS = 0x100, EQUAL = 0x4000, UNORDERED = 0x4500;

    /**
     * Compares a with b: one of {@link #GREATER}, {@link #LESS}, {@link #EQUAL}, {@link
     * #UNORDERED}.
     *
     * @param quiet whether quiet NaNs are compared without an exception (FUCOM)
     */
    public static int compare(Float80 f, int aSe, long a, int bSe, long b, boolean quiet) {
        if (Float80.isUnsupported(aSe, a)
                || Float80.isUnsupported(bSe, b)
                || Float80.isSignalling(aSe, a)
                || Float80.isSignalling(bSe, b)) {
            f.flags |= Float80.INVALID;
            return UNORDERED;
        }
        if (Float80.isNaN(aSe, a) || Float80.isNaN(bSe, b)) {
            if (!quiet) {
                f.flags |= Float80.INVALID;
            }
            return UNORDERED;
        }
        f.noteDenormal(aSe, a);
        f.noteDenormal(bSe, b);
        if (a == 0 && b == 0) {
            return EQUAL;
        }
        boolean aNegative = (aSe & SIGN) != 0;
        boolean bNegative = (bSe & SIGN) != 0;
        if (aNegative != bNegative) {
            return aNegative ? LESS : GREATER;
        }
        // A pseudo-denormal equals the normal number with exponent 1.
        int ea = Math.max(aSe & EXPONENT, 1);
        int eb = Math.max(bSe & EXPONENT, 1);
        int magnitude = ea != eb ? Integer.compare(ea, eb) : Long.compareUnsigned(a, b);
        if (a == 0 || b == 0) {
            magnitude = a == 0 ? -1 : 1;
        }
        if (magnitude == 0) {
            return EQUAL;
        }
        return magnitude < 0 == aNegative ? GREATER : LESS;
    }

    /** Of {@link #remainder}: the answer is a NaN; C0 and C3 stay as they are. */
    public static final int NO_QUOTIENT = -1;

    /** Quotient bits Q2 Q1 Q0 as C0 C3 C1, from {@link #remainder}. */
    private static int quotientBits(long quotient) {
        return (int) ((quotient & 4) << 6 | (quotient & 2) << 13 | (quotient & 1) << 9);
    }

    /**
     * FPREM and FPREM1: a minus an integral multiple of b, exactly. If the exponents differ by 64
     * or more, only 32 to 63 bits of the quotient are worked off and C2 is returned (SDM vol. 2A,
     * FPREM).
     *
     * @param nearest whether the quotient is rounded to nearest even (FPREM1) or chopped
     * @return condition bits C0 C1 C2 C3 for the status word, or {@link #NO_QUOTIENT}
     */
    public static int remainder(Float80 f, int aSe, long a, int bSe, long b, boolean nearest) {
        if (f.special(aSe, a, bSe, b)) {
            return NO_QUOTIENT;
        }
        int ea = aSe & EXPONENT;
        int eb = bSe & EXPONENT;
        int sign = aSe & SIGN;
        if (ea == EXPONENT || eb == 0 && b == 0) {
            f.invalid();
            return NO_QUOTIENT;
        }
        f.noteDenormal(aSe, a);
        f.noteDenormal(bSe, b);
        if (a == 0) {
            f.zero(sign);
            return 0;
        }
        int shift = Long.numberOfLeadingZeros(a);
        a <<= shift;
        ea = Math.max(ea, 1) - shift;
        if (eb == EXPONENT) {
            f.round(sign, ea, a, 0, 64);
            return 0;
        }
        shift = Long.numberOfLeadingZeros(b);
        b <<= shift;
        eb = Math.max(eb, 1) - shift;
        int distance = ea - eb;
        if (distance < -1 || distance < 0 && !nearest) {
            f.round(sign, ea, a, 0, 64);
            return 0;
        }
        if (distance >= 64) {
            int step = 32 + (distance & 31);
            long rest = Wide.remainder(a >>> (64 - step), a << step, b);
            deliver(f, sign, ea - step, rest);
            return 0x400;
        }
        if (distance == -1) {
            // The quotient is 0 or, above half of b, 1.
            if (Long.compareUnsigned(a, b) <= 0) {
                f.round(sign, ea, a, 0, 64);
                return 0;
            }
            // b - a/2 in units of half of b's last place: 2b - a, below 2^64 since a > b.
            deliver(f, sign ^ SIGN, eb - 1, (b << 1) - a);
            return quotientBits(1);
        }
        long hi = distance == 0 ? 0 : a >>> (64 - distance);
        long lo = a << distance;
        long quotient = Wide.divide(hi, lo, b);
        long rest = lo - quotient * b;
        if (nearest) {
            long fraction = half(rest, b);
            if (Float80.roundsUp(Float80.NEAREST, false, (quotient & 1) != 0, fraction)) {
                quotient++;
                rest = b - rest;
                sign ^= SIGN;
            }
        }
        if (rest == 0) {
            sign = aSe & SIGN;
        }
        deliver(f, sign, eb, rest);
        return quotientBits(quotient);
    }

    private static void deliver(Float80 f, int sign, int exponent, long value) {
        if (value == 0) {
            f.zero(sign);
        } else {
            f.normaliseAndRound(sign, exponent, value, 0, 64);
        }
    }

    /** FSCALE: a times two to the integral part of b (SDM vol. 2A, table 3-30). */
    public static void scale(Float80 f, int aSe, long a, int bSe, long b) {
        if (f.special(aSe, a, bSe, b)) {
            return;
        }
        int ea = aSe & EXPONENT;
        int eb = bSe & EXPONENT;
        int sign = aSe & SIGN;
        boolean bNegative = (bSe & SIGN) != 0;
        if (eb == EXPONENT) {
            if (bNegative) {
                if (ea == EXPONENT) {
                    f.invalid();
                    return;
                }
                f.noteDenormal(aSe, a);
                f.zero(sign);
            } else {
                if (a == 0) {
                    f.invalid();
                    return;
                }
                f.noteDenormal(aSe, a);
                f.infinity(sign);
            }
            return;
        }
        f.noteDenormal(aSe, a);
        f.noteDenormal(bSe, b);
        if (ea == EXPONENT || a == 0) {
            f.set(aSe, a);
            return;
        }
        int shift = Long.numberOfLeadingZeros(a);
        a <<= shift;
        ea = Math.max(ea, 1) - shift;
        int n;
        if (eb < BIAS) {
            n = 0;
        } else if (eb >= BIAS + 17) {
            n = 1 << 17;
        } else {
            n = (int) (b >>> (BIAS + 63 - eb));
        }
        f.round(sign, ea + (bNegative ? -n : n), a, 0, 64);
    }

    /**
     * FXTRACT: the exponent, unbiased, as a number in {@code f}, and what is to be pushed.
     *
     * @param significand receives the number scaled to [1, 2)
     * @return true
     */
    public static boolean extract(Float80 f, Float80 significand, int se, long a) {
        if (f.special(se, a)) {
            significand.set(f.signExponent, f.significand);
            return true;
        }
        int e = se & EXPONENT;
        if (e == EXPONENT) {
            significand.set(se, a);
            f.infinity(0);
            return true;
        }
        if (a == 0) {
            f.flags |= Float80.ZERO_DIVIDE;
            significand.set(se, 0);
            f.infinity(SIGN);
            return true;
        }
        f.noteDenormal(se, a);
        int shift = Long.numberOfLeadingZeros(a);
        a <<= shift;
        e = Math.max(e, 1) - shift;
        significand.set(se & SIGN | BIAS, a);
        Float80Convert.fromInteger(f, e - BIAS);
        return true;
    }
}
