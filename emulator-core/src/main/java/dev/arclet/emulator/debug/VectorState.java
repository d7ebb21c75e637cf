package dev.arclet.emulator.debug;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Processor state of an instruction vector, before or after the instruction; names and meanings are
 * those of the vector files.
 */
final class VectorState {
    /** General registers by encoding; 32-bit ones zero extended. */
    final long[] gpr = new long[16];

    /** Offset in CS. */
    long ip;

    /** EFLAGS, masked with {@link #FLAGS}. */
    int flags;

    /** x87 control word, status word (complete), abridged tags. */
    int fcw = 0x37F, fsw, ftw;

    /** Physical x87 registers: significands. */
    final long[] significand = new long[8];

    /** Physical x87 registers: sign and exponent. */
    final int[] signExponent = new int[8];

    /** SSE control and status. */
    int mxcsr = 0x1F80;

    /** XMMi is at 2i (low) and 2i + 1 (high). */
    final long[] xmm = new long[32];

    /** Selectors ES CS SS DS FS GS where the test names them, else -1. */
    final int[] selectors = {-1, -1, -1, -1, -1, -1};

    /** Memory that is named. */
    final List<Run> memory = new ArrayList<>();

    /** CF PF AF ZF SF DF OF. */
    static final int FLAGS = 0xCD5;

    /** Bytes at a linear address. */
    record Run(int address, byte[] bytes) {}

    /** A copy without the memory. */
    VectorState copyRegisters() {
        VectorState copy = new VectorState();
        System.arraycopy(gpr, 0, copy.gpr, 0, gpr.length);
        copy.ip = ip;
        copy.flags = flags;
        copy.fcw = fcw;
        copy.fsw = fsw;
        copy.ftw = ftw;
        System.arraycopy(significand, 0, copy.significand, 0, significand.length);
        System.arraycopy(signExponent, 0, copy.signExponent, 0, signExponent.length);
        copy.mxcsr = mxcsr;
        System.arraycopy(xmm, 0, copy.xmm, 0, xmm.length);
        System.arraycopy(selectors, 0, copy.selectors, 0, selectors.length);
        return copy;
    }

    private static final List<String> GPR_64 =
            Arrays.asList(
                    "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split(" "));
    private static final List<String> GPR_32 =
            Arrays.asList("eax ecx edx ebx esp ebp esi edi".split(" "));
    private static final List<String> SEGMENTS = Arrays.asList("es cs ss ds fs gs".split(" "));

    /** The name of a general register as the vectors write it. */
    static String gprName(int index, boolean longMode) {
        return (longMode ? GPR_64 : GPR_32).get(index);
    }

    /** The name of a segment register. */
    static String segmentName(int index) {
        return SEGMENTS.get(index);
    }

    /**
     * Applies {@code name=value}.
     *
     * @return false if there is no such name
     * @throws NumberFormatException if the value is no hexadecimal number
     */
    boolean assign(String name, String value) {
        int register = GPR_32.indexOf(name);
        if (register < 0) {
            register = GPR_64.indexOf(name);
        }
        if (register >= 0) {
            gpr[register] = Long.parseUnsignedLong(value, 16);
            return true;
        }
        if (name.charAt(0) == '@') {
            memory.add(
                    new Run(
                            Integer.parseInt(name.substring(1), 16),
                            java.util.HexFormat.of().parseHex(value)));
            return true;
        }
        if (SEGMENTS.contains(name)) {
            selectors[SEGMENTS.indexOf(name)] = Integer.parseInt(value, 16);
            return true;
        }
        return assignOther(name, value);
    }

    private boolean assignOther(String name, String value) {
        switch (name) {
            case "ip" -> ip = Long.parseUnsignedLong(value, 16);
            case "fl" -> flags = Integer.parseInt(value, 16);
            case "fcw" -> fcw = Integer.parseInt(value, 16);
            case "fsw" -> fsw = Integer.parseInt(value, 16);
            case "ftw" -> ftw = Integer.parseInt(value, 16);
            case "mxcsr" -> mxcsr = Integer.parseInt(value, 16);
            default -> {
                return assignWide(name, value);
            }
        }
        return true;
    }

    private boolean assignWide(String name, String value) {
        char kind = name.charAt(0);
        if (kind != 'p' && kind != 'x') {
            return false;
        }
        int index = Integer.parseInt(name.substring(1));
        int low = Math.max(0, value.length() - 16);
        long lowPart = Long.parseUnsignedLong(value.substring(low), 16);
        long highPart = low == 0 ? 0 : Long.parseUnsignedLong(value.substring(0, low), 16);
        if (kind == 'p') {
            significand[index] = lowPart;
            signExponent[index] = (int) highPart;
        } else {
            xmm[2 * index] = lowPart;
            xmm[2 * index + 1] = highPart;
        }
        return true;
    }
}
