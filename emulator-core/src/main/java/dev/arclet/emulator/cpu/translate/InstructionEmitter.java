package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.LazyFlags;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.constant.MethodTypeDesc;

/**
 * Bytecode of integer instructions that do not branch (SDM vol. 2); the same semantics as the
 * interpreter's operations. What may fault leaves the region before anything has changed.
 */
final class InstructionEmitter implements MemoryEmitter.Misses {
    private static final int WIDE_PRODUCT = LazyFlags.CF | LazyFlags.OF;

    private final Bytecode code;
    private final CodeBuilder b;
    private final FlagEmitter flags;
    private final MemoryEmitter memory;
    private final VectorEmitter vectors;
    private final boolean keepFlags;

    private RegionPlan.Step step;
    private int done;
    private Label miss;
    private Label unusual;

    InstructionEmitter(Bytecode code, FlagEmitter flags, MemoryEmitter memory, boolean keepFlags) {
        this.code = code;
        b = code.b;
        this.flags = flags;
        this.memory = memory;
        this.keepFlags = keepFlags;
        vectors = new VectorEmitter(code, flags, memory, this);
    }

    /** The current instruction. */
    RegionPlan.Step step() {
        return step;
    }

    /** The label that leaves the region before the current instruction, which misses the TLB. */
    @Override
    public Label miss() {
        if (miss == null) {
            miss = leave(Region.Exit.Kind.MISS);
        }
        return miss;
    }

    /** The same, as its operands are no case for emitted code. */
    @Override
    public Label unusual() {
        if (unusual == null) {
            unusual = leave(Region.Exit.Kind.UNUSUAL);
        }
        return unusual;
    }

    @Override
    public Label apart() {
        return leave(Region.Exit.Kind.APART);
    }

    private Label leave(Region.Exit.Kind kind) {
        return code.exitLabel(
                kind, step.rip, done, keepFlags ? flags.current : RegionEmitter.UNTOUCHED);
    }

    /** Begins an instruction before which so many of its node were done. */
    void start(RegionPlan.Step newStep, int newDone) {
        step = newStep;
        done = newDone;
        miss = null;
        unusual = null;
    }

    // Operands

    private static boolean isMemory(Operand operand) {
        return operand instanceof Operand.Memory;
    }

    private void locate(Operand operand, boolean write) {
        if (operand instanceof Operand.Memory at) {
            memory.locate(at, step, at.size(), write, false, this);
        }
    }

    /** Pushes an operand that has been located, as a long if {@code bytes} is 8, else an int. */
    void push(Operand operand, int bytes, boolean signed) {
        switch (operand) {
            case Operand.Register register -> code.get(register, signed);
            case Operand.Memory at -> {
                memory.load(bytes);
                if (bytes < 4 && !signed) {
                    code.narrow(bytes, false);
                }
            }
            case Operand.Immediate immediate -> {
                if (bytes == 8) {
                    b.loadConstant(immediate.value());
                } else {
                    int value = (int) immediate.value();
                    b.loadConstant(
                            switch (bytes) {
                                case 1 -> signed ? (byte) value : value & 0xFF;
                                case 2 -> signed ? (short) value : value & 0xFFFF;
                                default -> value;
                            });
                }
            }
            default -> throw new IllegalArgumentException(operand.toString());
        }
    }

    private void beginStore(Operand target) {
        if (isMemory(target)) {
            b.lload(code.host);
        }
    }

    private void endStore(Operand target) {
        if (target instanceof Operand.Register register) {
            code.set(register);
        } else {
            code.store(target.size());
        }
    }

    /** Whether somebody may look at the flags of the current instruction. */
    boolean wantsFlags() {
        return keepFlags && step.flagsNeeded;
    }

    /** Keeps a copy of the value on the stack in a flag local, if flags are wanted. */
    private void keep(int local, int bytes) {
        if (wantsFlags()) {
            flags.keep(local, bytes);
        }
    }

    // Instructions

    /** Emits the instruction begun; not a control transfer. */
    void emit() {
        Instruction i = step.instruction;
        switch (i.mnemonic()) {
            case NOP, PAUSE, PREFETCH, LFENCE, SFENCE, MFENCE -> {}
            case MOV, MOVNTI -> move(i);
            case MOVZX -> extend(i, false);
            case MOVSX, MOVSXD -> extend(i, true);
            case LEA -> loadAddress(i);
            case ADD, SUB, AND, OR, XOR -> binary(i);
            case CMP, TEST -> compare(i);
            case ADC, SBB -> withCarry(i);
            case INC, DEC -> increment(i);
            case NEG, NOT -> negate(i);
            case SHL, SHR, SAR -> shift(i);
            case ROL, ROR -> rotate(i);
            case SHLD, SHRD -> doubleShift(i);
            case IMUL -> {
                if (i.operands().size() == 1) {
                    multiplyAccumulator(i, true);
                } else {
                    multiply(i);
                }
            }
            case MUL -> multiplyAccumulator(i, false);
            case DIV, IDIV -> divide(i);
            case SETCC -> setCondition(i);
            case CMOVCC -> moveCondition(i);
            case CBW, CWDE, CDQE -> extendAccumulator(i);
            case CWD, CDQ, CQO -> signToRdx(i);
            case BSWAP -> byteSwap(i);
            case XCHG -> exchange(i);
            case CMPXCHG -> compareAndExchange(i);
            case XADD -> exchangeAndAdd(i);
            case BT, BTS, BTR, BTC -> bitTest(i);
            case BSF, BSR -> bitScan(i);
            case PUSH -> push(i);
            case POP -> pop(i);
            case LEAVE -> leave();
            default -> vectors.emit(i);
        }
        flags.current = FlagAnalysis.after(step, flags.current);
    }

