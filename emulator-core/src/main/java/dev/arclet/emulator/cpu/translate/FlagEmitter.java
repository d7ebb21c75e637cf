package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.LazyFlags;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.Opcode;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;

/**
 * The arithmetic flags in the making: which code describes the flag locals at the point reached,
 * and conditions on them, fused with what set them where that is known.
 */
final class FlagEmitter {
    private static final MethodTypeDesc OF_FLAGS =
            MethodTypeDesc.of(
                    Bytecode.INT, Bytecode.INT, Bytecode.LONG, Bytecode.LONG, Bytecode.LONG);
    private static final MethodTypeDesc CONDITION =
            MethodTypeDesc.of(
                    ConstantDescs.CD_boolean,
                    Bytecode.INT,
                    Bytecode.LONG,
                    Bytecode.LONG,
                    Bytecode.LONG,
                    Bytecode.INT);

    private final Bytecode code;
    private final CodeBuilder b;

    /** The less frequent way of the branch is taken once in 2 to this; 0 if that is not known. */
    private int power;

    /** Whether the branch is taken more often than not. */
    private boolean likely;

    /** The code of the flag locals here; {@link FlagCode#DYNAMIC} if only a local tells. */
    int current = FlagCode.DYNAMIC;

    FlagEmitter(Bytecode code) {
        this.code = code;
        b = code.b;
    }

    /**
     * Copies the value on the stack (a long if {@code bytes} is 8, else an int) to a flag local.
     */
    void keep(int local, int bytes) {
        if (bytes == 8) {
            b.dup2();
        } else {
            b.dup();
        }
        pop(local, bytes);
    }

    /** Pops a value (a long if {@code bytes} is 8, else an int) into a flag local. */
    void pop(int local, int bytes) {
        if (!code.wide) {
            b.istore(local);
            return;
        }
        if (bytes != 8) {
            b.i2l();
        }
        b.lstore(local);
    }

    private void push(int local) {
        if (code.wide) {
            b.lload(local);
        } else {
            b.iload(local);
        }
    }

    private void pushLong(int local) {
        push(local);
        if (!code.wide) {
            b.i2l();
        }
    }

    /** Makes the locals hold the flags, if the processor does. */
    void load() {
        if (current == FlagCode.PROCESSOR) {
            code.loadFlags();
            current = FlagCode.DYNAMIC;
        }
    }

    /** Makes the locals hold the flags, and the code local tell what {@link #current} says. */
    void materialise() {
        load();
        if (current >= 0) {
            b.loadConstant(current);
            b.istore(code.flagCode);
        }
    }

    private void pushArguments() {
        if (current < 0) {
            b.iload(code.flagCode);
        } else {
            b.loadConstant(current);
        }
        pushLong(code.flagDst);
        pushLong(code.flagSrc);
        pushLong(code.flagResult);
    }

    /** Pushes all arithmetic flags as EFLAGS bits, an int. */
    void pushAll() {
        pushArguments();
        b.invokestatic(Bytecode.FLAG_CODE, "compute", OF_FLAGS);
    }

    /** Pushes CF as an int, 0 or 1. */
    void pushCarry() {
        if (current >= 0) {
            switch (FlagCode.kind(current)) {
                case LazyFlags.SUB -> {
                    if (!FlagCode.isFull(current)) {
                        push(code.flagDst);
                        push(code.flagSrc);
                        code.compareUnsigned();
                        b.bipush(31);
                        b.iushr();
                        return;
                    }
                }
                case LazyFlags.ADD -> {
                    if (!FlagCode.isFull(current)) {
                        pushResult();
                        push(code.flagDst);
                        code.compareUnsigned();
                        b.bipush(31);
                        b.iushr();
                        return;
                    }
                }
                case LazyFlags.LOGIC -> {
                    b.iconst_0();
                    return;
                }
                case LazyFlags.INC, LazyFlags.DEC, LazyFlags.RESULT -> {
                    lowBit(code.flagSrc);
                    return;
                }
                case LazyFlags.EXPLICIT -> {
                    lowBit(code.flagResult);
                    return;
                }
                default -> {}
            }
        }
        pushArguments();
        b.invokestatic(Bytecode.FLAG_CODE, "carry", OF_FLAGS);
    }

    private void lowBit(int local) {
        push(local);
        if (code.wide) {
            b.l2i();
        }
        b.iconst_1();
        b.iand();
    }

