package dev.arclet.emulator.cpu.simd;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What works on all lanes at once against loops over the lanes. */
class PackedIntegerTest {
    private static final long SEED = 20_261;
    private static final int ROUNDS = 4_000;

    /** Lane width, function on all lanes, function on sign extended lanes. */
    record Lanes(String name, int width, LongBinaryOperator packed, LongBinaryOperator single) {
        @Override
        public String toString() {
            return name;
        }

        long reference(long a, long b) {
            long result = 0;
            for (int i = 0; i < 64; i += width) {
                long lane = single.applyAsLong(signed(a >>> i, width), signed(b >>> i, width));
                result |= unsigned(lane, width) << i;
            }
            return result;
        }
    }

    private static long signed(long a, int width) {
        return a << 64 - width >> 64 - width;
    }

    private static long unsigned(long a, int width) {
        return a & -1L >>> 64 - width;
    }

    private static long saturated(long a, int width) {
        return Math.clamp(a, -(1L << width - 1), (1L << width - 1) - 1);
    }

    private static long mask(boolean on) {
        return on ? -1 : 0;
    }

    /** Numbers among which the limits of lanes are frequent. */
    private static long interesting(Random random) {
        long a = random.nextLong();
        return switch (random.nextInt(4)) {
            case 0 -> a;
            case 1 -> a & random.nextLong() & random.nextLong();
            case 2 -> (a & 0x0101_0101_0101_0101L) * 0x7F ^ a & 0x8080_8080_8080_8080L;
            default -> (a & 0x0001_0001_0001_0001L) * 0x7FFF ^ a & 0x8000_8000_8000_8000L;
        };
    }

    static Stream<Lanes> byLane() {
        return Stream.of(
                new Lanes("add8", 8, PackedInteger::add8, Long::sum),
                new Lanes("add16", 16, PackedInteger::add16, Long::sum),
                new Lanes("add32", 32, PackedInteger::add32, Long::sum),
                new Lanes("sub8", 8, PackedInteger::sub8, (a, b) -> a - b),
                new Lanes("sub16", 16, PackedInteger::sub16, (a, b) -> a - b),
                new Lanes("sub32", 32, PackedInteger::sub32, (a, b) -> a - b),
                new Lanes("addS8", 8, PackedInteger::addS8, (a, b) -> saturated(a + b, 8)),
                new Lanes("addS16", 16, PackedInteger::addS16, (a, b) -> saturated(a + b, 16)),
                new Lanes("subS8", 8, PackedInteger::subS8, (a, b) -> saturated(a - b, 8)),
                new Lanes("subS16", 16, PackedInteger::subS16, (a, b) -> saturated(a - b, 16)),
                new Lanes(
                        "addU8",
                        8,
                        PackedInteger::addU8,
                        (a, b) -> Math.min(0xFF, (a & 0xFF) + (b & 0xFF))),
                new Lanes(
                        "addU16",
                        16,
                        PackedInteger::addU16,
                        (a, b) -> Math.min(0xFFFF, (a & 0xFFFF) + (b & 0xFFFF))),
                new Lanes(
                        "subU8",
                        8,
                        PackedInteger::subU8,
                        (a, b) -> Math.max(0, (a & 0xFF) - (b & 0xFF))),
                new Lanes(
                        "subU16",
                        16,
                        PackedInteger::subU16,
                        (a, b) -> Math.max(0, (a & 0xFFFF) - (b & 0xFFFF))),
                new Lanes("equal8", 8, PackedInteger::equal8, (a, b) -> mask(a == b)),
                new Lanes("equal16", 16, PackedInteger::equal16, (a, b) -> mask(a == b)),
                new Lanes("equal32", 32, PackedInteger::equal32, (a, b) -> mask(a == b)),
                new Lanes("equal64", 64, PackedInteger::equal64, (a, b) -> mask(a == b)),
                new Lanes("greater8", 8, PackedInteger::greater8, (a, b) -> mask(a > b)),
                new Lanes("greater16", 16, PackedInteger::greater16, (a, b) -> mask(a > b)),
                new Lanes("greater32", 32, PackedInteger::greater32, (a, b) -> mask(a > b)),
                new Lanes("greater64", 64, PackedInteger::greater64, (a, b) -> mask(a > b)),
                new Lanes("minS8", 8, PackedInteger::minS8, Math::min),
                new Lanes("minS16", 16, PackedInteger::minS16, Math::min),
                new Lanes("minS32", 32, PackedInteger::minS32, Math::min),
                new Lanes("maxS8", 8, PackedInteger::maxS8, Math::max),
                new Lanes("maxS16", 16, PackedInteger::maxS16, Math::max),
                new Lanes("maxS32", 32, PackedInteger::maxS32, Math::max),
                new Lanes("minU8", 8, PackedInteger::minU8, PackedIntegerTest::minU),
                new Lanes("minU16", 16, PackedInteger::minU16, PackedIntegerTest::minU),
                new Lanes("minU32", 32, PackedInteger::minU32, PackedIntegerTest::minU),
                new Lanes("maxU8", 8, PackedInteger::maxU8, PackedIntegerTest::maxU),
                new Lanes("maxU16", 16, PackedInteger::maxU16, PackedIntegerTest::maxU),
                new Lanes("maxU32", 32, PackedInteger::maxU32, PackedIntegerTest::maxU),
                new Lanes(
                        "average8",
                        8,
                        PackedInteger::average8,
                        (a, b) -> (a & 0xFF) + (b & 0xFF) + 1 >> 1),
                new Lanes(
                        "average16",
                        16,
                        PackedInteger::average16,
                        (a, b) -> (a & 0xFFFF) + (b & 0xFFFF) + 1 >> 1),
                new Lanes("sign8", 8, PackedInteger::sign8, (a, b) -> a * Long.signum(b)),
                new Lanes("sign16", 16, PackedInteger::sign16, (a, b) -> a * Long.signum(b)),
                new Lanes("sign32", 32, PackedInteger::sign32, (a, b) -> a * Long.signum(b)),
                absolute("absolute8", 8, PackedInteger::absolute8),
                absolute("absolute16", 16, PackedInteger::absolute16),
                absolute("absolute32", 32, PackedInteger::absolute32),
                new Lanes("multiplyLow16", 16, PackedInteger::multiplyLow16, (a, b) -> a * b),
                new Lanes("multiplyLow32", 32, PackedInteger::multiplyLow32, (a, b) -> a * b),
                new Lanes(
                        "multiplyHighS16",
                        16,
                        PackedInteger::multiplyHighS16,
                        (a, b) -> a * b >> 16),
                new Lanes(
                        "multiplyHighU16",
                        16,
                        PackedInteger::multiplyHighU16,
                        (a, b) -> (a & 0xFFFF) * (b & 0xFFFF) >> 16),
                new Lanes(
                        "multiplyRounded16",
                        16,
                        PackedInteger::multiplyRounded16,
                        (a, b) -> a * b + 0x4000 >> 15));
    }

