package dev.arclet.emulator.cpu.fpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Transcendental functions against decimal arithmetic with 50 digits and plain Taylor series: at
 * most half a unit in the last place away, up to the error of the reference.
 */
class Float80FunctionsTest {
    private static final long SEED = Long.getLong("test.seed", 20_251_122);
    private static final MathContext DIGITS = new MathContext(50);
    private static final BigDecimal LN_2 = naturalLogarithm(BigDecimal.TWO);
    private static final int BIAS = 16383;

    private final Random random = new Random(SEED);
    private final Float80 f = new Float80();
    private final Float80 g = new Float80();

    private static BigDecimal decimal(int signExponent, long significand) {
        BigDecimal value = new BigDecimal(new BigInteger(Long.toUnsignedString(significand)));
        int scale = (signExponent & 0x7FFF) - BIAS - 63;
        BigDecimal power = BigDecimal.TWO.pow(Math.abs(scale));
        value = scale < 0 ? value.divide(power) : value.multiply(power);
        return (signExponent & 0x8000) != 0 ? value.negate() : value;
    }

    private static BigDecimal exponential(BigDecimal x) {
        BigDecimal sum = BigDecimal.ZERO;
        BigDecimal term = BigDecimal.ONE;
        for (int n = 1; n < 120; n++) {
            sum = sum.add(term);
            term = term.multiply(x, DIGITS).divide(BigDecimal.valueOf(n), DIGITS);
        }
        return sum;
    }

    /** That of the power of two, and what remains between 1 and 2. */
    private static BigDecimal logarithm2(BigDecimal x) {
        BigDecimal rest = x;
        int power = 0;
        for (; rest.compareTo(BigDecimal.ONE) < 0; power--) {
            rest = rest.multiply(BigDecimal.TWO);
        }
        for (; rest.compareTo(BigDecimal.TWO) >= 0; power++) {
            rest = rest.divide(BigDecimal.TWO);
        }
        return BigDecimal.valueOf(power).add(naturalLogarithm(rest).divide(LN_2, DIGITS));
    }

    /** By Newton's method from the double approximation. */
    private static BigDecimal naturalLogarithm(BigDecimal x) {
        BigDecimal y = BigDecimal.valueOf(Math.log(x.doubleValue()));
        for (int n = 0; n < 4; n++) {
            BigDecimal e = exponential(y);
            y = y.add(x.subtract(e).multiply(BigDecimal.TWO).divide(x.add(e), DIGITS));
        }
        return y;
    }

    private static BigDecimal sine(BigDecimal x) {
        BigDecimal sum = BigDecimal.ZERO;
        BigDecimal term = x;
        BigDecimal square = x.multiply(x, DIGITS);
        for (int n = 1; n < 80; n += 2) {
            sum = sum.add(term);
            term =
                    term.multiply(square, DIGITS)
                            .divide(BigDecimal.valueOf((long) -(n + 1) * (n + 2)), DIGITS);
        }
        return sum;
    }

    private static BigDecimal cosine(BigDecimal x) {
        BigDecimal sum = BigDecimal.ZERO;
        BigDecimal term = BigDecimal.ONE;
        BigDecimal square = x.multiply(x, DIGITS);
        for (int n = 0; n < 80; n += 2) {
            sum = sum.add(term);
            term =
                    term.multiply(square, DIGITS)
                            .divide(BigDecimal.valueOf((long) -(n + 1) * (n + 2)), DIGITS);
        }
        return sum;
    }

    private void check(BigDecimal wanted, Float80 actual, String where) {
        BigDecimal unit = decimal(actual.signExponent & 0x7FFF, 1);
        BigDecimal distance = decimal(actual.signExponent, actual.significand).subtract(wanted);
        assertTrue(
                distance.abs().compareTo(unit.multiply(new BigDecimal("0.500001"))) <= 0,
                () -> where + ": off by " + distance.divide(unit, DIGITS) + ", seed " + SEED);
    }

    private int exponent(int low, int high) {
        int e = BIAS + low + random.nextInt(high - low + 1);
        return random.nextBoolean() ? e : e | 0x8000;
    }

    private static String name(int se, long a) {
        return "%04x%016x".formatted(se, a);
    }

    @Test
    void trigonometryNearZeroIsCorrectlyRounded() {
        for (int n = 0; n < 300; n++) {
            int se = exponent(-30, -1);
            long a = random.nextLong() | Long.MIN_VALUE;
            BigDecimal x = decimal(se, a);
            assertTrue(Float80Functions.sineAndCosine(f, g, se, a));
            check(sine(x), f, "sin " + name(se, a));
            check(cosine(x), g, "cos " + name(se, a));
            assertTrue(Float80Functions.tangent(f, g, se, a));
            check(sine(x).divide(cosine(x), DIGITS), f, "tan " + name(se, a));
        }
    }

