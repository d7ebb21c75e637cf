package dev.arclet.emulator.cpu.translate;

import static dev.arclet.emulator.cpu.decode.Mnemonic.*;

import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;
import dev.arclet.emulator.cpu.simd.PackedInteger;
import dev.arclet.emulator.cpu.simd.PackedShuffle;
import java.lang.classfile.CodeBuilder;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.EnumMap;
import java.util.Map;

/**
 * Bytecode of instructions on XMM registers, which stay in the processor's array: moves, integer
 * lanes by the interpreter's functions, and floating-point arithmetic where the JVM's gives the
 * same bits and no exception is to be noted ({@link FloatChecks}); else they are interpreted.
 */
final class VectorEmitter {
    private static final ClassDesc INTEGER = PackedInteger.class.describeConstable().orElseThrow();
    private static final ClassDesc SHUFFLE = PackedShuffle.class.describeConstable().orElseThrow();
    private static final ClassDesc CHECKS = FloatChecks.class.describeConstable().orElseThrow();
    private static final ClassDesc DOUBLE = ConstantDescs.CD_double;
    private static final ClassDesc FLOAT = ConstantDescs.CD_float;
    private static final ClassDesc BOOLEAN = ConstantDescs.CD_boolean;
    private static final ClassDesc BOX_DOUBLE = Double.class.describeConstable().orElseThrow();
    private static final ClassDesc BOX_FLOAT = Float.class.describeConstable().orElseThrow();
    private static final MethodTypeDesc LANE =
            MethodTypeDesc.of(Bytecode.LONG, Bytecode.LONG, Bytecode.LONG);

    /** MXCSR: rounding, flush to zero, denormals are zero; precision exception and its mask. */
    private static final int MODES = 0x6000 | 0x8000 | 0x40, INEXACT_SEEN = 0x1000 | 0x20;

    private static final long LOW = 0xFFFF_FFFFL;

    /** Functions of {@link PackedInteger} on halves. */
    private static final Map<Mnemonic, String> LANES = new EnumMap<>(Mnemonic.class);

    static {
        Object[] lanes = {
            PAND,
            "and",
            ANDPS,
            "and",
            ANDPD,
            "and",
            PANDN,
            "andNot",
            ANDNPS,
            "andNot",
            ANDNPD,
            "andNot",
            POR,
            "or",
            ORPS,
            "or",
            ORPD,
            "or",
            PXOR,
            "xor",
            XORPS,
            "xor",
            XORPD,
            "xor",
            PADDB,
            "add8",
            PADDW,
            "add16",
            PADDD,
            "add32",
            PADDQ,
            "add64",
            PSUBB,
            "sub8",
            PSUBW,
            "sub16",
            PSUBD,
            "sub32",
            PSUBQ,
            "sub64",
            PADDSB,
            "addS8",
            PADDSW,
            "addS16",
            PADDUSB,
            "addU8",
            PADDUSW,
            "addU16",
            PSUBSB,
            "subS8",
            PSUBSW,
            "subS16",
            PSUBUSB,
            "subU8",
            PSUBUSW,
            "subU16",
            PAVGB,
            "average8",
            PAVGW,
            "average16",
            PMULLW,
            "multiplyLow16",
            PMULHW,
            "multiplyHighS16",
            PMULHUW,
            "multiplyHighU16",
            PMADDWD,
            "multiplyAdd16",
            PMULLD,
            "multiplyLow32",
            PMULUDQ,
            "multiplyU32",
            PCMPEQB,
            "equal8",
            PCMPEQW,
            "equal16",
            PCMPEQD,
            "equal32",
            PCMPGTB,
            "greater8",
            PCMPGTW,
            "greater16",
            PCMPGTD,
            "greater32",
            PMINUB,
            "minU8",
            PMINSW,
            "minS16",
            PMINSD,
            "minS32",
            PMINUD,
            "minU32",
            PMAXUB,
            "maxU8",
            PMAXSW,
            "maxS16",
            PMAXSD,
            "maxS32",
            PMAXUD,
            "maxU32"
        };
        for (int i = 0; i < lanes.length; i += 2) {
            LANES.put((Mnemonic) lanes[i], (String) lanes[i + 1]);
        }
    }

