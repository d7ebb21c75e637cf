package dev.arclet.emulator.cpu.decode;

/** An operand of a decoded instruction. Sizes are in bytes. */
public sealed interface Operand {
    /** Register files. */
    enum File {
        /** General register of 1 (low byte), 2, 4 or 8 bytes; index 0..15. */
        GPR,
        /** AH CH DH BH as index 0..3; size 1. */
        HIGH_BYTE,
        /** ES CS SS DS FS GS; index 0..5; size 2. */
        SEGMENT,
        /** CR0..CR8. */
        CONTROL,
        /** DR0..DR7. */
        DEBUG,
        /** ST(0)..ST(7); size 10. */
        ST,
        /** MM0..MM7; size 8. */
        MMX,
        /** XMM0..XMM15; size is that of the access, 16 or less for scalars. */
        XMM
    }

    /** Size of the access in bytes; 0 if the operand only names an address (LEA, INVLPG). */
    int size();

    /** A register. */
    record Register(File file, int index, int size) implements Operand {}

    /**
     * Memory: segment:[base + index * 2^scale + displacement].
     *
     * @param segment index of the segment register, override applied
     * @param base index into CpuState.gpr: 0..15, ZERO (none) or RIP (RIP-relative)
     * @param index index into CpuState.gpr: 0..15 or ZERO
     * @param scale 0..3
     * @param displacement sign extended; for RIP-relative operands it is relative to the end of the
     *     instruction
     * @param addressSize 2, 4 or 8: the width the offset is truncated to
     */
    record Memory(
            int segment,
            int base,
            int index,
            int scale,
            long displacement,
            int addressSize,
            int size)
            implements Operand {}

    /** An immediate, already sign or zero extended as the instruction wants it. */
    record Immediate(long value, int size) implements Operand {}

    /** A branch displacement relative to the end of the instruction, sign extended. */
    record Relative(long displacement, int size) implements Operand {}

    /** A far pointer in the instruction; size is that of the offset (2 or 4). */
    record FarPointer(int selector, long offset, int size) implements Operand {}
}