    /** The processor's pi has 66 bits; an angle is reduced by it as if it were exact. */
    @Test
    void largeAnglesAreReducedByThe66BitPi() {
        BigDecimal quarter =
                new BigDecimal(new BigInteger("3243F6A8885A308D3", 16))
                        .divide(BigDecimal.TWO.pow(65));
        for (int n = 0; n < 200; n++) {
            int se = exponent(0, 62);
            long a = random.nextLong() | Long.MIN_VALUE;
            BigDecimal x = decimal(se, a);
            BigDecimal quadrants = x.divide(quarter, 0, RoundingMode.HALF_EVEN);
            BigDecimal rest = x.subtract(quadrants.multiply(quarter));
            int quadrant = quadrants.toBigInteger().intValue() & 3;
            BigDecimal wanted = (quadrant & 1) == 0 ? sine(rest) : cosine(rest);
            assertTrue(Float80Functions.sine(f, g, se, a));
            check(quadrant >= 2 ? wanted.negate() : wanted, f, "sin " + name(se, a));
        }
        assertFalse(Float80Functions.sine(f, g, BIAS + 63, Long.MIN_VALUE));
    }

    @Test
    void exponentialAndLogarithmsAreCorrectlyRounded() {
        for (int n = 0; n < 60; n++) {
            int se = exponent(-40, -1);
            long a = random.nextLong() | Long.MIN_VALUE;
            BigDecimal x = decimal(se, a);
            Float80Functions.twoToXMinus1(f, se, a);
            check(
                    exponential(x.multiply(LN_2, DIGITS)).subtract(BigDecimal.ONE),
                    f,
                    "2^x-1 " + name(se, a));
            int xSe = exponent(-60, 60) & 0x7FFF;
            int ySe = exponent(-5, 5);
            long y = random.nextLong() | Long.MIN_VALUE;
            Float80Functions.yLog2X(f, xSe, a, ySe, y);
            check(
                    logarithm2(decimal(xSe, a)).multiply(decimal(ySe, y), DIGITS),
                    f,
                    "y log x " + name(ySe, y) + " " + name(xSe, a));
            int zSe = exponent(-20, -2);
            Float80Functions.yLog2XPlus1(f, zSe, a, ySe, y);
            check(
                    naturalLogarithm(decimal(zSe, a).add(BigDecimal.ONE))
                            .divide(LN_2, DIGITS)
                            .multiply(decimal(ySe, y), DIGITS),
                    f,
                    "y log(x+1) " + name(ySe, y) + " " + name(zSe, a));
        }
    }

    /** The tangent of the arc tangent, computed with decimals, is the quotient again. */
    @Test
    void arcTangentIsCorrectlyRounded() {
        for (int n = 0; n < 200; n++) {
            int xSe = exponent(-12, 12);
            int ySe = exponent(-12, 12);
            long x = random.nextLong() | Long.MIN_VALUE;
            long y = random.nextLong() | Long.MIN_VALUE;
            Float80Functions.arcTangent(f, xSe, x, ySe, y);
            BigDecimal angle = decimal(f.signExponent, f.significand);
            // The true angle differs from the rounded one by about its sine.
            BigDecimal wideX = decimal(xSe, x);
            BigDecimal wideY = decimal(ySe, y);
            BigDecimal length = wideX.multiply(wideX).add(wideY.multiply(wideY)).sqrt(DIGITS);
            BigDecimal difference =
                    wideY.multiply(cosine(angle))
                            .subtract(wideX.multiply(sine(angle)))
                            .divide(length, DIGITS);
            check(angle.add(difference), f, "atan " + name(ySe, y) + " / " + name(xSe, x));
        }
    }

    @Test
    void tinyResultsKeepTheirDirection() {
        f.rounding = Float80.CHOP;
        assertTrue(Float80Functions.sine(f, g, 0x2000, Long.MIN_VALUE));
        assertEquals(0x1FFF, f.signExponent);
        assertEquals(-1L, f.significand);
        assertTrue(Float80Functions.cosine(f, g, 0x2000, Long.MIN_VALUE));
        assertEquals(BIAS - 1, f.signExponent);
        assertEquals(-1L, f.significand);
        f.rounding = Float80.UP;
        assertTrue(Float80Functions.tangent(f, g, 0x2000, Long.MIN_VALUE));
        assertEquals(Long.MIN_VALUE + 1, f.significand);
    }
}
