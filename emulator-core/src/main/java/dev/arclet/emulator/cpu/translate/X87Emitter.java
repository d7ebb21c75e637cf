package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;
import dev.arclet.emulator.cpu.fpu.X87;
import dev.arclet.emulator.cpu.fpu.X87Ops;
import dev.arclet.emulator.cpu.fpu.X87State;
import java.lang.classfile.CodeBuilder;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;

/**
 * Bytecode of x87 instructions: memory is accessed in line, and the interpreter's functions do the
 * rest, since the JVM has no numbers of 64 bits of precision. An instruction that might fault, or
 * whose error somebody had to be told of, is interpreted.
 */
final class X87Emitter {
    private static final ClassDesc FUNCTIONS = X87.class.describeConstable().orElseThrow();
    private static final ClassDesc STATE = X87State.class.describeConstable().orElseThrow();
    private static final ClassDesc CONSTANT = X87.Constant.class.describeConstable().orElseThrow();
    private static final ClassDesc BOOLEAN = ConstantDescs.CD_boolean;
    private static final ClassDesc VOID = ConstantDescs.CD_void;

    private final Bytecode code;
    private final CodeBuilder b;
    private final FlagEmitter flags;
    private final MemoryEmitter memory;
    private final OperandEmitter owner;

    X87Emitter(Bytecode code, FlagEmitter flags, MemoryEmitter memory, OperandEmitter owner) {
        this.code = code;
        b = code.b;
        this.flags = flags;
        this.memory = memory;
        this.owner = owner;
    }

    /** Whether an instruction is emitted here. */
    static boolean handles(Instruction i, long mode) {
        if (!handles(i)) {
            return false;
        }
        for (Operand operand : i.operands()) {
            if (!Mode.accessible(mode, operand) || operand.size() == 10 && isMemory(operand)) {
                return false;
            }
        }
        return true;
    }

    /** The same, if its operands can be accessed. */
    static boolean handles(Instruction i) {
        return switch (i.mnemonic()) {
            case FADD, FADDP, FIADD, FSUB, FSUBP, FISUB, FSUBR, FSUBRP, FISUBR -> true;
            case FMUL, FMULP, FIMUL, FDIV, FDIVP, FIDIV, FDIVR, FDIVRP, FIDIVR -> true;
            case FCOM, FCOMP, FCOMPP, FUCOM, FUCOMP, FUCOMPP, FICOM, FICOMP, FTST, FXAM -> true;
            case FCOMI, FCOMIP, FUCOMI, FUCOMIP -> true;
            case FLD, FILD, FIST, FISTP, FISTTP, FXCH -> true;
            // Not the alias whose rules for an empty register are its own.
            case FST, FSTP -> (i.opcode() & 0xFFF8) != 0xD9D8;
            case FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2, FLDZ -> true;
            case FCHS, FABS, FSQRT, FRNDINT -> true;
            case FWAIT, FLDCW, FSTCW, FSTSW -> true;
            default -> false;
        };
    }

    /** Whether an instruction that has a memory operand writes to it. */
    static boolean writes(Mnemonic mnemonic) {
        return switch (mnemonic) {
            case FST, FSTP, FIST, FISTP, FISTTP, FSTCW, FSTSW -> true;
            default -> false;
        };
    }

    private static boolean isMemory(Operand operand) {
        return operand instanceof Operand.Memory;
    }

    /** The memory operand; null if there is none. */
    private static Operand.Memory memoryOf(Instruction i) {
        for (Operand operand : i.operands()) {
            if (operand instanceof Operand.Memory at) {
                return at;
            }
        }
        return null;
    }

    private static int format(Instruction i, Operand.Memory at) {
        return switch (i.mnemonic()) {
            case FIADD, FISUB, FISUBR, FIMUL, FIDIV, FIDIVR, FICOM, FICOMP ->
                    X87Ops.integerFormat(at);
            case FILD, FIST, FISTP, FISTTP -> X87Ops.integerFormat(at);
            default -> X87Ops.floatFormat(at);
        };
    }

    private static int st(Instruction i, int operand) {
        return ((Operand.Register) i.operand(operand)).index();
    }

