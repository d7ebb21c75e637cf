package dev.arclet.emulator.cpu.fpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Extended arithmetic against an exact rational reference, and its special cases. */
class Float80ArithmeticTest {
    private static final long SEED = Long.getLong("test.seed", 20_251_122);
    private static final int[] PRECISIONS = {24, 53, 64};

    private final Random random = new Random(SEED);
    private final Float80 f = new Float80();

    /** Finite, not zero: any exponent, near the ends, near each other; long runs of equal bits. */
    private int someExponent(int base) {
        int e =
                switch (random.nextInt(6)) {
                    case 0 -> random.nextInt(70);
                    case 1 -> 0x7FFE - random.nextInt(70);
                    case 2 -> random.nextInt(0x7FFF);
                    default -> base + random.nextInt(141) - 70;
                };
        int clipped = Math.min(Math.max(e, 0), 0x7FFE);
        return random.nextBoolean() ? clipped : clipped | 0x8000;
    }

    private long someSignificand(int signExponent) {
        long value =
                switch (random.nextInt(4)) {
                    case 0 -> random.nextLong();
                    case 1 -> random.nextLong() << random.nextInt(64);
                    case 2 -> -1L << random.nextInt(64) ^ 1L << random.nextInt(64);
                    default -> random.nextLong() >>> random.nextInt(40) | Long.MIN_VALUE;
                };
        if ((signExponent & 0x7FFF) != 0) {
            return value | Long.MIN_VALUE;
        }
        return value == 0 ? 1 : value >>> random.nextInt(3);
    }

    private void begin() {
        f.precision = PRECISIONS[random.nextInt(3)];
        f.rounding = random.nextInt(4);
        f.masks = 0x3F;
        f.flags = 0;
    }

    private void check(String what, Exact exact) {
        if (exact.isZero()) {
            assertEquals(0, f.significand, what);
            return;
        }
        Exact.Rounded wanted = exact.round(f.precision, f.rounding);
        String where = what + " rounding " + f.rounding + " to " + f.precision + ", seed " + SEED;
        assertEquals(wanted.significand(), f.significand, where);
        assertEquals(wanted.signExponent(), f.signExponent, where);
        assertEquals(wanted.flags(), f.flags & ~Float80.DENORMAL, where);
    }

    @Test
    void basicOperationsAreTheExactOnesRounded() {
        for (int n = 0; n < 20_000; n++) {
            int aSe = someExponent(16383);
            int bSe = someExponent(aSe & 0x7FFF);
            long a = someSignificand(aSe);
            long b = someSignificand(bSe);
            Exact x = Exact.of(aSe, a);
            Exact y = Exact.of(bSe, b);
            if (a == 0 || b == 0) {
                continue;
            }
            String operands = "%04x%016x, %04x%016x".formatted(aSe, a, bSe, b);
            begin();
            switch (n & 3) {
                case 0 -> {
                    Float80Arithmetic.add(f, aSe, a, bSe, b);
                    check("sum of " + operands, x.plus(y));
                }
                case 1 -> {
                    Float80Arithmetic.subtract(f, aSe, a, bSe, b);
                    check("difference of " + operands, x.plus(y.negate()));
                }
                case 2 -> {
                    Float80Arithmetic.multiply(f, aSe, a, bSe, b);
                    check("product of " + operands, x.times(y));
                }
                default -> {
                    Float80Arithmetic.divide(f, aSe, a, bSe, b);
                    check("quotient of " + operands, x.dividedBy(y));
                }
            }
        }
    }

    @Test
    void squareRootIsTheLargestThatFits() {
        for (int n = 0; n < 5_000; n++) {
            int se = someExponent(16383) & 0x7FFF;
            long a = someSignificand(se);
            begin();
            f.precision = 64;
            f.rounding = Float80.CHOP;
            Float80Arithmetic.squareRoot(f, se, a);
            Exact root = Exact.of(f.signExponent, f.significand);
            Exact next =
                    new Exact(root.numerator().add(BigInteger.ONE), BigInteger.ONE, root.scale());
            Exact value = Exact.of(se, a);
            String where = "%04x%016x, seed %d".formatted(se, a, SEED);
            int low = root.times(root).plus(value.negate()).numerator().signum();
            int high = next.times(next).plus(value.negate()).numerator().signum();
            assertTrue(low <= 0 && high > 0, where);
            assertEquals(low != 0, (f.flags & Float80.PRECISION) != 0, where);
            checkRootNearest(se, a, root, next, value);
        }
    }

