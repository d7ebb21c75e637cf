package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;

/**
 * Which instructions have bytecode of their own, and what they do with the arithmetic flags. All
 * others are executed by calling the interpreter's operation.
 */
final class Emission {
    /** What an instruction does with the arithmetic flags as a whole. */
    enum FlagEffect {
        /** Nothing. */
        NONE,
        /** Reads some. */
        READ,
        /** Replaces all, without looking at them. */
        REPLACE,
        /** Replaces all; what was there goes into the new ones. */
        CHANGE,
        /** Maybe reads, maybe changes: a called operation. */
        CALL
    }

    private Emission() {}

    /**
     * Whether an instruction is emitted in a mode.
     *
     * @param next the address behind it
     */
    static boolean handles(Instruction instruction, long next, long mode) {
        if (VectorEmitter.handles(instruction, mode) || X87Emitter.handles(instruction, mode)) {
            return true;
        }
        for (Operand operand : instruction.operands()) {
            if (!handles(instruction, operand, mode)) {
                return false;
            }
        }
        return switch (instruction.mnemonic()) {
            case MOV, MOVNTI, MOVZX, MOVSX, MOVSXD, LEA -> true;
            case NOP, PAUSE, PREFETCH, LFENCE, SFENCE, MFENCE -> true;
            case ADD, SUB, ADC, SBB, AND, OR, XOR, CMP, TEST, INC, DEC, NEG, NOT -> true;
            case SHL, SHR, SAR -> instruction.operand(0).size() >= 4 || shiftsWithin(instruction);
            case ROL, ROR -> instruction.operand(1) instanceof Operand.Immediate;
            case RCL, RCR -> constantCount(instruction, 1) == 1;
            case SHLD, SHRD ->
                    instruction.operand(0).size() >= 4
                            && instruction.operand(2) instanceof Operand.Immediate;
            case IMUL, MUL, DIV, IDIV -> true;
            case SETCC, CMOVCC -> true;
            case CBW, CWDE, CDQE, CWD, CDQ, CQO -> true;
            case BSWAP -> instruction.operand(0).size() >= 4;
            case XCHG -> true;
            case CMPXCHG, XADD -> instruction.operand(0).size() >= 4;
            case BT, BTS, BTR, BTC ->
                    instruction.operand(0).size() >= 4
                            && (instruction.operand(0) instanceof Operand.Register
                                    || instruction.operand(1) instanceof Operand.Immediate);
            case BSF, BSR -> instruction.operand(0).size() >= 4;
            case LDS, LES, LFS, LGS -> loads(instruction, mode);
            case JMP_FAR, CALL_FAR, RET_FAR -> handlesFar(instruction, mode);
            case PUSH, LEAVE -> handlesStack(instruction, mode);
            case POP ->
                    handlesStack(instruction, mode)
                            && !(instruction.operand(0) instanceof Operand.Memory);
            case JMP, JCC -> handlesTarget(instruction, next, mode);
            case CALL, RET ->
                    handlesTarget(instruction, next, mode) && handlesStack(instruction, mode);
            case CLC, STC, CMC, LAHF, SAHF, CLD, STD -> true;
            case LODS, XLAT -> handlesString(instruction, mode, instruction.segment());
            case STOS, SCAS -> handlesString(instruction, mode, CpuState.ES);
            case MOVS, CMPS ->
                    handlesString(instruction, mode, CpuState.ES)
                            && handlesString(instruction, mode, instruction.segment());
            case LOOP, LOOPE, LOOPNE, JCXZ ->
                    handlesTarget(instruction, next, mode)
                            && (instruction.addressSize() == 8 || !Mode.wide(mode));
            default -> false;
        };
    }

    /** Whether an instruction loads a segment register by setting its base. */
    private static boolean loads(Instruction instruction, long mode) {
        int segment = changedSegment(instruction);
        return segment >= 0 && Mode.loadable(mode, segment);
    }

    /** The same of those that go on at a known offset of another code segment. */
    private static boolean handlesFar(Instruction instruction, long mode) {
        return Mode.loadable(mode, CpuState.CS)
                && (instruction.mnemonic() == Mnemonic.JMP_FAR || handlesStack(instruction, mode))
                && !(!instruction.operands().isEmpty()
                        && instruction.operand(0) instanceof Operand.FarPointer pointer
                        && pointer.offset() > Mode.lastByte(mode));
    }

