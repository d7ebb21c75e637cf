package dev.arclet.emulator.cpu.decode;

import dev.arclet.emulator.cpu.CpuState;
import java.util.Locale;
import java.util.StringJoiner;

/** Writes instructions as text, in Intel syntax, lower case, numbers hexadecimal with 0x. */
public final class Disassembler {
    private static final String[] CONDITIONS = {
        "o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"
    };
    private static final String[] SEGMENTS = {"es", "cs", "ss", "ds", "fs", "gs"};
    private static final String[] REGISTERS = {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di"};
    private static final String[] LOW_BYTES = {"al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil"};
    private static final String[] HIGH_BYTES = {"ah", "ch", "dh", "bh"};

    private Disassembler() {}

    /** The name of a segment register, 0..5. */
    public static String segment(int number) {
        return SEGMENTS[number];
    }

    /**
     * One line of text.
     *
     * @param instruction what was decoded
     * @param address offset in CS at which the instruction stands; branch targets are absolute
     */
    public static String format(Instruction instruction, long address) {
        StringBuilder text = new StringBuilder();
        if (instruction.lock()) {
            text.append("lock ");
        }
        if (instruction.repeat() != 0) {
            text.append(repeatName(instruction)).append(' ');
        }
        text.append(name(instruction));
        StringJoiner operands = new StringJoiner(", ", " ", "").setEmptyValue("");
        for (Operand operand : instruction.operands()) {
            operands.add(format(operand, instruction, address));
        }
        return text.append(operands).toString();
    }

    private static String repeatName(Instruction instruction) {
        boolean compares =
                instruction.mnemonic() == Mnemonic.CMPS || instruction.mnemonic() == Mnemonic.SCAS;
        if (instruction.repeat() == 0xF2) {
            return "repne";
        }
        return compares ? "repe" : "rep";
    }

    private static String name(Instruction instruction) {
        String condition = CONDITIONS[instruction.condition()];
        int size = instruction.operandSize();
        return switch (instruction.mnemonic()) {
            case JCC -> "j" + condition;
            case SETCC -> "set" + condition;
            case CMOVCC -> "cmov" + condition;
            case JCXZ -> counter(instruction.addressSize());
            case CALL_FAR -> "call far";
            case JMP_FAR -> "jmp far";
            case RET_FAR -> "retf" + suffix(size, instruction.mode());
            case IRET -> "iret" + suffix(size, instruction.mode());
            case PUSHF -> "pushf" + suffix(size, instruction.mode());
            case POPF -> "popf" + suffix(size, instruction.mode());
            case PUSHA -> "pusha" + suffix(size, instruction.mode());
            case POPA -> "popa" + suffix(size, instruction.mode());
            case MOVS, CMPS, STOS, LODS, SCAS, INS, OUTS -> {
                String override =
                        instruction.segment() == CpuState.DS
                                ? ""
                                : " " + SEGMENTS[instruction.segment()];
                yield lower(instruction.mnemonic()) + letter(size) + override;
            }
            case F_LEGACY_NOP -> "fnop";
            case INVALID -> "(bad)";
            default -> lower(instruction.mnemonic());
        };
    }

    private static String lower(Mnemonic mnemonic) {
        return mnemonic.name().toLowerCase(Locale.ROOT);
    }

    private static String counter(int addressSize) {
        return switch (addressSize) {
            case 2 -> "jcxz";
            case 4 -> "jecxz";
            default -> "jrcxz";
        };
    }

    /** The size letter, unless the size is the usual one of the mode. */
    private static String suffix(int size, int mode) {
        return size == mode ? "" : letter(size);
    }

    private static String letter(int size) {
        return switch (size) {
            case 1 -> "b";
            case 2 -> "w";
            case 4 -> "d";
            default -> "q";
        };
    }

    private static String format(Operand operand, Instruction instruction, long address) {
        return switch (operand) {
            case Operand.Register register -> register(register);
            case Operand.Memory memory -> memory(memory, instruction, address);
            case Operand.Immediate immediate -> number(cut(immediate.value(), immediate.size()));
            case Operand.Relative relative ->
                    number(
                            cut(
                                    address + instruction.length() + relative.displacement(),
                                    instruction.operandSize()));
            case Operand.FarPointer pointer ->
                    number(pointer.selector()) + ":" + number(pointer.offset());
        };
    }

    private static String register(Operand.Register register) {
        int index = register.index();
        return switch (register.file()) {
            case GPR -> general(index, register.size());
            case HIGH_BYTE -> HIGH_BYTES[index];
            case SEGMENT -> SEGMENTS[index];
            case CONTROL -> "cr" + index;
            case DEBUG -> "dr" + index;
            case ST -> "st(" + index + ")";
            case MMX -> "mm" + index;
            case XMM -> "xmm" + index;
        };
    }

    private static String general(int index, int size) {
        if (index >= 8) {
            return "r" + index + (size == 8 ? "" : size == 4 ? "d" : size == 2 ? "w" : "b");
        }
        return switch (size) {
            case 1 -> LOW_BYTES[index];
            case 2 -> REGISTERS[index];
            case 4 -> "e" + REGISTERS[index];
            default -> "r" + REGISTERS[index];
        };
    }

    private static String memory(Operand.Memory memory, Instruction instruction, long address) {
        StringBuilder text = new StringBuilder(sizeName(memory.size()));
        boolean stack = memory.base() == CpuState.RBP || memory.base() == CpuState.RSP;
        if (memory.segment() != (stack ? CpuState.SS : CpuState.DS)) {
            text.append(SEGMENTS[memory.segment()]).append(':');
        }
        text.append('[');
        if (memory.base() == CpuState.RIP) {
            long target = address + instruction.length() + memory.displacement();
            return text.append("rip: ")
                    .append(number(cut(target, memory.addressSize())))
                    .append(']')
                    .toString();
        }
        boolean based = memory.base() != CpuState.ZERO;
        boolean indexed = memory.index() != CpuState.ZERO;
        if (based) {
            text.append(general(memory.base(), memory.addressSize()));
        }
        if (indexed) {
            text.append(based ? "+" : "").append(general(memory.index(), memory.addressSize()));
            if (memory.scale() != 0) {
                text.append('*').append(1 << memory.scale());
            }
        }
        long displacement = memory.displacement();
        if (!based && !indexed) {
            text.append(number(cut(displacement, memory.addressSize())));
        } else if (displacement != 0) {
            text.append(displacement < 0 ? '-' : '+').append(number(Math.abs(displacement)));
        }
        return text.append(']').toString();
    }

    private static String sizeName(int size) {
        return switch (size) {
            case 1 -> "byte ";
            case 2 -> "word ";
            case 4 -> "dword ";
            case 6 -> "fword ";
            case 8 -> "qword ";
            case 10 -> "tbyte ";
            case 16 -> "xmmword ";
            default -> "";
        };
    }

    private static long cut(long value, int bytes) {
        return bytes >= 8 ? value : value & ((1L << (8 * bytes)) - 1);
    }

    private static String number(long value) {
        return "0x" + Long.toHexString(value);
    }
}