    private void checkRootNearest(int se, long a, Exact chopped, Exact next, Exact value) {
        long down = f.significand;
        f.flags = 0;
        f.rounding = Float80.NEAREST;
        Float80Arithmetic.squareRoot(f, se, a);
        Exact middle =
                new Exact(
                        chopped.numerator().add(next.numerator()),
                        BigInteger.ONE,
                        chopped.scale() - 1);
        boolean up = middle.times(middle).plus(value.negate()).numerator().signum() < 0;
        assertEquals(
                up ? down + 1 : down, f.significand, "%04x%016x, seed %d".formatted(se, a, SEED));
    }

    @Test
    void remainderIsExact() {
        for (int n = 0; n < 10_000; n++) {
            int aSe = someExponent(16383);
            int bSe = someExponent((aSe & 0x7FFF) - 20);
            long a = someSignificand(aSe);
            long b = someSignificand(bSe);
            boolean nearest = random.nextBoolean();
            begin();
            int conditions = Float80Arithmetic.remainder(f, aSe, a, bSe, b, nearest);
            Exact rest = Exact.of(f.signExponent, f.significand);
            Exact quotient = Exact.of(aSe, a).plus(rest.negate()).dividedBy(Exact.of(bSe, b));
            String where =
                    "%04x%016x rem %04x%016x nearest %s, seed %d"
                            .formatted(aSe, a, bSe, b, nearest, SEED);
            BigInteger n1 = quotient.numerator().shiftLeft(Math.max(quotient.scale(), 0));
            BigInteger d1 = quotient.denominator().shiftLeft(Math.max(-quotient.scale(), 0));
            BigInteger[] whole = n1.divideAndRemainder(d1);
            assertEquals(0, whole[1].signum(), where);
            assertEquals(0, f.flags & ~Float80.DENORMAL, where);
            if ((conditions & 0x400) == 0) {
                int bits = whole[0].abs().intValue() & 7;
                int shown =
                        (conditions >> 8 & 1) << 2
                                | (conditions >> 14 & 1) << 1
                                | conditions >> 9 & 1;
                assertEquals(bits, shown, where);
            }
        }
    }

    @Test
    void unmaskedOverflowAndUnderflowAreBiased() {
        f.masks = 0;
        f.precision = 64;
        f.rounding = Float80.NEAREST;
        f.flags = 0;
        Float80Arithmetic.multiply(f, 0x7FFE, Long.MIN_VALUE, 0x4000, Long.MIN_VALUE);
        assertEquals(0x7FFF - 24576, f.signExponent);
        assertEquals(Float80.OVERFLOW, f.flags);
        f.flags = 0;
        Float80Arithmetic.multiply(f, 1, Long.MIN_VALUE, 0x3FFE, Long.MIN_VALUE);
        assertEquals(24576, f.signExponent);
        assertEquals(Float80.UNDERFLOW, f.flags);
    }

    @Test
    void unsupportedEncodingsAreInvalid() {
        begin();
        Float80Arithmetic.add(f, 0x4000, 1, 0x4000, Long.MIN_VALUE);
        assertEquals(Float80.INVALID, f.flags);
        assertEquals(0xFFFF, f.signExponent);
        assertEquals(0xC000_0000_0000_0000L, f.significand);
    }

    @Test
    void quietNaNWinsOverSignallingAndTheLargerOverTheSmaller() {
        long signalling = 0xBFFF_FFFF_FFFF_FFFFL;
        long quiet = 0xC000_0000_0000_0001L;
        begin();
        Float80Arithmetic.add(f, 0x7FFF, signalling, 0xFFFF, quiet);
        assertEquals(Float80.INVALID, f.flags);
        assertEquals(0xFFFF, f.signExponent);
        assertEquals(quiet, f.significand);
        f.flags = 0;
        Float80Arithmetic.add(f, 0x7FFF, quiet + 1, 0xFFFF, quiet);
        assertEquals(0, f.flags);
        assertEquals(quiet + 1, f.significand);
    }

    @Test
    void packedDecimalRoundTrips() {
        for (int n = 0; n < 2_000; n++) {
            long value = random.nextLong() % 1_000_000_000_000_000_000L;
            begin();
            Float80Convert.fromInteger(f, value);
            int se = f.signExponent;
            long a = f.significand;
            Float80Convert.toBcd(f, se, a);
            String digits =
                    Integer.toHexString(f.signExponent & 0xFF) + "%016x".formatted(f.significand);
            assertEquals(Math.abs(value), Long.parseLong(digits));
            Float80Convert.fromBcd(f, f.significand, f.signExponent);
            assertEquals(a, f.significand);
            assertEquals(se, f.signExponent);
        }
    }
}
