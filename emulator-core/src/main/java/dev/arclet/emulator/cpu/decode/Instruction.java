package dev.arclet.emulator.cpu.decode;

import java.util.List;

/**
 * One decoded instruction: everything that its bytes and the mode say, nothing of where it stands.
 *
 * @param mnemonic what it does
 * @param length bytes, 1..15
 * @param mode default code size: 2, 4 or 8 bytes
 * @param operandSize effective operand size in bytes: 2, 4 or 8 (byte forms say so in their
 *     operands)
 * @param addressSize effective address size in bytes: 2, 4 or 8
 * @param operands explicit and implicit operands in the order of the SDM's opcode map, destination
 *     first
 * @param condition condition code 0..15 of Jcc, SETcc and CMOVcc, else 0
 * @param segment effective data segment for implicit memory operands (string source, XLAT): DS or
 *     the override
 * @param lock whether a (legal) LOCK prefix is there
 * @param repeat 0, 0xF3 or 0xF2: the repeat prefix where it has that meaning
 * @param opcode the opcode bytes without prefixes, big endian in an int ({@code 0F A2} is 0x0FA2);
 *     x87: first byte and ModRM byte (0xD9E8)
 */
public record Instruction(
        Mnemonic mnemonic,
        int length,
        int mode,
        int operandSize,
        int addressSize,
        List<Operand> operands,
        int condition,
        int segment,
        boolean lock,
        int repeat,
        int opcode) {
    /** Operand {@code i}, counted from 0. */
    public Operand operand(int i) {
        return operands.get(i);
    }
}
