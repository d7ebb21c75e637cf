package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.LazyFlags;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.constant.MethodTypeDesc;

/** Bytecode of shifts and rotates (SDM vol. 2: SAL/SAR/SHL/SHR, ROL/ROR, SHLD, SHRD). */
final class ShiftEmitter {
    private final Bytecode code;
    private final CodeBuilder b;
    private final FlagEmitter flags;
    private final OperandEmitter operands;

    ShiftEmitter(Bytecode code, FlagEmitter flags, OperandEmitter operands) {
        this.code = code;
        b = code.b;
        this.flags = flags;
        this.operands = operands;
    }

    /** Pops a count (an int) and a value, pushes the value shifted. */
    void shift(Mnemonic mnemonic, int bytes) {
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
        operands.pushTemporary(bytes, number);
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

    void shift(Instruction i) {
        Operand target = i.operand(0);
        int bytes = target.size();
        int count = Emission.constantCount(i, 1);
        operands.locate(target, true);
        if (count == 0) {
            // Nothing changes, but 32 bits are zero extended.
            operands.beginStore(target);
            operands.push(target, bytes, true);
            operands.endStore(target);
            return;
        }
        boolean signed = i.mnemonic() != Mnemonic.SHR;
        if (!operands.wantsFlags()) {
            operands.beginStore(target);
            operands.push(target, bytes, signed);
            operands.push(i.operand(1), i.operand(1).size(), false);
            shift(i.mnemonic(), bytes);
            operands.endStore(target);
            return;
        }
        operands.push(target, bytes, signed);
        operands.popTemporary(bytes, 0);
        if (count < 0) {
            shiftByRegister(i, bytes);
            return;
        }
        pushShiftFlags(i.mnemonic(), bytes, count);
        flags.pop(code.flagSrc, 4);
        operands.beginStore(target);
        operands.pushTemporary(bytes, 0);
        b.loadConstant(count);
        shift(i.mnemonic(), bytes);
        if (bytes < 4) {
            code.narrow(bytes, true);
        }
        operands.keep(code.flagResult, bytes);
        operands.endStore(target);
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
        operands.push(i.operand(1), 1, false);
        b.loadConstant(bytes == 8 ? 63 : 31);
        b.iand();
        b.istore(code.int1);
        operands.pushTemporary(bytes, 0);
        b.iload(code.int1);
        shift(i.mnemonic(), bytes);
        if (bytes == 8) {
            b.lstore(code.long1);
        } else {
            code.narrow(bytes, true);
            b.i2l();
            b.lstore(code.long1);
        }
        Label unchanged = b.newLabel();
        b.iload(code.int1);
        b.ifeq(unchanged);
        operands.pushTemporary(bytes, 0);
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
        b.loadConstant(LazyFlags.RESULT);
        b.istore(code.flagCode);
        b.labelBinding(unchanged);
        operands.beginStore(target);
        b.lload(code.long1);
        if (bytes != 8) {
            b.l2i();
        }
        operands.endStore(target);
    }

    void rotate(Instruction i) {
        Operand target = i.operand(0);
        int bytes = target.size();
        int count = Emission.constantCount(i, 1);
        operands.locate(target, true);
        boolean left = i.mnemonic() == Mnemonic.ROL;
        if (operands.wantsFlags() && count != 0) {
            flags.pushAll();
            b.istore(code.int1);
        }
        operands.beginStore(target);
        operands.push(target, bytes, bytes >= 4);
        if (bytes < 4) {
            // What is rotated is there twice, and then in the right place once.
            b.loadConstant(1 + (1 << 8 * bytes));
            b.imul();
            int bits = 8 * bytes;
            b.loadConstant(left ? bits - (count & bits - 1) : count & bits - 1);
            b.iushr();
        } else if (bytes == 8) {
            b.loadConstant(count);
            b.invokestatic(
                    Bytecode.LAZY_LONG,
                    left ? "rotateLeft" : "rotateRight",
                    MethodTypeDesc.of(Bytecode.LONG, Bytecode.LONG, Bytecode.INT));
        } else {
            b.loadConstant(count);
            b.invokestatic(
                    Bytecode.LAZY_INTEGER,
                    left ? "rotateLeft" : "rotateRight",
                    MethodTypeDesc.of(Bytecode.INT, Bytecode.INT, Bytecode.INT));
        }
        if (operands.wantsFlags() && count != 0) {
            if (bytes == 8) {
                b.dup2();
                b.lstore(code.long0);
            } else {
                b.dup();
                b.i2l();
                b.lstore(code.long0);
            }
        }
        operands.endStore(target);
        if (operands.wantsFlags() && count != 0) {
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

    /** RCL or RCR by one place. */
    void rotateThroughCarry(Instruction i) {
        Operand target = i.operand(0);
        int bytes = target.size();
        boolean left = i.mnemonic() == Mnemonic.RCL;
        boolean wanted = operands.wantsFlags();
        operands.locate(target, true);
        flags.pushAll();
        b.istore(code.int1);
        operands.push(target, bytes, false);
        operands.popTemporary(bytes, 0);
        operands.pushTemporary(bytes, 0);
        b.iconst_1();
        shift(left ? Mnemonic.SHL : Mnemonic.SHR, bytes);
        b.iload(code.int1);
        b.iconst_1(); // CF
        b.iand();
        if (bytes == 8) {
            b.i2l();
        }
        if (!left) {
            b.loadConstant(8 * bytes - 1);
            shift(Mnemonic.SHL, bytes);
        }
        operands.operate(Mnemonic.OR, bytes);
        if (bytes == 8) {
            b.lstore(code.long1);
        } else {
            b.i2l();
            b.lstore(code.long1);
        }
        if (wanted) {
            b.iload(code.int1);
            operands.pushTemporary(bytes, 0);
            if (bytes != 8) {
                b.i2l();
            }
            b.lload(code.long1);
            b.loadConstant(8 * bytes);
            b.loadConstant(left ? 1 : 0);
            b.invokestatic(
                    Bytecode.FLAG_CODE,
                    "rotatedThrough",
                    MethodTypeDesc.of(
                            Bytecode.INT,
                            Bytecode.INT,
                            Bytecode.LONG,
                            Bytecode.LONG,
                            Bytecode.INT,
                            java.lang.constant.ConstantDescs.CD_boolean));
            flags.pop(code.flagResult, 4);
        }
        operands.beginStore(target);
        b.lload(code.long1);
        if (bytes != 8) {
            b.l2i();
        }
        operands.endStore(target);
    }

    void doubleShift(Instruction i) {
        Operand target = i.operand(0);
        int bytes = target.size();
        int bits = 8 * bytes;
        int count = Emission.constantCount(i, 2);
        boolean left = i.mnemonic() == Mnemonic.SHLD;
        operands.locate(target, true);
        operands.push(target, bytes, true);
        operands.popTemporary(bytes, 0);
        operands.pushTemporary(bytes, 0);
        if (count != 0) {
            b.loadConstant(count);
            shift(left ? Mnemonic.SHL : Mnemonic.SHR, bytes);
            operands.push(i.operand(1), bytes, true);
            b.loadConstant(bits - count);
            shift(left ? Mnemonic.SHR : Mnemonic.SHL, bytes);
            operands.operate(Mnemonic.OR, bytes);
        }
        operands.popTemporary(bytes, 1);
        if (operands.wantsFlags() && count != 0) {
            pushBit(bytes, 0, left ? bits - count : count - 1);
            pushBit(bytes, 0, bits - 1);
            pushBit(bytes, 1, bits - 1);
            b.ixor();
            b.bipush(11);
            b.ishl();
            b.ior();
            flags.pop(code.flagSrc, 4);
            operands.pushTemporary(bytes, 1);
            flags.pop(code.flagResult, bytes);
        }
        operands.beginStore(target);
        operands.pushTemporary(bytes, 1);
        operands.endStore(target);
    }
}
