package dev.arclet.emulator.debug;

import dev.arclet.emulator.cpu.fpu.Float80;
import dev.arclet.emulator.cpu.fpu.Float80Arithmetic;
import dev.arclet.emulator.cpu.fpu.Float80Convert;
import dev.arclet.emulator.cpu.simd.SseFloat;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Compares our arithmetic with the cases that Berkeley TestFloat's generator makes: operands,
 * result and exception flags in hexadecimal, one case a line. For extF80 the x87 unit is asked, for
 * f32 and f64 that of SSE; remainders exist in extF80 only.
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

    /** What the x87 rounds to each of its precisions. */
    private static final List<String> ROUNDED_80 =
            List.of("extF80_add", "extF80_sub", "extF80_mul", "extF80_div", "extF80_sqrt");

    private static final List<String> COMPARISONS =
            List.of("eq", "le", "lt", "eq_signaling", "le_quiet", "lt_quiet");

    private static final List<String> ROUNDINGS = List.of("near_even", "minMag", "min", "max");

    /** Every function of the generator that the x87 or SSE has. */
    private static List<String> functions() {
        List<String> functions = new ArrayList<>(List.of("extF80_rem"));
        for (String type : List.of("extF80", "f32", "f64")) {
            functions.add(type + "_roundToInt");
            functions.add(type + "_to_i32");
            functions.add(type + "_to_i64");
            functions.add("i32_to_" + type);
            functions.add("i64_to_" + type);
            COMPARISONS.forEach(comparison -> functions.add(type + "_" + comparison));
            for (String target : List.of("extF80", "f32", "f64")) {
                if (!target.equals(type)) {
                    functions.add(type + "_to_" + target);
                }
            }
            if (!type.equals("extF80")) {
                for (String operation : List.of("add", "sub", "mul", "div", "sqrt")) {
                    functions.add(type + "_" + operation);
                }
            }
        }
        return functions;
    }

    /**
     * Runs the generator for every function in every rounding mode. Exits 0 if all cases agree, 1
     * if some do not, 2 for bad usage.
     *
     * @param args path of the program testfloat_gen, and its level (1 or 2; 1 by default)
     */
    public static void main(String[] args) throws IOException, InterruptedException {
        if (args.length < 1 || !Files.isExecutable(Path.of(args[0]))) {
            System.err.println("usage: TestFloatRunner TESTFLOAT_GEN [LEVEL]");
            System.exit(2);
            return;
        }
        String level = args.length > 1 ? args[1] : "1";
        int failed = 0;
        for (String rounding : ROUNDINGS) {
            for (String function : ROUNDED_80) {
                failed += compare(args[0], level, function, rounding, 24);
                failed += compare(args[0], level, function, rounding, 53);
                failed += compare(args[0], level, function, rounding, 64);
            }
            for (String function : functions()) {
                failed += compare(args[0], level, function, rounding, 64);
            }
        }
        System.out.println(failed == 0 ? "all agree" : failed + " functions differ");
        System.exit(failed == 0 ? 0 : 1);
    }

    /** One run of the generator; 0 if all its cases agree and there were any, else 1. */
    private static int compare(
            String generator, String level, String function, String rounding, int precision)
            throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(List.of(generator, "-level", level, "-exact", "-r" + rounding));
        if (precision != 64) {
            command.add(precision == 53 ? "-precision64" : "-precision32");
        }
        command.add(function);
        Process process =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        int mode =
                switch (rounding) {
                    case "near_even" -> Float80.NEAREST;
                    case "min" -> Float80.DOWN;
                    case "max" -> Float80.UP;
                    default -> Float80.CHOP;
                };
        TestFloatRunner runner = new TestFloatRunner(function, mode, precision);
        long cases = 0;
        long wrong = 0;
        try (BufferedReader in = process.inputReader(StandardCharsets.US_ASCII)) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                cases++;
                String difference = runner.check(BLANK.split(line));
                if (difference != null && wrong++ < MAX_SHOWN) {
                    System.out.println(line + "  " + difference);
                }
            }
        }
        int status = process.waitFor();
        System.out.printf(
                "%s %s %d: %d cases, %d wrong%s%n",
                function,
                rounding,
                precision,
                cases,
                wrong,
                status == 0 ? "" : ", the generator failed");
        return cases > 0 && wrong == 0 && status == 0 ? 0 : 1;
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
