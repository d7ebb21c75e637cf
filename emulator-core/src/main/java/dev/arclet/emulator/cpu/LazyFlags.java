package dev.arclet.emulator.cpu;

/**
 * Arithmetic flags, computed when somebody looks. An operation leaves its kind, operands and result
 * in {@link CpuState}; most of them are overwritten unread.
 *
 * <p>Operands and results are kept <b>sign extended</b> from the operand size to 64 bits. That
 * makes every formula independent of the size: zero is {@code result == 0}, sign is {@code result <
 * 0}, carries and overflows show in bit 63, and sign extension keeps the unsigned order, too.
 */
public final class LazyFlags {
    /** EFLAGS bits. */
    public static final int CF = 1, PF = 4, AF = 0x10, ZF = 0x40, SF = 0x80, OF = 0x800;

    /** All arithmetic flags. */
    public static final int MASK = CF | PF | AF | ZF | SF | OF;

    /** Kind: {@link CpuState#flagResult} holds the flags themselves. */
    public static final int EXPLICIT = 0;

    /** Kind: result = dst + src, or dst + src + 1. */
    public static final int ADD = 1;

    /** Kind: result = dst - src. */
    public static final int SUB = 2;

    /** Kind: result = dst - src, or dst - src - 1. */
    public static final int SBB = 3;

    /** Kind: result of a logical operation; CF, AF and OF are clear. */
    public static final int LOGIC = 4;

    /** Kind: result = dst + 1; bit 0 of src is CF, which stays what it was. */
    public static final int INC = 5;

    /** Kind: result = dst - 1; bit 0 of src is CF, which stays what it was. */
    public static final int DEC = 6;

    /** Kind: ZF, SF and PF are of the result; src holds CF, AF and OF as EFLAGS bits. */
    public static final int RESULT = 7;

    private LazyFlags() {}

    /** The arithmetic flags as EFLAGS bits. */
    public static int compute(CpuState cpu) {
        return compute(cpu.flagKind, cpu.flagDst, cpu.flagSrc, cpu.flagResult);
    }

    /** The arithmetic flags, as EFLAGS bits, that an operation left. */
    public static int compute(int kind, long dst, long src, long result) {
        if (kind == EXPLICIT) {
            return (int) result & MASK;
        }
        int flags = parity(result) ? PF : 0;
        if (result == 0) {
            flags |= ZF;
        }
        if (result < 0) {
            flags |= SF;
        }
        switch (kind) {
            case LOGIC -> {}
            case RESULT -> flags |= (int) src & (CF | AF | OF);
            case INC -> {
                flags |= (int) src & CF;
                flags |= (result & 0xF) == 0 ? AF : 0;
                flags |= (~dst & result) < 0 ? OF : 0;
            }
            case DEC -> {
                flags |= (int) src & CF;
                flags |= (result & 0xF) == 0xF ? AF : 0;
                flags |= (dst & ~result) < 0 ? OF : 0;
            }
            default -> {
                flags |= carry(kind, dst, src, result) ? CF : 0;
                flags |= (int) (dst ^ src ^ result) & AF;
                flags |= overflow(kind, dst, src, result) ? OF : 0;
            }
        }
        return flags;
    }

    /** Even parity of the low byte. */
    private static boolean parity(long result) {
        return (Integer.bitCount((int) result & 0xFF) & 1) == 0;
    }

    /** Leaves the flags of a result with CF, AF and OF given as EFLAGS bits. */
    public static void set(CpuState cpu, long signExtendedResult, int carryAuxOverflow) {
        cpu.flagKind = RESULT;
        cpu.flagResult = signExtendedResult;
        cpu.flagSrc = carryAuxOverflow;
    }

    /** CF. */
    public static boolean carry(CpuState cpu) {
        return carry(cpu.flagKind, cpu.flagDst, cpu.flagSrc, cpu.flagResult);
    }

    /** CF that an operation left. */
    public static boolean carry(int kind, long dst, long src, long result) {
        return switch (kind) {
            case SUB -> Long.compareUnsigned(dst, src) < 0;
            case LOGIC -> false;
            case ADD -> ((dst & src) | ((dst | src) & ~result)) < 0;
            case SBB -> ((~dst & src) | ((~dst | src) & result)) < 0;
            case EXPLICIT -> (result & CF) != 0;
            default -> (src & CF) != 0;
        };
    }

    /** CF as 0 or 1. */
    public static int carryBit(CpuState cpu) {
        return carry(cpu) ? 1 : 0;
    }

    /** ZF. */
    public static boolean zero(CpuState cpu) {
        return cpu.flagKind == EXPLICIT ? (cpu.flagResult & ZF) != 0 : cpu.flagResult == 0;
    }

    /** SF. */
    public static boolean sign(CpuState cpu) {
        return cpu.flagKind == EXPLICIT ? (cpu.flagResult & SF) != 0 : cpu.flagResult < 0;
    }

    /** PF. */
    public static boolean parity(CpuState cpu) {
        return cpu.flagKind == EXPLICIT ? (cpu.flagResult & PF) != 0 : parity(cpu.flagResult);
    }

    /** OF. */
    public static boolean overflow(CpuState cpu) {
        return overflow(cpu.flagKind, cpu.flagDst, cpu.flagSrc, cpu.flagResult);
    }

    /** OF that an operation left. */
    public static boolean overflow(int kind, long dst, long src, long result) {
        return switch (kind) {
            case SUB, SBB -> ((dst ^ src) & (dst ^ result)) < 0;
            case LOGIC -> false;
            case ADD -> ((dst ^ result) & (src ^ result)) < 0;
            case INC -> (~dst & result) < 0;
            case DEC -> (dst & ~result) < 0;
            case RESULT -> (src & OF) != 0;
            default -> (result & OF) != 0;
        };
    }

    /** CF or ZF: unsigned less or equal. */
    public static boolean belowOrEqual(CpuState cpu) {
        return cpu.flagKind == SUB
                ? Long.compareUnsigned(cpu.flagDst, cpu.flagSrc) <= 0
                : zero(cpu) || carry(cpu);
    }

    /** SF != OF: signed less. */
    public static boolean less(CpuState cpu) {
        return switch (cpu.flagKind) {
            case SUB -> cpu.flagDst < cpu.flagSrc;
            case LOGIC -> cpu.flagResult < 0;
            default -> sign(cpu) != overflow(cpu);
        };
    }

    /** ZF or SF != OF: signed less or equal. */
    public static boolean lessOrEqual(CpuState cpu) {
        return switch (cpu.flagKind) {
            case SUB -> cpu.flagDst <= cpu.flagSrc;
            case LOGIC -> cpu.flagResult <= 0;
            default -> zero(cpu) || sign(cpu) != overflow(cpu);
        };
    }

    /** Whether condition code {@code cc} (0..15, as in Jcc) holds. */
    public static boolean condition(CpuState cpu, int cc) {
        boolean holds =
                switch (cc >> 1) {
                    case 0 -> overflow(cpu);
                    case 1 -> carry(cpu);
                    case 2 -> zero(cpu);
                    case 3 -> belowOrEqual(cpu);
                    case 4 -> sign(cpu);
                    case 5 -> parity(cpu);
                    case 6 -> less(cpu);
                    default -> lessOrEqual(cpu);
                };
        return holds == ((cc & 1) == 0);
    }
}
