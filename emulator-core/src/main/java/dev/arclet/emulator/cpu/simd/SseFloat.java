package dev.arclet.emulator.cpu.simd;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.fpu.Float80;
import dev.arclet.emulator.cpu.fpu.Float80Arithmetic;
import dev.arclet.emulator.cpu.fpu.Float80Convert;
import dev.arclet.emulator.cpu.fpu.X87Environment;

/**
 * Single and double precision arithmetic as SSE has it (SDM vol. 1, section 11.5): rounding,
 * denormals-are-zero, flush-to-zero and masks of MXCSR, NaN rules, exception flags. Numbers are
 * passed as their bits.
 *
 * <p>The general way widens both operands to 80 bits (exact), computes with rounding to odd, and
 * rounds the 64-bit result once more to 24 or 53 bits: since 64 >= 53 + 2, that is the correctly
 * rounded result with correct flags. Rounding to nearest of ordinary numbers takes the shorter way
 * of the JVM's own arithmetic, which is IEEE 754 with correct rounding by definition (JLS 15.4);
 * see {@link #ordinary(double)} for the ranges and {@link #add64} and its neighbours for
 * inexactness.
 */
public final class SseFloat {
    /** Exception flags of MXCSR. */
    public static final int INVALID = 1, DENORMAL = 2, ZERO_DIVIDE = 4;

    /** Exception flags of MXCSR for results. */
    public static final int OVERFLOW = 8, UNDERFLOW = 0x10, PRECISION = 0x20;

    private static final int BEFORE = INVALID | DENORMAL | ZERO_DIVIDE;
    private static final int ALL = 0x3F;

    private static final int DAZ = 0x40, FTZ = 0x8000;

    private static final int INDEFINITE_32 = 0xFFC0_0000;
    private static final long INDEFINITE_64 = 0xFFF8_0000_0000_0000L;
    private static final int QUIET_32 = 0x40_0000, INFINITY_32 = 0x7F80_0000;
    private static final long QUIET_64 = 1L << 51, INFINITY_64 = 0x7FF0_0000_0000_0000L;
    private static final int MAGNITUDE_32 = 0x7FFF_FFFF;
    private static final long MAGNITUDE_64 = Long.MAX_VALUE;

    /** Result of an instruction: the image of the destination register. */
    long low, high;

    /** Exceptions of the instruction (or of its present step) so far, as flags of MXCSR. */
    public int flags;

    private int earlier;
    private int rounding;
    private int masks;
    private boolean denormalsAreZero;

    /** Nearest, and so the JVM's arithmetic can be used. */
    private boolean fast;

    /** Whether an inexact result changes nothing: the flag is set already and masked. */
    private boolean inexactSeen;

    private final Float80 f = new Float80();
    private final Float80 a80 = new Float80();
    private final Float80 b80 = new Float80();

    /** A context; one for each processor, as instructions leave intermediate results in it. */
    public SseFloat() {}

    /** Starts an instruction: takes the modes from MXCSR. */
    public void begin(int mxcsr) {
        rounding = mxcsr >>> 13 & 3;
        masks = mxcsr >>> 7 & ALL;
        denormalsAreZero = (mxcsr & DAZ) != 0;
        fast = rounding == Float80.NEAREST;
        inexactSeen = (mxcsr & PRECISION) != 0 && (masks & PRECISION) != 0;
        flags = 0;
        earlier = 0;
        f.masks = masks;
        f.precision = 64;
        f.flushToZero = (mxcsr & FTZ) != 0;
    }

    /**
     * Ends an instruction: enters the flags into MXCSR.
     *
     * @throws dev.arclet.emulator.fault.GuestFault #XM (or #UD) for an unmasked exception; then
     *     only flags of exceptions of operands are set if one of these was unmasked
     */
    public void finish(CpuState cpu) {
        if ((flags | earlier) == 0) {
            return;
        }
        int unmasked = flags & ~masks;
        if ((unmasked & BEFORE) != 0) {
            cpu.mxcsr |= flags & BEFORE | earlier;
            throw SimdAccess.simdException(cpu);
        }
        cpu.mxcsr |= flags | earlier;
        if (unmasked != 0) {
            throw SimdAccess.simdException(cpu);
        }
    }

