package dev.arclet.emulator.cpu.fpu;

import static dev.arclet.emulator.cpu.fpu.Float80.INTEGER;
import static dev.arclet.emulator.cpu.fpu.Float80.QUIET;
import static dev.arclet.emulator.cpu.fpu.Float80.SIGN;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.LazyFlags;
import dev.arclet.emulator.fault.GuestFault;

/**
 * What x87 instructions do to the register stack and the status word, given their operands (SDM
 * vol. 1, chapter 8; vol. 2A). Memory operands are loaded before and stored after by the caller.
 */
public final class X87 {
    /** Binary operations; the reversed ones take their operands in the other order. */
    public static final int ADD = 0, SUB = 1, SUBR = 2, MUL = 3, DIV = 4, DIVR = 5;

    /** Comparisons: ordered, unordered. */
    public static final boolean ORDERED = false, UNORDERED = true;

    private static final int STACK_FAULT = 0x40;
    private static final int C0 = 0x100, C1 = 0x200, C2 = 0x400, C3 = 0x4000;
    private static final int CONDITIONS = C0 | C1 | C2 | C3;
    private static final int CR0_MP = 2, CR0_EM = 4, CR0_TS = 8, CR0_NE = 0x20;

    private X87() {}

    /**
     * #NM for every x87 instruction but FWAIT, if there is no FPU or it belongs to another task.
     */
    public static void checkAvailable(CpuState cpu) {
        if ((cpu.cr0 & (CR0_EM | CR0_TS)) != 0) {
            throw cpu.fault(GuestFault.NM, 0);
        }
    }

    /** The check of waiting instructions: also #MF for an exception that is pending. */
    public static void checkWaiting(CpuState cpu) {
        if ((cpu.cr0 & (CR0_EM | CR0_TS)) != 0) {
            throw cpu.fault(GuestFault.NM, 0);
        }
        checkPending(cpu);
    }

    /** FWAIT. */
    public static void waitForIt(CpuState cpu) {
        if ((cpu.cr0 & CR0_MP) != 0 && (cpu.cr0 & CR0_TS) != 0) {
            throw cpu.fault(GuestFault.NM, 0);
        }
        checkPending(cpu);
    }

    /** #MF if an unmasked exception is pending, or FERR# with CR0.NE clear. */
    public static void checkPending(CpuState cpu) {
        if ((cpu.x87.status & 0x80) != 0) {
            if ((cpu.cr0 & CR0_NE) != 0) {
                throw cpu.fault(GuestFault.MF, 0);
            }
            cpu.bus.floatingPointError();
        }
    }

    /**
     * Whether an instruction that waits may go ahead: it would not fault, and nobody would have to
     * be told of an error that it meets.
     */
    public static boolean isReady(CpuState cpu) {
        X87State x = cpu.x87;
        return (cpu.cr0 & (CR0_EM | CR0_TS)) == 0
                && (x.status & 0x80) == 0
                && ((cpu.cr0 & CR0_NE) != 0 || (x.control & 0x3F) == 0x3F);
    }

    /**
     * Leaves behind where an instruction was (SDM vol. 1, section 8.1.8).
     *
     * @param rip its offset
     * @param opcode its low 11 bits count
     */
    public static void record(CpuState cpu, long rip, int opcode) {
        X87State x = cpu.x87;
        x.instructionPointer = rip;
        x.instructionSelector = cpu.segments[CpuState.CS].selector;
        x.lastOpcode = opcode & 0x7FF;
    }

    /** The same, and where its operand was: at an offset of a segment. */
    public static void record(CpuState cpu, long rip, int opcode, long offset, int segment) {
        record(cpu, rip, opcode);
        cpu.x87.dataPointer = offset;
        cpu.x87.dataSelector = cpu.segments[segment].selector;
    }