    private void move(Instruction i) {
        Operand target = i.operand(0);
        Operand source = i.operand(1);
        locate(source, false);
        locate(target, true);
        beginStore(target);
        push(source, target.size(), true);
        endStore(target);
    }

    private void extend(Instruction i, boolean signed) {
        var target = (Operand.Register) i.operand(0);
        Operand source = i.operand(1);
        locate(source, false);
        push(source, source.size(), signed);
        if (target.size() == 8) {
            if (signed) {
                b.i2l();
            } else {
                code.zeroExtend();
            }
        }
        code.set(target);
    }

    private void loadAddress(Instruction i) {
        var target = (Operand.Register) i.operand(0);
        memory.pushOffset((Operand.Memory) i.operand(1), step);
        if (code.wide && target.size() != 8) {
            b.l2i();
        }
        code.set(target);
    }

    private void binary(Instruction i) {
        Operand target = i.operand(0);
        Operand source = i.operand(1);
        int bytes = target.size();
        Mnemonic mnemonic = i.mnemonic();
        locate(source, false);
        locate(target, true);
        beginStore(target);
        boolean arithmetic = mnemonic == Mnemonic.ADD || mnemonic == Mnemonic.SUB;
        push(target, bytes, true);
        if (arithmetic) {
            keep(code.flagDst, bytes);
        }
        push(source, bytes, true);
        if (arithmetic) {
            keep(code.flagSrc, bytes);
        }
        operate(mnemonic, bytes);
        if (!arithmetic) {
            keep(code.flagResult, bytes);
        }
        endStore(target);
    }

    private void operate(Mnemonic mnemonic, int bytes) {
        boolean longs = bytes == 8;
        switch (mnemonic) {
            case ADD, ADC -> {
                if (longs) {
                    b.ladd();
                } else {
                    b.iadd();
                }
            }
            case SUB, SBB -> {
                if (longs) {
                    b.lsub();
                } else {
                    b.isub();
                }
            }
            case AND, TEST -> {
                if (longs) {
                    b.land();
                } else {
                    b.iand();
                }
            }
            case OR -> {
                if (longs) {
                    b.lor();
                } else {
                    b.ior();
                }
            }
            default -> {
                if (longs) {
                    b.lxor();
                } else {
                    b.ixor();
                }
            }
        }
    }

    private void compare(Instruction i) {
        Operand target = i.operand(0);
        Operand source = i.operand(1);
        int bytes = target.size();
        locate(source, false);
        locate(target, false);
        if (!wantsFlags()) {
            return;
        }
        push(target, bytes, true);
        if (i.mnemonic() == Mnemonic.CMP) {
            flags.pop(code.flagDst, bytes);
            push(source, bytes, true);
            flags.pop(code.flagSrc, bytes);
            return;
        }
        if (!target.equals(source)) {
            push(source, bytes, true);
            operate(Mnemonic.TEST, bytes);
        }
        flags.pop(code.flagResult, bytes);
    }

    private void withCarry(Instruction i) {
        Operand target = i.operand(0);
        Operand source = i.operand(1);
        int bytes = target.size();
        locate(source, false);
        locate(target, true);
        flags.pushCarry();
        b.istore(code.int0);
        beginStore(target);
        push(target, bytes, true);
        keep(code.flagDst, bytes);
        push(source, bytes, true);
        keep(code.flagSrc, bytes);
        operate(i.mnemonic(), bytes);
        b.iload(code.int0);
        if (bytes == 8) {
            b.i2l();
        }
        operate(i.mnemonic(), bytes);
        code.narrow(bytes, true);
        keep(code.flagResult, bytes);
        endStore(target);
    }

    private void increment(Instruction i) {
        Operand target = i.operand(0);
        int bytes = target.size();
        locate(target, true);
        if (wantsFlags()) {
            flags.pushCarry();
            flags.pop(code.flagSrc, 4);
        }
        beginStore(target);
        push(target, bytes, true);
        keep(code.flagDst, bytes);
        if (bytes == 8) {
            b.lconst_1();
        } else {
            b.iconst_1();
        }
        operate(i.mnemonic() == Mnemonic.INC ? Mnemonic.ADD : Mnemonic.SUB, bytes);
        endStore(target);
    }

