package dev.arclet.emulator.cpu.fpu;

import static dev.arclet.emulator.cpu.fpu.Float80.BIAS;
import static dev.arclet.emulator.cpu.fpu.Float80.EXPONENT;
import static dev.arclet.emulator.cpu.fpu.Float80.INTEGER;
import static dev.arclet.emulator.cpu.fpu.Float80.SIGN;

import java.math.BigInteger;

/**
 * The transcendental instructions (SDM vol. 1, section 8.3.5 to 8.3.10). Series are evaluated with
 * 128 bits ({@link WideFloat}), so that the rounded result is the correct one but for cases closer
 * than about 2^-58 of a unit to a rounding boundary. Precision control has no influence.
 */
public final class Float80Functions {
    private static final int TERMS = 40;

    /** pi as the argument reduction has it, in units of 2^-64: 66 bits. */
    private static final BigInteger PI_66 = new BigInteger("3243F6A8885A308D3", 16);

    private static final BigInteger PI_192 =
            new BigInteger("3243F6A8885A308D313198A2E03707344A4093822299F31D0", 16);

    private static final WideFloat PI = WideFloat.of(PI_192, -192);
    private static final WideFloat LN_2 = ln2();

    /** 2 / ln 2. */
    private static final WideFloat TWO_LOG2_E = WideFloat.ONE.dividedBy(LN_2).scale(1);

    /** 1/n!. */
    private static final WideFloat[] INVERSE_FACTORIAL = new WideFloat[TERMS];

    /** 1/n, from index 1. */
    private static final WideFloat[] INVERSE = new WideFloat[2 * TERMS];

    /** atan(i/32). */
    private static final WideFloat[] ARC = new WideFloat[33];

    static {
        BigInteger factorial = BigInteger.ONE;
        for (int n = 0; n < TERMS; n++) {
            factorial = n == 0 ? factorial : factorial.multiply(BigInteger.valueOf(n));
            INVERSE_FACTORIAL[n] = WideFloat.ratio(BigInteger.ONE, factorial);
        }
        for (int n = 1; n < INVERSE.length; n++) {
            INVERSE[n] = WideFloat.ratio(BigInteger.ONE, BigInteger.valueOf(n));
        }
        for (int i = 0; i < ARC.length; i++) {
            ARC[i] = arcTable(i);
        }
    }

    private Float80Functions() {}

    /** atan(i/32), by the series in 256-bit fixed point of atan(t/(1+sqrt(1+t^2))) doubled. */
    private static WideFloat arcTable(int i) {
        if (i == 0) {
            return WideFloat.ZERO;
        }
        int bits = 256;
        BigInteger one = BigInteger.ONE.shiftLeft(bits);
        BigInteger t = one.multiply(BigInteger.valueOf(i)).shiftRight(5);
        for (int halvings = 0; halvings < 3; halvings++) {
            BigInteger root = one.multiply(one).add(t.multiply(t)).sqrt();
            t = t.shiftLeft(bits).divide(one.add(root));
        }
        BigInteger square = t.multiply(t).shiftRight(bits);
        BigInteger sum = BigInteger.ZERO;
        BigInteger power = t;
        for (int n = 1; power.signum() != 0; n += 2) {
            BigInteger term = power.divide(BigInteger.valueOf(n));
            sum = (n & 2) == 0 ? sum.add(term) : sum.subtract(term);
            power = power.multiply(square).shiftRight(bits);
        }
        return WideFloat.of(sum.shiftLeft(3), -bits);
    }

    /** ln 2 = sum of 1 / (n 2^n). */
    private static WideFloat ln2() {
        int bits = 256;
        BigInteger sum = BigInteger.ZERO;
        for (int n = 1; n < bits; n++) {
            sum = sum.add(BigInteger.ONE.shiftLeft(bits - n).divide(BigInteger.valueOf(n)));
        }
        return WideFloat.of(sum, -bits);
    }

    // Sine, cosine, tangent

    /** Whether an operand is beyond the range of the trigonometric instructions: 2^63. */
    private static boolean outOfRange(int se) {
        int e = se & EXPONENT;
        return e >= BIAS + 63 && e != EXPONENT;
    }

    /** Deals with what is no finite non-zero number; true if the result is there. */
    private static boolean trigonometricSpecial(Float80 f, int se, long a) {
        if (f.special(se, a)) {
            return true;
        }
        if ((se & EXPONENT) == EXPONENT) {
            f.invalid();
            return true;
        }
        f.noteDenormal(se, a);
        return false;
    }

