package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.Eflags;
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
final class InstructionEmitter {
    private static final Operand.Register AL =
            new Operand.Register(Operand.File.GPR, CpuState.RAX, 1);
    private static final Operand.Register AH =
            new Operand.Register(Operand.File.HIGH_BYTE, CpuState.RAX, 1);

    private final Bytecode code;
    private final CodeBuilder b;
    private final FlagEmitter flags;
    private final MemoryEmitter memory;
    private final OperandEmitter operands;
    private final ShiftEmitter shifts;
    private final MultiplyEmitter multiplications;
    private final VectorEmitter vectors;
    private final X87Emitter x87;
    private final StringEmitter strings;

    InstructionEmitter(
            Bytecode code, FlagEmitter flags, MemoryEmitter memory, OperandEmitter operands) {
        this.code = code;
        b = code.b;
        this.flags = flags;
        this.memory = memory;
        this.operands = operands;
        shifts = new ShiftEmitter(code, flags, operands);
        multiplications = new MultiplyEmitter(code, flags, operands);
        vectors = new VectorEmitter(code, flags, memory, operands);
        x87 = new X87Emitter(code, flags, memory, operands);
        strings = new StringEmitter(code, flags, memory, operands);
    }

    /** Begins an instruction before which so many of its node were done; loads flags for it. */
    void start(RegionPlan.Step step, int done) {
        operands.start(step, done);
        if (FlagAnalysis.reads(step)) {
            flags.load();
        }
    }

    /** See {@link OperandEmitter#unusual}. */
    Label unusual() {
        return operands.unusual();
    }

    // Operands

    // Instructions

    /** Emits the instruction begun; not a control transfer. */
    void emit() {
        Instruction i = operands.step().instruction;
        switch (i.mnemonic()) {
            case NOP, PAUSE, PREFETCH, LFENCE, SFENCE, MFENCE -> {}
            case MOV, MOVNTI -> {
                if (Emission.changedSegment(i) >= 0) {
                    loadSegment(i);
                } else {
                    move(i);
                }
            }
            case LDS, LES, LFS, LGS -> loadFar(i);
            case MOVZX -> extend(i, false);
            case MOVSX, MOVSXD -> extend(i, true);
            case LEA -> loadAddress(i);
            case ADD, SUB, AND, OR, XOR -> binary(i);
            case CMP, TEST -> compare(i);
            case ADC, SBB -> withCarry(i);
            case INC, DEC -> increment(i);
            case NEG, NOT -> negate(i);
            case SHL, SHR, SAR -> shifts.shift(i);
            case ROL, ROR -> shifts.rotate(i);
            case RCL, RCR -> shifts.rotateThroughCarry(i);
            case CLC, STC, CMC, SAHF -> changeFlags(i);
            case LAHF -> loadFlags();
            case CLD, STD -> code.changeSystemFlags(Eflags.DF, i.mnemonic() == Mnemonic.STD);
            case LODS, STOS, MOVS, SCAS, CMPS -> strings.emit(i);
            case XLAT -> translate(i);
            case SHLD, SHRD -> shifts.doubleShift(i);
            case IMUL -> {
                if (i.operands().size() == 1) {
                    multiplications.multiplyAccumulator(i, true);
                } else {
                    multiplications.multiply(i);
                }
            }
            case MUL -> multiplications.multiplyAccumulator(i, false);
            case DIV, IDIV -> multiplications.divide(i);
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
            default -> {
                if (X87Emitter.handles(i)) {
                    x87.emit(i);
                } else {
                    vectors.emit(i);
                }
            }
        }
        flags.current = FlagAnalysis.after(operands.step(), flags.current);
    }

    private void move(Instruction i) {
        Operand target = i.operand(0);
        Operand source = i.operand(1);
        operands.locate(source, false);
        operands.locate(target, true);
        operands.beginStore(target);
        operands.push(source, target.size(), true);
        operands.endStore(target);
    }