    void emit(Instruction i) {
        b.aload(1);
        b.invokestatic(FUNCTIONS, "isReady", MethodTypeDesc.of(BOOLEAN, Bytecode.CPU));
        b.ifeq(owner.unusual());
        Operand.Memory at = memoryOf(i);
        if (at != null) {
            owner.locate(at, writes(i.mnemonic()));
        }
        switch (i.mnemonic()) {
            case FWAIT -> {}
            case FLDCW -> {
                state();
                owner.push(at, 2, false);
                b.invokevirtual(STATE, "setControl", MethodTypeDesc.of(VOID, Bytecode.INT));
            }
            case FSTCW -> {
                owner.beginStore(i.operand(0));
                state();
                b.getfield(STATE, "control", Bytecode.INT);
                owner.endStore(i.operand(0));
            }
            case FSTSW -> {
                owner.beginStore(i.operand(0));
                state();
                b.invokevirtual(STATE, "statusWord", MethodTypeDesc.of(Bytecode.INT));
                owner.endStore(i.operand(0));
            }
            case FST, FSTP, FIST, FISTP, FISTTP -> store(i, at);
            default -> {
                record(i, at);
                operate(i, at);
            }
        }
    }

    private void state() {
        b.aload(1);
        b.getfield(Bytecode.CPU, "x87", STATE);
    }

    private void record(Instruction i, Operand.Memory at) {
        b.aload(1);
        b.loadConstant(owner.step().rip);
        b.loadConstant(i.opcode());
        if (at == null) {
            call("record", VOID, Bytecode.LONG, Bytecode.INT);
            return;
        }
        memory.pushOffset(at, owner.step());
        if (!code.wide) {
            code.zeroExtend();
        }
        b.loadConstant(at.segment());
        call("record", VOID, Bytecode.LONG, Bytecode.INT, Bytecode.LONG, Bytecode.INT);
    }

    /** Calls a function whose first argument is the processor. */
    private void call(String name, ClassDesc result, ClassDesc... others) {
        ClassDesc[] arguments = new ClassDesc[others.length + 1];
        arguments[0] = Bytecode.CPU;
        System.arraycopy(others, 0, arguments, 1, others.length);
        b.invokestatic(FUNCTIONS, name, MethodTypeDesc.of(result, arguments));
    }

    private void store(Instruction i, Operand.Memory at) {
        boolean pops = i.mnemonic() != Mnemonic.FST && i.mnemonic() != Mnemonic.FIST;
        if (at == null) {
            record(i, null);
            b.aload(1);
            b.loadConstant(st(i, 0));
            push(pops);
            call("storeRegister", VOID, Bytecode.INT, BOOLEAN);
            return;
        }
        b.aload(1);
        b.loadConstant(format(i, at));
        push(i.mnemonic() == Mnemonic.FISTTP);
        call("prepareStore", BOOLEAN, Bytecode.INT, BOOLEAN);
        b.ifeq(owner.unusual());
        owner.beginStore(at);
        b.aload(1);
        call("prepared", Bytecode.LONG);
        if (at.size() != 8) {
            b.l2i();
        }
        owner.endStore(at);
        record(i, at);
        b.aload(1);
        push(pops);
        call("finishStore", VOID, BOOLEAN);
    }

    private void push(boolean value) {
        b.loadConstant(value ? 1 : 0);
    }