    /** Sign extension keeps the unsigned order. */
    private static long minU(long a, long b) {
        return Long.compareUnsigned(a, b) < 0 ? a : b;
    }

    private static long maxU(long a, long b) {
        return Long.compareUnsigned(a, b) > 0 ? a : b;
    }

    private static Lanes absolute(String name, int width, LongUnaryOperator packed) {
        return new Lanes(name, width, (a, b) -> packed.applyAsLong(a), (a, b) -> Math.abs(a));
    }

    @ParameterizedTest
    @MethodSource("byLane")
    void agreesWithLoop(Lanes lanes) {
        Random random = new Random(SEED);
        for (int n = 0; n < ROUNDS; n++) {
            long a = interesting(random);
            long b = n % 8 == 0 ? a : interesting(random);
            assertEquals(
                    lanes.reference(a, b),
                    lanes.packed.applyAsLong(a, b),
                    () -> "%s of %016x %016x, seed %d".formatted(lanes, a, b, SEED));
        }
    }

    /** Shifts whose count is that of all lanes. */
    record Shift(String name, int width, LongBinaryOperator packed, LongBinaryOperator single) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Shift> shifts() {
        return Stream.of(
                new Shift("left16", 16, PackedInteger::shiftLeft16, PackedIntegerTest::left),
                new Shift("left32", 32, PackedInteger::shiftLeft32, PackedIntegerTest::left),
                new Shift("left64", 64, PackedInteger::shiftLeft64, PackedIntegerTest::left),
                new Shift("right16", 16, PackedInteger::shiftRight16, (a, n) -> right(a, n, 16)),
                new Shift("right32", 32, PackedInteger::shiftRight32, (a, n) -> right(a, n, 32)),
                new Shift("right64", 64, PackedInteger::shiftRight64, (a, n) -> right(a, n, 64)),
                new Shift("signed16", 16, PackedInteger::shiftSigned16, PackedIntegerTest::down),
                new Shift("signed32", 32, PackedInteger::shiftSigned32, PackedIntegerTest::down));
    }

    private static boolean large(long n) {
        return Long.compareUnsigned(n, 63) > 0;
    }

    private static long left(long a, long n) {
        return large(n) ? 0 : a << n;
    }

