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

/** Bytecode of string instructions (SDM vol. 2: LODS, STOS, MOVS, SCAS, CMPS, REP). */
final class StringEmitter {
    /** DF shifted right by so much is twice the size of a byte. */
    private static final int DF_SHIFT = 9;

    private static final MethodTypeDesc COPY =
            MethodTypeDesc.of(
                    Bytecode.INT,
                    Bytecode.CPU,
                    Bytecode.LONG,
                    Bytecode.LONG,
                    Bytecode.LONG,
                    Bytecode.INT);
    private static final MethodTypeDesc SET =
            MethodTypeDesc.of(
                    Bytecode.INT,
                    Bytecode.CPU,
                    Bytecode.LONG,
                    Bytecode.LONG,
                    Bytecode.INT,
                    Bytecode.LONG);

    /** REPE; else it is REPNE. */
    private static final int EQUAL = 0xF3;

    /** What C2 is told of how often there is another element: all but once in 2 to this. */
    private static final int LENGTH_POWER = 3;

    private final Bytecode code;
    private final CodeBuilder b;
    private final FlagEmitter flags;
    private final MemoryEmitter memory;
    private final OperandEmitter operands;

    StringEmitter(Bytecode code, FlagEmitter flags, MemoryEmitter memory, OperandEmitter operands) {
        this.code = code;
        b = code.b;
        this.flags = flags;
        this.memory = memory;
        this.operands = operands;
    }

    private static Operand.Memory at(int segment, int register, Instruction i) {
        return new Operand.Memory(
                segment, register, CpuState.ZERO, 0, 0, i.addressSize(), i.operandSize());
    }

    void emit(Instruction i) {
        boolean compares = i.mnemonic() == Mnemonic.SCAS || i.mnemonic() == Mnemonic.CMPS;
        if (i.repeat() == 0) {
            if (compares) {
                load(i);
                leaveFlags(i);
            } else {
                move(i);
            }
        } else if (compares) {
            search(i);
        } else {
            repeat(i);
        }
    }

    private void move(Instruction i) {
        int bytes = i.operandSize();
        var accumulator = new Operand.Register(Operand.File.GPR, CpuState.RAX, bytes);
        Operand.Memory source = at(i.segment(), CpuState.RSI, i);
        Operand.Memory target = at(CpuState.ES, CpuState.RDI, i);
        switch (i.mnemonic()) {
            case LODS -> {
                operands.locate(source, false);
                operands.push(source, bytes, true);
                code.set(accumulator);
                advance(CpuState.RSI, i);
            }
            case STOS -> {
                operands.locate(target, true);
                operands.beginStore(target);
                code.get(accumulator, true);
                operands.endStore(target);
                advance(CpuState.RDI, i);
            }
            default -> {
                operands.locate(source, false);
                operands.push(source, bytes, true);
                operands.popTemporary(bytes, 0);
                operands.locate(target, true);
                operands.beginStore(target);
                operands.pushTemporary(bytes, 0);
                operands.endStore(target);
                advance(CpuState.RSI, i);
                advance(CpuState.RDI, i);
            }
        }
    }

    /** Moves a pointer by an element, forwards or backwards. */
    private void advance(int register, Instruction i) {
        var pointer = new Operand.Register(Operand.File.GPR, register, i.addressSize());
        code.get(pointer, true);
        b.loadConstant(i.operandSize());
        code.systemFlags();
        b.loadConstant(Eflags.DF);
        b.iand();
        b.loadConstant(DF_SHIFT - Integer.numberOfTrailingZeros(i.operandSize()));
        b.ishr();
        b.isub();
        if (code.wide) {
            b.i2l();
            b.ladd();
        } else {
            b.iadd();
        }
        code.set(pointer);
    }

    /** Keeps what SCAS and CMPS compare in the two temporaries, and moves on. */
    private void load(Instruction i) {
        int bytes = i.operandSize();
        Operand.Memory target = at(CpuState.ES, CpuState.RDI, i);
        if (i.mnemonic() == Mnemonic.SCAS) {
            code.get(new Operand.Register(Operand.File.GPR, CpuState.RAX, bytes), true);
        } else {
            Operand.Memory source = at(i.segment(), CpuState.RSI, i);
            operands.locate(source, false);
            operands.push(source, bytes, true);
        }
        operands.popTemporary(bytes, 0);
        operands.locate(target, false);
        operands.push(target, bytes, true);
        operands.popTemporary(bytes, 1);
        if (i.mnemonic() == Mnemonic.CMPS) {
            advance(CpuState.RSI, i);
        }
        advance(CpuState.RDI, i);
    }

