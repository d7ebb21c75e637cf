package dev.arclet.emulator.cpu.simd;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** The short way through the JVM's arithmetic against the general way through integers. */
class SseFloatTest {
    private static final long SEED = Long.getLong("test.seed", 20_251_122);
    private static final int MASKED = 0x1F80;

    private final Random random = new Random(SEED);
    private final SseFloat sse = new SseFloat();

    private int someSingle(int near) {
        int exponent =
                switch (random.nextInt(5)) {
                    case 0 -> random.nextInt(256);
                    case 1 -> random.nextBoolean() ? random.nextInt(3) : 253 + random.nextInt(3);
                    default -> near + random.nextInt(53) - 26;
                };
        int fraction =
                random.nextInt(3) == 0 ? random.nextInt() << random.nextInt(23) : random.nextInt();
        return random.nextInt() & 1 << 31
                | Math.min(Math.max(exponent, 0), 255) << 23
                | fraction & 0x7F_FFFF;
    }

    private long someDouble(int near) {
        int exponent =
                switch (random.nextInt(5)) {
                    case 0 -> random.nextInt(2048);
                    case 1 ->
                            random.nextBoolean() ? random.nextInt(130) : 1920 + random.nextInt(128);
                    default -> near + random.nextInt(121) - 60;
                };
        long fraction =
                random.nextInt(3) == 0
                        ? random.nextLong() << random.nextInt(52)
                        : random.nextLong();
        return random.nextLong() & 1L << 63
                | (long) Math.min(Math.max(exponent, 0), 2047) << 52
                | fraction & 0xF_FFFF_FFFF_FFFFL;
    }

    private int short32(int operation, int a, int b) {
        return switch (operation) {
            case SseFloat.ADD -> sse.add32(a, b);
            case SseFloat.SUBTRACT -> sse.subtract32(a, b);
            case SseFloat.MULTIPLY -> sse.multiply32(a, b);
            case SseFloat.DIVIDE -> sse.divide32(a, b);
            default -> sse.squareRoot32(a, b);
        };
    }

    private long short64(int operation, long a, long b) {
        return switch (operation) {
            case SseFloat.ADD -> sse.add64(a, b);
            case SseFloat.SUBTRACT -> sse.subtract64(a, b);
            case SseFloat.MULTIPLY -> sse.multiply64(a, b);
            case SseFloat.DIVIDE -> sse.divide64(a, b);
            default -> sse.squareRoot64(a, b);
        };
    }

    @Test
    void singleShortcutsEqualTheGeneralWay() {
        for (int n = 0; n < 500_000; n++) {
            int operation = n % 5;
            int a = someSingle(127);
            int b = someSingle(a >>> 23 & 0xFF);
            int first = operation == SseFloat.ROOT ? b : a;
            sse.begin(MASKED);
            int wanted = sse.general32(operation, first, b);
            int wantedFlags = sse.flags;
            sse.begin(MASKED);
            int actual = short32(operation, a, b);
            if (actual != wanted || sse.flags != wantedFlags) {
                String where =
                        "operation %d on %08x, %08x, seed %d".formatted(operation, a, b, SEED);
                assertEquals(wanted, actual, where);
                assertEquals(wantedFlags, sse.flags, where);
            }
        }
    }

    @Test
    void doubleShortcutsEqualTheGeneralWay() {
        for (int n = 0; n < 500_000; n++) {
            int operation = n % 5;
            long a = someDouble(1023);
            long b = someDouble((int) (a >>> 52) & 0x7FF);
            long first = operation == SseFloat.ROOT ? b : a;
            sse.begin(MASKED);
            long wanted = sse.general64(operation, first, b);
            int wantedFlags = sse.flags;
            sse.begin(MASKED);
            long actual = short64(operation, a, b);
            if (actual != wanted || sse.flags != wantedFlags) {
                String where =
                        "operation %d on %016x, %016x, seed %d".formatted(operation, a, b, SEED);
                assertEquals(wanted, actual, where);
                assertEquals(wantedFlags, sse.flags, where);
            }
        }
    }

    /** Rounding to nearest of the general way is the JVM's own, whatever the operands. */
    @Test
    void generalWayRoundsAsTheJvmDoes() {
        for (int n = 0; n < 200_000; n++) {
            long a = someDouble(1023);
            long b = someDouble((int) (a >>> 52) & 0x7FF);
            double x = Double.longBitsToDouble(a);
            double y = Double.longBitsToDouble(b);
            if (Double.isNaN(x) || Double.isNaN(y)) {
                continue;
            }
            sse.begin(MASKED);
            String where = "%016x, %016x, seed %d".formatted(a, b, SEED);
            checkDouble(x + y, sse.general64(SseFloat.ADD, a, b), where);
            checkDouble(x * y, sse.general64(SseFloat.MULTIPLY, a, b), where);
            checkDouble(x / y, sse.general64(SseFloat.DIVIDE, a, b), where);
            checkDouble(Math.sqrt(y), sse.general64(SseFloat.ROOT, b, b), where);
            assertEquals(Float.floatToIntBits((float) x), sse.narrow(a), where);
        }
    }

    private static void checkDouble(double wanted, long actual, String where) {
        if (Double.isNaN(wanted)) {
            assertEquals(0xFFF8_0000_0000_0000L, actual, where);
        } else {
            assertEquals(Double.doubleToRawLongBits(wanted), actual, where);
        }
    }

    @Test
    void approximationsAreWithinTheirBound() {
        double bound = 1.5 / 4096;
        for (int n = 0; n < 200_000; n++) {
            int bits = someSingle(127) & Integer.MAX_VALUE;
            float x = Float.intBitsToFloat(bits);
            if (!Float.isFinite(x) || x < Float.MIN_NORMAL || x > 0x1p125f) {
                continue;
            }
            double reciprocal = Float.intBitsToFloat(sse.reciprocal(bits));
            double root = Float.intBitsToFloat(sse.reciprocalRoot(bits));
            assertEquals(1, reciprocal * x, bound, "1/" + x);
            assertEquals(1, root * Math.sqrt(x), bound, "1/sqrt " + x);
        }
    }

    @Test
    void flushToZeroAndDenormalsAreZero() {
        int smallest = 0x0080_0000;
        int half = 0x3F00_0000;
        sse.begin(MASKED | 0x8000);
        assertEquals(0, sse.multiply32(smallest, half));
        assertEquals(SseFloat.UNDERFLOW | SseFloat.PRECISION, sse.flags);
        sse.begin(MASKED | 0x40);
        assertEquals(0, sse.add32(1, 2));
        assertEquals(0, sse.flags);
        sse.begin(MASKED);
        assertEquals(3, sse.add32(1, 2));
        assertEquals(SseFloat.DENORMAL, sse.flags);
    }
}