    private static boolean handlesString(Instruction instruction, long mode, int segment) {
        if (!Mode.accessible(mode, segment)) {
            return false;
        }
        if (instruction.repeat() != 0) {
            return instruction.mnemonic() != Mnemonic.LODS
                    && Mode.unchecked(mode, segment)
                    && Mode.codeSize(mode) != 2
                    && instruction.addressSize() == (Mode.wide(mode) ? 8 : 4);
        }
        return instruction.addressSize() == 8 || !Mode.wide(mode);
    }

    /** Whether the stack can be accessed, for operands of an instruction's size. */
    private static boolean handlesStack(Instruction instruction, long mode) {
        return Mode.accessible(mode, CpuState.SS)
                && (instruction.operandSize() == 8 || !Mode.wide(mode));
    }

    /**
     * Whether a branch cannot lead out of the code segment, or it will be seen when it is taken.
     */
    private static boolean handlesTarget(Instruction instruction, long next, long mode) {
        if (instruction.operandSize() != 8 && Mode.wide(mode)) {
            return false;
        }
        return instruction.operands().isEmpty()
                || !(instruction.operand(0) instanceof Operand.Relative)
                || Mode.wide(mode)
                || RegionFormer.target(instruction, next) <= Mode.lastByte(mode);
    }

    /** Whether an instruction pushes or stores a segment register. */
    private static boolean readsSelector(Instruction instruction) {
        return switch (instruction.mnemonic()) {
            case PUSH -> true;
            case MOV ->
                    instruction.operand(1) instanceof Operand.Register register
                            && register.file() == Operand.File.SEGMENT;
            default -> false;
        };
    }

    /** Whether a shift is by a register, or a constant that leaves bits of the operand, if any. */
    private static boolean shiftsWithin(Instruction instruction) {
        return constantCount(instruction, 1) < 8 * instruction.operand(0).size();
    }

    private static boolean handles(Instruction instruction, Operand operand, long mode) {
        return switch (operand) {
            case Operand.Register register ->
                    switch (register.file()) {
                        case GPR, HIGH_BYTE -> true;
                        case SEGMENT -> readsSelector(instruction) || loads(instruction, mode);
                        default -> false;
                    };
            case Operand.Memory memory ->
                    instruction.mnemonic() == Mnemonic.LEA
                            || instruction.mnemonic() == Mnemonic.NOP
                            || instruction.mnemonic() == Mnemonic.PREFETCH
                            || Mode.accessible(mode, memory);
            default -> true;
        };
    }

    /**
     * Whether a region goes on behind an instruction that ends a block: it only keeps interrupts
     * away, or mostly lets none in or leaves the mode as it is; see STI, POPF and {@link
     * #changedSegment}.
     */
    static boolean goesOn(Instruction instruction) {
        return switch (instruction.mnemonic()) {
            case CLI, STI, POPF -> true;
            default -> changedSegment(instruction) >= 0;
        };
    }

    /**
     * The segment register that an instruction changes and nothing else of the mode; -1 if none. A
     * load of SS keeps interrupts away from the next instruction, which is more.
     */
    static int changedSegment(Instruction instruction) {
        return switch (instruction.mnemonic()) {
            case SWAPGS -> CpuState.GS;
            case LDS -> CpuState.DS;
            case LES -> CpuState.ES;
            case LFS -> CpuState.FS;
            case LGS -> CpuState.GS;
            case MOV, POP ->
                    instruction.operand(0) instanceof Operand.Register register
                                    && register.file() == Operand.File.SEGMENT
                                    && register.index() != CpuState.SS
                                    && register.index() != CpuState.CS
                            ? register.index()
                            : -1;
            default -> -1;
        };
    }

    /** What an instruction does with the flags. */
    static FlagEffect flags(RegionPlan.Step step) {
        if (!step.emitted) {
            return FlagEffect.CALL;
        }
        Instruction instruction = step.instruction;
        return switch (instruction.mnemonic()) {
            case ADD, SUB, AND, OR, XOR, CMP, TEST, NEG, IMUL, MUL -> FlagEffect.REPLACE;
            case CMPXCHG, XADD -> FlagEffect.REPLACE;
            case SCAS, CMPS -> instruction.repeat() == 0 ? FlagEffect.REPLACE : FlagEffect.CHANGE;
            case UCOMISD, COMISD, UCOMISS, COMISS -> FlagEffect.REPLACE;
            case FCOMI, FCOMIP, FUCOMI, FUCOMIP -> FlagEffect.REPLACE;
            case RCL, RCR, CLC, STC, CMC, SAHF -> FlagEffect.CHANGE;
            case ADC, SBB, INC, DEC, ROL, ROR, BT, BTS, BTR, BTC, BSF, BSR -> FlagEffect.CHANGE;
            case SHL, SHR, SAR ->
                    constantCount(instruction, 1) > 0 ? FlagEffect.REPLACE : FlagEffect.CHANGE;
            case SHLD, SHRD ->
                    constantCount(instruction, 2) > 0 ? FlagEffect.REPLACE : FlagEffect.CHANGE;
            case SETCC, CMOVCC, JCC, LOOPE, LOOPNE, LAHF -> FlagEffect.READ;
            default -> FlagEffect.NONE;
        };
    }