    /** The flags of the difference of the temporaries, if anybody wants them. */
    private void leaveFlags(Instruction i) {
        if (operands.wantsFlags()) {
            operands.pushTemporary(i.operandSize(), 0);
            flags.pop(code.flagDst, i.operandSize());
            operands.pushTemporary(i.operandSize(), 1);
            flags.pop(code.flagSrc, i.operandSize());
        }
    }

    /**
     * Element by element, until one ends it or none is left. Until then the flags are those from
     * before, as a fault's handler has to see them.
     */
    private void search(Instruction i) {
        Label more = b.newLabel();
        Label found = b.newLabel();
        Label done = b.newLabel();
        if (operands.wantsFlags()) {
            flags.materialise();
        }
        ifNoneLeft(done);
        b.labelBinding(more);
        load(i);
        b.iconst_1();
        b.istore(code.int2);
        add(CpuState.RCX, -1);
        pushIfDifferent(i.operandSize());
        boolean equal = i.repeat() == EQUAL;
        if (i.repeat() == EQUAL) {
            code.rarely(LENGTH_POWER);
            b.ifne(found);
        } else {
            code.mostly(LENGTH_POWER);
            b.ifeq(found);
        }
        ifNoneLeft(found);
        code.ifDisturbed(operands.unusual());
        b.goto_(more);
        b.labelBinding(found);
        leaveFlags(i);
        if (operands.wantsFlags()) {
            b.loadConstant(FlagCode.of(LazyFlags.SUB, i.operandSize()));
            b.istore(code.flagCode);
        }
        b.labelBinding(done);
    }

    /** Pushes whether the temporaries differ, 1 or 0. */
    private void pushIfDifferent(int bytes) {
        operands.pushTemporary(bytes, 0);
        operands.pushTemporary(bytes, 1);
        code.differ(bytes == 8);
    }

    /**
     * Page by page, until none is left. What is not simple, and the rest when attention is wanted,
     * is the interpreter's: registers tell what was done.
     */
    private void repeat(Instruction i) {
        Label more = b.newLabel();
        Label done = b.newLabel();
        ifNoneLeft(done);
        b.labelBinding(more);
        boolean moves = i.mnemonic() == Mnemonic.MOVS;
        code.pushThisAndCpu();
        if (moves) {
            memory.pushLinear(i.segment(), CpuState.RSI);
        }
        memory.pushLinear(CpuState.ES, CpuState.RDI);
        code.getNatural(CpuState.RCX);
        if (!code.wide) {
            code.zeroExtend();
        }
        b.loadConstant(i.operandSize());
        if (moves) {
            b.invokevirtual(Bytecode.CODE, "copy", COPY);
        } else {
            code.getNatural(CpuState.RAX);
            if (!code.wide) {
                b.i2l();
            }
            b.invokevirtual(Bytecode.CODE, "set", SET);
        }
        b.istore(code.int2);
        b.iload(code.int2);
        b.ifeq(operands.unusual());
        if (moves) {
            add(CpuState.RSI, i.operandSize());
        }
        add(CpuState.RDI, i.operandSize());
        add(CpuState.RCX, -1);
        ifNoneLeft(done);
        code.ifDisturbed(operands.unusual());
        b.goto_(more);
        b.labelBinding(done);
    }

    private void ifNoneLeft(Label target) {
        code.getNatural(CpuState.RCX);
        if (code.wide) {
            b.lconst_0();
        } else {
            b.iconst_0();
        }
        code.differ(code.wide);
        // Also, C2 is not to take the register for a loop's counter.
        code.mostly(LENGTH_POWER);
        b.ifeq(target);
    }

    /** Adds so much for each element of those executed together. */
    private void add(int register, int each) {
        code.getNatural(register);
        b.iload(code.int2);
        b.loadConstant(each);
        b.imul();
        if (code.wide) {
            b.i2l();
            b.ladd();
        } else {
            b.iadd();
        }
        code.setNatural(register);
    }
}