    private void negate(Instruction i) {
        Operand target = i.operand(0);
        int bytes = target.size();
        locate(target, true);
        beginStore(target);
        push(target, bytes, true);
        if (i.mnemonic() == Mnemonic.NOT) {
            if (bytes == 8) {
                b.loadConstant(-1L);
                b.lxor();
            } else {
                b.iconst_m1();
                b.ixor();
            }
        } else {
            keep(code.flagSrc, bytes);
            if (bytes == 8) {
                b.lneg();
            } else {
                b.ineg();
            }
            if (wantsFlags()) {
                b.iconst_0();
                flags.pop(code.flagDst, 4);
            }
        }
        endStore(target);
    }

    // Shifts

    private void popTemporary(int bytes, int number) {
        if (bytes == 8) {
            b.lstore(number == 0 ? code.long0 : code.long1);
        } else {
            b.istore(number == 0 ? code.int0 : code.int1);
        }
    }

    private void pushTemporary(int bytes, int number) {
        if (bytes == 8) {
            b.lload(number == 0 ? code.long0 : code.long1);
        } else {
            b.iload(number == 0 ? code.int0 : code.int1);
        }
    }

    /** Pops a count (an int) and a value, pushes the value shifted. */
    private void shift(Mnemonic mnemonic, int bytes) {
        switch (mnemonic) {
            case SHL -> {
                if (bytes == 8) {
                    b.lshl();
                } else {
                    b.ishl();
                }
            }
            case SHR -> {
                if (bytes == 8) {
                    b.lushr();
                } else {
                    b.iushr();
                }
            }
            default -> {
                if (bytes == 8) {
                    b.lshr();
                } else {
                    b.ishr();
                }
            }
        }
    }

    /** Keeps bit 0 of a temporary, shifted right by a constant, as an int on the stack. */
    private void pushBit(int bytes, int number, int shift) {
        pushTemporary(bytes, number);
        if (shift != 0) {
            b.loadConstant(shift);
            shift(Mnemonic.SHR, bytes);
        }
        if (bytes == 8) {
            b.l2i();
        }
        b.iconst_1();
        b.iand();
    }

    private void shift(Instruction i) {
        Operand target = i.operand(0);
        int bytes = target.size();
        int count = Emission.constantCount(i, 1);
        locate(target, true);
        if (count == 0) {
            // Nothing changes, but 32 bits are zero extended.
            beginStore(target);
            push(target, bytes, true);
            endStore(target);
            return;
        }
        boolean signed = i.mnemonic() != Mnemonic.SHR;
        if (!wantsFlags()) {
            beginStore(target);
            push(target, bytes, signed);
            push(i.operand(1), i.operand(1).size(), false);
            shift(i.mnemonic(), bytes);
            endStore(target);
            return;
        }
        push(target, bytes, signed);
        popTemporary(bytes, 0);
        if (count < 0) {
            shiftByRegister(i, bytes);
            return;
        }
        pushShiftFlags(i.mnemonic(), bytes, count);
        flags.pop(code.flagSrc, 4);
        beginStore(target);
        pushTemporary(bytes, 0);
        b.loadConstant(count);
        shift(i.mnemonic(), bytes);
        if (bytes < 4) {
            code.narrow(bytes, true);
        }
        keep(code.flagResult, bytes);
        endStore(target);
    }

    /** Pushes CF and OF of a shift of temporary 0 by a constant count, not 0. */
    private void pushShiftFlags(Mnemonic mnemonic, int bytes, int count) {
        int bits = 8 * bytes;
        switch (mnemonic) {
            case SHL -> {
                // CF, and OF: CF differs from the result's sign.
                pushBit(bytes, 0, bits - count);
                b.dup();
                pushBit(bytes, 0, bits - count - 1);
                b.ixor();
                b.bipush(11);
                b.ishl();
                b.ior();
            }
            case SHR -> {
                pushBit(bytes, 0, count - 1);
                pushBit(bytes, 0, bits - 1);
                b.bipush(11);
                b.ishl();
                b.ior();
            }
            default -> pushBit(bytes, 0, count - 1);
        }
    }

