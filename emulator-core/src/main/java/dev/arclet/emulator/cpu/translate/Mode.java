package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.Control;
import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.Eflags;
import dev.arclet.emulator.cpu.SegmentRegister;
import dev.arclet.emulator.cpu.decode.Disassembler;
import dev.arclet.emulator.mmu.Mmu;

/**
 * What a region takes for granted of the processor's mode, as bits of an int. Nothing of it changes
 * while a region runs: the instructions that change it end regions.
 */
final class Mode {
    private static final int CODE_16 = 0, CODE_32 = 1, CODE_64 = 2;
    private static final int BANK_SHIFT = 2;
    private static final int LONG_MODE = 1 << 4;
    private static final int STACK_32 = 1 << 5;
    private static final int FLAT_CODE = 1 << 6;
    private static final int SSE = 1 << 7;
    private static final int CR0_EM = 4, CR0_TS = 8;
    private static final int SEGMENTS_SHIFT = 8;

    private static final long FLAT = 0xFFFF_FFFFL;

    private Mode() {}

    /** The processor's current mode. */
    static int of(CpuState cpu) {
        int mode =
                switch (cpu.codeSize) {
                    case 8 -> CODE_64;
                    case 4 -> CODE_32;
                    default -> CODE_16;
                };
        mode |= cpu.mmu.bank() << BANK_SHIFT;
        if ((cpu.efer & Control.EFER_LMA) != 0) {
            mode |= LONG_MODE;
        }
        if (cpu.stackMask == FLAT) {
            mode |= STACK_32;
        }
        if (cpu.codeSize == 8 || cpu.segments[CpuState.CS].limit == FLAT) {
            mode |= FLAT_CODE;
        }
        if ((cpu.cr0 & (CR0_EM | CR0_TS)) == 0 && (cpu.cr4 & Control.CR4_OSFXSR) != 0) {
            mode |= SSE;
        }
        SegmentRegister[] segments = cpu.segments;
        int kinds = segments[0].kind;
        for (int i = 1; i < 6; i++) {
            kinds |= segments[i].kind << 2 * i;
        }
        return mode | kinds << SEGMENTS_SHIFT;
    }

    /** Whether a segment register, just loaded, is as it was in a mode. */
    static boolean holds(CpuState cpu, int mode, int segment) {
        int expected = mode >> SEGMENTS_SHIFT + 2 * segment & 3;
        return cpu.segments[segment].kind == expected;
    }

    /**
     * Whether the system flags, just loaded, are as they were in a mode, and ask for nothing behind
     * the next instruction.
     */
    static boolean holds(CpuState cpu, int mode) {
        return (cpu.systemFlags & Eflags.TF) == 0
                && cpu.mmu.bank() == bank(mode)
                && !cpu.interruptLine
                && !cpu.nmiPending;
    }

    /** What people are told of a mode. */
    static String text(int mode) {
        StringBuilder text = new StringBuilder();
        text.append(8 * codeSize(mode)).append("-bit code");
        text.append(
                switch (bank(mode)) {
                    case Mmu.ALIGNED_BANK -> ", alignment checked";
                    case Mmu.USER_BANK -> ", user";
                    default -> ", supervisor";
                });
        if (codeSize(mode) != 8) {
            text.append((mode & STACK_32) != 0 ? ", 32-bit stack" : ", 16-bit stack");
            text.append(flatCode(mode) ? "" : ", limited code segment");
            text.append((mode & LONG_MODE) != 0 ? ", long mode" : "");
        }
        text.append(sse(mode) ? "" : ", no SSE");
        for (int i = 0; i < 6; i++) {
            boolean checked = i != CpuState.CS && !unchecked(mode, i);
            if (checked || !baseZero(mode, i)) {
                text.append(", ").append(Disassembler.segment(i));
                text.append(baseZero(mode, i) ? "" : " with base")
                        .append(checked ? " checked" : "");
            }
        }
        return text.toString();
    }

    /** 2, 4 or 8. */
    static int codeSize(int mode) {
        return 2 << (mode & 3);
    }

    static boolean wide(int mode) {
        return (mode & 3) == CODE_64;
    }

    static int bank(int mode) {
        return mode >> BANK_SHIFT & 3;
    }

    /** Whether instructions on XMM registers raise neither #UD nor #NM. */
    static boolean sse(int mode) {
        return (mode & SSE) != 0;
    }

    /** Whether memory can be accessed directly at all. */
    static boolean direct(int mode) {
        return bank(mode) != Mmu.ALIGNED_BANK;
    }

    /** Whether TLB tags may have more than 32 bits. */
    static boolean longMode(int mode) {
        return (mode & LONG_MODE) != 0;
    }

    /** Whether branches need no check of the code segment's limit. */
    static boolean flatCode(int mode) {
        return (mode & FLAT_CODE) != 0;
    }

    /** Whether nothing is to be checked of accesses through a segment. */
    static boolean unchecked(int mode, int segment) {
        return (mode >> SEGMENTS_SHIFT + 2 * segment & SegmentRegister.UNCHECKED) != 0;
    }

    /** Whether a segment adds nothing to offsets. */
    static boolean baseZero(int mode, int segment) {
        return (mode >> SEGMENTS_SHIFT + 2 * segment & SegmentRegister.BASE_ZERO) != 0;
    }

    /** Whether pushes and pops are as wide as the code's addresses and unchecked. */
    static boolean plainStack(int mode) {
        return wide(mode)
                || codeSize(mode) == 4
                        && (mode & STACK_32) != 0
                        && direct(mode)
                        && unchecked(mode, CpuState.SS);
    }
}