    /** The count of a shift, masked; -1 if it is in a register. */
    static int constantCount(Instruction instruction, int operand) {
        if (instruction.operand(operand) instanceof Operand.Immediate immediate) {
            return (int) immediate.value() & (instruction.operand(0).size() == 8 ? 63 : 31);
        }
        return -1;
    }

    /** Whether control may leave the region at an instruction, before it has changed anything. */
    static boolean mayExit(RegionPlan.Step step) {
        if (!step.emitted) {
            return true;
        }
        Instruction instruction = step.instruction;
        return switch (instruction.mnemonic()) {
            case PUSH, POP, LEAVE, CALL, RET, DIV, IDIV -> true;
            case LODS, STOS, MOVS, SCAS, CMPS, XLAT, JMP_FAR, CALL_FAR, RET_FAR -> true;
            case LEA, NOP, PREFETCH -> false;
            default -> {
                for (Operand operand : instruction.operands()) {
                    if (operand instanceof Operand.Memory) {
                        yield true;
                    }
                }
                if (VectorEmitter.isFloat(instruction.mnemonic())
                        || X87Emitter.handles(instruction)) {
                    yield true;
                }
                yield instruction.mnemonic() == Mnemonic.JMP
                        && !(instruction.operand(0) instanceof Operand.Relative);
            }
        };
    }

    /** Whether an operation that is called works on x87, MMX or SSE registers alone. */
    static boolean keepsGeneralRegisters(Instruction instruction) {
        switch (instruction.mnemonic()) {
            case PCMPESTRI, PCMPISTRI, PCMPESTRM, PCMPISTRM, FSAVE, FRSTOR, FXSAVE, FXRSTOR -> {
                return false;
            }
            case CLI, STI -> {
                return true;
            }
            default -> {}
        }
        boolean vector =
                instruction.opcode() >= 0xD800
                        && instruction.opcode() <= 0xDFFF
                        && instruction.mnemonic() != Mnemonic.FSTSW;
        for (Operand operand : instruction.operands()) {
            if (operand instanceof Operand.Register register) {
                switch (register.file()) {
                    case XMM, MMX, ST -> vector = true;
                    default -> {}
                }
            }
        }
        return vector
                && !(instruction.operands().size() > 0
                        && instruction.operand(0) instanceof Operand.Register target
                        && (target.file() == Operand.File.GPR
                                || target.file() == Operand.File.HIGH_BYTE));
    }

    /** Whether an operation that is called leaves the arithmetic flags alone. */
    static boolean keepsFlags(Instruction instruction) {
        return switch (instruction.mnemonic()) {
            case CLI, STI -> true;
            case PUSH, POP, PUSHA, POPA, ENTER, LEAVE, PUSHF, MOV, MOVS, STOS, LODS, XLAT, CLD ->
                    true;
            case STD, XCHG, BSWAP, MOVBE, LAHF, LEA, MOVZX, MOVSX -> true;
            case LDS, LES, LFS, LGS, LOOP, JCXZ -> true;
            case PTEST, COMISD, COMISS, UCOMISD, UCOMISS -> false;
            case FCOMI, FCOMIP, FUCOMI, FUCOMIP -> false;
            default -> keepsGeneralRegisters(instruction);
        };
    }

    /** Whether an operation that is called may access memory. */
    static boolean accessesMemory(Instruction instruction) {
        for (Operand operand : instruction.operands()) {
            if (operand instanceof Operand.Memory) {
                return true;
            }
        }
        return !keepsGeneralRegisters(instruction);
    }

    /** Bit per general register that an address uses. */
    static int registers(Operand.Memory memory) {
        int used = 0;
        if (memory.base() < CpuState.ZERO) {
            used |= 1 << memory.base();
        }
        if (memory.index() < CpuState.ZERO) {
            used |= 1 << memory.index();
        }
        return used;
    }
}