    /** By CL, with flags; the value is in temporary 0. A count of zero leaves the flags. */
    private void shiftByRegister(Instruction i, int bytes) {
        Operand target = i.operand(0);
        flags.materialise();
        push(i.operand(1), 1, false);
        b.loadConstant(8 * bytes - 1);
        b.iand();
        b.istore(code.int1);
        pushTemporary(bytes, 0);
        b.iload(code.int1);
        shift(i.mnemonic(), bytes);
        if (bytes == 8) {
            b.lstore(code.long1);
        } else {
            b.i2l();
            b.lstore(code.long1);
        }
        Label unchanged = b.newLabel();
        b.iload(code.int1);
        b.ifeq(unchanged);
        pushTemporary(bytes, 0);
        if (bytes != 8) {
            b.i2l();
        }
        b.iload(code.int1);
        b.loadConstant(8 * bytes);
        b.invokestatic(
                Bytecode.FLAG_CODE,
                switch (i.mnemonic()) {
                    case SHL -> "shiftedLeft";
                    case SHR -> "shiftedRight";
                    default -> "shiftedRightSigned";
                },
                MethodTypeDesc.of(Bytecode.INT, Bytecode.LONG, Bytecode.INT, Bytecode.INT));
        flags.pop(code.flagSrc, 4);
        b.lload(code.long1);
        if (code.wide) {
            b.lstore(code.flagResult);
        } else {
            b.l2i();
            b.istore(code.flagResult);
        }
        b.loadConstant(LazyFlags.RESULT | FlagCode.FULL);
        b.istore(code.flagCode);
        b.labelBinding(unchanged);
        beginStore(target);
        b.lload(code.long1);
        if (bytes != 8) {
            b.l2i();
        }
        endStore(target);
    }

    private void rotate(Instruction i) {
        Operand target = i.operand(0);
        int bytes = target.size();
        int count = Emission.constantCount(i, 1);
        locate(target, true);
        boolean left = i.mnemonic() == Mnemonic.ROL;
        if (wantsFlags() && count != 0) {
            flags.pushAll();
            b.istore(code.int1);
        }
        beginStore(target);
        push(target, bytes, true);
        b.loadConstant(count);
        if (bytes == 8) {
            b.invokestatic(
                    Bytecode.LAZY_LONG,
                    left ? "rotateLeft" : "rotateRight",
                    MethodTypeDesc.of(Bytecode.LONG, Bytecode.LONG, Bytecode.INT));
        } else {
            b.invokestatic(
                    Bytecode.LAZY_INTEGER,
                    left ? "rotateLeft" : "rotateRight",
                    MethodTypeDesc.of(Bytecode.INT, Bytecode.INT, Bytecode.INT));
        }
        if (wantsFlags() && count != 0) {
            if (bytes == 8) {
                b.dup2();
                b.lstore(code.long0);
            } else {
                b.dup();
                b.i2l();
                b.lstore(code.long0);
            }
        }
        endStore(target);
        if (wantsFlags() && count != 0) {
            b.iload(code.int1);
            b.lload(code.long0);
            b.loadConstant(8 * bytes);
            b.loadConstant(left ? 1 : 0);
            b.invokestatic(
                    Bytecode.FLAG_CODE,
                    "rotated",
                    MethodTypeDesc.of(
                            Bytecode.INT,
                            Bytecode.INT,
                            Bytecode.LONG,
                            Bytecode.INT,
                            java.lang.constant.ConstantDescs.CD_boolean));
            flags.pop(code.flagResult, 4);
        }
    }

    private void doubleShift(Instruction i) {
        Operand target = i.operand(0);
        int bytes = target.size();
        int bits = 8 * bytes;
        int count = Emission.constantCount(i, 2);
        boolean left = i.mnemonic() == Mnemonic.SHLD;
        locate(target, true);
        push(target, bytes, true);
        popTemporary(bytes, 0);
        pushTemporary(bytes, 0);
        if (count != 0) {
            b.loadConstant(count);
            shift(left ? Mnemonic.SHL : Mnemonic.SHR, bytes);
            push(i.operand(1), bytes, true);
            b.loadConstant(bits - count);
            shift(left ? Mnemonic.SHR : Mnemonic.SHL, bytes);
            operate(Mnemonic.OR, bytes);
        }
        popTemporary(bytes, 1);
        if (wantsFlags() && count != 0) {
            pushBit(bytes, 0, left ? bits - count : count - 1);
            pushBit(bytes, 0, bits - 1);
            pushBit(bytes, 1, bits - 1);
            b.ixor();
            b.bipush(11);
            b.ishl();
            b.ior();
            flags.pop(code.flagSrc, 4);
            pushTemporary(bytes, 1);
            flags.pop(code.flagResult, bytes);
        }
        beginStore(target);
        pushTemporary(bytes, 1);
        endStore(target);
    }

    // Multiplication and division

    /** Leaves CF and OF set if the longs on the stack differ; they are popped. */
    private void wideUnlessEqual() {
        Label equal = b.newLabel();
        Label end = b.newLabel();
        b.lcmp();
        b.ifeq(equal);
        b.loadConstant(WIDE_PRODUCT);
        b.goto_(end);
        b.labelBinding(equal);
        b.iconst_0();
        b.labelBinding(end);
        flags.pop(code.flagSrc, 4);
    }

