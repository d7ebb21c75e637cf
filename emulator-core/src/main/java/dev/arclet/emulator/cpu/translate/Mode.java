package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.Control;
import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.Eflags;
import dev.arclet.emulator.cpu.SegmentRegister;
import dev.arclet.emulator.cpu.Segmentation;
import dev.arclet.emulator.cpu.decode.Disassembler;
import dev.arclet.emulator.cpu.decode.Operand;
import dev.arclet.emulator.mmu.Mmu;

/**
 * What a region takes for granted of the processor's mode, as bits of a long; its upper half is the
 * code segment's limit if that is in the way of branches. Nothing of it changes while a region
 * runs: the instructions that change it end regions.
 */
final class Mode {
    private static final int CODE_16 = 0, CODE_32 = 1, CODE_64 = 2;
    private static final int BANK_SHIFT = 2;
    private static final int LONG_MODE = 1 << 4;
    private static final int STACK_32 = 1 << 5;
    private static final int FLAT_CODE = 1 << 6;
    private static final int SSE = 1 << 7;
    private static final int CR0_EM = 4, CR0_TS = 8;

    /** Segments' kinds, three bits each. */
    private static final int SEGMENTS_SHIFT = 8, SEGMENT_BITS = 3;

    private static final int REAL = 1 << 26;
    private static final int LIMIT_SHIFT = 32;

    private static final long LAST = 0xFFFF_FFFFL, LAST_16 = 0xFFFF;

    private Mode() {}

    /** The processor's current mode. */
    static long of(CpuState cpu) {
        long mode =
                switch (cpu.codeSize) {
                    case 8 -> CODE_64;
                    case 4 -> CODE_32;
                    default -> CODE_16;
                };
        boolean narrow = mode == CODE_16;
        mode |= cpu.mmu.bank() << BANK_SHIFT;
        if ((cpu.efer & Control.EFER_LMA) != 0) {
            mode |= LONG_MODE;
        }
        if (cpu.stackMask == LAST) {
            mode |= STACK_32;
        }
        SegmentRegister[] segments = cpu.segments;
        long lastByte = segments[CpuState.CS].limit;
        if (cpu.codeSize == 8 || lastByte >= (narrow ? LAST_16 : LAST)) {
            mode |= FLAT_CODE;
        } else {
            mode |= lastByte << LIMIT_SHIFT;
        }
        if ((cpu.cr0 & (CR0_EM | CR0_TS)) == 0 && (cpu.cr4 & Control.CR4_OSFXSR) != 0) {
            mode |= SSE;
        }
        if (Segmentation.isRealStyle(cpu)) {
            mode |= REAL;
        }
        int kinds = 0;
        for (int i = 0; i < 6; i++) {
            kinds |= kind(segments[i], narrow) << SEGMENT_BITS * i;
        }
        return mode | (long) kinds << SEGMENTS_SHIFT;
    }

    /** Real-mode programs change bases all the time: they add them anyway. */
    private static int kind(SegmentRegister segment, boolean narrow) {
        return narrow ? Math.min(segment.kind, SegmentRegister.UNCHECKED) : segment.kind;
    }

    /** Whether a segment register, just loaded, is as it was in a mode. */
    static boolean holds(CpuState cpu, long mode, int segment) {
        return kind(cpu.segments[segment], codeSize(mode) == 2) == kind(mode, segment);
    }

    /**
     * Whether the system flags, just loaded, are as they were in a mode, and ask for nothing behind
     * the next instruction.
     */
    static boolean holds(CpuState cpu, long mode) {
        return (cpu.systemFlags & Eflags.TF) == 0
                && cpu.mmu.bank() == bank(mode)
                && !cpu.interruptLine
                && !cpu.nmiPending;
    }