    /** Enters exceptions and C1 into the status word. */
    private static void commit(CpuState cpu, int flags) {
        X87State x = cpu.x87;
        x.status = x.status & ~C1 | flags;
        if ((flags & ~x.control & 0x3F) != 0) {
            x.status |= 0x8080;
            if ((cpu.cr0 & CR0_NE) == 0) {
                cpu.bus.floatingPointError();
            }
        }
    }

    /** Enters the flags of an operation. Returns whether its result may be delivered. */
    private static boolean commit(CpuState cpu, Float80 f) {
        if (f.suppressed()) {
            commit(cpu, f.flags & (STACK_FAULT | 7));
            return false;
        }
        commit(cpu, f.flags);
        return true;
    }

    private static boolean invalidMasked(CpuState cpu) {
        return (cpu.x87.control & 1) != 0;
    }

    /** Signals a stack underflow; returns whether the masked response is wanted. */
    private static boolean underflow(CpuState cpu) {
        commit(cpu, STACK_FAULT | Float80.INVALID);
        return invalidMasked(cpu);
    }

    private static void indefinite(X87State x, int i) {
        x.set(i, 0xFFFF, INTEGER | QUIET);
    }

    /** Whether ST(7) is in use, so that a push overflows; then the response was given. */
    private static boolean overflows(CpuState cpu) {
        X87State x = cpu.x87;
        if (x.isEmpty(7)) {
            return false;
        }
        commit(cpu, STACK_FAULT | Float80.INVALID | C1);
        if (invalidMasked(cpu)) {
            x.push(0xFFFF, INTEGER | QUIET);
        }
        return true;
    }

    private static void compute(Float80 f, int operation, int aSe, long a, int bSe, long b) {
        switch (operation) {
            case ADD -> Float80Arithmetic.add(f, aSe, a, bSe, b);
            case SUB -> Float80Arithmetic.subtract(f, aSe, a, bSe, b);
            case SUBR -> Float80Arithmetic.subtract(f, bSe, b, aSe, a);
            case MUL -> Float80Arithmetic.multiply(f, aSe, a, bSe, b);
            case DIV -> Float80Arithmetic.divide(f, aSe, a, bSe, b);
            default -> Float80Arithmetic.divide(f, bSe, b, aSe, a);
        }
    }

    /** ST(i) = ST(i) op ST(j), then perhaps a pop. */
    public static void arithmetic(CpuState cpu, int operation, int i, int j, boolean pop) {
        X87State x = cpu.x87;
        if (x.isEmpty(i) || x.isEmpty(j)) {
            if (!underflow(cpu)) {
                return;
            }
            indefinite(x, i);
        } else {
            Float80 f = x.unit;
            f.begin(x.control);
            compute(
                    f,
                    operation,
                    x.signExponent(i),
                    x.significand(i),
                    x.signExponent(j),
                    x.significand(j));
            if (!commit(cpu, f)) {
                return;
            }
            x.set(i, f.signExponent, f.significand);
        }
        if (pop) {
            x.pop();
        }
    }

    /**
     * ST(0) = ST(0) op value.
     *
     * @param denormal whether the value was a denormal in its memory format
     */
    private static void arithmeticWith(
            CpuState cpu, int operation, int se, long value, boolean denormal) {
        X87State x = cpu.x87;
        if (x.isEmpty(0)) {
            if (underflow(cpu)) {
                indefinite(x, 0);
            }
            return;
        }
        Float80 f = x.unit;
        f.begin(x.control);
        int aSe = x.signExponent(0);
        long a = x.significand(0);
        compute(f, operation, aSe, a, se, value);
        if (denormal) {
            noteMemoryDenormal(f, aSe, a);
        }
        if (commit(cpu, f)) {
            x.set(0, f.signExponent, f.significand);
        }
    }

    /**
     * A denormal in memory signals, though widened it is normal, unless a NaN or a division by zero
     * takes precedence.
     */
    private static void noteMemoryDenormal(Float80 f, int se, long value) {
        if ((f.flags & (Float80.INVALID | Float80.ZERO_DIVIDE)) == 0 && !Float80.isNaN(se, value)) {
            f.flags |= Float80.DENORMAL;
        }
    }