    private void multiply(Instruction i) {
        var target = (Operand.Register) i.operand(0);
        int bytes = target.size();
        boolean three = i.operands().size() == 3;
        Operand first = i.operand(three ? 1 : 0);
        Operand second = i.operand(three ? 2 : 1);
        locate(first, false);
        locate(second, false);
        push(first, bytes, true);
        if (!wantsFlags()) {
            push(second, bytes, true);
            if (bytes == 8) {
                b.lmul();
            } else {
                b.imul();
            }
            code.set(target);
            return;
        }
        if (bytes == 8) {
            b.lstore(code.long0);
            push(second, bytes, true);
            b.lstore(code.long1);
            b.lload(code.long0);
            b.lload(code.long1);
            multiplyHigh(true);
            b.lload(code.long0);
            b.lload(code.long1);
            b.lmul();
            flags.keep(code.flagResult, 8);
            b.dup2();
            code.set(target);
            b.bipush(63);
            b.lshr();
        } else {
            b.i2l();
            push(second, bytes, true);
            b.i2l();
            b.lmul();
            b.dup2();
            b.l2i();
            b.dup();
            code.set(target);
            flags.keep(code.flagResult, 4);
            b.i2l();
        }
        wideUnlessEqual();
    }

    private void multiplyHigh(boolean signed) {
        b.invokestatic(
                Bytecode.MATH,
                signed ? "multiplyHigh" : "unsignedMultiplyHigh",
                MethodTypeDesc.of(Bytecode.LONG, Bytecode.LONG, Bytecode.LONG));
    }

    private void multiplyAccumulator(Instruction i, boolean signed) {
        Operand source = i.operand(0);
        int bytes = source.size();
        locate(source, false);
        if (bytes < 4) {
            multiplyNarrow(source, signed);
            return;
        }
        push(source, bytes, true);
        if (bytes == 8) {
            b.lstore(code.long0);
            code.get64(CpuState.RAX);
            b.lload(code.long0);
            multiplyHigh(signed);
            b.lstore(code.long1);
            code.get64(CpuState.RAX);
            b.lload(code.long0);
            b.lmul();
            code.set64(CpuState.RAX);
            b.lload(code.long1);
            code.set64(CpuState.RDX);
            if (wantsFlags()) {
                code.get64(CpuState.RAX);
                flags.pop(code.flagResult, 8);
                b.lload(code.long1);
                if (signed) {
                    code.get64(CpuState.RAX);
                    b.bipush(63);
                    b.lshr();
                } else {
                    b.lconst_0();
                }
                wideUnlessEqual();
            }
            return;
        }
        extendTo64(signed);
        code.get32(CpuState.RAX);
        extendTo64(signed);
        b.lmul();
        b.lstore(code.long0);
        b.lload(code.long0);
        b.l2i();
        code.set32(CpuState.RAX);
        b.lload(code.long0);
        b.bipush(32);
        b.lushr();
        b.l2i();
        code.set32(CpuState.RDX);
        if (wantsFlags()) {
            b.lload(code.long0);
            b.l2i();
            flags.pop(code.flagResult, 4);
            b.lload(code.long0);
            b.lload(code.long0);
            b.l2i();
            extendTo64(signed);
            wideUnlessEqual();
        }
    }

    private static Operand.Register accumulator(int bytes) {
        return new Operand.Register(Operand.File.GPR, CpuState.RAX, bytes);
    }

    private static Operand.Register dataWord() {
        return new Operand.Register(Operand.File.GPR, CpuState.RDX, 2);
    }

    /** AL times a byte to AX, AX times a word to DX and AX. */
    private void multiplyNarrow(Operand source, boolean signed) {
        int bytes = source.size();
        push(source, bytes, signed);
        code.get(accumulator(bytes), signed);
        b.imul();
        b.istore(code.int0);
        b.iload(code.int0);
        code.set(accumulator(2));
        if (bytes == 2) {
            b.iload(code.int0);
            b.bipush(16);
            b.iushr();
            code.set(dataWord());
        }
        if (wantsFlags()) {
            b.iload(code.int0);
            code.narrow(bytes, true);
            flags.pop(code.flagResult, 4);
            b.iload(code.int0);
            b.i2l();
            b.iload(code.int0);
            code.narrow(bytes, signed);
            b.i2l();
            wideUnlessEqual();
        }
    }

    private void extendTo64(boolean signed) {
        if (signed) {
            b.i2l();
        } else {
            code.zeroExtend();
        }
    }

    private void divide(Instruction i) {
        Operand source = i.operand(0);
        boolean signed = i.mnemonic() == Mnemonic.IDIV;
        locate(source, false);
        switch (source.size()) {
            case 8 -> {
                push(source, 8, true);
                divide64(signed);
            }
            case 4 -> {
                push(source, 4, true);
                divide32(signed);
            }
            default -> divideNarrow(source, signed);
        }
    }