    /**
     * Ends one step of an instruction that computes in several (dot products). Returns true if an
     * unmasked exception stops it here; the result is then without meaning.
     */
    public boolean stops() {
        if ((flags & ~masks) != 0) {
            return true;
        }
        earlier |= flags;
        flags = 0;
        return false;
    }

    // Classification

    private static boolean isNaN(int a) {
        return (a & MAGNITUDE_32) > INFINITY_32;
    }

    private static boolean isNaN(long a) {
        return (a & MAGNITUDE_64) > INFINITY_64;
    }

    private static boolean isSignalling(int a) {
        return isNaN(a) && (a & QUIET_32) == 0;
    }

    private static boolean isSignalling(long a) {
        return isNaN(a) && (a & QUIET_64) == 0;
    }

    private static boolean isDenormal(int a) {
        return (a & INFINITY_32) == 0 && (a & MAGNITUDE_32) != 0;
    }

    private static boolean isDenormal(long a) {
        return (a & INFINITY_64) == 0 && (a & MAGNITUDE_64) != 0;
    }

    /** Applies denormals-are-zero. */
    private int operand(int a) {
        return denormalsAreZero && (a & INFINITY_32) == 0 ? a & ~MAGNITUDE_32 : a;
    }

    /** Applies denormals-are-zero. */
    private long operand(long a) {
        return denormalsAreZero && (a & INFINITY_64) == 0 ? a & ~MAGNITUDE_64 : a;
    }

    /**
     * Whether a number is so far from overflow and underflow (2^-100 to 2^100, or 2^-900 to 2^900)
     * that products, quotients and their error terms are exact where they have to be.
     */
    private static boolean ordinary(float x) {
        float magnitude = Math.abs(x);
        return magnitude >= 0x1p-100f && magnitude <= 0x1p100f;
    }

    /** As the other, for double. */
    private static boolean ordinary(double x) {
        double magnitude = Math.abs(x);
        return magnitude >= 0x1p-900 && magnitude <= 0x1p900;
    }

    /** NaN operands: the first one wins, made quiet; the caller has seen that there is one. */
    private int nanOf(int a, int b) {
        if (isSignalling(a) || isSignalling(b)) {
            flags |= INVALID;
        }
        return (isNaN(a) ? a : b) | QUIET_32;
    }

    private long nanOf(long a, long b) {
        if (isSignalling(a) || isSignalling(b)) {
            flags |= INVALID;
        }
        return (isNaN(a) ? a : b) | QUIET_64;
    }

    // The general way

    /** Operations of {@link #general32} and {@link #general64}; a root is that of the second. */
    static final int ADD = 0, SUBTRACT = 1, MULTIPLY = 2, DIVIDE = 3, ROOT = 4;

    /** Any operation on any operands in any mode. */
    int general32(int operation, int a, int b) {
        a = operand(a);
        b = operand(b);
        if (isNaN(a) || isNaN(b)) {
            return nanOf(a, b);
        }
        Float80Convert.widenSingle(a80, a);
        Float80Convert.widenSingle(b80, b);
        boolean denormal = isDenormal(a) || isDenormal(b);
        return computes(operation, denormal) ? deliver32() : INDEFINITE_32;
    }

    /** Any operation on any operands in any mode. */
    long general64(int operation, long a, long b) {
        a = operand(a);
        b = operand(b);
        if (isNaN(a) || isNaN(b)) {
            return nanOf(a, b);
        }
        Float80Convert.widenDouble(a80, a);
        Float80Convert.widenDouble(b80, b);
        boolean denormal = isDenormal(a) || isDenormal(b);
        return computes(operation, denormal) ? deliver64() : INDEFINITE_64;
    }