    /** Functions of {@link PackedInteger} that shift halves. */
    private static final Map<Mnemonic, String> SHIFTS =
            new EnumMap<>(
                    Map.of(
                            PSLLW, "shiftLeft16",
                            PSLLD, "shiftLeft32",
                            PSLLQ, "shiftLeft64",
                            PSRLW, "shiftRight16",
                            PSRLD, "shiftRight32",
                            PSRLQ, "shiftRight64",
                            PSRAW, "shiftSigned16",
                            PSRAD, "shiftSigned32"));

    private final Bytecode code;
    private final CodeBuilder b;
    private final FlagEmitter flags;
    private final MemoryEmitter memory;
    private final OperandEmitter owner;

    VectorEmitter(Bytecode code, FlagEmitter flags, MemoryEmitter memory, OperandEmitter owner) {
        this.code = code;
        b = code.b;
        this.flags = flags;
        this.memory = memory;
        this.owner = owner;
    }

    // What is handled

    /** Whether an instruction is emitted here. */
    static boolean handles(Instruction i, long mode) {
        if (!Mode.sse(mode) || i.operands().isEmpty()) {
            return false;
        }
        boolean vector = false;
        for (Operand operand : i.operands()) {
            if (operand instanceof Operand.Register register) {
                switch (register.file()) {
                    case XMM -> vector = true;
                    case GPR -> {}
                    default -> {
                        return false;
                    }
                }
            } else if (!Mode.accessible(mode, operand)) {
                return false;
            }
        }
        if (SHIFTS.containsKey(i.mnemonic())) {
            return vector && i.operand(1) instanceof Operand.Immediate;
        }
        return vector && handles(i.mnemonic());
    }

    private static boolean handles(Mnemonic mnemonic) {
        return LANES.containsKey(mnemonic)
                || isFloat(mnemonic)
                || switch (mnemonic) {
                    case MOVAPS, MOVAPD, MOVDQA, MOVNTPS, MOVNTPD, MOVNTDQ -> true;
                    case MOVUPS, MOVUPD, MOVDQU, LDDQU -> true;
                    case MOVSS, MOVSD, MOVD, MOVQ -> true;
                    case MOVLPS, MOVLPD, MOVHPS, MOVHPD, MOVHLPS, MOVLHPS -> true;
                    case PUNPCKLQDQ, UNPCKLPD, PUNPCKHQDQ, UNPCKHPD -> true;
                    case PUNPCKLDQ, UNPCKLPS, PUNPCKLWD, PUNPCKLBW -> true;
                    case PUNPCKHDQ, UNPCKHPS, PUNPCKHWD, PUNPCKHBW -> true;
                    case PSHUFD, SHUFPD, PSLLDQ, PSRLDQ -> true;
                    default -> false;
                };
    }

    /** Whether an instruction computes with numbers that may need the interpreter's care. */
    static boolean isFloat(Mnemonic mnemonic) {
        return switch (mnemonic) {
            case ADDSD, SUBSD, MULSD, DIVSD, SQRTSD, ADDPD, SUBPD, MULPD, DIVPD -> true;
            case ADDSS, SUBSS, MULSS, DIVSS -> true;
            case UCOMISD, COMISD, UCOMISS, COMISS -> true;
            case CVTSI2SD, CVTTSD2SI, CVTSS2SD, CVTSD2SS -> true;
            default -> false;
        };
    }

    // Registers and operands

    private static boolean isXmm(Operand operand) {
        return operand instanceof Operand.Register register && register.file() == Operand.File.XMM;
    }

    private static int slot(Operand operand) {
        return 2 * ((Operand.Register) operand).index();
    }

    private void array() {
        b.aload(1);
        b.getfield(Bytecode.CPU, "xmm", Bytecode.LONG_ARRAY);
    }

    private void get(int slot) {
        array();
        b.loadConstant(slot);
        b.laload();
    }

    /** Pops a long into half a register. */
    private void set(int slot) {
        b.lstore(code.long2);
        array();
        b.loadConstant(slot);
        b.lload(code.long2);
        b.lastore();
    }

    private void locate(Operand operand, int bytes, boolean write, boolean aligned) {
        if (!(operand instanceof Operand.Memory at)) {
            return;
        }
        memory.locate(at, owner.step(), bytes, write, aligned && bytes == 16, owner);
    }