    /** AX by a byte to AL, the remainder to AH; DX and AX by a word to AX and DX. */
    private void divideNarrow(Operand source, boolean signed) {
        int bytes = source.size();
        push(source, bytes, signed);
        b.i2l();
        b.lstore(code.long0);
        b.lload(code.long0);
        b.lconst_0();
        b.lcmp();
        b.ifeq(unusual());
        if (bytes == 1) {
            code.get(accumulator(2), signed);
            b.i2l();
        } else {
            code.get(dataWord(), signed);
            b.bipush(16);
            b.ishl();
            code.get(accumulator(2), false);
            b.ior();
            extendTo64(signed);
        }
        b.lstore(code.long1);
        quotient(true); // both have fewer bits than the sign needs
        b.lload(code.long2);
        b.lload(code.long2);
        b.l2i();
        code.narrow(bytes, signed);
        b.i2l();
        b.lcmp();
        b.ifne(unusual());
        pushRemainder();
        b.l2i();
        if (bytes == 1) {
            b.bipush(8);
            b.ishl();
            b.lload(code.long2);
            b.l2i();
            code.narrow(1, false);
            b.ior();
            code.set(accumulator(2));
        } else {
            code.set(dataWord());
            b.lload(code.long2);
            b.l2i();
            code.set(accumulator(2));
        }
    }

    /** Divides what is in long1 by what is in long0; the quotient goes to long2. */
    private void quotient(boolean signed) {
        b.lload(code.long1);
        b.lload(code.long0);
        if (signed) {
            b.ldiv();
        } else {
            b.invokestatic(
                    Bytecode.LAZY_LONG,
                    "divideUnsigned",
                    MethodTypeDesc.of(Bytecode.LONG, Bytecode.LONG, Bytecode.LONG));
        }
        b.lstore(code.long2);
    }

    private void pushRemainder() {
        b.lload(code.long1);
        b.lload(code.long2);
        b.lload(code.long0);
        b.lmul();
        b.lsub();
    }

    /** The divisor, an int, is on the stack; what faults is left to the interpreter. */
    private void divide32(boolean signed) {
        extendTo64(signed);
        b.lstore(code.long0);
        b.lload(code.long0);
        b.lconst_0();
        b.lcmp();
        b.ifeq(unusual());
        code.get32(CpuState.RDX);
        b.i2l();
        b.bipush(32);
        b.lshl();
        code.get32(CpuState.RAX);
        code.zeroExtend();
        b.lor();
        b.lstore(code.long1);
        quotient(signed);
        b.lload(code.long2);
        b.lload(code.long2);
        b.l2i();
        extendTo64(signed);
        b.lcmp();
        b.ifne(unusual());
        pushRemainder();
        b.l2i();
        code.set32(CpuState.RDX);
        b.lload(code.long2);
        b.l2i();
        code.set32(CpuState.RAX);
    }

    /** The divisor, a long, is on the stack; only dividends of 64 bits are divided here. */
    private void divide64(boolean signed) {
        b.lstore(code.long0);
        b.lload(code.long0);
        b.lconst_0();
        b.lcmp();
        b.ifeq(unusual());
        code.get64(CpuState.RAX);
        b.lstore(code.long1);
        code.get64(CpuState.RDX);
        if (signed) {
            b.lload(code.long1);
            b.bipush(63);
            b.lshr();
        } else {
            b.lconst_0();
        }
        b.lcmp();
        b.ifne(unusual());
        if (signed) {
            // The one quotient of two 64-bit numbers that has more bits.
            Label fits = b.newLabel();
            b.lload(code.long0);
            b.loadConstant(-1L);
            b.lcmp();
            b.ifne(fits);
            b.lload(code.long1);
            b.loadConstant(Long.MIN_VALUE);
            b.lcmp();
            b.ifeq(unusual());
            b.labelBinding(fits);
        }
        quotient(signed);
        pushRemainder();
        code.set64(CpuState.RDX);
        b.lload(code.long2);
        code.set64(CpuState.RAX);
    }

    // Conditions

    private void setCondition(Instruction i) {
        Operand target = i.operand(0);
        locate(target, true);
        Label yes = b.newLabel();
        Label end = b.newLabel();
        flags.jumpIf(i.condition(), yes);
        b.iconst_0();
        b.istore(code.int0);
        b.goto_(end);
        b.labelBinding(yes);
        b.iconst_1();
        b.istore(code.int0);
        b.labelBinding(end);
        beginStore(target);
        b.iload(code.int0);
        endStore(target);
    }

    private void moveCondition(Instruction i) {
        var target = (Operand.Register) i.operand(0);
        Operand source = i.operand(1);
        int bytes = target.size();
        locate(source, false);
        push(source, bytes, true);
        popTemporary(bytes, 0);
        Label yes = b.newLabel();
        flags.jumpIf(i.condition(), yes);
        code.get(target, true);
        popTemporary(bytes, 0);
        b.labelBinding(yes);
        pushTemporary(bytes, 0);
        code.set(target);
    }