    /** Pushes the result, sign extended. Not for explicit flags. */
    private void pushResult() {
        if (FlagCode.isFull(current)) {
            push(code.flagResult);
            return;
        }
        int bytes = FlagCode.bytes(current);
        push(code.flagDst);
        switch (FlagCode.kind(current)) {
            case LazyFlags.ADD -> {
                push(code.flagSrc);
                add();
            }
            case LazyFlags.SUB -> {
                push(code.flagSrc);
                subtract();
            }
            case LazyFlags.INC -> {
                pushOne();
                add();
            }
            default -> {
                pushOne();
                subtract();
            }
        }
        if (code.wide && bytes != 8) {
            b.l2i();
            code.narrow(bytes, true);
            b.i2l();
        } else if (!code.wide) {
            code.narrow(bytes, true);
        }
    }

    private void add() {
        if (code.wide) {
            b.ladd();
        } else {
            b.iadd();
        }
    }

    private void subtract() {
        if (code.wide) {
            b.lsub();
        } else {
            b.isub();
        }
    }

    private void pushOne() {
        if (code.wide) {
            b.lconst_1();
        } else {
            b.iconst_1();
        }
    }

    /**
     * Branches if a condition (0..15, as in Jcc) holds.
     *
     * @param takenRuns how often the target has run, roughly
     * @param otherRuns how often what follows has run
     */
    void jumpIf(int condition, Label target, int takenRuns, int otherRuns) {
        if (code.profiled && takenRuns + otherRuns > 0) {
            likely = takenRuns >= otherRuns;
            long ratio =
                    Math.max(takenRuns, otherRuns) / Math.max(1, Math.min(takenRuns, otherRuns));
            power = Math.min(64 - Long.numberOfLeadingZeros(ratio), BranchProfile.RAREST);
        }
        jumpIf(condition, target);
        power = 0;
    }

    /** Branches if a condition (0..15, as in Jcc) holds. */
    void jumpIf(int condition, Label target) {
        boolean wanted = (condition & 1) == 0;
        if (current < 0 || !jumpByKind(condition >> 1, wanted, target)) {
            pushArguments();
            b.loadConstant(condition);
            b.invokestatic(Bytecode.FLAG_CODE, "condition", CONDITION);
            b.ifne(target);
        }
    }

    private boolean jumpByKind(int what, boolean wanted, Label target) {
        int kind = FlagCode.kind(current);
        return switch (kind) {
            case LazyFlags.SUB -> jumpAfterSubtraction(what, wanted, target);
            case LazyFlags.LOGIC -> jumpAfterLogic(what, wanted, target);
            case LazyFlags.EXPLICIT -> jumpByBit(what, wanted, target);
            default -> jumpByResult(what, wanted, target);
        };
    }

    private boolean jumpAfterSubtraction(int what, boolean wanted, Label target) {
        switch (what) {
            case 1, 3 -> compareUnsigned(what == 3, wanted, target);
            case 2 -> compare(Opcode.IF_ICMPEQ, Opcode.IFEQ, wanted, target);
            case 6 -> compare(Opcode.IF_ICMPLT, Opcode.IFLT, wanted, target);
            case 7 -> compare(Opcode.IF_ICMPLE, Opcode.IFLE, wanted, target);
            default -> {
                return jumpByResult(what, wanted, target);
            }
        }
        return true;
    }

    private void compare(Opcode ints, Opcode longs, boolean wanted, Label target) {
        push(code.flagDst);
        push(code.flagSrc);
        if (power != 0 && longs == Opcode.IFEQ) {
            code.differ(code.wide);
            branch(longs, wanted, target);
        } else if (code.wide) {
            b.lcmp();
            branch(longs, wanted, target);
        } else {
            branch(ints, wanted, target);
        }
    }

    /** Branches if the destination is below the source, or equal to it. */
    private void compareUnsigned(boolean orEqual, boolean wanted, Label target) {
        Opcode longs = orEqual ? Opcode.IFLE : Opcode.IFLT;
        if (code.profiled) { // C2 knows what it is, C1 makes -1, 0 or 1 of it
            push(code.flagDst);
            push(code.flagSrc);
            code.compareUnsigned();
            branch(longs, wanted, target);
            return;
        }
        pushForSigned(code.flagDst);
        pushForSigned(code.flagSrc);
        if (code.wide) {
            b.lcmp();
            branch(longs, wanted, target);
        } else {
            branch(orEqual ? Opcode.IF_ICMPLE : Opcode.IF_ICMPLT, wanted, target);
        }
    }

