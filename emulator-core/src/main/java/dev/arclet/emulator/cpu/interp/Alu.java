package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.LazyFlags;

/**
 * Integer addition, subtraction and logic with their flags (SDM vol. 2).
 *
 * <p>Each comes in three widths: 32, 64, and any. The last takes operands whose bits beyond the
 * size are ignored, and {@code shift = 64 - bits}; it returns the result sign extended.
 */
public final class Alu {
    /** An operation on two operands of {@code 64 - shift} bits. */
    @FunctionalInterface
    public interface Binary {
        /** The sign-extended result; flags are set. */
        long apply(CpuState cpu, long dst, long src, int shift);
    }

    /** An operation on one operand of {@code 64 - shift} bits. */
    @FunctionalInterface
    public interface Unary {
        /** The sign-extended result; flags are set. */
        long apply(CpuState cpu, long value, int shift);
    }

    private Alu() {}

    private static void leave(CpuState cpu, int kind, long dst, long src, long result) {
        cpu.flagKind = kind;
        cpu.flagDst = dst;
        cpu.flagSrc = src;
        cpu.flagResult = result;
    }

    /** ADD. */
    public static int add32(CpuState cpu, int dst, int src) {
        int result = dst + src;
        leave(cpu, LazyFlags.ADD, dst, src, result);
        return result;
    }

    /** ADD. */
    public static long add64(CpuState cpu, long dst, long src) {
        long result = dst + src;
        leave(cpu, LazyFlags.ADD, dst, src, result);
        return result;
    }

    /** ADD. */
    public static long add(CpuState cpu, long dst, long src, int shift) {
        long a = dst << shift >> shift;
        long b = src << shift >> shift;
        long result = (a + b) << shift >> shift;
        leave(cpu, LazyFlags.ADD, a, b, result);
        return result;
    }

    /** ADC. */
    public static int adc32(CpuState cpu, int dst, int src) {
        int result = dst + src + LazyFlags.carryBit(cpu);
        leave(cpu, LazyFlags.ADD, dst, src, result);
        return result;
    }

    /** ADC. */
    public static long adc64(CpuState cpu, long dst, long src) {
        long result = dst + src + LazyFlags.carryBit(cpu);
        leave(cpu, LazyFlags.ADD, dst, src, result);
        return result;
    }

    /** ADC. */
    public static long adc(CpuState cpu, long dst, long src, int shift) {
        long a = dst << shift >> shift;
        long b = src << shift >> shift;
        long result = (a + b + LazyFlags.carryBit(cpu)) << shift >> shift;
        leave(cpu, LazyFlags.ADD, a, b, result);
        return result;
    }

    /** SUB. */
    public static int sub32(CpuState cpu, int dst, int src) {
        int result = dst - src;
        leave(cpu, LazyFlags.SUB, dst, src, result);
        return result;
    }

    /** SUB. */
    public static long sub64(CpuState cpu, long dst, long src) {
        long result = dst - src;
        leave(cpu, LazyFlags.SUB, dst, src, result);
        return result;
    }

    /** SUB. */
    public static long sub(CpuState cpu, long dst, long src, int shift) {
        long a = dst << shift >> shift;
        long b = src << shift >> shift;
        long result = (a - b) << shift >> shift;
        leave(cpu, LazyFlags.SUB, a, b, result);
        return result;
    }

    /** SBB. */
    public static int sbb32(CpuState cpu, int dst, int src) {
        int result = dst - src - LazyFlags.carryBit(cpu);
        leave(cpu, LazyFlags.SBB, dst, src, result);
        return result;
    }

    /** SBB. */
    public static long sbb64(CpuState cpu, long dst, long src) {
        long result = dst - src - LazyFlags.carryBit(cpu);
        leave(cpu, LazyFlags.SBB, dst, src, result);
        return result;
    }

    /** SBB. */
    public static long sbb(CpuState cpu, long dst, long src, int shift) {
        long a = dst << shift >> shift;
        long b = src << shift >> shift;
        long result = (a - b - LazyFlags.carryBit(cpu)) << shift >> shift;
        leave(cpu, LazyFlags.SBB, a, b, result);
        return result;
    }

    /** The flags of a logical operation. */
    private static long logic(CpuState cpu, long result) {
        cpu.flagKind = LazyFlags.LOGIC;
        cpu.flagResult = result;
        return result;
    }