    /**
     * Compares ST(0) with ST(i) into the accumulator's flags; an empty one is unordered and a stack
     * fault.
     */
    private static int compareRegisters(CpuState cpu, int i, boolean quiet) {
        X87State x = cpu.x87;
        Float80 f = x.unit;
        f.begin(x.control);
        if (x.isEmpty(0) || x.isEmpty(i)) {
            f.flags = STACK_FAULT | Float80.INVALID;
            return Float80Arithmetic.UNORDERED;
        }
        return Float80Arithmetic.compare(
                f, x.signExponent(0), x.significand(0), x.signExponent(i), x.significand(i), quiet);
    }

    /** Widens a value from memory; whether it was a denormal there. */
    private static boolean widen(Float80 value, int format, long bits) {
        switch (format) {
            case SINGLE -> {
                Float80Convert.widenSingle(value, (int) bits);
                return Float80Convert.isDenormalSingle((int) bits);
            }
            case DOUBLE -> {
                Float80Convert.widenDouble(value, bits);
                return Float80Convert.isDenormalDouble(bits);
            }
            default -> {
                Float80Convert.fromInteger(value, bits);
                return false;
            }
        }
    }

    /**
     * ST(0) = ST(0) op a value in memory.
     *
     * @param format any but {@link #EXTENDED} and {@link #BCD}
     * @param bits of the value, an integer's sign extended
     */
    public static void arithmeticWith(CpuState cpu, int operation, int format, long bits) {
        Float80 value = cpu.x87.second;
        boolean denormal = widen(value, format, bits);
        arithmeticWith(cpu, operation, value.signExponent, value.significand, denormal);
    }

    /** Compares ST(0) with a value in memory, as {@link #arithmeticWith} takes it; then pops. */
    public static void compareWith(CpuState cpu, int format, long bits, int pops) {
        Float80 value = cpu.x87.second;
        boolean denormal = widen(value, format, bits);
        compareWith(cpu, value.signExponent, value.significand, denormal, pops);
    }

    /** FLD and FILD of a value in memory, as {@link #arithmeticWith} takes it. */
    public static void load(CpuState cpu, int format, long bits) {
        Float80 value = cpu.x87.second;
        boolean denormal = widen(value, format, bits);
        if (format == SINGLE || format == DOUBLE) {
            loadFloat(cpu, value.signExponent, value.significand, denormal);
        } else {
            loadExact(cpu, value.signExponent, value.significand);
        }
    }

    private static void setConditions(X87State x, int conditions) {
        x.status = x.status & ~CONDITIONS | conditions;
    }

    /** FCOM, FUCOM and relatives: compares ST(0) with ST(i), then pops so often. */
    public static void compare(CpuState cpu, int i, boolean quiet, int pops) {
        finishCompare(cpu, compareRegisters(cpu, i, quiet), pops);
    }

    /** FCOM and FICOM: compares ST(0) with a value from memory. */
    public static void compareWith(CpuState cpu, int se, long value, boolean denormal, int pops) {
        X87State x = cpu.x87;
        Float80 f = x.unit;
        f.begin(x.control);
        int conditions = Float80Arithmetic.UNORDERED;
        if (x.isEmpty(0)) {
            f.flags = STACK_FAULT | Float80.INVALID;
        } else {
            int aSe = x.signExponent(0);
            long a = x.significand(0);
            conditions = Float80Arithmetic.compare(f, aSe, a, se, value, ORDERED);
            if (denormal) {
                noteMemoryDenormal(f, aSe, a);
            }
        }
        finishCompare(cpu, conditions, pops);
    }

    /** The conditions are set whatever is unmasked; only the pops depend on it. */
    private static void finishCompare(CpuState cpu, int conditions, int pops) {
        X87State x = cpu.x87;
        boolean complete = commit(cpu, x.unit);
        setConditions(x, conditions);
        for (int n = 0; complete && n < pops; n++) {
            x.pop();
        }
    }

