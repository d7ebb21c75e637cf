package dev.arclet.emulator.cpu.decode;

import java.util.List;
import java.util.Set;

/**
 * What one line of the opcode chart says about an opcode, apart from where it stands.
 *
 * @param mnemonics one; or two, for operand size up to 4 and 8; or three, for 2, 4 and 8
 * @param operands operand codes in order
 * @param modRm whether a ModRM byte follows the opcode
 * @param memory whether an operand may be memory by ModRM
 * @param lock whether LOCK is allowed with a memory destination
 * @param repeatable whether F2 and F3 repeat it
 * @param mandatory66 whether 66 is part of the opcode, thus no operand-size prefix
 * @param width how the operand size is found
 * @param condition condition code, or 0
 */
record Encoding(
        List<Mnemonic> mnemonics,
        List<OperandCode> operands,
        boolean modRm,
        boolean memory,
        boolean lock,
        boolean repeatable,
        boolean mandatory66,
        Width width,
        int condition) {
    /** Rules for the operand size. */
    enum Width {
        /** By mode, 66 and REX.W. */
        PLAIN,
        /** 8 by default in 64-bit mode, 2 with 66. */
        DEFAULT_64,
        /** 8 in 64-bit mode. */
        FORCED_64,
        /** 1. */
        BYTE,
        /** As PLAIN, at most 4. */
        IO,
        /** 4, or 8 in 64-bit mode. */
        NATIVE
    }

    /** #UD. */
    static final Encoding INVALID =
            new Encoding(
                    List.of(Mnemonic.INVALID),
                    List.of(),
                    false,
                    false,
                    false,
                    false,
                    false,
                    Width.PLAIN,
                    0);

    /** An encoding with the attributes named in the chart. */
    static Encoding of(
            List<Mnemonic> mnemonics,
            List<OperandCode> operands,
            boolean modRm,
            boolean mandatory66,
            Set<String> attributes,
            int condition) {
        Width width = Width.PLAIN;
        for (String attribute : attributes) {
            width =
                    switch (attribute) {
                        case "d64" -> Width.DEFAULT_64;
                        case "f64" -> Width.FORCED_64;
                        case "byte" -> Width.BYTE;
                        case "io" -> Width.IO;
                        case "native" -> Width.NATIVE;
                        default -> width;
                    };
        }
        boolean memory = false;
        for (OperandCode operand : operands) {
            memory |= operand.method().memory();
        }
        return new Encoding(
                List.copyOf(mnemonics),
                List.copyOf(operands),
                modRm,
                memory,
                attributes.contains("lock"),
                attributes.contains("rep"),
                mandatory66,
                width,
                condition);
    }

    /** The mnemonic for an operand size. */
    Mnemonic mnemonic(int operandSize) {
        return switch (mnemonics.size()) {
            case 1 -> mnemonics.get(0);
            case 2 -> mnemonics.get(operandSize == 8 ? 1 : 0);
            default -> mnemonics.get(operandSize == 8 ? 2 : operandSize == 4 ? 1 : 0);
        };
    }

    /** The operand size in bytes. */
    int operandSize(int mode, boolean prefix66, boolean rexW) {
        boolean narrow = prefix66 && !mandatory66;
        int plain = rexW ? 8 : mode == 2 ? (narrow ? 4 : 2) : (narrow ? 2 : 4);
        return switch (width) {
            case PLAIN -> plain;
            case DEFAULT_64 -> mode == 8 && plain == 4 ? 8 : plain;
            case FORCED_64 -> mode == 8 ? 8 : plain;
            case BYTE -> 1;
            case IO -> Math.min(plain, 4);
            case NATIVE -> mode == 8 ? 8 : 4;
        };
    }
}
