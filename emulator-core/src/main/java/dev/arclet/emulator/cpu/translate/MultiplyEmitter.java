package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.LazyFlags;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.constant.MethodTypeDesc;

/** Bytecode of multiplications and divisions (SDM vol. 2: MUL, IMUL, DIV, IDIV). */
final class MultiplyEmitter {
    private static final int WIDE_PRODUCT = LazyFlags.CF | LazyFlags.OF;

    private final Bytecode code;
    private final CodeBuilder b;
    private final FlagEmitter flags;
    private final OperandEmitter operands;

    MultiplyEmitter(Bytecode code, FlagEmitter flags, OperandEmitter operands) {
        this.code = code;
        b = code.b;
        this.flags = flags;
        this.operands = operands;
    }

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

    void multiply(Instruction i) {
        var target = (Operand.Register) i.operand(0);
        int bytes = target.size();
        boolean three = i.operands().size() == 3;
        Operand first = i.operand(three ? 1 : 0);
        Operand second = i.operand(three ? 2 : 1);
        operands.locate(first, false);
        operands.locate(second, false);
        operands.push(first, bytes, true);
        if (!operands.wantsFlags()) {
            operands.push(second, bytes, true);
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
            operands.push(second, bytes, true);
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
            operands.push(second, bytes, true);
            b.i2l();
            b.lmul();
            b.dup2();
            b.l2i();
            code.narrow(bytes, true);
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

    void multiplyAccumulator(Instruction i, boolean signed) {
        Operand source = i.operand(0);
        int bytes = source.size();
        operands.locate(source, false);
        if (bytes < 4) {
            multiplyNarrow(source, signed);
            return;
        }
        operands.push(source, bytes, true);
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
            if (operands.wantsFlags()) {
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
        if (operands.wantsFlags()) {
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
        operands.push(source, bytes, signed);
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
        if (operands.wantsFlags()) {
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

    void divide(Instruction i) {
        Operand source = i.operand(0);
        boolean signed = i.mnemonic() == Mnemonic.IDIV;
        operands.locate(source, false);
        switch (source.size()) {
            case 8 -> {
                operands.push(source, 8, true);
                divide64(signed);
            }
            case 4 -> {
                operands.push(source, 4, true);
                divide32(signed);
            }
            default -> divideNarrow(source, signed);
        }
    }

    /** AX by a byte to AL, the remainder to AH; DX and AX by a word to AX and DX. */
    private void divideNarrow(Operand source, boolean signed) {
        int bytes = source.size();
        operands.push(source, bytes, signed);
        b.i2l();
        b.lstore(code.long0);
        b.lload(code.long0);
        b.lconst_0();
        b.lcmp();
        b.ifeq(operands.unusual());
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
        b.ifne(operands.unusual());
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
        b.ifeq(operands.unusual());
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
        b.ifne(operands.unusual());
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
        b.ifeq(operands.unusual());
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
        b.ifne(operands.unusual());
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
            b.ifeq(operands.unusual());
            b.labelBinding(fits);
        }
        quotient(signed);
        pushRemainder();
        code.set64(CpuState.RDX);
        b.lload(code.long2);
        code.set64(CpuState.RAX);
    }
}