    /** What remains when all of an instruction's faults are out of the way. */
    private void operate(Instruction i, Operand.Memory at) {
        Mnemonic mnemonic = i.mnemonic();
        b.aload(1);
        switch (mnemonic) {
            case FADD, FADDP, FIADD -> arithmetic(i, at, X87.ADD);
            case FSUB, FSUBP, FISUB -> arithmetic(i, at, X87.SUB);
            case FSUBR, FSUBRP, FISUBR -> arithmetic(i, at, X87.SUBR);
            case FMUL, FMULP, FIMUL -> arithmetic(i, at, X87.MUL);
            case FDIV, FDIVP, FIDIV -> arithmetic(i, at, X87.DIV);
            case FDIVR, FDIVRP, FIDIVR -> arithmetic(i, at, X87.DIVR);
            case FCOM, FICOM -> compare(i, at, X87.ORDERED, 0);
            case FCOMP, FICOMP -> compare(i, at, X87.ORDERED, 1);
            case FUCOM -> compare(i, at, X87.UNORDERED, 0);
            case FUCOMP -> compare(i, at, X87.UNORDERED, 1);
            case FCOMPP, FUCOMPP -> compareRegister(1, mnemonic == Mnemonic.FUCOMPP, 2);
            case FCOMI -> compareFlags(i, X87.ORDERED, false);
            case FCOMIP -> compareFlags(i, X87.ORDERED, true);
            case FUCOMI -> compareFlags(i, X87.UNORDERED, false);
            case FUCOMIP -> compareFlags(i, X87.UNORDERED, true);
            case FTST -> call("compareZero", VOID);
            case FXAM -> call("examine", VOID);
            case FLD, FILD -> {
                if (at == null) {
                    b.loadConstant(st(i, 0));
                    call("loadRegister", VOID, Bytecode.INT);
                } else {
                    value(i, at);
                    call("load", VOID, Bytecode.INT, Bytecode.LONG);
                }
            }
            case FXCH -> {
                b.loadConstant(st(i, 0));
                call("exchange", VOID, Bytecode.INT);
            }
            case FCHS -> call("negate", VOID);
            case FABS -> call("absolute", VOID);
            case FSQRT -> call("squareRoot", VOID);
            case FRNDINT -> call("roundToIntegral", VOID);
            case FLD1 -> constant(X87.Constant.ONE);
            case FLDL2T -> constant(X87.Constant.LOG2_10);
            case FLDL2E -> constant(X87.Constant.LOG2_E);
            case FLDPI -> constant(X87.Constant.PI);
            case FLDLG2 -> constant(X87.Constant.LOG10_2);
            case FLDLN2 -> constant(X87.Constant.LN_2);
            case FLDZ -> constant(X87.Constant.ZERO);
            default -> throw new IllegalArgumentException(i.toString());
        }
    }

    /** Pushes the format of a located operand and its bits, an integer's sign extended. */
    private void value(Instruction i, Operand.Memory at) {
        b.loadConstant(format(i, at));
        owner.push(at, at.size(), true);
        if (at.size() != 8) {
            b.i2l();
        }
    }

    private void arithmetic(Instruction i, Operand.Memory at, int operation) {
        b.loadConstant(operation);
        if (at != null) {
            value(i, at);
            call("arithmeticWith", VOID, Bytecode.INT, Bytecode.INT, Bytecode.LONG);
            return;
        }
        b.loadConstant(st(i, 0));
        b.loadConstant(st(i, 1));
        switch (i.mnemonic()) {
            case FADDP, FSUBP, FSUBRP, FMULP, FDIVP, FDIVRP -> push(true);
            default -> push(false);
        }
        call("arithmetic", VOID, Bytecode.INT, Bytecode.INT, Bytecode.INT, BOOLEAN);
    }

    private void compare(Instruction i, Operand.Memory at, boolean quiet, int pops) {
        if (at == null) {
            compareRegister(st(i, 1), quiet, pops);
            return;
        }
        value(i, at);
        b.loadConstant(pops);
        call("compareWith", VOID, Bytecode.INT, Bytecode.LONG, Bytecode.INT);
    }

    private void compareRegister(int register, boolean quiet, int pops) {
        b.loadConstant(register);
        push(quiet);
        b.loadConstant(pops);
        call("compare", VOID, Bytecode.INT, BOOLEAN, Bytecode.INT);
    }

    private void compareFlags(Instruction i, boolean quiet, boolean pop) {
        b.loadConstant(st(i, 1));
        push(quiet);
        push(pop);
        call("compareFlags", Bytecode.INT, Bytecode.INT, BOOLEAN, BOOLEAN);
        if (owner.wantsFlags()) {
            flags.pop(code.flagResult, 4);
        } else {
            b.pop();
        }
    }

    private void constant(X87.Constant constant) {
        b.getstatic(CONSTANT, constant.name(), CONSTANT);
        call("loadConstant", VOID, CONSTANT);
    }
}