    /** Computes to 64 bits, rounded to odd; false if the operation is invalid. */
    private boolean computes(int operation, boolean denormal) {
        f.flags = 0;
        f.rounding = Float80.ODD;
        int aSe = a80.signExponent;
        int bSe = b80.signExponent;
        long a = a80.significand;
        long b = b80.significand;
        switch (operation) {
            case ADD -> addKeepingZero(aSe, a, bSe, b);
            case SUBTRACT -> addKeepingZero(aSe, a, bSe ^ Float80.SIGN, b);
            case MULTIPLY -> Float80Arithmetic.multiply(f, aSe, a, bSe, b);
            case DIVIDE -> Float80Arithmetic.divide(f, aSe, a, bSe, b);
            default -> Float80Arithmetic.squareRoot(f, bSe, b);
        }
        flags |= f.flags & (INVALID | ZERO_DIVIDE);
        if ((f.flags & INVALID) != 0) {
            return false;
        }
        if (denormal && (f.flags & ZERO_DIVIDE) == 0) {
            flags |= DENORMAL;
        }
        return true;
    }

    /** An exact zero's sign depends on the true rounding mode, which rounding to odd hides. */
    private void addKeepingZero(int aSe, long a, int bSe, long b) {
        Float80Arithmetic.add(f, aSe, a, bSe, b);
        if (f.significand == 0 && aSe != bSe) {
            f.zero(rounding == Float80.DOWN ? Float80.SIGN : 0);
        }
    }

    private int deliver32() {
        f.flags = 0;
        f.rounding = rounding;
        int bits = Float80Convert.toSingle(f, f.signExponent, f.significand);
        flags |= f.flags & ALL;
        return bits;
    }

    private long deliver64() {
        f.flags = 0;
        f.rounding = rounding;
        long bits = Float80Convert.toDouble(f, f.signExponent, f.significand);
        flags |= f.flags & ALL;
        return bits;
    }

    // Arithmetic

    /** a + b. */
    public int add32(int a, int b) {
        if (fast) {
            float x = Float.intBitsToFloat(a);
            float y = Float.intBitsToFloat(b);
            float sum = x + y;
            if (ordinary(x) && ordinary(y) && ordinary(sum)) {
                noteInexact(inexactSeen ? 0 : sumError(x, y, sum));
                return Float.floatToRawIntBits(sum);
            }
        }
        return general32(ADD, a, b);
    }

    /** a - b. */
    public int subtract32(int a, int b) {
        if (fast) {
            float x = Float.intBitsToFloat(a);
            float y = -Float.intBitsToFloat(b);
            float sum = x + y;
            if (ordinary(x) && ordinary(y) && ordinary(sum)) {
                noteInexact(inexactSeen ? 0 : sumError(x, y, sum));
                return Float.floatToRawIntBits(sum);
            }
        }
        return general32(SUBTRACT, a, b);
    }

    /**
     * The exact error of a rounded sum (Knuth, TAOCP vol. 2, 4.2.2 theorem B); valid for any
     * operands without overflow.
     */
    private static float sumError(float x, float y, float sum) {
        float part = sum - x;
        return (x - (sum - part)) + (y - part);
    }

    private static double sumError(double x, double y, double sum) {
        double part = sum - x;
        return (x - (sum - part)) + (y - part);
    }

    private void noteInexact(double error) {
        if (error != 0) {
            flags |= PRECISION;
        }
    }

    /** a * b; the product of two singles is exact in double. */
    public int multiply32(int a, int b) {
        if (fast) {
            float x = Float.intBitsToFloat(a);
            float y = Float.intBitsToFloat(b);
            float product = x * y;
            if (ordinary(x) && ordinary(y) && ordinary(product)) {
                noteInexact((double) x * y - product);
                return Float.floatToRawIntBits(product);
            }
        }
        return general32(MULTIPLY, a, b);
    }

    /** a / b; quotient times divisor is exact in double, so it equals the dividend or not. */
    public int divide32(int a, int b) {
        if (fast) {
            float x = Float.intBitsToFloat(a);
            float y = Float.intBitsToFloat(b);
            float quotient = x / y;
            if (ordinary(x) && ordinary(y) && ordinary(quotient)) {
                noteInexact((double) quotient * y - x);
                return Float.floatToRawIntBits(quotient);
            }
        }
        return general32(DIVIDE, a, b);
    }