    /** Pushes the low or high quadword of a located operand, a long; of memory what is there. */
    private void push(Operand operand, int half) {
        if (isXmm(operand)) {
            get(slot(operand) + half);
            return;
        }
        b.lload(code.host);
        if (half != 0) {
            b.loadConstant(8L);
            b.ladd();
        }
        code.load(8);
    }

    /** Pushes the low bytes of a located operand, zero extended to a long. */
    private void pushLow(Operand operand, int bytes) {
        if (isXmm(operand) || bytes == 8) {
            push(operand, 0);
            if (bytes == 4) {
                b.loadConstant(LOW);
                b.land();
            }
            return;
        }
        b.lload(code.host);
        code.load(4);
        code.zeroExtend();
    }

    // Instructions

    void emit(Instruction i) {
        Operand target = i.operand(0);
        Operand source = i.operands().size() > 1 ? i.operand(1) : target;
        String lane = LANES.get(i.mnemonic());
        if (lane != null) {
            locate(source, 16, false, true);
            lanes(target, source, lane);
            return;
        }
        String shift = SHIFTS.get(i.mnemonic());
        if (shift != null) {
            for (int half = 0; half < 2; half++) {
                push(target, half);
                b.loadConstant(((Operand.Immediate) source).value() & 0xFF);
                b.invokestatic(INTEGER, shift, LANE);
                set(slot(target) + half);
            }
            return;
        }
        if (isFloat(i.mnemonic())) {
            emitFloat(i, target, source);
            return;
        }
        switch (i.mnemonic()) {
            case MOVAPS, MOVAPD, MOVDQA, MOVNTPS, MOVNTPD, MOVNTDQ -> move(target, source, true);
            case MOVUPS, MOVUPD, MOVDQU, LDDQU -> move(target, source, false);
            case MOVSS -> moveScalar(target, source, 4);
            case MOVSD -> moveScalar(target, source, 8);
            case MOVD, MOVQ -> moveQuadword(target, source);
            case MOVLPS, MOVLPD -> moveHalf(target, source, 0);
            case MOVHPS, MOVHPD -> moveHalf(target, source, 1);
            case MOVHLPS -> copyHalf(target, 0, source, 1);
            case MOVLHPS -> copyHalf(target, 1, source, 0);
            case PSLLDQ -> shiftBytes(target, (int) ((Operand.Immediate) source).value(), true);
            case PSRLDQ -> shiftBytes(target, (int) ((Operand.Immediate) source).value(), false);
            case PSHUFD -> shuffle(target, source, immediate(i));
            case SHUFPD -> {
                locate(source, 16, false, true);
                push(target, immediate(i) & 1);
                b.lstore(code.long0);
                push(source, immediate(i) >> 1 & 1);
                set(slot(target) + 1);
                b.lload(code.long0);
                set(slot(target));
            }
            default -> interleave(i.mnemonic(), target, source);
        }
    }

    private static int immediate(Instruction i) {
        return (int) ((Operand.Immediate) i.operand(2)).value() & 0xFF;
    }

    private void lanes(Operand target, Operand source, String function) {
        for (int half = 0; half < 2; half++) {
            push(target, half);
            push(source, half);
            b.invokestatic(INTEGER, function, LANE);
            set(slot(target) + half);
        }
    }

    private void move(Operand target, Operand source, boolean aligned) {
        locate(source, 16, false, aligned);
        locate(target, 16, true, aligned);
        if (isXmm(target)) {
            push(source, 0);
            b.lstore(code.long0);
            push(source, 1);
            set(slot(target) + 1);
            b.lload(code.long0);
            set(slot(target));
            return;
        }
        b.lload(code.host);
        push(source, 0);
        code.store(8);
        b.lload(code.host);
        b.loadConstant(8L);
        b.ladd();
        push(source, 1);
        code.store(8);
    }

    private void storeLow(Operand source, int half, int bytes) {
        b.lload(code.host);
        get(slot(source) + half);
        if (bytes == 4) {
            b.l2i();
        }
        code.store(bytes);
    }

    private void clearHigh(Operand target) {
        b.lconst_0();
        set(slot(target) + 1);
    }