    private void extend(Instruction i, boolean signed) {
        var target = (Operand.Register) i.operand(0);
        Operand source = i.operand(1);
        operands.locate(source, false);
        operands.push(source, source.size(), signed);
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
        memory.pushOffset((Operand.Memory) i.operand(1), operands.step());
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
        operands.locate(source, false);
        operands.locate(target, true);
        operands.beginStore(target);
        boolean arithmetic = mnemonic == Mnemonic.ADD || mnemonic == Mnemonic.SUB;
        operands.push(target, bytes, true);
        if (arithmetic) {
            operands.keep(code.flagDst, bytes);
        }
        operands.push(source, bytes, true);
        if (arithmetic) {
            operands.keep(code.flagSrc, bytes);
        }
        operands.operate(mnemonic, bytes);
        if (!arithmetic) {
            operands.keep(code.flagResult, bytes);
        }
        operands.endStore(target);
    }

    private void compare(Instruction i) {
        Operand target = i.operand(0);
        Operand source = i.operand(1);
        int bytes = target.size();
        operands.locate(source, false);
        operands.locate(target, false);
        if (!operands.wantsFlags()) {
            return;
        }
        operands.push(target, bytes, true);
        if (i.mnemonic() == Mnemonic.CMP) {
            flags.pop(code.flagDst, bytes);
            operands.push(source, bytes, true);
            flags.pop(code.flagSrc, bytes);
            return;
        }
        if (!target.equals(source)) {
            operands.push(source, bytes, true);
            operands.operate(Mnemonic.TEST, bytes);
        }
        flags.pop(code.flagResult, bytes);
    }

    private void withCarry(Instruction i) {
        Operand target = i.operand(0);
        Operand source = i.operand(1);
        int bytes = target.size();
        operands.locate(source, false);
        operands.locate(target, true);
        flags.pushCarry();
        b.istore(code.int0);
        operands.beginStore(target);
        operands.push(target, bytes, true);
        operands.keep(code.flagDst, bytes);
        operands.push(source, bytes, true);
        operands.keep(code.flagSrc, bytes);
        operands.operate(i.mnemonic(), bytes);
        b.iload(code.int0);
        if (bytes == 8) {
            b.i2l();
        }
        operands.operate(i.mnemonic(), bytes);
        code.narrow(bytes, true);
        operands.keep(code.flagResult, bytes);
        operands.endStore(target);
    }

    private void increment(Instruction i) {
        Operand target = i.operand(0);
        int bytes = target.size();
        operands.locate(target, true);
        if (operands.wantsFlags()) {
            flags.pushCarry();
            flags.pop(code.flagSrc, 4);
        }
        operands.beginStore(target);
        operands.push(target, bytes, true);
        operands.keep(code.flagDst, bytes);
        if (bytes == 8) {
            b.lconst_1();
        } else {
            b.iconst_1();
        }
        operands.operate(i.mnemonic() == Mnemonic.INC ? Mnemonic.ADD : Mnemonic.SUB, bytes);
        operands.endStore(target);
    }

    private void negate(Instruction i) {
        Operand target = i.operand(0);
        int bytes = target.size();
        operands.locate(target, true);
        operands.beginStore(target);
        operands.push(target, bytes, true);
        if (i.mnemonic() == Mnemonic.NOT) {
            if (bytes == 8) {
                b.loadConstant(-1L);
                b.lxor();
            } else {
                b.iconst_m1();
                b.ixor();
            }
        } else {
            operands.keep(code.flagSrc, bytes);
            if (bytes == 8) {
                b.lneg();
            } else {
                b.ineg();
            }
            if (operands.wantsFlags()) {
                b.iconst_0();
                flags.pop(code.flagDst, 4);
            }
        }
        operands.endStore(target);
    }

    // Shifts

    // Multiplication and division

    // Conditions

    private void changeFlags(Instruction i) {
        if (!operands.wantsFlags()) {
            return;
        }
        flags.pushAll();
        switch (i.mnemonic()) {
            case CLC -> {
                b.loadConstant(~LazyFlags.CF);
                b.iand();
            }
            case STC -> {
                b.loadConstant(LazyFlags.CF);
                b.ior();
            }
            case CMC -> {
                b.loadConstant(LazyFlags.CF);
                b.ixor();
            }
            default -> {
                b.loadConstant(LazyFlags.OF);
                b.iand();
                code.get(AH, false);
                b.loadConstant(LazyFlags.MASK & ~LazyFlags.OF);
                b.iand();
                b.ior();
            }
        }
        flags.pop(code.flagResult, 4);
    }