    /** What people are told of a mode. */
    static String text(long mode) {
        StringBuilder text = new StringBuilder();
        text.append(8 * codeSize(mode)).append("-bit code");
        text.append(
                switch (bank(mode)) {
                    case Mmu.ALIGNED_BANK -> ", alignment checked";
                    case Mmu.USER_BANK -> ", user";
                    default -> ", supervisor";
                });
        if (codeSize(mode) != 8) {
            text.append(wideStack(mode) ? ", 32-bit stack" : ", 16-bit stack");
            if ((mode & FLAT_CODE) == 0) {
                text.append(", code up to %x".formatted(lastByte(mode)));
            }
            text.append((mode & LONG_MODE) != 0 ? ", long mode" : "");
        }
        text.append(sse(mode) ? "" : ", no SSE");
        for (int i = 0; i < 6; i++) {
            if (i != CpuState.CS) {
                text.append(text(Disassembler.segment(i), kind(mode, i), codeSize(mode) == 2));
            }
        }
        return text.toString();
    }

    private static String text(String segment, int kind, boolean narrow) {
        return switch (kind) {
            case SegmentRegister.FLAT -> "";
            case SegmentRegister.UNCHECKED ->
                    narrow ? ", all of " + segment : ", " + segment + " with base";
            case SegmentRegister.WORD -> narrow ? "" : ", " + segment + " to its limit";
            case SegmentRegister.TO_LIMIT -> ", " + segment + " to its limit";
            default -> ", " + segment + " checked";
        };
    }

    /** Bits that are different for most modes, in the lowest. */
    static long hash(long mode) {
        return mode * 0x9E37_79B9_7F4A_7C15L >>> 50;
    }

    /** 2, 4 or 8. */
    static int codeSize(long mode) {
        return 2 << (mode & 3);
    }

    static boolean wide(long mode) {
        return (mode & 3) == CODE_64;
    }

    static int bank(long mode) {
        return (int) mode >> BANK_SHIFT & 3;
    }

    /** Whether instructions on XMM registers raise neither #UD nor #NM. */
    static boolean sse(long mode) {
        return (mode & SSE) != 0;
    }

    /** Whether memory can be accessed directly at all. */
    private static boolean direct(long mode) {
        return bank(mode) != Mmu.ALIGNED_BANK;
    }

    /** Whether TLB tags may have more than 32 bits. */
    static boolean longMode(long mode) {
        return (mode & LONG_MODE) != 0;
    }

    /**
     * The last offset at which code may be: the code segment's limit, in 16-bit code 0xFFFF at
     * most; none in 64-bit code.
     */
    static long lastByte(long mode) {
        if ((mode & FLAT_CODE) == 0) {
            return mode >>> LIMIT_SHIFT;
        }
        return switch (codeSize(mode)) {
            case 8 -> Long.MAX_VALUE;
            case 4 -> LAST;
            default -> LAST_16;
        };
    }

    private static int kind(long mode, int segment) {
        return (int) mode >> SEGMENTS_SHIFT + SEGMENT_BITS * segment & (1 << SEGMENT_BITS) - 1;
    }

    /** Whether emitted code may access memory through a segment. */
    static boolean accessible(long mode, int segment) {
        return direct(mode) && kind(mode, segment) != SegmentRegister.CHECKED;
    }

    /** Whether an operand is no memory, or memory that emitted code may access. */
    static boolean accessible(long mode, Operand operand) {
        return !(operand instanceof Operand.Memory memory) || accessible(mode, memory.segment());
    }

    /**
     * Whether 16-bit code can load a segment register by setting its base: in real and virtual-8086
     * mode. Nothing of the mode then changes.
     */
    static boolean loadable(long mode, int segment) {
        return (mode & REAL) != 0
                && firstWord(mode, segment)
                && (segment != CpuState.CS || (mode & FLAT_CODE) != 0);
    }

    /** Whether nothing is to be checked of accesses through a segment. */
    static boolean unchecked(long mode, int segment) {
        return kind(mode, segment) >= SegmentRegister.UNCHECKED;
    }

    /** Whether 16-bit code may access what is in the first 64 KiB of a segment. */
    static boolean firstWord(long mode, int segment) {
        return codeSize(mode) == 2 && kind(mode, segment) == SegmentRegister.WORD;
    }

    /** Whether a segment adds nothing to offsets. */
    static boolean baseZero(long mode, int segment) {
        return kind(mode, segment) == SegmentRegister.FLAT;
    }

    /** Whether the stack pointer has all the bits that addresses have, not 16 of 32. */
    static boolean wideStack(long mode) {
        return wide(mode) || (mode & STACK_32) != 0;
    }
}