    /** An angle reduced to [-pi/4, pi/4], and the quadrant it was in. */
    private record Angle(WideFloat rest, int quadrant) {
        static Angle of(int se, long a) {
            WideFloat x = WideFloat.of(se, a);
            int e = (se & EXPONENT) - BIAS;
            if (e < -1) {
                return new Angle(x, 0);
            }
            // In units of 2^-65 both the operand and pi/2 (of 66 bits) are integers.
            BigInteger value = new BigInteger(Long.toUnsignedString(a)).shiftLeft(e + 2);
            BigInteger[] parts = value.divideAndRemainder(PI_66);
            BigInteger rest = parts[1];
            int quadrant = parts[0].intValue();
            if (rest.shiftLeft(1).compareTo(PI_66) > 0) {
                rest = rest.subtract(PI_66);
                quadrant++;
            }
            WideFloat reduced = WideFloat.of(rest, -65);
            return (se & SIGN) != 0
                    ? new Angle(reduced.negate(), -quadrant & 3)
                    : new Angle(reduced, quadrant & 3);
        }

        WideFloat sine() {
            WideFloat value = (quadrant & 1) == 0 ? sineOf(rest) : cosineOf(rest);
            return (quadrant & 2) == 0 ? value : value.negate();
        }

        WideFloat cosine() {
            WideFloat value = (quadrant & 1) == 0 ? cosineOf(rest) : sineOf(rest);
            return quadrant == 1 || quadrant == 2 ? value.negate() : value;
        }
    }

    /** The alternating series with coefficients 1/(first + 2k)!, as a factor next to 1. */
    private static WideFloat alternating(WideFloat square, int first) {
        WideFloat sum = WideFloat.ZERO;
        for (int n = first + 2 * terms(square); n >= first; n -= 2) {
            sum = INVERSE_FACTORIAL[n].minus(sum.times(square));
        }
        return sum;
    }

    /** How many terms a series in powers of {@code x} with coefficients of 1/(2k)! needs. */
    private static int terms(WideFloat x) {
        return x.isZero() || x.exponent() < -70 ? 2 : x.exponent() < -20 ? 7 : 18;
    }

    private static WideFloat sineOf(WideFloat x) {
        return x.times(alternating(x.times(x), 1));
    }

    private static WideFloat cosineOf(WideFloat x) {
        return alternating(x.times(x), 0);
    }

    /** FSIN; false if out of range. */
    public static boolean sine(Float80 f, Float80 unused, int se, long a) {
        if (outOfRange(se) && a < 0) {
            return false;
        }
        if (!trigonometricSpecial(f, se, a)) {
            if (a == 0) {
                f.zero(se & SIGN);
            } else {
                Angle.of(se, a).sine().roundInto(f);
            }
        }
        return true;
    }

    /** FCOS; false if out of range. */
    public static boolean cosine(Float80 f, Float80 unused, int se, long a) {
        if (outOfRange(se) && a < 0) {
            return false;
        }
        if (!trigonometricSpecial(f, se, a)) {
            if (a == 0) {
                f.set(BIAS, INTEGER);
            } else {
                Angle.of(se, a).cosine().roundInto(f);
            }
        }
        return true;
    }

    /** FSINCOS: the sine, and the cosine to be pushed; false if out of range. */
    public static boolean sineAndCosine(Float80 f, Float80 cosine, int se, long a) {
        if (outOfRange(se) && a < 0) {
            return false;
        }
        if (trigonometricSpecial(f, se, a)) {
            cosine.set(f.signExponent, f.significand);
        } else if (a == 0) {
            f.zero(se & SIGN);
            cosine.set(BIAS, INTEGER);
        } else {
            Angle angle = Angle.of(se, a);
            angle.sine().roundInto(f);
            angle.cosine().roundInto(cosine);
        }
        return true;
    }

    /** FPTAN: the tangent, and 1 to be pushed; false if out of range. */
    public static boolean tangent(Float80 f, Float80 one, int se, long a) {
        if (outOfRange(se) && a < 0) {
            return false;
        }
        if (trigonometricSpecial(f, se, a)) {
            one.set(f.signExponent, f.significand);
            return true;
        }
        if (a == 0) {
            f.zero(se & SIGN);
        } else {
            Angle angle = Angle.of(se, a);
            angle.sine().dividedBy(angle.cosine()).roundInto(f);
        }
        one.set(BIAS, INTEGER);
        return true;
    }

    // Arc tangent