    /**
     * Square root of b. The double root rounded to single is the rounded root, as 53 >= 2 * 24 + 2;
     * its square is exact in double.
     */
    public int squareRoot32(int a, int b) {
        if (fast) {
            float x = Float.intBitsToFloat(b);
            if (x >= 0x1p-100f && x <= 0x1p100f) {
                float root = (float) Math.sqrt(x);
                noteInexact((double) root * root - x);
                return Float.floatToRawIntBits(root);
            }
        }
        return general32(ROOT, b, b);
    }

    /** a + b; inexact if the error term is not zero. */
    public long add64(long a, long b) {
        if (fast) {
            double x = Double.longBitsToDouble(a);
            double y = Double.longBitsToDouble(b);
            double sum = x + y;
            if (ordinary(x) && ordinary(y) && ordinary(sum)) {
                noteInexact(inexactSeen ? 0 : sumError(x, y, sum));
                return Double.doubleToRawLongBits(sum);
            }
        }
        return general64(ADD, a, b);
    }

    /** a - b. */
    public long subtract64(long a, long b) {
        if (fast) {
            double x = Double.longBitsToDouble(a);
            double y = -Double.longBitsToDouble(b);
            double sum = x + y;
            if (ordinary(x) && ordinary(y) && ordinary(sum)) {
                noteInexact(inexactSeen ? 0 : sumError(x, y, sum));
                return Double.doubleToRawLongBits(sum);
            }
        }
        return general64(SUBTRACT, a, b);
    }

    /** a * b; the fused multiply-add gives the exact error, which is above 2^-1020 or zero. */
    public long multiply64(long a, long b) {
        if (fast) {
            double x = Double.longBitsToDouble(a);
            double y = Double.longBitsToDouble(b);
            double product = x * y;
            if (ordinary(x) && ordinary(y) && ordinary(product)) {
                noteInexact(inexactSeen ? 0 : Math.fma(x, y, -product));
                return Double.doubleToRawLongBits(product);
            }
        }
        return general64(MULTIPLY, a, b);
    }

    /** a / b; the remainder is representable, so that the fused multiply-add gives it exactly. */
    public long divide64(long a, long b) {
        if (fast) {
            double x = Double.longBitsToDouble(a);
            double y = Double.longBitsToDouble(b);
            double quotient = x / y;
            if (ordinary(x) && ordinary(y) && ordinary(quotient)) {
                noteInexact(inexactSeen ? 0 : Math.fma(quotient, y, -x));
                return Double.doubleToRawLongBits(quotient);
            }
        }
        return general64(DIVIDE, a, b);
    }

    /** Square root of b, exactly rounded by the definition of the JVM's; remainder as above. */
    public long squareRoot64(long a, long b) {
        if (fast) {
            double x = Double.longBitsToDouble(b);
            if (x >= 0x1p-900 && x <= 0x1p900) {
                double root = Math.sqrt(x);
                noteInexact(inexactSeen ? 0 : Math.fma(root, root, -x));
                return Double.doubleToRawLongBits(root);
            }
        }
        return general64(ROOT, b, b);
    }

    // Minimum, maximum, comparison

    /** Notes invalid (for any NaN, or signalling ones only) or denormal operands. */
    private boolean unordered(int a, int b, boolean quiet) {
        if (isNaN(a) || isNaN(b)) {
            if (!quiet || isSignalling(a) || isSignalling(b)) {
                flags |= INVALID;
            }
            return true;
        }
        if (isDenormal(a) || isDenormal(b)) {
            flags |= DENORMAL;
        }
        return false;
    }

    private boolean unordered(long a, long b, boolean quiet) {
        if (isNaN(a) || isNaN(b)) {
            if (!quiet || isSignalling(a) || isSignalling(b)) {
                flags |= INVALID;
            }
            return true;
        }
        if (isDenormal(a) || isDenormal(b)) {
            flags |= DENORMAL;
        }
        return false;
    }

