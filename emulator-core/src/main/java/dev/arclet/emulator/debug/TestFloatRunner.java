package dev.arclet.emulator.debug;

import dev.arclet.emulator.cpu.fpu.Float80;
import dev.arclet.emulator.cpu.fpu.Float80Arithmetic;
import dev.arclet.emulator.cpu.fpu.Float80Convert;
import dev.arclet.emulator.cpu.simd.SseFloat;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * Compares our arithmetic with test cases of the form that Berkeley TestFloat's generator writes:
 * operands, result and exception flags in hexadecimal, one case a line. For extF80 the x87 unit is
 * asked, for f32 and f64 that of SSE; remainders exist in extF80 only.
 *
 * <pre>testfloat_gen -exact -rmin extF80_add | java ... TestFloatRunner extF80_add min</pre>
 */
public final class TestFloatRunner {
    private static final int MXCSR_MASKED = 0x1F80;
    private static final Pattern BLANK = Pattern.compile(" ");
    private static final int MAX_SHOWN = 10;

    private final Float80 f = new Float80();
    private final SseFloat sse = new SseFloat();
    private final String type;
    private final String operation;
    private final int rounding;
    private final int precision;

    /** Result of the last case: the low 64 bits, and sign and exponent for extF80. */
    private long result;

    private int flags;

    private TestFloatRunner(String function, int rounding, int precision) {
        int cut = function.indexOf('_');
        type = function.substring(0, cut);
        operation = function.substring(cut + 1);
        this.rounding = rounding;
        this.precision = precision;
    }