    /** FPATAN: the angle of the point (x, y) = (ST(0), ST(1)). */
    public static void arcTangent(Float80 f, int xSe, long x, int ySe, long y) {
        if (f.special(xSe, x, ySe, y)) {
            return;
        }
        f.noteDenormal(xSe, x);
        f.noteDenormal(ySe, y);
        int sign = ySe & SIGN;
        boolean left = (xSe & SIGN) != 0;
        boolean xInfinite = (xSe & EXPONENT) == EXPONENT;
        boolean yInfinite = (ySe & EXPONENT) == EXPONENT;
        WideFloat angle;
        if (yInfinite) {
            angle =
                    xInfinite
                            ? left ? PI.times(WideFloat.of(3)).scale(-2) : PI.scale(-2)
                            : PI.scale(-1);
        } else if (xInfinite || y == 0) {
            if (!left) {
                f.zero(sign);
                return;
            }
            angle = PI;
        } else if (x == 0) {
            angle = PI.scale(-1);
        } else {
            WideFloat wideX = WideFloat.of(xSe & EXPONENT, x);
            WideFloat wideY = WideFloat.of(ySe & EXPONENT, y);
            if (wideY.compareMagnitude(wideX) <= 0) {
                if (!left && exactQuotientBelowRange(f, sign, wideX, wideY)) {
                    return;
                }
                angle = arcOf(wideY, wideX);
                angle = left ? PI.minus(angle) : angle;
            } else {
                angle = arcOf(wideX, wideY);
                angle = left ? PI.scale(-1).plus(angle) : PI.scale(-1).minus(angle);
            }
        }
        (sign != 0 ? angle.negate() : angle).roundInto(f);
    }

    /** A quotient so small that even its exponent is out of reach of the rounding. */
    private static boolean exactQuotientBelowRange(Float80 f, int sign, WideFloat x, WideFloat y) {
        if (y.exponent() - x.exponent() > -2 * BIAS) {
            return false;
        }
        f.round(sign, y.exponent() - x.exponent() + BIAS, INTEGER, 1, 64);
        return true;
    }

    /** atan(y/x) for 0 < y <= x: the nearest i/32 from a table, and the series for the rest. */
    private static WideFloat arcOf(WideFloat y, WideFloat x) {
        WideFloat ratio = y.dividedBy(x);
        int i = ratio.exponent() < -6 ? 0 : (int) (ratio.hi() >>> (57 - ratio.exponent())) + 1 >> 1;
        if (i == 0) {
            return arcSeries(ratio);
        }
        // tan(a - b) = (tan a - tan b) / (1 + tan a tan b)
        WideFloat c = WideFloat.of(i).scale(-5);
        WideFloat rest = y.minus(c.times(x)).dividedBy(x.plus(c.times(y)));
        return ARC[i].plus(arcSeries(rest));
    }

    private static WideFloat arcSeries(WideFloat t) {
        WideFloat square = t.times(t);
        WideFloat sum = WideFloat.ZERO;
        int terms = square.isZero() || square.exponent() < -70 ? 2 : 12;
        for (int k = terms; k >= 0; k--) {
            sum = INVERSE[2 * k + 1].minus(sum.times(square));
        }
        return t.times(sum);
    }

    // Exponential and logarithms

    /** F2XM1: 2^x - 1, for x from -1 to 1; anything else comes back unchanged. */
    public static void twoToXMinus1(Float80 f, int se, long a) {
        if (f.special(se, a)) {
            return;
        }
        boolean negative = (se & SIGN) != 0;
        int e = se & EXPONENT;
        if (e == EXPONENT) {
            if (negative) {
                f.set(SIGN | BIAS, INTEGER);
            } else {
                f.infinity(0);
            }
            return;
        }
        if (a == 0) {
            f.zero(se & SIGN);
            return;
        }
        f.noteDenormal(se, a);
        if (e >= BIAS && (e != BIAS || a != INTEGER)) {
            f.flags |= Float80.PRECISION;
            f.set(se, a);
            return;
        }
        WideFloat t = WideFloat.of(se, a).times(LN_2);
        WideFloat sum = WideFloat.ZERO;
        int terms = t.exponent() < -70 ? 3 : t.exponent() < -20 ? 8 : 33;
        for (int n = terms; n >= 1; n--) {
            sum = INVERSE_FACTORIAL[n].plus(sum.times(t));
        }
        t.times(sum).roundInto(f);
    }