    // The rest

    private void extendAccumulator(Instruction i) {
        switch (i.mnemonic()) {
            case CBW -> {
                code.get32(CpuState.RAX);
                b.i2b();
                code.set(new Operand.Register(Operand.File.GPR, CpuState.RAX, 2));
            }
            case CWDE -> {
                code.get32(CpuState.RAX);
                b.i2s();
                code.set32(CpuState.RAX);
            }
            default -> {
                code.get32(CpuState.RAX);
                b.i2l();
                code.set64(CpuState.RAX);
            }
        }
    }

    private void signToRdx(Instruction i) {
        switch (i.mnemonic()) {
            case CWD -> {
                code.get32(CpuState.RAX);
                b.i2s();
                b.bipush(31);
                b.ishr();
                code.set(new Operand.Register(Operand.File.GPR, CpuState.RDX, 2));
            }
            case CDQ -> {
                code.get32(CpuState.RAX);
                b.bipush(31);
                b.ishr();
                code.set32(CpuState.RDX);
            }
            default -> {
                code.get64(CpuState.RAX);
                b.bipush(63);
                b.lshr();
                code.set64(CpuState.RDX);
            }
        }
    }

    private void byteSwap(Instruction i) {
        var target = (Operand.Register) i.operand(0);
        code.get(target, true);
        if (target.size() == 8) {
            b.invokestatic(
                    Bytecode.LAZY_LONG,
                    "reverseBytes",
                    MethodTypeDesc.of(Bytecode.LONG, Bytecode.LONG));
        } else {
            b.invokestatic(
                    Bytecode.LAZY_INTEGER,
                    "reverseBytes",
                    MethodTypeDesc.of(Bytecode.INT, Bytecode.INT));
        }
        code.set(target);
    }

    private void exchange(Instruction i) {
        Operand first = i.operand(0);
        Operand second = i.operand(1);
        if (isMemory(second)) {
            first = i.operand(1);
            second = i.operand(0);
        }
        int bytes = first.size();
        locate(first, true);
        push(first, bytes, true);
        popTemporary(bytes, 0);
        beginStore(first);
        push(second, bytes, true);
        endStore(first);
        pushTemporary(bytes, 0);
        endStore(second);
    }

    private void compareAndExchange(Instruction i) {
        Operand target = i.operand(0);
        int bytes = target.size();
        var accumulator = new Operand.Register(Operand.File.GPR, CpuState.RAX, bytes);
        locate(target, true);
        push(target, bytes, true);
        popTemporary(bytes, 0);
        if (wantsFlags()) {
            code.get(accumulator, true);
            flags.pop(code.flagDst, bytes);
            pushTemporary(bytes, 0);
            flags.pop(code.flagSrc, bytes);
        }
        Label different = b.newLabel();
        Label end = b.newLabel();
        code.get(accumulator, true);
        pushTemporary(bytes, 0);
        if (bytes == 8) {
            b.lcmp();
            b.ifne(different);
        } else {
            b.if_icmpne(different);
        }
        beginStore(target);
        push(i.operand(1), bytes, true);
        endStore(target);
        b.goto_(end);
        b.labelBinding(different);
        // Memory keeps what it has; it would be written with just that.
        pushTemporary(bytes, 0);
        code.set(accumulator);
        b.labelBinding(end);
    }

    private void exchangeAndAdd(Instruction i) {
        Operand target = i.operand(0);
        Operand source = i.operand(1);
        int bytes = target.size();
        locate(target, true);
        push(target, bytes, true);
        keep(code.flagDst, bytes);
        popTemporary(bytes, 0);
        pushTemporary(bytes, 0);
        push(source, bytes, true);
        keep(code.flagSrc, bytes);
        operate(Mnemonic.ADD, bytes);
        popTemporary(bytes, 1);
        pushTemporary(bytes, 0);
        endStore(source);
        // The sum last: of a register with itself it stays.
        beginStore(target);
        pushTemporary(bytes, 1);
        endStore(target);
    }

