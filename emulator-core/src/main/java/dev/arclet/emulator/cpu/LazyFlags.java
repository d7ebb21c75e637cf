package dev.arclet.emulator.cpu;

/**
 * Arithmetic flags, computed when somebody looks. An operation leaves its kind, operands and result
 * in {@link CpuState}; most of them are overwritten unread.
 */
public final class LazyFlags {
    /** EFLAGS bits. */
    public static final int CF = 1, PF = 4, AF = 0x10, ZF = 0x40, SF = 0x80, OF = 0x800;

    /** All arithmetic flags. */
    public static final int MASK = CF | PF | AF | ZF | SF | OF;

    /** Kind: {@link CpuState#flagResult} holds the flags themselves. */
    public static final int EXPLICIT = 0;

    private LazyFlags() {}

    /** The arithmetic flags as EFLAGS bits. */
    public static int compute(CpuState cpu) {
        return (int) cpu.flagResult & MASK;
    }
}