    /**
     * FCOMI and relatives: as {@link #compare}; the new arithmetic flags, of which ZF PF CF tell.
     */
    public static int compareFlags(CpuState cpu, int i, boolean quiet, boolean pop) {
        X87State x = cpu.x87;
        int conditions = compareRegisters(cpu, i, quiet);
        int c1 = x.status & C1;
        boolean complete = commit(cpu, x.unit);
        if ((x.unit.flags & STACK_FAULT) == 0) {
            x.status |= c1;
        }
        int flags = 0;
        if ((conditions & C0) != 0) {
            flags |= LazyFlags.CF;
        }
        if ((conditions & C2) != 0) {
            flags |= LazyFlags.PF;
        }
        if ((conditions & C3) != 0) {
            flags |= LazyFlags.ZF;
        }
        if (pop && complete) {
            x.pop();
        }
        return flags;
    }

    /** FXAM. */
    public static void examine(CpuState cpu) {
        X87State x = cpu.x87;
        int se = x.signExponent(0);
        long a = x.significand(0);
        int conditions;
        if (x.isEmpty(0)) {
            conditions = C3 | C0;
        } else if (Float80.isUnsupported(se, a)) {
            conditions = 0;
        } else if ((se & Float80.EXPONENT) == Float80.EXPONENT) {
            conditions = a == INTEGER ? C2 | C0 : C0;
        } else if ((se & Float80.EXPONENT) != 0) {
            conditions = C2;
        } else {
            conditions = a == 0 ? C3 : C3 | C2;
        }
        setConditions(x, (se & SIGN) != 0 ? conditions | C1 : conditions);
    }

    /** FLD of a value that needs no conversion: a register, m80, an integer. */
    public static void loadExact(CpuState cpu, int se, long value) {
        if (!overflows(cpu)) {
            commit(cpu, 0);
            cpu.x87.push(se, value);
        }
    }

    /** FLD m32 and m64, given the widened value. */
    private static void loadFloat(CpuState cpu, int se, long value, boolean denormal) {
        if (overflows(cpu)) {
            return;
        }
        X87State x = cpu.x87;
        Float80 f = x.unit;
        f.begin(x.control);
        if (!f.special(se, value)) {
            f.set(se, value);
            if (denormal) {
                f.flags |= Float80.DENORMAL;
            }
        }
        // Unlike arithmetic, a load goes ahead with an unmasked denormal exception.
        commit(cpu, f.flags);
        if ((f.flags & ~f.masks & Float80.INVALID) == 0) {
            x.push(f.signExponent, f.significand);
        }
    }

    /** FLD ST(i). */
    public static void loadRegister(CpuState cpu, int i) {
        X87State x = cpu.x87;
        if (x.isEmpty(i)) { // counts even if the push would overflow
            if (underflow(cpu)) {
                x.push(0xFFFF, INTEGER | QUIET);
            }
            return;
        }
        if (!overflows(cpu)) {
            loadExact(cpu, x.signExponent(i), x.significand(i));
        }
    }

    /** Constants that can be loaded: 1, log2 10, log2 e, pi, log10 2, ln 2, 0. */
    public enum Constant {
        /** 1. */
        ONE(0x3FFF, INTEGER, false, false),
        /** log2 10. */
        LOG2_10(0x4000, 0xD49A_784B_CD1B_8AFEL, true, false),
        /** log2 e. */
        LOG2_E(0x3FFF, 0xB8AA_3B29_5C17_F0BBL, true, true),
        /** pi. */
        PI(0x4000, 0xC90F_DAA2_2168_C234L, true, true),
        /** log10 2. */
        LOG10_2(0x3FFD, 0x9A20_9A84_FBCF_F798L, true, true),
        /** ln 2. */
        LN_2(0x3FFE, 0xB172_17F7_D1CF_79ABL, true, true),
        /** 0. */
        ZERO(0, 0, false, false);

        private final int signExponent;
        private final long chopped;
        private final boolean inexact;
        private final boolean aboveHalf;