    /** The smaller; the second if one is a NaN or both are zero. */
    public int minimum32(int a, int b) {
        a = operand(a);
        b = operand(b);
        return !unordered(a, b, false) && Float.intBitsToFloat(a) < Float.intBitsToFloat(b) ? a : b;
    }

    /** The larger; the second if one is a NaN or both are zero. */
    public int maximum32(int a, int b) {
        a = operand(a);
        b = operand(b);
        return !unordered(a, b, false) && Float.intBitsToFloat(a) > Float.intBitsToFloat(b) ? a : b;
    }

    /** The smaller; the second if one is a NaN or both are zero. */
    public long minimum64(long a, long b) {
        a = operand(a);
        b = operand(b);
        return !unordered(a, b, false) && Double.longBitsToDouble(a) < Double.longBitsToDouble(b)
                ? a
                : b;
    }

    /** The larger; the second if one is a NaN or both are zero. */
    public long maximum64(long a, long b) {
        a = operand(a);
        b = operand(b);
        return !unordered(a, b, false) && Double.longBitsToDouble(a) > Double.longBitsToDouble(b)
                ? a
                : b;
    }

    /** Whether a predicate of CMPPS signals invalid for quiet NaNs: LT, LE and their negations. */
    private static boolean isQuiet(int predicate) {
        return (predicate & 3) == 0 || (predicate & 3) == 3;
    }

    private static boolean holds(int predicate, boolean unordered, boolean less, boolean equal) {
        boolean result =
                switch (predicate & 3) {
                    case 0 -> equal;
                    case 1 -> less;
                    case 2 -> less || equal;
                    default -> unordered;
                };
        return result ^ (predicate & 4) != 0;
    }

    /** CMPPS: all ones or zero; predicate 0..7. */
    public int compare32(int a, int b, int predicate) {
        a = operand(a);
        b = operand(b);
        boolean unordered = unordered(a, b, isQuiet(predicate));
        float x = Float.intBitsToFloat(a);
        float y = Float.intBitsToFloat(b);
        return holds(predicate, unordered, x < y, x == y) ? -1 : 0;
    }

    /** CMPPD: all ones or zero; predicate 0..7. */
    public long compare64(long a, long b, int predicate) {
        a = operand(a);
        b = operand(b);
        boolean unordered = unordered(a, b, isQuiet(predicate));
        double x = Double.longBitsToDouble(a);
        double y = Double.longBitsToDouble(b);
        return holds(predicate, unordered, x < y, x == y) ? -1 : 0;
    }

    /** COMISS and UCOMISS: ZF PF CF as EFLAGS bits. */
    public int compareFlags32(int a, int b, boolean quiet) {
        a = operand(a);
        b = operand(b);
        if (unordered(a, b, quiet)) {
            return 0x45;
        }
        float x = Float.intBitsToFloat(a);
        float y = Float.intBitsToFloat(b);
        return x == y ? 0x40 : x < y ? 1 : 0;
    }

    /** COMISD and UCOMISD: ZF PF CF as EFLAGS bits. */
    public int compareFlags64(long a, long b, boolean quiet) {
        a = operand(a);
        b = operand(b);
        if (unordered(a, b, quiet)) {
            return 0x45;
        }
        double x = Double.longBitsToDouble(a);
        double y = Double.longBitsToDouble(b);
        return x == y ? 0x40 : x < y ? 1 : 0;
    }

    // Conversions

    /** Single to double. */
    public long widen(int a) {
        a = operand(a);
        if (isNaN(a)) {
            if (isSignalling(a)) {
                flags |= INVALID;
            }
            return (long) (a & ~MAGNITUDE_32) << 32
                    | INFINITY_64
                    | QUIET_64
                    | (a & 0x7F_FFFFL) << 29;
        }
        if (isDenormal(a)) {
            flags |= DENORMAL;
        }
        return Double.doubleToRawLongBits(Float.intBitsToFloat(a));
    }

