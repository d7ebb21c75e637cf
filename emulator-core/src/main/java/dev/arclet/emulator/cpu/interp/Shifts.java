package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.LazyFlags;

/**
 * Shifts and rotates with their flags (SDM vol. 2). Values are zero extended to 64 bits; {@code
 * bits} is the operand size; the count is already masked to 5 bits, or 6 for 64-bit operands.
 * Results count in their low {@code bits} only. A count of zero changes nothing.
 *
 * <p>Where the SDM leaves OF undefined (counts other than 1) it is computed as for a count of 1,
 * from the result.
 */
public final class Shifts {
    /** A shift or rotate. */
    @FunctionalInterface
    public interface Shift {
        /** The result; flags are set. */
        long apply(CpuState cpu, long value, int count, int bits);
    }

    private Shifts() {}

    private static long extend(long value, int bits) {
        return value << (64 - bits) >> (64 - bits);
    }

    private static int flags(boolean carry, boolean overflow) {
        return (carry ? LazyFlags.CF : 0) | (overflow ? LazyFlags.OF : 0);
    }

    /** SHL, SAL. */
    public static long shl(CpuState cpu, long value, int count, int bits) {
        if (count == 0) {
            return value;
        }
        // Beyond the size (8 and 16 bits only) zeros come out.
        long result = extend(value << count, bits);
        boolean carry = count <= bits && (value >>> (bits - count) & 1) != 0;
        LazyFlags.set(cpu, result, flags(carry, carry != result < 0));
        return result;
    }

    /** SHR. */
    public static long shr(CpuState cpu, long value, int count, int bits) {
        if (count == 0) {
            return value;
        }
        long result = extend(value >>> count, bits);
        boolean carry = (value >>> (count - 1) & 1) != 0;
        boolean overflow = (value >>> (bits - 1) & 1) != 0;
        LazyFlags.set(cpu, result, flags(carry, overflow));
        return result;
    }

    /** SAR. */
    public static long sar(CpuState cpu, long value, int count, int bits) {
        if (count == 0) {
            return value;
        }
        long signed = extend(value, bits);
        long result = signed >> count;
        boolean carry = (signed >> (count - 1) & 1) != 0;
        LazyFlags.set(cpu, result, flags(carry, false));
        return result;
    }

    /** Rotates leave ZF, SF, PF and AF as they are. */
    private static void setCarryAndOverflow(CpuState cpu, boolean carry, boolean overflow) {
        int others = LazyFlags.compute(cpu) & ~(LazyFlags.CF | LazyFlags.OF);
        cpu.setArithmeticFlags(others | flags(carry, overflow));
    }

    /** ROL. */
    public static long rol(CpuState cpu, long value, int count, int bits) {
        if (count == 0) {
            return value;
        }
        int n = count & (bits - 1);
        long result = n == 0 ? value : value << n | value >>> (bits - n);
        boolean carry = (result & 1) != 0;
        boolean top = (result >>> (bits - 1) & 1) != 0;
        setCarryAndOverflow(cpu, carry, carry != top);
        return result;
    }

    /** ROR. */
    public static long ror(CpuState cpu, long value, int count, int bits) {
        if (count == 0) {
            return value;
        }
        int n = count & (bits - 1);
        long result = n == 0 ? value : value >>> n | value << (bits - n);
        boolean carry = (result >>> (bits - 1) & 1) != 0;
        boolean second = (result >>> (bits - 2) & 1) != 0;
        setCarryAndOverflow(cpu, carry, carry != second);
        return result;
    }

    /** RCL: a rotation through CF. */
    public static long rcl(CpuState cpu, long value, int count, int bits) {
        int n = bits < 32 ? count % (bits + 1) : count;
        boolean carry = LazyFlags.carry(cpu);
        long result = value;
        if (n != 0) {
            // bits + 1 places in the ring: the carry enters at place n - 1 of the result.
            long in = carry ? 1L << (n - 1) : 0;
            long wrapped = n == 1 ? 0 : value >>> (bits - n + 1);
            carry = (value >>> (bits - n) & 1) != 0;
            result = (n == 64 ? 0 : value << n) | in | wrapped;
        }
        if (count != 0) {
            boolean top = (result >>> (bits - 1) & 1) != 0;
            setCarryAndOverflow(cpu, carry, carry != top);
        }
        return result;
    }

    /** RCR: a rotation through CF. */
    public static long rcr(CpuState cpu, long value, int count, int bits) {
        int n = bits < 32 ? count % (bits + 1) : count;
        boolean carry = LazyFlags.carry(cpu);
        long result = value;
        if (n != 0) {
            long in = carry ? 1L << (bits - n) : 0;
            long wrapped = n == 1 ? 0 : value << (bits - n + 1);
            carry = (value >>> (n - 1) & 1) != 0;
            result = value >>> n | in | wrapped;
        }
        if (count != 0) {
            boolean top = (result >>> (bits - 1) & 1) != 0;
            boolean second = (result >>> (bits - 2) & 1) != 0;
            setCarryAndOverflow(cpu, carry, top != second);
        }
        return result;
    }

    /**
     * SHLD. With 16 bits and a count above 16 the result is undefined; a Zen 5 then rotates the
     * source, and clears CF and OF.
     */
    public static long shld(CpuState cpu, long dst, long src, int count, int bits) {
        if (count == 0) {
            return dst;
        }
        if (count > bits) {
            long rotated = extend(rotateWord(src, count), bits);
            LazyFlags.set(cpu, rotated, 0);
            return rotated;
        }
        long result = count == bits ? src : dst << count | src >>> (bits - count);
        boolean carry = (dst >>> (bits - count) & 1) != 0;
        result = extend(result, bits);
        boolean changed = result < 0 != extend(dst, bits) < 0;
        LazyFlags.set(cpu, result, flags(carry, changed));
        return result;
    }

    /** SHRD; see {@link #shld}. There, OF tells that the two top bits of the result differ. */
    public static long shrd(CpuState cpu, long dst, long src, int count, int bits) {
        if (count == 0) {
            return dst;
        }
        if (count > bits) {
            long rotated = extend(rotateWord(src, -count), bits);
            LazyFlags.set(cpu, rotated, flags(false, rotated < 0 != rotated << 1 << 48 < 0));
            return rotated;
        }
        long result = count == bits ? src : dst >>> count | src << (bits - count);
        boolean carry = (dst >>> (count - 1) & 1) != 0;
        result = extend(result, bits);
        boolean changed = result < 0 != extend(dst, bits) < 0;
        LazyFlags.set(cpu, result, flags(carry, changed));
        return result;
    }

    /** A 16-bit rotation to the left. */
    private static long rotateWord(long value, int count) {
        long word = value & 0xFFFF;
        return word << (count & 15) | word >>> (-count & 15);
    }
}