    private void moveScalar(Operand target, Operand source, int bytes) {
        locate(source, bytes, false, false);
        locate(target, bytes, true, false);
        if (!isXmm(target)) {
            storeLow(source, 0, bytes);
        } else if (!isXmm(source)) {
            pushLow(source, bytes);
            set(slot(target));
            clearHigh(target);
        } else {
            pushLow(source, bytes);
            setScalar(target, bytes);
        }
    }

    /** Pops a long, whose upper half is zero if {@code bytes} is 4, into the low bytes. */
    private void setScalar(Operand target, int bytes) {
        if (bytes == 4) {
            get(slot(target));
            b.loadConstant(~LOW);
            b.land();
            b.lor();
        }
        set(slot(target));
    }

    private void moveQuadword(Operand target, Operand source) {
        int bytes = isXmm(target) ? source.size() : target.size();
        bytes = bytes == 4 ? 4 : 8;
        locate(source, bytes, false, false);
        locate(target, bytes, true, false);
        if (target instanceof Operand.Memory) {
            storeLow(source, 0, bytes);
        } else if (!isXmm(target)) {
            get(slot(source));
            if (bytes == 4) {
                b.l2i();
            }
            code.set((Operand.Register) target);
        } else {
            if (source instanceof Operand.Register register && !isXmm(source)) {
                code.get(register, false);
                if (bytes == 4) {
                    code.zeroExtend();
                }
            } else {
                pushLow(source, bytes);
            }
            set(slot(target));
            clearHigh(target);
        }
    }

    private void moveHalf(Operand target, Operand source, int half) {
        locate(source, 8, false, false);
        locate(target, 8, true, false);
        if (isXmm(target)) {
            push(source, 0);
            set(slot(target) + half);
        } else {
            storeLow(source, half, 8);
        }
    }

    private void copyHalf(Operand target, int to, Operand source, int from) {
        push(source, from);
        set(slot(target) + to);
    }

    /** Shifts all 16 bytes by a constant number of bytes. */
    private void shiftBytes(Operand target, int count, boolean left) {
        int bytes = Math.min(count & 0xFF, 16);
        int near = left ? 1 : 0;
        // The half that takes bytes from the other one first.
        pushShifted(target, near, bytes, left);
        if (bytes > 0 && bytes < 8) {
            get(slot(target) + 1 - near);
            b.loadConstant(64 - 8 * bytes);
            if (left) {
                b.lushr();
            } else {
                b.lshl();
            }
            b.lor();
        } else if (bytes >= 8) {
            code.b.pop2();
            pushShifted(target, 1 - near, bytes - 8, left);
        }
        b.lstore(code.long0);
        pushShifted(target, 1 - near, bytes, left);
        set(slot(target) + 1 - near);
        b.lload(code.long0);
        set(slot(target) + near);
    }

    private void pushShifted(Operand target, int half, int bytes, boolean left) {
        if (bytes >= 8) {
            b.lconst_0();
            return;
        }
        get(slot(target) + half);
        b.loadConstant(8 * bytes);
        if (left) {
            b.lshl();
        } else {
            b.lushr();
        }
    }

    private void shuffle(Operand target, Operand source, int control) {
        locate(source, 16, false, true);
        push(source, 0);
        b.lstore(code.long0);
        push(source, 1);
        b.lstore(code.long1);
        pushElements(control);
        set(slot(target));
        pushElements(control >> 4);
        set(slot(target) + 1);
    }

    /** Pushes two of the doublewords in long0 and long1, as the low four bits of a control say. */
    private void pushElements(int control) {
        pushElement(control & 3);
        b.loadConstant(LOW);
        b.land();
        pushElement(control >> 2 & 3);
        b.bipush(32);
        b.lshl();
        b.lor();
    }

    private void pushElement(int number) {
        b.lload(number < 2 ? code.long0 : code.long1);
        if ((number & 1) != 0) {
            b.bipush(32);
            b.lushr();
        }
    }