    /**
     * Reads cases from standard input. Exits 0 if all agree, 1 if some do not, 2 for bad usage.
     *
     * @param args function, rounding (near_even, minMag, min, max), and for extF80 the precision in
     *     bits (24, 53, 64)
     */
    public static void main(String[] args) throws IOException {
        int mode =
                args.length < 2
                        ? -1
                        : switch (args[1]) {
                            case "near_even" -> Float80.NEAREST;
                            case "min" -> Float80.DOWN;
                            case "max" -> Float80.UP;
                            case "minMag" -> Float80.CHOP;
                            default -> -1;
                        };
        if (mode < 0 || args[0].indexOf('_') < 0) {
            System.err.println(
                    "usage: TestFloatRunner FUNCTION near_even|min|max|minMag [24|53|64] < cases");
            System.exit(2);
            return;
        }
        int precision = args.length > 2 ? Integer.parseInt(args[2]) : 64;
        TestFloatRunner runner = new TestFloatRunner(args[0], mode, precision);
        BufferedReader in =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        long cases = 0;
        long wrong = 0;
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            cases++;
            String difference = runner.check(BLANK.split(line));
            if (difference != null && wrong++ < MAX_SHOWN) {
                System.out.println(line + "  " + difference);
            }
        }
        System.out.printf(
                "%s %s %d: %d cases, %d wrong%n", args[0], args[1], precision, cases, wrong);
        System.exit(cases > 0 && wrong == 0 ? 0 : 1);
    }

    /** Runs one case; null if it agrees. */
    private String check(String[] words) {
        flags = 0;
        String actual =
                switch (type) {
                    case "extF80" -> extended(words);
                    case "f32" -> single(words);
                    case "f64" -> doubled(words);
                    default -> integer(words);
                };
        int wantedFlags = Integer.parseInt(words[words.length - 1], 16);
        int actualFlags = berkeley(flags);
        if (actual.equalsIgnoreCase(words[words.length - 2]) && actualFlags == wantedFlags) {
            return null;
        }
        return "got %s %02X".formatted(actual, actualFlags);
    }

    /** Our flags in the order of the test cases; denormal operands are no exception there. */
    private static int berkeley(int flags) {
        return (flags & Float80.INVALID) << 4
                | (flags & Float80.ZERO_DIVIDE) << 1
                | (flags & Float80.OVERFLOW) >> 1
                | (flags & Float80.UNDERFLOW) >> 3
                | (flags & Float80.PRECISION) >> 5;
    }

    private static int signExponent(String word) {
        return Integer.parseInt(word.substring(0, 4), 16);
    }

    private static long significand(String word) {
        return Long.parseUnsignedLong(word.substring(4), 16);
    }

    private static String hex(long value, int digits) {
        String text = "%016x".formatted(value);
        return text.substring(16 - digits);
    }

    private String extendedResult() {
        flags = f.flags;
        return "%04x%016x".formatted(f.signExponent, f.significand);
    }

    private String extended(String[] words) {
        f.rounding = rounding;
        f.precision = precision;
        f.masks = 0x3F;
        f.flags = 0;
        int aSe = signExponent(words[0]);
        long a = significand(words[0]);
        boolean binary = words.length == 4;
        int bSe = binary ? signExponent(words[1]) : 0;
        long b = binary ? significand(words[1]) : 0;
        switch (operation) {
            case "add" -> Float80Arithmetic.add(f, aSe, a, bSe, b);
            case "sub" -> Float80Arithmetic.subtract(f, aSe, a, bSe, b);
            case "mul" -> Float80Arithmetic.multiply(f, aSe, a, bSe, b);
            case "div" -> Float80Arithmetic.divide(f, aSe, a, bSe, b);
            case "sqrt" -> Float80Arithmetic.squareRoot(f, aSe, a);
            case "rem" -> wholeRemainder(aSe, a, bSe, b);
            case "roundToInt" -> Float80Arithmetic.roundToIntegral(f, aSe, a);
            case "to_f32" -> {
                result = Float80Convert.toSingle(f, aSe, a);
                flags = f.flags;
                return hex(result, 8);
            }
            case "to_f64" -> {
                result = Float80Convert.toDouble(f, aSe, a);
                flags = f.flags;
                return hex(result, 16);
            }
            case "to_i32" -> {
                result = Float80Convert.toInteger(f, aSe, a, 32, rounding);
                flags = f.flags;
                return hex(result, 8);
            }
            case "to_i64" -> {
                result = Float80Convert.toInteger(f, aSe, a, 64, rounding);
                flags = f.flags;
                return hex(result, 16);
            }
            default -> {
                boolean quiet = isQuiet();
                int conditions = Float80Arithmetic.compare(f, aSe, a, bSe, b, quiet);
                flags = f.flags;
                return holds(
                        conditions == Float80Arithmetic.LESS,
                        conditions == Float80Arithmetic.EQUAL);
            }
        }
        return extendedResult();
    }

    /** FPREM1, repeated until the reduction is complete. */
    private void wholeRemainder(int aSe, long a, int bSe, long b) {
        int conditions = Float80Arithmetic.remainder(f, aSe, a, bSe, b, true);
        while (conditions != Float80Arithmetic.NO_QUOTIENT && (conditions & 0x400) != 0) {
            conditions =
                    Float80Arithmetic.remainder(f, f.signExponent, f.significand, bSe, b, true);
        }
    }

    private boolean isQuiet() {
        return switch (operation) {
            case "eq", "le_quiet", "lt_quiet" -> true;
            case "eq_signaling", "le", "lt" -> false;
            default -> throw new IllegalArgumentException("no function " + type + "_" + operation);
        };
    }

    private String holds(boolean less, boolean equal) {
        boolean yes =
                switch (operation.substring(0, 2)) {
                    case "eq" -> equal;
                    case "le" -> less || equal;
                    default -> less;
                };
        return yes ? "1" : "0";
    }

    private void beginSse() {
        sse.begin(MXCSR_MASKED | rounding << 13);
    }

    private String finishSse(long value, int digits) {
        flags = sse.flags;
        return hex(value, digits);
    }

    private String single(String[] words) {
        beginSse();
        int a = Integer.parseUnsignedInt(words[0], 16);
        int b = words.length == 4 ? Integer.parseUnsignedInt(words[1], 16) : 0;
        return switch (operation) {
            case "add" -> finishSse(sse.add32(a, b), 8);
            case "sub" -> finishSse(sse.subtract32(a, b), 8);
            case "mul" -> finishSse(sse.multiply32(a, b), 8);
            case "div" -> finishSse(sse.divide32(a, b), 8);
            case "sqrt" -> finishSse(sse.squareRoot32(0, a), 8);
            case "roundToInt" -> finishSse(sse.round32(a, 4), 8);
            case "to_f64" -> finishSse(sse.widen(a), 16);
            case "to_i32" -> finishSse(sse.toInteger32(a, 32, false), 8);
            case "to_i64" -> finishSse(sse.toInteger32(a, 64, false), 16);
            case "to_extF80" -> {
                f.flags = 0;
                Float80Convert.widenSingle(f, a);
                yield loaded();
            }
            default -> compared(sse.compareFlags32(a, b, isQuiet()));
        };
    }

    private String doubled(String[] words) {
        beginSse();
        long a = Long.parseUnsignedLong(words[0], 16);
        long b = words.length == 4 ? Long.parseUnsignedLong(words[1], 16) : 0;
        return switch (operation) {
            case "add" -> finishSse(sse.add64(a, b), 16);
            case "sub" -> finishSse(sse.subtract64(a, b), 16);
            case "mul" -> finishSse(sse.multiply64(a, b), 16);
            case "div" -> finishSse(sse.divide64(a, b), 16);
            case "sqrt" -> finishSse(sse.squareRoot64(0, a), 16);
            case "roundToInt" -> finishSse(sse.round64(a, 4), 16);
            case "to_f32" -> finishSse(sse.narrow(a), 8);
            case "to_i32" -> finishSse(sse.toInteger64(a, 32, false), 8);
            case "to_i64" -> finishSse(sse.toInteger64(a, 64, false), 16);
            case "to_extF80" -> {
                f.flags = 0;
                Float80Convert.widenDouble(f, a);
                yield loaded();
            }
            default -> compared(sse.compareFlags64(a, b, isQuiet()));
        };
    }

    /** What FLD does after widening: makes NaNs quiet. */
    private String loaded() {
        if (Float80.isNaN(f.signExponent, f.significand)) {
            if (Float80.isSignalling(f.signExponent, f.significand)) {
                f.flags |= Float80.INVALID;
            }
            f.significand |= Float80.QUIET;
        }
        return extendedResult();
    }

    /** EFLAGS of a comparison: CF for less, ZF for equal, both for unordered. */
    private String compared(int eflags) {
        flags = sse.flags;
        return holds(eflags == 1, eflags == 0x40);
    }

    private String integer(String[] words) {
        beginSse();
        long value =
                type.equals("i32")
                        ? Integer.parseUnsignedInt(words[0], 16)
                        : Long.parseUnsignedLong(words[0], 16);
        return switch (operation) {
            case "to_f32" -> finishSse(sse.integerTo32(value), 8);
            case "to_f64" -> finishSse(sse.integerTo64(value), 16);
            case "to_extF80" -> {
                f.flags = 0;
                Float80Convert.fromInteger(f, value);
                yield extendedResult();
            }
            default -> throw new IllegalArgumentException("no function " + type + "_" + operation);
        };
    }
}