    /** AND, and TEST, which drops the result. */
    public static int and32(CpuState cpu, int dst, int src) {
        return (int) logic(cpu, dst & src);
    }

    /** AND, and TEST, which drops the result. */
    public static long and64(CpuState cpu, long dst, long src) {
        return logic(cpu, dst & src);
    }

    /** AND, and TEST, which drops the result. */
    public static long and(CpuState cpu, long dst, long src, int shift) {
        return logic(cpu, (dst & src) << shift >> shift);
    }

    /** OR. */
    public static int or32(CpuState cpu, int dst, int src) {
        return (int) logic(cpu, dst | src);
    }

    /** OR. */
    public static long or64(CpuState cpu, long dst, long src) {
        return logic(cpu, dst | src);
    }

    /** OR. */
    public static long or(CpuState cpu, long dst, long src, int shift) {
        return logic(cpu, (dst | src) << shift >> shift);
    }

    /** XOR. */
    public static int xor32(CpuState cpu, int dst, int src) {
        return (int) logic(cpu, dst ^ src);
    }

    /** XOR. */
    public static long xor64(CpuState cpu, long dst, long src) {
        return logic(cpu, dst ^ src);
    }

    /** XOR. */
    public static long xor(CpuState cpu, long dst, long src, int shift) {
        return logic(cpu, (dst ^ src) << shift >> shift);
    }

    /** INC: CF stays. */
    public static int inc32(CpuState cpu, int value) {
        int result = value + 1;
        leave(cpu, LazyFlags.INC, value, LazyFlags.carryBit(cpu), result);
        return result;
    }

    /** INC: CF stays. */
    public static long inc64(CpuState cpu, long value) {
        long result = value + 1;
        leave(cpu, LazyFlags.INC, value, LazyFlags.carryBit(cpu), result);
        return result;
    }

    /** INC: CF stays. */
    public static long inc(CpuState cpu, long value, int shift) {
        long a = value << shift >> shift;
        long result = (a + 1) << shift >> shift;
        leave(cpu, LazyFlags.INC, a, LazyFlags.carryBit(cpu), result);
        return result;
    }

    /** DEC: CF stays. */
    public static int dec32(CpuState cpu, int value) {
        int result = value - 1;
        leave(cpu, LazyFlags.DEC, value, LazyFlags.carryBit(cpu), result);
        return result;
    }

    /** DEC: CF stays. */
    public static long dec64(CpuState cpu, long value) {
        long result = value - 1;
        leave(cpu, LazyFlags.DEC, value, LazyFlags.carryBit(cpu), result);
        return result;
    }

    /** DEC: CF stays. */
    public static long dec(CpuState cpu, long value, int shift) {
        long a = value << shift >> shift;
        long result = (a - 1) << shift >> shift;
        leave(cpu, LazyFlags.DEC, a, LazyFlags.carryBit(cpu), result);
        return result;
    }

    /** NEG: a subtraction from zero. */
    public static long neg(CpuState cpu, long value, int shift) {
        return sub(cpu, 0, value, shift);
    }

    /** NOT: no flags. */
    public static long not(CpuState cpu, long value, int shift) {
        return ~value;
    }

    /** ADCX: an unsigned addition that takes and leaves its carry in CF alone. */
    public static long adcx(CpuState cpu, long dst, long src, int shift) {
        return addWithCarryIn(cpu, dst, src, shift, LazyFlags.CF);
    }

    /** ADOX: an unsigned addition that takes and leaves its carry in OF alone. */
    public static long adox(CpuState cpu, long dst, long src, int shift) {
        return addWithCarryIn(cpu, dst, src, shift, LazyFlags.OF);
    }

    private static long addWithCarryIn(CpuState cpu, long dst, long src, int shift, int flag) {
        int flags = LazyFlags.compute(cpu);
        long a = dst << shift >> shift;
        long b = src << shift >> shift;
        long result = (a + b + ((flags & flag) != 0 ? 1 : 0)) << shift >> shift;
        boolean carry = ((a & b) | ((a | b) & ~result)) < 0;
        cpu.setArithmeticFlags(carry ? flags | flag : flags & ~flag);
        return result;
    }
}
