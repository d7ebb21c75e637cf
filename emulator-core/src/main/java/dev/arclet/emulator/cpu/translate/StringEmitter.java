package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.Eflags;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Operand;
import java.lang.classfile.CodeBuilder;

/** Bytecode of string instructions that are not repeated (SDM vol. 2: LODS, STOS, MOVS). */
final class StringEmitter {
    /** DF shifted right by so much is twice the size of a byte. */
    private static final int DF_SHIFT = 9;

    private final Bytecode code;
    private final CodeBuilder b;
    private final OperandEmitter operands;

    StringEmitter(Bytecode code, OperandEmitter operands) {
        this.code = code;
        b = code.b;
        this.operands = operands;
    }

    private static Operand.Memory at(int segment, int register, Instruction i) {
        return new Operand.Memory(
                segment, register, CpuState.ZERO, 0, 0, i.addressSize(), i.operandSize());
    }

    void emit(Instruction i) {
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
}
