package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.LazyFlags;

/**
 * How a region's locals hold the arithmetic flags: as {@link LazyFlags} do, but the result of an
 * addition or subtraction is left out where operands and size give it back.
 *
 * <p>A code is a {@link LazyFlags} kind; or one with {@link #DERIVED} and log2 of the operand size
 * in bits 4..5, if the result is not held. So what {@link CpuState#flagKind} otherwise is is a
 * code.
 */
public final class FlagCode {
    /** The result is not held, but to be computed from the operands. */
    private static final int DERIVED = 0x40;

    /** Not a code: it is known when the region runs only, and in a local. */
    static final int DYNAMIC = -1;

    /** Not a code: the processor's fields hold the flags, and the locals mean nothing. */
    static final int PROCESSOR = -3;

    /** Not a code: nobody will ask. */
    static final int DEAD = -2;

    private static final int KIND = 0xF;

    private FlagCode() {}

    /** The code of an operation whose result follows from its operands. */
    static int of(int kind, int bytes) {
        return kind | DERIVED | Integer.numberOfTrailingZeros(bytes) << 4;
    }

    static int kind(int code) {
        return code & KIND;
    }

    static boolean isFull(int code) {
        return (code & DERIVED) == 0;
    }

    static int bytes(int code) {
        return 1 << (code >> 4 & 3);
    }

    private static long result(int code, long dst, long src, long result) {
        if ((code & DERIVED) == 0) {
            return result;
        }
        int shift = 64 - (8 << (code >> 4 & 3));
        return switch (code & KIND) {
            case LazyFlags.ADD -> dst + src << shift >> shift;
            case LazyFlags.SUB -> dst - src << shift >> shift;
            case LazyFlags.INC -> dst + 1 << shift >> shift;
            case LazyFlags.DEC -> dst - 1 << shift >> shift;
            default -> result;
        };
    }

    /**
     * Makes the processor's flag fields, into which locals were stored, what they mean there.
     *
     * @param code a code, of which the fields are
     */
    public static void settle(CpuState cpu, int code) {
        cpu.flagKind = code & KIND;
        if ((code & DERIVED) != 0) {
            cpu.flagResult = result(code, cpu.flagDst, cpu.flagSrc, cpu.flagResult);
        }
    }

    /** The arithmetic flags as EFLAGS bits. */
    public static int compute(int code, long dst, long src, long result) {
        return LazyFlags.compute(code & KIND, dst, src, result(code, dst, src, result));
    }

    /** CF as 0 or 1. */
    public static int carry(int code, long dst, long src, long result) {
        return LazyFlags.carry(code & KIND, dst, src, result(code, dst, src, result)) ? 1 : 0;
    }

    /** Whether condition code {@code cc} (0..15, as in Jcc) holds. */
    public static boolean condition(int code, long dst, long src, long result, int cc) {
        int flags = compute(code, dst, src, result);
        boolean sign = (flags & LazyFlags.SF) != 0;
        boolean overflow = (flags & LazyFlags.OF) != 0;
        boolean holds =
                switch (cc >> 1) {
                    case 0 -> overflow;
                    case 1 -> (flags & LazyFlags.CF) != 0;
                    case 2 -> (flags & LazyFlags.ZF) != 0;
                    case 3 -> (flags & (LazyFlags.CF | LazyFlags.ZF)) != 0;
                    case 4 -> sign;
                    case 5 -> (flags & LazyFlags.PF) != 0;
                    case 6 -> sign != overflow;
                    default -> sign != overflow || (flags & LazyFlags.ZF) != 0;
                };
        return holds == ((cc & 1) == 0);
    }

    /** Flags after a rotation: CF and OF from the result, the others as before. */
    public static int rotated(int before, long result, int bits, boolean left) {
        boolean top = (result >>> (bits - 1) & 1) != 0;
        boolean carry = left ? (result & 1) != 0 : top;
        boolean other = left ? top : (result >>> (bits - 2) & 1) != 0;
        return before & ~(LazyFlags.CF | LazyFlags.OF)
                | (carry ? LazyFlags.CF : 0)
                | (carry != other ? LazyFlags.OF : 0);
    }

    private static int carryAndOverflow(boolean carry, boolean overflow) {
        return (carry ? LazyFlags.CF : 0) | (overflow ? LazyFlags.OF : 0);
    }

    /** Flags after RCL or RCR by one place: CF is what came out, the others are as before. */
    public static int rotatedThrough(int before, long value, long result, int bits, boolean left) {
        boolean carry = (value >>> (left ? bits - 1 : 0) & 1) != 0;
        boolean top = (result >>> (bits - 1) & 1) != 0;
        boolean other = left ? carry : (result >>> (bits - 2) & 1) != 0;
        return before & ~(LazyFlags.CF | LazyFlags.OF) | carryAndOverflow(carry, top != other);
    }

    /** CF and OF of SHL by 1..31, or of 64 bits by 1..63. */
    public static int shiftedLeft(long value, int count, int bits) {
        boolean carry = count <= bits && (value >>> (bits - count) & 1) != 0;
        boolean sign = (value << count >>> (bits - 1) & 1) != 0;
        return carryAndOverflow(carry, carry != sign);
    }

    /** CF and OF of SHR; a value of less than 32 bits is zero extended. */
    public static int shiftedRight(long value, int count, int bits) {
        return carryAndOverflow((value >>> (count - 1) & 1) != 0, (value >>> (bits - 1) & 1) != 0);
    }

    /** CF and OF of SAR. */
    public static int shiftedRightSigned(long value, int count, int bits) {
        return carryAndOverflow((value >>> (count - 1) & 1) != 0, false);
    }
}