    /** FYL2X: ST(1) * log2(ST(0)). */
    public static void yLog2X(Float80 f, int xSe, long x, int ySe, long y) {
        if (f.special(xSe, x, ySe, y)) {
            return;
        }
        int ex = xSe & EXPONENT;
        int ey = ySe & EXPONENT;
        int ySign = ySe & SIGN;
        if (x == 0) {
            if (y == 0) {
                f.invalid();
            } else {
                if (ey != EXPONENT) {
                    f.flags |= Float80.ZERO_DIVIDE;
                }
                f.infinity(ySign ^ SIGN);
            }
            return;
        }
        if ((xSe & SIGN) != 0) {
            f.invalid();
            return;
        }
        boolean one = ex == BIAS && x == INTEGER;
        boolean below = ex < BIAS;
        if (ex == EXPONENT) {
            if (y == 0) {
                f.invalid();
                return;
            }
            f.noteDenormal(ySe, y);
            f.infinity(ySign);
            return;
        }
        if (ey == EXPONENT) {
            if (one) {
                f.invalid();
                return;
            }
            f.noteDenormal(xSe, x);
            f.infinity(below ? ySign ^ SIGN : ySign);
            return;
        }
        f.noteDenormal(xSe, x);
        f.noteDenormal(ySe, y);
        if (one || y == 0) {
            f.zero(below ? ySign ^ SIGN : ySign);
            return;
        }
        multiplyLog(f, logarithm(WideFloat.of(xSe, x)), ySe, y);
    }

    /** Always counts as inexact, as on the vectors' processor, even for powers of two. */
    private static void multiplyLog(Float80 f, WideFloat log, int ySe, long y) {
        WideFloat.of(ySe, y).times(log).roundInto(f);
    }

    /** log2 of a positive number: that of its power of two, and the series for what remains. */
    private static WideFloat logarithm(WideFloat x) {
        int k = x.exponent();
        // Take the significand from [sqrt(1/2), sqrt 2).
        if (Long.compareUnsigned(x.hi(), 0xB504_F333_F9DE_6484L) >= 0) {
            k++;
        }
        WideFloat m = x.scale(-k);
        WideFloat rest = m.minus(WideFloat.ONE);
        if (rest.isZero()) {
            return WideFloat.of(k);
        }
        return WideFloat.of(k).plus(logSeries(rest, m.plus(WideFloat.ONE)));
    }

    /** log2((1 + s)/(1 - s)), where s is the quotient: 2/ln 2 * (s + s^3/3 + ...). */
    private static WideFloat logSeries(WideFloat numerator, WideFloat denominator) {
        WideFloat s = numerator.dividedBy(denominator);
        WideFloat square = s.times(s);
        WideFloat sum = WideFloat.ZERO;
        int terms = square.exponent() < -70 ? 2 : square.exponent() < -20 ? 7 : 27;
        for (int k = terms; k >= 0; k--) {
            sum = INVERSE[2 * k + 1].plus(sum.times(square));
        }
        return s.times(sum).times(TWO_LOG2_E);
    }

    /** FYL2XP1: ST(1) * log2(ST(0) + 1). */
    public static void yLog2XPlus1(Float80 f, int xSe, long x, int ySe, long y) {
        if (f.special(xSe, x, ySe, y)) {
            return;
        }
        int ex = xSe & EXPONENT;
        int ey = ySe & EXPONENT;
        int xSign = xSe & SIGN;
        int ySign = ySe & SIGN;
        if (xSign != 0 && ex >= BIAS && ex != EXPONENT && ey != EXPONENT && y != 0) {
            // Undefined by the SDM; this is what the vectors' processor does.
            f.noteDenormal(ySe, y);
            f.flags |= Float80.PRECISION;
            f.set(xSe, x);
            return;
        }
        if (ex == EXPONENT) {
            if (y == 0 || xSign != 0) {
                f.invalid();
                return;
            }
            f.noteDenormal(ySe, y);
            f.infinity(ySign);
            return;
        }
        if (ey == EXPONENT) {
            if (x == 0) {
                f.invalid();
                return;
            }
            f.noteDenormal(xSe, x);
            f.infinity(ySign ^ xSign);
            return;
        }
        f.noteDenormal(xSe, x);
        f.noteDenormal(ySe, y);
        if (x == 0 || y == 0) {
            f.zero(ySign ^ xSign);
            return;
        }
        WideFloat wide = WideFloat.of(xSe, x);
        WideFloat log =
                ex < BIAS - 2
                        ? logSeries(wide, wide.plus(WideFloat.of(2)))
                        : logarithm(wide.plus(WideFloat.ONE));
        multiplyLog(f, log, ySe, y);
    }
}