        Constant(int signExponent, long chopped, boolean inexact, boolean aboveHalf) {
            this.signExponent = signExponent;
            this.chopped = chopped;
            this.inexact = inexact;
            this.aboveHalf = aboveHalf;
        }

        private long significand(int rounding) {
            boolean up =
                    inexact && (rounding == Float80.UP || rounding == Float80.NEAREST && aboveHalf);
            return up ? chopped + 1 : chopped;
        }
    }

    /** FLD1, FLDPI and so on; rounded as the control word says, without a precision exception. */
    public static void loadConstant(CpuState cpu, Constant constant) {
        int rounding = cpu.x87.control >>> 10 & 3;
        loadExact(cpu, constant.signExponent, constant.significand(rounding));
    }

    /** FST ST(i), FSTP ST(i). */
    public static void storeRegister(CpuState cpu, int i, boolean pop) {
        X87State x = cpu.x87;
        if (x.isEmpty(0)) {
            if (!underflow(cpu)) {
                return;
            }
            indefinite(x, i);
        } else {
            commit(cpu, 0);
            x.set(i, x.signExponent(0), x.significand(0));
        }
        if (pop) {
            x.pop();
        }
    }

    /**
     * The alias D9 D8+i of FSTP ST(i): as that one, but an empty ST(0) is popped without a stack
     * fault and without a store, as the vectors show.
     */
    public static void storeAndPopQuietly(CpuState cpu, int i) {
        if (cpu.x87.isEmpty(0)) {
            commit(cpu, 0);
            cpu.x87.pop();
        } else {
            storeRegister(cpu, i, true);
        }
    }

    /** FXCH. */
    public static void exchange(CpuState cpu, int i) {
        X87State x = cpu.x87;
        if (x.isEmpty(0) || x.isEmpty(i)) {
            if (!underflow(cpu)) {
                return;
            }
            if (x.isEmpty(0)) {
                indefinite(x, 0);
            }
            if (x.isEmpty(i)) {
                indefinite(x, i);
            }
        } else {
            commit(cpu, 0);
        }
        int se = x.signExponent(0);
        long value = x.significand(0);
        x.set(0, x.signExponent(i), x.significand(i));
        x.set(i, se, value);
    }

    /** FCMOVcc. */
    public static void conditionalMove(CpuState cpu, int i, boolean condition) {
        X87State x = cpu.x87;
        if (x.isEmpty(0) || x.isEmpty(i)) {
            if (underflow(cpu)) {
                indefinite(x, 0);
            }
            return;
        }
        if (condition) {
            x.set(0, x.signExponent(i), x.significand(i));
        }
    }

    private static void changeSign(CpuState cpu, int keep, int flip) {
        X87State x = cpu.x87;
        if (x.isEmpty(0)) {
            if (underflow(cpu)) {
                indefinite(x, 0);
            }
            return;
        }
        commit(cpu, 0);
        x.signExponent[x.top] = x.signExponent[x.top] & keep ^ flip;
    }

    /** FINCSTP (1) and FDECSTP (-1). */
    public static void rotate(CpuState cpu, int by) {
        commit(cpu, 0);
        cpu.x87.top = cpu.x87.top + by & 7;
    }

    /** FFREE, and FFREEP with a pop. */
    public static void free(CpuState cpu, int i, boolean pop) {
        X87State x = cpu.x87;
        x.valid &= ~(1 << (x.top + i & 7));
        if (pop) {
            x.pop();
        }
    }

    /** FNCLEX. */
    public static void clearExceptions(CpuState cpu) {
        cpu.x87.status &= ~0x80FF;
    }

    /** Formats in memory. */
    public static final int SINGLE = 0, DOUBLE = 1, EXTENDED = 2, INT16 = 3, INT32 = 4, INT64 = 5;

    /** Packed decimal in memory. */
    public static final int BCD = 6;

