package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.Eflags;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.constant.MethodTypeDesc;

/** Bytecode of string instructions (SDM vol. 2: LODS, STOS, MOVS; the latter two repeated). */
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

    private final Bytecode code;
    private final CodeBuilder b;
    private final MemoryEmitter memory;
    private final OperandEmitter operands;

    StringEmitter(Bytecode code, MemoryEmitter memory, OperandEmitter operands) {
        this.code = code;
        b = code.b;
        this.memory = memory;
        this.operands = operands;
    }

    private static Operand.Memory at(int segment, int register, Instruction i) {
        return new Operand.Memory(
                segment, register, CpuState.ZERO, 0, 0, i.addressSize(), i.operandSize());
    }

    void emit(Instruction i) {
        if (i.repeat() != 0) {
            repeat(i);
            return;
        }
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
        b.istore(code.int0);
        b.iload(code.int0);
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
            b.lcmp();
        }
        b.ifeq(target);
    }

    /** Adds so much for each element of those executed together. */
    private void add(int register, int each) {
        code.getNatural(register);
        b.iload(code.int0);
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