    private void interleave(Mnemonic mnemonic, Operand target, Operand source) {
        locate(source, 16, false, true);
        int half =
                switch (mnemonic) {
                    case PUNPCKHQDQ, UNPCKHPD, PUNPCKHDQ, UNPCKHPS, PUNPCKHWD, PUNPCKHBW -> 1;
                    default -> 0;
                };
        String bits =
                switch (mnemonic) {
                    case PUNPCKLDQ, UNPCKLPS, PUNPCKHDQ, UNPCKHPS -> "32";
                    case PUNPCKLWD, PUNPCKHWD -> "16";
                    case PUNPCKLBW, PUNPCKHBW -> "8";
                    default -> "";
                };
        push(target, half);
        b.lstore(code.long0);
        push(source, half);
        b.lstore(code.long1);
        interleaved(bits.isEmpty() ? "" : "interleaveLow" + bits, code.long0);
        set(slot(target));
        interleaved(bits.isEmpty() ? "" : "interleaveHigh" + bits, code.long1);
        set(slot(target) + 1);
    }

    private void interleaved(String function, int whole) {
        if (function.isEmpty()) {
            b.lload(whole);
        } else {
            b.lload(code.long0);
            b.lload(code.long1);
            b.invokestatic(SHUFFLE, function, LANE);
        }
    }

    // Floating point

    /** Leaves the region unless rounding is to nearest and inexact results are noted already. */
    private void requirePlainModes() {
        b.aload(1);
        b.getfield(Bytecode.CPU, "mxcsr", Bytecode.INT);
        b.loadConstant(MODES | INEXACT_SEEN);
        b.iand();
        b.loadConstant(INEXACT_SEEN);
        b.if_icmpne(owner.unusual());
    }

    private void require(String check, ClassDesc... arguments) {
        b.invokestatic(CHECKS, check, MethodTypeDesc.of(BOOLEAN, arguments));
        b.ifeq(owner.unusual());
    }

    /** Pushes a located operand's number as a double or float. */
    private void pushNumber(Operand operand, int half, boolean single) {
        if (single) {
            if (isXmm(operand)) {
                get(slot(operand));
                b.l2i();
            } else {
                b.lload(code.host);
                code.load(4);
            }
            b.invokestatic(BOX_FLOAT, "intBitsToFloat", MethodTypeDesc.of(FLOAT, Bytecode.INT));
        } else {
            push(operand, half);
            b.invokestatic(
                    BOX_DOUBLE, "longBitsToDouble", MethodTypeDesc.of(DOUBLE, Bytecode.LONG));
        }
    }

    private void bitsOfDouble() {
        b.invokestatic(BOX_DOUBLE, "doubleToRawLongBits", MethodTypeDesc.of(Bytecode.LONG, DOUBLE));
    }

    private void bitsOfFloat() {
        b.invokestatic(BOX_FLOAT, "floatToRawIntBits", MethodTypeDesc.of(Bytecode.INT, FLOAT));
        code.zeroExtend();
    }

    private void emitFloat(Instruction i, Operand target, Operand source) {
        switch (i.mnemonic()) {
            case ADDSD, SUBSD, MULSD, DIVSD -> {
                locate(source, 8, false, false);
                requirePlainModes();
                compute(i.mnemonic(), target, source, 0);
                set(slot(target));
            }
            case ADDPD, SUBPD, MULPD, DIVPD -> {
                locate(source, 16, false, true);
                requirePlainModes();
                compute(i.mnemonic(), target, source, 0);
                b.lstore(code.long0);
                compute(i.mnemonic(), target, source, 1);
                set(slot(target) + 1);
                b.lload(code.long0);
                set(slot(target));
            }
            case ADDSS, SUBSS, MULSS, DIVSS -> {
                locate(source, 4, false, false);
                requirePlainModes();
                computeSingle(i.mnemonic(), target, source);
            }
            case SQRTSD -> {
                locate(source, 8, false, false);
                requirePlainModes();
                pushNumber(source, 0, false);
                b.dstore(code.double0);
                b.dload(code.double0);
                require("root", DOUBLE);
                b.dload(code.double0);
                b.invokestatic(Bytecode.MATH, "sqrt", MethodTypeDesc.of(DOUBLE, DOUBLE));
                bitsOfDouble();
                set(slot(target));
            }
            case UCOMISD, COMISD -> compareNumbers(target, source, false);
            case UCOMISS, COMISS -> compareNumbers(target, source, true);
            default -> convert(i.mnemonic(), target, source);
        }
    }