    /** Pushes a local so that signed comparison says what unsigned would. */
    private void pushForSigned(int local) {
        push(local);
        if (code.wide) {
            b.loadConstant(Long.MIN_VALUE);
            b.ladd();
        } else {
            b.loadConstant(Integer.MIN_VALUE);
            b.iadd();
        }
    }

    private boolean jumpAfterLogic(int what, boolean wanted, Label target) {
        switch (what) {
            case 0, 1 -> {
                if (!wanted) {
                    b.goto_(target);
                }
            }
            case 2, 3 -> compareResult(Opcode.IFEQ, wanted, target);
            case 4, 6 -> compareResult(Opcode.IFLT, wanted, target);
            case 7 -> compareResult(Opcode.IFLE, wanted, target);
            default -> parity(wanted, target);
        }
        return true;
    }

    private boolean jumpByResult(int what, boolean wanted, Label target) {
        switch (what) {
            case 1 -> {
                int kind = FlagCode.kind(current);
                if (kind == LazyFlags.SBB || kind == LazyFlags.ADD && FlagCode.isFull(current)) {
                    return false;
                }
                pushCarry();
                branch(Opcode.IFNE, wanted, target);
            }
            case 2 -> compareResult(Opcode.IFEQ, wanted, target);
            case 4 -> compareResult(Opcode.IFLT, wanted, target);
            case 5 -> parity(wanted, target);
            default -> {
                return false;
            }
        }
        return true;
    }

    private boolean jumpByBit(int what, boolean wanted, Label target) {
        int bit;
        switch (what) {
            case 0 -> bit = LazyFlags.OF;
            case 1 -> bit = LazyFlags.CF;
            case 2 -> bit = LazyFlags.ZF;
            case 3 -> bit = LazyFlags.ZF | LazyFlags.CF;
            case 4 -> bit = LazyFlags.SF;
            case 5 -> bit = LazyFlags.PF;
            default -> {
                return false;
            }
        }
        push(code.flagResult);
        if (code.wide) {
            b.l2i();
        }
        b.loadConstant(bit);
        b.iand();
        b.branch(
                wanted ? Opcode.IFNE : Opcode.IFEQ, target); // not of the values that profiles take
        return true;
    }

    private void compareResult(Opcode opcode, boolean wanted, Label target) {
        pushResult();
        if (power != 0 && opcode == Opcode.IFEQ) {
            // Not a comparison, lest C2 take the value for the counter of a loop.
            if (code.wide) {
                b.lconst_0();
            } else {
                b.iconst_0();
            }
            code.differ(code.wide);
        } else if (code.wide) {
            b.lconst_0();
            b.lcmp();
        }
        branch(opcode, wanted, target);
    }

    private void parity(boolean wanted, Label target) {
        pushResult();
        if (code.wide) {
            b.l2i();
        }
        b.sipush(0xFF);
        b.iand();
        b.invokestatic(
                Bytecode.LAZY_INTEGER, "bitCount", MethodTypeDesc.of(Bytecode.INT, Bytecode.INT));
        b.iconst_1();
        b.iand();
        branch(Opcode.IFEQ, wanted, target);
    }

    private void branch(Opcode opcode, boolean wanted, Label target) {
        Opcode taken = wanted ? opcode : inverse(opcode);
        if (power != 0 && (taken == Opcode.IFEQ || taken == Opcode.IFNE)) {
            if (likely == (taken == Opcode.IFNE)) {
                BranchProfile.frequent(b, power);
            } else {
                BranchProfile.rare(b, power);
            }
        }
        b.branch(taken, target);
    }

    private static Opcode inverse(Opcode opcode) {
        return switch (opcode) {
            case IFEQ -> Opcode.IFNE;
            case IFNE -> Opcode.IFEQ;
            case IFLT -> Opcode.IFGE;
            case IFLE -> Opcode.IFGT;
            case IF_ICMPEQ -> Opcode.IF_ICMPNE;
            case IF_ICMPLT -> Opcode.IF_ICMPGE;
            case IF_ICMPLE -> Opcode.IF_ICMPGT;
            default -> throw new IllegalArgumentException(opcode.name());
        };
    }
}