    private void bitTest(Instruction i) {
        Operand target = i.operand(0);
        Operand index = i.operand(1);
        int bytes = target.size();
        boolean writes = i.mnemonic() != Mnemonic.BT;
        locate(target, writes);
        // The index, then the value.
        push(index, index.size() == 8 ? 8 : 4, true);
        if (index.size() == 8) {
            b.l2i();
        }
        b.loadConstant(8 * bytes - 1);
        b.iand();
        b.istore(code.int0);
        push(target, bytes, true);
        if (bytes == 8) {
            b.lstore(code.long1);
        } else {
            b.istore(code.int1);
        }
        if (wantsFlags()) {
            flags.pushAll();
            b.loadConstant(~LazyFlags.CF);
            b.iand();
            pushTemporary(bytes, 1);
            b.iload(code.int0);
            shift(Mnemonic.SHR, bytes);
            if (bytes == 8) {
                b.l2i();
            }
            b.iconst_1();
            b.iand();
            b.ior();
            flags.pop(code.flagResult, 4);
        }
        if (!writes) {
            return;
        }
        beginStore(target);
        pushTemporary(bytes, 1);
        if (bytes == 8) {
            b.lconst_1();
        } else {
            b.iconst_1();
        }
        b.iload(code.int0);
        shift(Mnemonic.SHL, bytes);
        switch (i.mnemonic()) {
            case BTS -> operate(Mnemonic.OR, bytes);
            case BTC -> operate(Mnemonic.XOR, bytes);
            default -> {
                if (bytes == 8) {
                    b.loadConstant(-1L);
                } else {
                    b.iconst_m1();
                }
                operate(Mnemonic.XOR, bytes);
                operate(Mnemonic.AND, bytes);
            }
        }
        endStore(target);
    }

    private void bitScan(Instruction i) {
        var target = (Operand.Register) i.operand(0);
        Operand source = i.operand(1);
        int bytes = target.size();
        locate(source, false);
        push(source, bytes, true);
        popTemporary(bytes, 0);
        if (wantsFlags()) {
            flags.pushAll();
            b.loadConstant(~LazyFlags.ZF);
            b.iand();
            flags.pop(code.flagResult, 4);
        }
        Label zero = b.newLabel();
        Label end = b.newLabel();
        pushTemporary(bytes, 0);
        if (bytes == 8) {
            b.lconst_0();
            b.lcmp();
        }
        b.ifeq(zero);
        pushTemporary(bytes, 0);
        boolean forward = i.mnemonic() == Mnemonic.BSF;
        b.invokestatic(
                bytes == 8 ? Bytecode.LAZY_LONG : Bytecode.LAZY_INTEGER,
                forward ? "numberOfTrailingZeros" : "numberOfLeadingZeros",
                MethodTypeDesc.of(Bytecode.INT, bytes == 8 ? Bytecode.LONG : Bytecode.INT));
        if (!forward) {
            b.loadConstant(8 * bytes - 1);
            b.ixor();
        }
        if (bytes == 8) {
            b.i2l();
        }
        code.set(target);
        b.goto_(end);
        b.labelBinding(zero);
        if (wantsFlags()) {
            if (code.wide) {
                b.lload(code.flagResult);
                b.loadConstant((long) LazyFlags.ZF);
                b.lor();
                b.lstore(code.flagResult);
            } else {
                b.iload(code.flagResult);
                b.loadConstant(LazyFlags.ZF);
                b.ior();
                b.istore(code.flagResult);
            }
        }
        b.labelBinding(end);
    }

    // The stack

    /** Bytes that PUSH and POP move. */
    private int stackBytes() {
        return code.wide ? 8 : 4;
    }

    /** Finds the place of a push, and leaves it in {@code host}. */
    void locatePush() {
        memory.locateStack(CpuState.RSP, -stackBytes(), step, stackBytes(), true, this);
    }

    /** Finds the top of the stack at a register, and pushes what is there. */
    void pushTop(int register) {
        memory.locateStack(register, 0, step, stackBytes(), false, this);
        memory.load(stackBytes());
    }

    /** Sets RSP to a register plus a number. */
    void setPointer(int register, int number) {
        memory.pushSum(register, number);
        code.setNatural(CpuState.RSP);
    }

    private void push(Instruction i) {
        Operand source = i.operand(0);
        int bytes = stackBytes();
        if (isMemory(source)) {
            locate(source, false);
            push(source, bytes, true);
            popTemporary(bytes, 0);
            locatePush();
            b.lload(code.host);
            pushTemporary(bytes, 0);
        } else {
            locatePush();
            b.lload(code.host);
            push(source, bytes, true);
        }
        code.store(bytes);
        setPointer(CpuState.RSP, -bytes);
    }

    private void pop(Instruction i) {
        int bytes = stackBytes();
        pushTop(CpuState.RSP);
        Operand target = i.operand(0);
        if (target instanceof Operand.Register register) {
            popTemporary(bytes, 0);
            setPointer(CpuState.RSP, bytes);
            pushTemporary(bytes, 0);
            code.set(register);
            return;
        }
        throw new IllegalArgumentException("POP to memory is the interpreter's");
    }

    private void leave() {
        int bytes = stackBytes();
        pushTop(CpuState.RBP);
        popTemporary(bytes, 0);
        setPointer(CpuState.RBP, bytes);
        pushTemporary(bytes, 0);
        code.setNatural(CpuState.RBP);
    }

    // Control transfers need these

    /** Pushes the operand of an indirect branch: an int, or a long in 64-bit code. */
    void pushTarget(Operand operand) {
        locate(operand, false);
        push(operand, stackBytes(), true);
    }
}