    private void loadFlags() {
        flags.pushAll();
        b.loadConstant(LazyFlags.MASK & ~LazyFlags.OF);
        b.iand();
        b.iconst_2(); // the bit that is always set
        b.ior();
        code.set(AH);
    }

    /** XLAT: AL is a byte of the table at BX. */
    private void translate(Instruction i) {
        var table = new Operand.Register(Operand.File.GPR, CpuState.RBX, i.addressSize());
        code.get(table, false);
        code.get(AL, false);
        if (code.wide) {
            b.i2l();
            b.ladd();
        } else {
            b.iadd();
            code.narrow(i.addressSize(), false);
        }
        memory.locateByte(i.segment(), i.addressSize(), operands);
        memory.load(1);
        code.set(AL);
    }

    private void setCondition(Instruction i) {
        Operand target = i.operand(0);
        operands.locate(target, true);
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
        operands.beginStore(target);
        b.iload(code.int0);
        operands.endStore(target);
    }

    private void moveCondition(Instruction i) {
        var target = (Operand.Register) i.operand(0);
        Operand source = i.operand(1);
        int bytes = target.size();
        operands.locate(source, false);
        operands.push(source, bytes, true);
        operands.popTemporary(bytes, 0);
        Label yes = b.newLabel();
        flags.jumpIf(i.condition(), yes);
        code.get(target, true);
        operands.popTemporary(bytes, 0);
        b.labelBinding(yes);
        operands.pushTemporary(bytes, 0);
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
        if (operands.isMemory(second)) {
            first = i.operand(1);
            second = i.operand(0);
        }
        int bytes = first.size();
        operands.locate(first, true);
        operands.push(first, bytes, true);
        operands.popTemporary(bytes, 0);
        operands.beginStore(first);
        operands.push(second, bytes, true);
        operands.endStore(first);
        operands.pushTemporary(bytes, 0);
        operands.endStore(second);
    }

    private void compareAndExchange(Instruction i) {
        Operand target = i.operand(0);
        int bytes = target.size();
        var accumulator = new Operand.Register(Operand.File.GPR, CpuState.RAX, bytes);
        operands.locate(target, true);
        operands.push(target, bytes, true);
        operands.popTemporary(bytes, 0);
        if (operands.wantsFlags()) {
            code.get(accumulator, true);
            flags.pop(code.flagDst, bytes);
            operands.pushTemporary(bytes, 0);
            flags.pop(code.flagSrc, bytes);
        }
        Label different = b.newLabel();
        Label end = b.newLabel();
        code.get(accumulator, true);
        operands.pushTemporary(bytes, 0);
        if (bytes == 8) {
            b.lcmp();
            b.ifne(different);
        } else {
            b.if_icmpne(different);
        }
        operands.beginStore(target);
        operands.push(i.operand(1), bytes, true);
        operands.endStore(target);
        b.goto_(end);
        b.labelBinding(different);
        // Memory keeps what it has; it would be written with just that.
        operands.pushTemporary(bytes, 0);
        code.set(accumulator);
        b.labelBinding(end);
    }

    private void exchangeAndAdd(Instruction i) {
        Operand target = i.operand(0);
        Operand source = i.operand(1);
        int bytes = target.size();
        operands.locate(target, true);
        operands.push(target, bytes, true);
        operands.keep(code.flagDst, bytes);
        operands.popTemporary(bytes, 0);
        operands.pushTemporary(bytes, 0);
        operands.push(source, bytes, true);
        operands.keep(code.flagSrc, bytes);
        operands.operate(Mnemonic.ADD, bytes);
        operands.popTemporary(bytes, 1);
        operands.pushTemporary(bytes, 0);
        operands.endStore(source);
        // The sum last: of a register with itself it stays.
        operands.beginStore(target);
        operands.pushTemporary(bytes, 1);
        operands.endStore(target);
    }