    private static long right(long a, long n, int width) {
        return large(n) ? 0 : unsigned(a, width) >>> n;
    }

    private static long down(long a, long n) {
        return large(n) ? a >> 63 : a >> n;
    }

    @ParameterizedTest
    @MethodSource("shifts")
    void shiftsByAnyCount(Shift shift) {
        Random random = new Random(SEED);
        long[] extremes = {Long.MIN_VALUE, -1, 1L << 32, 256, 255, 0x1_0000_0001L};
        for (int n = 0; n < ROUNDS; n++) {
            long a = random.nextLong();
            long count = n < extremes.length ? extremes[n] : n % 70;
            long expected = 0;
            for (int i = 0; i < 64; i += shift.width) {
                long lane = shift.single.applyAsLong(signed(a >>> i, shift.width), count);
                expected |= unsigned(lane, shift.width) << i;
            }
            assertEquals(
                    expected,
                    shift.packed.applyAsLong(a, count),
                    () -> "%s of %016x by %d, seed %d".formatted(shift, a, count, SEED));
        }
    }

    private static long lane(long a, int i, int width) {
        return signed(a >>> i * width, width);
    }

    @Test
    void neighboursAndPacks() {
        Random random = new Random(SEED);
        for (int n = 0; n < ROUNDS; n++) {
            long a = interesting(random);
            long b = interesting(random);
            long[] expected = new long[10];
            for (int i = 0; i < 4; i++) {
                long half = i < 2 ? a : b;
                long even = lane(half, 2 * (i & 1), 16);
                long odd = lane(half, 2 * (i & 1) + 1, 16);
                expected[0] |= unsigned(even + odd, 16) << 16 * i;
                expected[1] |= unsigned(saturated(even + odd, 16), 16) << 16 * i;
                expected[2] |= unsigned(even - odd, 16) << 16 * i;
                expected[3] |= unsigned(saturated(even - odd, 16), 16) << 16 * i;
                long doubleword = lane(half, i & 1, 32);
                expected[4] |= unsigned(saturated(doubleword, 16), 16) << 16 * i;
                expected[5] |= Math.clamp(doubleword, 0L, 0xFFFFL) << 16 * i;
                long mixed =
                        unsigned(lane(a, 2 * i, 8), 8) * lane(b, 2 * i, 8)
                                + unsigned(lane(a, 2 * i + 1, 8), 8) * lane(b, 2 * i + 1, 8);
                expected[6] |= unsigned(saturated(mixed, 16), 16) << 16 * i;
            }
            for (int i = 0; i < 8; i++) {
                long word = lane(i < 4 ? a : b, i & 3, 16);
                expected[7] |= unsigned(saturated(word, 8), 8) << 8 * i;
                expected[8] |= Math.clamp(word, 0L, 0xFFL) << 8 * i;
                expected[9] += Math.abs(unsigned(lane(a, i, 8), 8) - unsigned(lane(b, i, 8), 8));
            }
            long[] actual = {
                PackedInteger.addNeighbours16(a, b),
                PackedInteger.addNeighboursS16(a, b),
                PackedInteger.subNeighbours16(a, b),
                PackedInteger.subNeighboursS16(a, b),
                PackedInteger.packS32(a, b),
                PackedInteger.packU32(a, b),
                PackedInteger.multiplyAdd8(a, b),
                PackedInteger.packS16(a, b),
                PackedInteger.packU16(a, b),
                PackedInteger.sumOfDistances(a, b)
            };
            for (int i = 0; i < expected.length; i++) {
                int which = i;
                assertEquals(
                        expected[i],
                        actual[i],
                        () -> "%d of %016x %016x, seed %d".formatted(which, a, b, SEED));
            }
        }
    }

    @Test
    void signsAreCollectedInOrder() {
        Random random = new Random(SEED);
        for (int n = 0; n < ROUNDS; n++) {
            long a = random.nextLong();
            int expected = 0;
            for (int i = 0; i < 8; i++) {
                expected |= (int) (a >>> 8 * i + 7 & 1) << i;
            }
            assertEquals(expected, PackedInteger.signs8(a), () -> Long.toHexString(a));
        }
    }

    @Test
    void theFirstOfEqualSmallestWordsCounts() {
        assertEquals(0x0_0000L, PackedInteger.smallestWord(0, 0));
        assertEquals(
                0x2_0001L,
                PackedInteger.smallestWord(0x0003_0001_0009_0008L, 0x0001_0001_0002_0005L));
        assertEquals(0x7_7FFEL, PackedInteger.smallestWord(-1, 0x7FFE_8000_FFFF_FFFFL));
        assertEquals(0x0_FFFFL, PackedInteger.smallestWord(-1, -1));
    }
}