    /**
     * Converts ST(0) for a store, leaving the bytes in {@code unit}: the low eight bytes in {@code
     * significand}, the upper two in {@code signExponent}. The status word does not change before
     * {@link #finishStore}, so that the store may fault in between.
     *
     * @param chop whether to round towards zero whatever the control word says (FISTTP)
     * @return false if an unmasked exception forbids the store (and the pop); the memory operand is
     *     checked all the same
     */
    public static boolean prepareStore(CpuState cpu, int format, boolean chop) {
        X87State x = cpu.x87;
        Float80 f = x.unit;
        f.begin(x.control);
        if (x.isEmpty(0)) {
            f.flags = Float80.INVALID | STACK_FAULT;
            if (!invalidMasked(cpu)) {
                return false;
            }
            storeIndefinite(f, format);
            return true;
        }
        int se = x.signExponent(0);
        long a = x.significand(0);
        int rounding = chop ? Float80.CHOP : f.rounding;
        switch (format) {
            case SINGLE -> f.significand = Float80Convert.toSingle(f, se, a);
            case DOUBLE -> f.significand = Float80Convert.toDouble(f, se, a);
            case EXTENDED -> f.set(se, a);
            case INT16 -> f.significand = Float80Convert.toInteger(f, se, a, 16, rounding);
            case INT32 -> f.significand = Float80Convert.toInteger(f, se, a, 32, rounding);
            case INT64 -> f.significand = Float80Convert.toInteger(f, se, a, 64, rounding);
            default -> Float80Convert.toBcd(f, se, a);
        }
        if ((f.flags & ~f.masks & 0x1F) != 0) {
            f.flags &= 0x1F;
            return false;
        }
        return true;
    }

    private static void storeIndefinite(Float80 f, int format) {
        switch (format) {
            case SINGLE -> f.significand = 0xFFC0_0000L;
            case DOUBLE -> f.significand = 0xFFF8_0000_0000_0000L;
            case INT16 -> f.significand = 0x8000;
            case INT32 -> f.significand = 0x8000_0000L;
            case INT64 -> f.significand = INTEGER;
            case EXTENDED -> f.set(0xFFFF, INTEGER | QUIET);
            default -> f.set(Float80Convert.BCD_INDEFINITE_HIGH, Float80Convert.BCD_INDEFINITE_LOW);
        }
    }

    /** What {@link #prepareStore} has left, of up to eight bytes. */
    public static long prepared(CpuState cpu) {
        return cpu.x87.unit.significand;
    }

    /** The rest of a store after the memory write, or after its check: flags and pop. */
    public static void finishStore(CpuState cpu, boolean pop) {
        commit(cpu, cpu.x87.unit.flags);
        if (pop) {
            cpu.x87.pop();
        }
    }

    /** Instructions on ST(0) alone. */
    @FunctionalInterface
    public interface Unary {
        /** Computes into the accumulator. */
        void compute(Float80 f, int se, long value);
    }

    /** Instructions on ST(0) and ST(1). */
    @FunctionalInterface
    public interface Binary {
        /** Computes into the accumulator from ST(0) and ST(1). */
        void compute(Float80 f, int se0, long value0, int se1, long value1);
    }

    /** ST(0) = f(ST(0)). */
    public static void unary(CpuState cpu, Unary operation) {
        X87State x = cpu.x87;
        if (x.isEmpty(0)) {
            if (underflow(cpu)) {
                indefinite(x, 0);
            }
            return;
        }
        Float80 f = x.unit;
        f.begin(x.control);
        operation.compute(f, x.signExponent(0), x.significand(0));
        if (commit(cpu, f)) {
            x.set(0, f.signExponent, f.significand);
        }
    }

    /** FSQRT. */
    public static void squareRoot(CpuState cpu) {
        unary(cpu, Float80Arithmetic::squareRoot);
    }

    /** FRNDINT. */
    public static void roundToIntegral(CpuState cpu) {
        unary(cpu, Float80Arithmetic::roundToIntegral);
    }

    /** FTST. */
    public static void compareZero(CpuState cpu) {
        compareWith(cpu, 0, 0, false, 0);
    }

