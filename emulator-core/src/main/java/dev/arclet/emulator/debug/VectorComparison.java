package dev.arclet.emulator.debug;

import dev.arclet.emulator.cpu.CpuState;
import java.util.List;

/** Compares the processor after a test with what the vector says. */
final class VectorComparison {
    /** Relative error that RCPxS and RSQRTxS may have, on our side and on that of the recording. */
    private static final double APPROXIMATION = 2 * 1.5 / 4096;

    private static final int STATUS_C1 = 0x200, STATUS_PE = 0x20;

    private final boolean longMode;
    private final boolean checkErrorCode;
    private final boolean checkSelectors;
    private final boolean approximateXmm;
    private final boolean lastPlaceX87;
    private boolean tolerated;

    VectorComparison(VectorMode mode, String group) {
        longMode = mode == VectorMode.LONG64;
        checkErrorCode = mode != VectorMode.REAL;
        checkSelectors = group.equals("int-seg");
        approximateXmm = group.equals("sse-approx");
        lastPlaceX87 = group.equals("x87-trans");
    }

    /** Whether the last comparison needed one of the allowed tolerances. */
    boolean tolerated() {
        return tolerated;
    }

    /** Adds a line to {@code differences} for everything that differs, memory apart. */
    void compare(
            VectorTest test,
            VectorMachine.Outcome outcome,
            CpuState cpu,
            VectorMode mode,
            List<String> differences) {
        tolerated = false;
        if (outcome.failure != null) {
            differences.add(outcome.failure);
        }
        if (outcome.vector != test.vector()) {
            differences.add(
                    "exception "
                            + vectorName(outcome.vector)
                            + ", expected "
                            + vectorName(test.vector()));
        } else if (checkErrorCode
                && test.errorCode() >= 0
                && outcome.errorCode != test.errorCode()) {
            number("error code", outcome.errorCode, test.errorCode(), differences);
        }
        VectorState expected = test.expected();
        number("ip", outcome.ip, expected.ip, differences);
        if (test.undefinedResult()) {
            return;
        }
        for (int i = 0; i < (longMode ? 16 : 8); i++) {
            number(VectorState.gprName(i, longMode), cpu.gpr[i], expected.gpr[i], differences);
        }
        int flagMask = VectorState.FLAGS & ~test.undefinedFlags();
        number("fl", cpu.eflags() & flagMask, expected.flags & flagMask, differences);
        compareX87(test, cpu, differences);
        number("mxcsr", cpu.mxcsr, expected.mxcsr, differences);
        for (int i = 0; i < 16; i++) {
            compareXmm(i, cpu, test, differences);
        }
        for (int i = 0; i < 6; i++) {
            int selector = expected.selectors[i];
            if (selector < 0 || !checkSelectors) {
                selector = mode.selector(i);
            }
            number(VectorState.segmentName(i), cpu.segments[i].selector, selector, differences);
        }
    }

    private void compareX87(VectorTest test, CpuState cpu, List<String> differences) {
        VectorState expected = test.expected();
        int statusMask = 0xFFFF & ~test.undefinedStatus();
        if (lastPlaceX87 && (expected.fsw & STATUS_PE) != 0) {
            // C1 tells on which side of the true value the last bit is, and with it may differ.
            statusMask &= ~STATUS_C1;
            tolerated |= ((cpu.x87.statusWord() ^ expected.fsw) & STATUS_C1) != 0;
        }
        for (int i = 0; i < 8; i++) {
            long significand = cpu.x87.significand[i];
            int signExponent = cpu.x87.signExponent[i] & 0xFFFF;
            if (significand == expected.significand[i]
                    && signExponent == expected.signExponent[i]) {
                continue;
            }
            if (lastPlaceX87
                    && adjacent(
                            signExponent,
                            significand,
                            expected.signExponent[i],
                            expected.significand[i])) {
                tolerated = true;
                continue;
            }
            differences.add(
                    "p%d is %04x%016x, expected %04x%016x"
                            .formatted(
                                    i,
                                    signExponent,
                                    significand,
                                    expected.signExponent[i],
                                    expected.significand[i]));
        }
        number("fcw", cpu.x87.control, expected.fcw, differences);
        number("fsw", cpu.x87.statusWord() & statusMask, expected.fsw & statusMask, differences);
        number("ftw", cpu.x87.valid, expected.ftw, differences);
    }

    /** Whether two 80-bit numbers of the same sign are neighbours. */
    static boolean adjacent(
            int signExponent1, long significand1, int signExponent2, long significand2) {
        if (signExponent1 == signExponent2) {
            long distance = significand1 - significand2;
            return distance == 1 || distance == -1;
        }
        // Across a power of two: 1.111..1 * 2^n and 1.0 * 2^(n+1).
        if (signExponent1 + 1 == signExponent2) {
            return significand1 == -1L && significand2 == Long.MIN_VALUE;
        }
        return signExponent2 + 1 == signExponent1
                && significand2 == -1L
                && significand1 == Long.MIN_VALUE;
    }

    private void compareXmm(int register, CpuState cpu, VectorTest test, List<String> differences) {
        VectorState expected = test.expected();
        boolean equal = true;
        boolean near = approximateXmm;
        for (int half = 2 * register; half < 2 * register + 2; half++) {
            long actual = cpu.xmm[half];
            long wanted = expected.xmm[half];
            equal &= actual == wanted;
            near =
                    near
                            && close((int) actual, (int) wanted)
                            && close((int) (actual >>> 32), (int) (wanted >>> 32));
        }
        if (equal) {
            return;
        }
        if (near) {
            tolerated = true;
            return;
        }
        differences.add(
                "x%d is %016x%016x, expected %016x%016x"
                        .formatted(
                                register,
                                cpu.xmm[2 * register + 1],
                                cpu.xmm[2 * register],
                                expected.xmm[2 * register + 1],
                                expected.xmm[2 * register]));
    }

    /** Whether two single-precision numbers are equal or within twice the allowed error. */
    static boolean close(int actualBits, int wantedBits) {
        float actual = Float.intBitsToFloat(actualBits);
        float wanted = Float.intBitsToFloat(wantedBits);
        if (actualBits == wantedBits) {
            return true;
        }
        return Float.isFinite(actual)
                && Float.isFinite(wanted)
                && Math.abs((double) actual - wanted) <= APPROXIMATION * Math.abs(wanted);
    }

    private static void number(String name, long actual, long expected, List<String> differences) {
        if (actual != expected) {
            differences.add("%s is %x, expected %x".formatted(name, actual, expected));
        }
    }

    private static String vectorName(int vector) {
        return vector < 0 ? "none" : Integer.toHexString(vector);
    }
}