    /** Double to single. */
    public int narrow(long a) {
        a = operand(a);
        if (isNaN(a)) {
            if (isSignalling(a)) {
                flags |= INVALID;
            }
            return (int) (a >>> 32) & ~MAGNITUDE_32
                    | INFINITY_32
                    | QUIET_32
                    | (int) (a >>> 29) & 0x7F_FFFF;
        }
        if (isDenormal(a)) {
            flags |= DENORMAL;
        }
        Float80Convert.widenDouble(f, a);
        return deliver32();
    }

    /** Integer to single. */
    public int integerTo32(long value) {
        Float80Convert.fromInteger(f, value);
        return deliver32();
    }

    /** Integer to double. */
    public long integerTo64(long value) {
        if ((int) value == value) {
            return Double.doubleToRawLongBits((double) value);
        }
        Float80Convert.fromInteger(f, value);
        return deliver64();
    }

    private long toInteger(int bits, boolean chop) {
        f.flags = 0;
        long value =
                Float80Convert.toInteger(
                        f, f.signExponent, f.significand, bits, chop ? Float80.CHOP : rounding);
        flags |= f.flags & ALL;
        return value;
    }

    /** Single to a signed integer of 32 or 64 bits; the integer indefinite if it does not fit. */
    public long toInteger32(int a, int bits, boolean chop) {
        Float80Convert.widenSingle(f, operand(a));
        return toInteger(bits, chop);
    }

    /** Double to a signed integer of 32 or 64 bits; the integer indefinite if it does not fit. */
    public long toInteger64(long a, int bits, boolean chop) {
        Float80Convert.widenDouble(f, operand(a));
        return toInteger(bits, chop);
    }

    /** ROUNDSS: to an integral value, controlled by the immediate (SDM vol. 2B, figure 4-24). */
    public int round32(int a, int control) {
        a = operand(a);
        if (isNaN(a)) {
            return nanOf(a, a);
        }
        Float80Convert.widenSingle(f, a);
        roundWide(control);
        f.rounding = rounding;
        return Float80Convert.toSingle(f, f.signExponent, f.significand);
    }

    /** ROUNDSD. */
    public long round64(long a, int control) {
        a = operand(a);
        if (isNaN(a)) {
            return nanOf(a, a);
        }
        Float80Convert.widenDouble(f, a);
        roundWide(control);
        f.rounding = rounding;
        return Float80Convert.toDouble(f, f.signExponent, f.significand);
    }

    private void roundWide(int control) {
        f.flags = 0;
        f.rounding = (control & 4) != 0 ? rounding : control & 3;
        Float80Arithmetic.roundToIntegral(f, f.signExponent, f.significand);
        if ((control & 8) == 0) {
            flags |= f.flags & PRECISION;
        }
    }

    // Approximations: no exceptions, denormals count as zero

    private static final int APPROXIMATION_MASK = -1 << 11;

    /** RCPSS: 1/b to 12 bits. */
    public int reciprocal(int b) {
        if (isNaN(b)) {
            return b | QUIET_32;
        }
        int sign = b & ~MAGNITUDE_32;
        if ((b & INFINITY_32) == 0) {
            return sign | INFINITY_32;
        }
        return approximate(1.0 / Float.intBitsToFloat(b));
    }

    /** RSQRTSS: 1/sqrt(b) to 12 bits. */
    public int reciprocalRoot(int b) {
        if (isNaN(b)) {
            return b | QUIET_32;
        }
        int sign = b & ~MAGNITUDE_32;
        if ((b & INFINITY_32) == 0) {
            return sign | INFINITY_32;
        }
        if (sign != 0) {
            return INDEFINITE_32;
        }
        return approximate(1.0 / Math.sqrt(Float.intBitsToFloat(b)));
    }

    /** Rounds to 12 significant bits after the leading one; a tiny result is flushed to zero. */
    private static int approximate(double x) {
        int bits = Float.floatToRawIntBits((float) x);
        if ((bits & INFINITY_32) == 0) {
            return bits & ~MAGNITUDE_32;
        }
        return bits + (1 << 10) & APPROXIMATION_MASK;
    }

    /** Whether a value may be loaded into MXCSR. */
    static boolean isValidMxcsr(int value) {
        return (value & ~X87Environment.MXCSR_MASK) == 0;
    }
}