    private void bitTest(Instruction i) {
        Operand target = i.operand(0);
        Operand index = i.operand(1);
        int bytes = target.size();
        boolean writes = i.mnemonic() != Mnemonic.BT;
        operands.locate(target, writes);
        // The index, then the value.
        operands.push(index, index.size() == 8 ? 8 : 4, true);
        if (index.size() == 8) {
            b.l2i();
        }
        b.loadConstant(8 * bytes - 1);
        b.iand();
        b.istore(code.int0);
        operands.push(target, bytes, true);
        if (bytes == 8) {
            b.lstore(code.long1);
        } else {
            b.istore(code.int1);
        }
        if (operands.wantsFlags()) {
            flags.pushAll();
            b.loadConstant(~LazyFlags.CF);
            b.iand();
            operands.pushTemporary(bytes, 1);
            b.iload(code.int0);
            shifts.shift(Mnemonic.SHR, bytes);
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
        operands.beginStore(target);
        operands.pushTemporary(bytes, 1);
        if (bytes == 8) {
            b.lconst_1();
        } else {
            b.iconst_1();
        }
        b.iload(code.int0);
        shifts.shift(Mnemonic.SHL, bytes);
        switch (i.mnemonic()) {
            case BTS -> operands.operate(Mnemonic.OR, bytes);
            case BTC -> operands.operate(Mnemonic.XOR, bytes);
            default -> {
                if (bytes == 8) {
                    b.loadConstant(-1L);
                } else {
                    b.iconst_m1();
                }
                operands.operate(Mnemonic.XOR, bytes);
                operands.operate(Mnemonic.AND, bytes);
            }
        }
        operands.endStore(target);
    }

    private void bitScan(Instruction i) {
        var target = (Operand.Register) i.operand(0);
        Operand source = i.operand(1);
        int bytes = target.size();
        operands.locate(source, false);
        operands.push(source, bytes, true);
        operands.popTemporary(bytes, 0);
        if (operands.wantsFlags()) {
            flags.pushAll();
            b.loadConstant(~LazyFlags.ZF);
            b.iand();
            flags.pop(code.flagResult, 4);
        }
        Label zero = b.newLabel();
        Label end = b.newLabel();
        operands.pushTemporary(bytes, 0);
        if (bytes == 8) {
            b.lconst_0();
            b.lcmp();
        }
        b.ifeq(zero);
        operands.pushTemporary(bytes, 0);
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
        if (operands.wantsFlags()) {
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

    /** Bytes that the instruction pushes or pops. */
    int stackBytes() {
        return operands.step().instruction.operandSize();
    }

    /** Finds the place of a push, and leaves it in {@code host}. */
    void locatePush() {
        memory.locateStack(
                CpuState.RSP, -stackBytes(), operands.step(), stackBytes(), true, operands);
    }

    /** Finds the top of the stack at a register, and pushes what is there; a word sign extended. */
    void pushTop(int register) {
        memory.locateStack(register, 0, operands.step(), stackBytes(), false, operands);
        memory.load(stackBytes());
    }

    /** Sets the stack pointer to a register plus a number. */
    void setPointer(int register, int number) {
        memory.pushSum(register, number);
        if (Mode.wideStack(code.plan.mode)) {
            code.setNatural(CpuState.RSP);
        } else {
            code.set(new Operand.Register(Operand.File.GPR, CpuState.RSP, 2));
        }
    }

    private void push(Instruction i) {
        Operand source = i.operand(0);
        int bytes = stackBytes();
        if (operands.isMemory(source)) {
            operands.locate(source, false);
            operands.push(source, bytes, true);
            operands.popTemporary(bytes, 0);
            locatePush();
            b.lload(code.host);
            operands.pushTemporary(bytes, 0);
        } else {
            locatePush();
            b.lload(code.host);
            operands.push(source, bytes, true);
        }
        code.store(bytes);
        setPointer(CpuState.RSP, -bytes);
    }

    /** Pops a selector into a segment register; or moves it there. */
    private void loadSegment(Instruction i) {
        if (i.mnemonic() == Mnemonic.POP) {
            pushTop(CpuState.RSP);
        } else {
            operands.locate(i.operand(1), false);
            operands.push(i.operand(1), 2, false);
        }
        code.narrow(2, false);
        b.istore(code.int1);
        code.loadSegment(Emission.changedSegment(i), code.int1);
        if (i.mnemonic() == Mnemonic.POP) {
            setPointer(CpuState.RSP, stackBytes());
        }
    }

    private void loadFar(Instruction i) {
        operands.locate(i.operand(1), false);
        keepFarPointer(i.operandSize());
        code.loadSegment(Emission.changedSegment(i), code.int1);
        b.iload(code.int0);
        code.set((Operand.Register) i.operand(0));
    }

    /** Keeps the offset at {@code host} in int0, and the selector behind it in int1. */
    private void keepFarPointer(int bytes) {
        memory.load(bytes);
        code.narrow(bytes, false);
        b.istore(code.int0);
        b.lload(code.host);
        b.loadConstant((long) bytes);
        b.ladd();
        code.load(2);
        code.narrow(2, false);
        b.istore(code.int1);
    }

    /**
     * Pushes the offset that a far transfer goes to, and keeps the selector in int1; the offset is
     * still to be looked at, and nothing has changed.
     */
    void pushFarTarget() {
        Instruction i = operands.step().instruction;
        int bytes = stackBytes();
        if (i.mnemonic() == Mnemonic.RET_FAR) {
            pushTop(CpuState.RSP);
            code.narrow(bytes, false);
            b.istore(code.int0);
            memory.locateStack(CpuState.RSP, bytes, operands.step(), bytes, false, operands);
            memory.load(bytes);
            code.narrow(2, false);
            b.istore(code.int1);
            b.iload(code.int0);
        } else if (i.operand(0) instanceof Operand.FarPointer pointer) {
            b.loadConstant(pointer.selector());
            b.istore(code.int1);
            b.loadConstant((int) pointer.offset());
        } else {
            operands.locate(i.operand(0), false);
            keepFarPointer(bytes);
            b.iload(code.int0);
        }
    }

    /** Pushes or releases what a far transfer does, and loads CS. */
    void goFar() {
        RegionPlan.Step step = operands.step();
        int bytes = stackBytes();
        switch (step.instruction.mnemonic()) {
            case CALL_FAR -> {
                memory.locateStack(CpuState.RSP, -bytes, step, bytes, true, operands);
                b.lload(code.host);
                b.lstore(code.long2);
                memory.locateStack(CpuState.RSP, -2 * bytes, step, bytes, true, operands);
                b.lload(code.long2);
                code.selector(CpuState.CS);
                code.store(bytes);
                b.lload(code.host);
                b.loadConstant((int) step.next);
                code.store(bytes);
                setPointer(CpuState.RSP, -2 * bytes);
            }
            case RET_FAR -> {
                boolean plain = step.instruction.operands().isEmpty();
                int release =
                        plain ? 0 : (int) ((Operand.Immediate) step.instruction.operand(0)).value();
                setPointer(CpuState.RSP, 2 * bytes + release);
            }
            default -> {}
        }
        code.loadSegment(CpuState.CS, code.int1);
    }

    private void pop(Instruction i) {
        if (Emission.changedSegment(i) >= 0) {
            loadSegment(i);
            return;
        }
        int bytes = stackBytes();
        pushTop(CpuState.RSP);
        Operand target = i.operand(0);
        if (target instanceof Operand.Register register) {
            operands.popTemporary(bytes, 0);
            setPointer(CpuState.RSP, bytes);
            operands.pushTemporary(bytes, 0);
            code.set(register);
            return;
        }
        throw new IllegalArgumentException("POP to memory is the interpreter's");
    }

    private void leave() {
        int bytes = stackBytes();
        pushTop(CpuState.RBP);
        operands.popTemporary(bytes, 0);
        setPointer(CpuState.RBP, bytes);
        operands.pushTemporary(bytes, 0);
        code.set(new Operand.Register(Operand.File.GPR, CpuState.RBP, bytes));
    }

    // Control transfers need these

    /** Pushes the operand of an indirect branch: an int, or a long in 64-bit code. */
    void pushTarget(Operand operand) {
        operands.locate(operand, false);
        operands.push(operand, stackBytes(), false);
    }
}
