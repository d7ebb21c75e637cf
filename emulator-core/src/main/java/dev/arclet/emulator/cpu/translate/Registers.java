package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Operand;

/** Which general registers emitted instructions touch: a bit each. */
final class Registers {
    private static final int RAX = 1 << CpuState.RAX;
    private static final int RCX = 1 << CpuState.RCX;
    private static final int RDX = 1 << CpuState.RDX;
    private static final int RBX = 1 << CpuState.RBX;
    private static final int RSP = 1 << CpuState.RSP;
    private static final int RBP = 1 << CpuState.RBP;
    private static final int RSI = 1 << CpuState.RSI;
    private static final int RDI = 1 << CpuState.RDI;

    private Registers() {}

    /** Of which emitted 16-bit code uses more than the low 16 bits. */
    static int usedBeyondWords(Instruction instruction, long mode) {
        int used = 0;
        for (Operand operand : instruction.operands()) {
            if (operand instanceof Operand.Register register && register.size() > 2) {
                used |= bit(register);
            } else if (operand instanceof Operand.Memory memory && memory.addressSize() != 2) {
                used |= Emission.registers(memory);
            }
        }
        int implied = implied(instruction);
        switch (instruction.mnemonic()) {
            case LODS, STOS, MOVS, SCAS, CMPS, XLAT, LAHF, SAHF -> {
                used |= instruction.operandSize() == 4 ? implied & RAX : 0;
                return used | (instruction.addressSize() == 2 ? 0 : implied & ~RAX);
            }
            default -> {}
        }
        if (instruction.operandSize() != 2) {
            used |= implied & ~(RSP | RCX);
        }
        if (instruction.addressSize() != 2) {
            used |= implied & RCX; // counters of loops
        }
        if (Mode.wideStack(mode)) {
            used |= implied & (RSP | RBP);
        }
        return used;
    }

    /** Bit per segment register that emitted instructions access memory through. */
    static int segments(Instruction instruction) {
        int used =
                switch (instruction.mnemonic()) {
                    case PUSH, POP, CALL, RET, LEAVE, CALL_FAR, RET_FAR -> 1 << CpuState.SS;
                    case LODS, XLAT -> 1 << instruction.segment();
                    case STOS, SCAS -> 1 << CpuState.ES;
                    case MOVS, CMPS -> 1 << instruction.segment() | 1 << CpuState.ES;
                    default -> 0;
                };
        for (Operand operand : instruction.operands()) {
            if (operand instanceof Operand.Memory memory) {
                used |= 1 << memory.segment();
            }
        }
        return used;
    }

    /** Read or written, or both. */
    static int used(Instruction instruction) {
        int used = implied(instruction);
        for (Operand operand : instruction.operands()) {
            if (operand instanceof Operand.Register register) {
                used |= bit(register);
            } else if (operand instanceof Operand.Memory memory) {
                used |= Emission.registers(memory);
            }
        }
        return used;
    }

    /** Written; possibly some too many. */
    static int written(Instruction instruction) {
        int written =
                switch (instruction.mnemonic()) {
                    case LEAVE, PUSH, POP, CALL, RET -> RSP | implied(instruction);
                    default -> implied(instruction);
                };
        switch (instruction.mnemonic()) {
            case CMP, TEST, BT, PUSH, JMP, CALL, MUL, DIV, IDIV, JCXZ -> {
                return written;
            }
            case XCHG, XADD -> {
                return used(instruction);
            }
            default -> {}
        }
        if (!instruction.operands().isEmpty()
                && instruction.operand(0) instanceof Operand.Register register) {
            written |= bit(register);
        }
        return written;
    }

    private static int bit(Operand.Register register) {
        return switch (register.file()) {
            case GPR, HIGH_BYTE -> 1 << register.index();
            default -> 0;
        };
    }

    private static int implied(Instruction instruction) {
        return switch (instruction.mnemonic()) {
            case MUL, DIV, IDIV -> RAX | RDX;
            case IMUL -> instruction.operands().size() == 1 ? RAX | RDX : 0;
            case CBW, CWDE, CDQE, CMPXCHG -> RAX;
            case CWD, CDQ, CQO -> RAX | RDX;
            case PUSH, POP, CALL, RET, CALL_FAR, RET_FAR -> RSP;
            case LEAVE -> RSP | RBP;
            case LOOP, LOOPE, LOOPNE, JCXZ -> RCX;
            case LODS -> RAX | RSI;
            case STOS, SCAS -> RAX | RDI | counter(instruction);
            case MOVS, CMPS -> RSI | RDI | counter(instruction);
            case XLAT -> RAX | RBX;
            case LAHF, SAHF -> RAX;
            default -> 0;
        };
    }

    /** What counts the repetitions of a string instruction. */
    private static int counter(Instruction instruction) {
        return instruction.repeat() == 0 ? 0 : RCX;
    }
}