    /** Pushes the bits of one double result. */
    private void compute(Mnemonic mnemonic, Operand target, Operand source, int half) {
        pushNumber(target, half, false);
        b.dstore(code.double0);
        pushNumber(source, half, false);
        b.dstore(code.double1);
        b.dload(code.double0);
        b.dload(code.double1);
        String check =
                switch (mnemonic) {
                    case ADDSD, ADDPD -> {
                        b.dadd();
                        yield "sum";
                    }
                    case SUBSD, SUBPD -> {
                        b.dsub();
                        yield "sum";
                    }
                    case MULSD, MULPD -> {
                        b.dmul();
                        yield "product";
                    }
                    default -> {
                        b.ddiv();
                        yield "quotient";
                    }
                };
        b.dstore(code.double2);
        b.dload(code.double0);
        b.dload(code.double1);
        b.dload(code.double2);
        require(check, DOUBLE, DOUBLE, DOUBLE);
        b.dload(code.double2);
        bitsOfDouble();
    }

    private void computeSingle(Mnemonic mnemonic, Operand target, Operand source) {
        pushNumber(target, 0, true);
        b.fstore(code.double0);
        pushNumber(source, 0, true);
        b.fstore(code.double1);
        b.fload(code.double0);
        b.fload(code.double1);
        String check =
                switch (mnemonic) {
                    case ADDSS -> {
                        b.fadd();
                        yield "sumSingle";
                    }
                    case SUBSS -> {
                        b.fsub();
                        yield "sumSingle";
                    }
                    case MULSS -> {
                        b.fmul();
                        yield "productSingle";
                    }
                    default -> {
                        b.fdiv();
                        yield "quotientSingle";
                    }
                };
        b.fstore(code.double2);
        b.fload(code.double0);
        b.fload(code.double1);
        b.fload(code.double2);
        require(check, FLOAT, FLOAT, FLOAT);
        b.fload(code.double2);
        bitsOfFloat();
        setScalar(target, 4);
    }

    private void compareNumbers(Operand target, Operand source, boolean single) {
        locate(source, single ? 4 : 8, false, false);
        pushNumber(target, 0, single);
        if (single) {
            b.f2d();
        }
        b.dstore(code.double0);
        pushNumber(source, 0, single);
        if (single) {
            b.f2d();
        }
        b.dstore(code.double1);
        b.dload(code.double0);
        b.dload(code.double1);
        require(single ? "comparableSingle" : "comparable", DOUBLE, DOUBLE);
        if (owner.wantsFlags()) {
            b.dload(code.double0);
            b.dload(code.double1);
            b.invokestatic(CHECKS, "compare", MethodTypeDesc.of(Bytecode.INT, DOUBLE, DOUBLE));
            flags.pop(code.flagResult, 4);
        }
    }

    private void convert(Mnemonic mnemonic, Operand target, Operand source) {
        switch (mnemonic) {
            case CVTSI2SD -> {
                int bytes = source.size();
                locate(source, bytes, false, false);
                if (bytes == 8) {
                    requirePlainModes();
                }
                owner.push(source, bytes, true);
                if (bytes == 8) {
                    b.l2d();
                } else {
                    b.i2d();
                }
                bitsOfDouble();
                set(slot(target));
            }
            case CVTTSD2SI -> {
                locate(source, 8, false, false);
                requirePlainModes();
                pushNumber(source, 0, false);
                b.dstore(code.double0);
                b.dload(code.double0);
                boolean longs = target.size() == 8;
                require(longs ? "fitsLong" : "fitsInt", DOUBLE);
                b.dload(code.double0);
                if (longs) {
                    b.d2l();
                } else {
                    b.d2i();
                }
                code.set((Operand.Register) target);
            }
            case CVTSS2SD -> {
                locate(source, 4, false, false);
                pushNumber(source, 0, true);
                b.f2d();
                b.dstore(code.double0);
                b.dload(code.double0);
                require("fitsSingle", DOUBLE);
                b.dload(code.double0);
                bitsOfDouble();
                set(slot(target));
            }
            default -> {
                locate(source, 8, false, false);
                requirePlainModes();
                pushNumber(source, 0, false);
                b.dstore(code.double0);
                b.dload(code.double0);
                require("fitsSingle", DOUBLE);
                b.dload(code.double0);
                b.d2f();
                bitsOfFloat();
                setScalar(target, 4);
            }
        }
    }
}