    /** FCHS. */
    public static void negate(CpuState cpu) {
        changeSign(cpu, 0xFFFF, Float80.SIGN);
    }

    /** FABS. */
    public static void absolute(CpuState cpu) {
        changeSign(cpu, Float80.EXPONENT, 0);
    }

    /** ST(0) = f(ST(0), ST(1)), or ST(1) = f(...) and a pop. */
    public static void binary(CpuState cpu, Binary operation, boolean intoOneAndPop) {
        X87State x = cpu.x87;
        if (x.isEmpty(0) || x.isEmpty(1)) {
            if (!underflow(cpu)) {
                return;
            }
            x.unit.set(0xFFFF, INTEGER | QUIET);
        } else {
            Float80 f = x.unit;
            f.begin(x.control);
            operation.compute(
                    f, x.signExponent(0), x.significand(0), x.signExponent(1), x.significand(1));
            if (!commit(cpu, f)) {
                return;
            }
        }
        if (intoOneAndPop) {
            x.set(1, x.unit.signExponent, x.unit.significand);
            x.pop();
        } else {
            x.set(0, x.unit.signExponent, x.unit.significand);
        }
    }

    /** FPREM, FPREM1. */
    public static void remainder(CpuState cpu, boolean nearest) {
        X87State x = cpu.x87;
        x.status &= ~C2;
        if (x.isEmpty(0) || x.isEmpty(1)) {
            if (underflow(cpu)) {
                indefinite(x, 0);
            }
            return;
        }
        Float80 f = x.unit;
        f.begin(x.control);
        int conditions =
                Float80Arithmetic.remainder(
                        f,
                        x.signExponent(0),
                        x.significand(0),
                        x.signExponent(1),
                        x.significand(1),
                        nearest);
        if (commit(cpu, f)) {
            if (conditions != Float80Arithmetic.NO_QUOTIENT) {
                setConditions(x, conditions);
            }
            x.set(0, f.signExponent, f.significand);
        }
    }

    /** Instructions that replace ST(0) and push another result. */
    @FunctionalInterface
    public interface Pair {
        /**
         * Computes both; {@code second} is what will be pushed.
         *
         * @return whether there are results to be pushed at all (false: an operand out of range)
         */
        boolean compute(Float80 f, Float80 second, int se, long value);
    }

    /** FXTRACT, FSINCOS, FPTAN. */
    public static void pair(CpuState cpu, Pair operation, boolean reduces) {
        X87State x = cpu.x87;
        if (reduces) {
            x.status &= ~C2;
        }
        if (x.isEmpty(0) || !x.isEmpty(7)) {
            commit(cpu, STACK_FAULT | Float80.INVALID | (x.isEmpty(0) ? 0 : C1));
            if (invalidMasked(cpu)) {
                indefinite(x, 0);
                x.push(0xFFFF, INTEGER | QUIET);
            }
            return;
        }
        Float80 f = x.unit;
        f.begin(x.control);
        x.second.begin(x.control);
        boolean done = operation.compute(f, x.second, x.signExponent(0), x.significand(0));
        if (!done) {
            x.status = x.status & ~C1 | C2;
            return;
        }
        if (commit(cpu, f)) {
            x.set(0, f.signExponent, f.significand);
            x.push(x.second.signExponent, x.second.significand);
        }
    }

    /** FSIN, FCOS: as {@link #unary}, but an operand out of range sets C2 and is left alone. */
    public static void reducing(CpuState cpu, Pair operation) {
        X87State x = cpu.x87;
        x.status &= ~C2;
        if (x.isEmpty(0)) {
            if (underflow(cpu)) {
                indefinite(x, 0);
            }
            return;
        }
        Float80 f = x.unit;
        f.begin(x.control);
        if (!operation.compute(f, x.second, x.signExponent(0), x.significand(0))) {
            x.status = x.status & ~C1 | C2;
            return;
        }
        if (commit(cpu, f)) {
            x.set(0, f.signExponent, f.significand);
        }
    }
}
