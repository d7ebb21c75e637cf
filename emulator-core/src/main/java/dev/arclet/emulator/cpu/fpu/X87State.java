package dev.arclet.emulator.cpu.fpu;

import java.util.Arrays;

/**
 * The x87 registers (SDM vol. 1, chapter 8). Data registers are held by physical number; ST(i) is
 * physical register {@code (top + i) & 7}, and MMX register i is the significand of physical
 * register i.
 */
public final class X87State {
    /** Significands (bit 63 is the explicit integer bit), by physical register; also MM0..MM7. */
    public final long[] significand = new long[8];

    /** Sign (bit 15) and biased exponent (bits 0..14), by physical register. */
    public final int[] signExponent = new int[8];

    /** Control word. */
    public int control;

    /** Status word without TOP, which is in {@link #top}. */
    public int status;

    /** Top of stack, 0..7. */
    public int top;

    /** Bit n set: physical register n is not empty (the abridged tag byte of FXSAVE). */
    public int valid;

    /** Offset of the last non-control instruction. */
    public long instructionPointer;

    /** Offset of its memory operand. */
    public long dataPointer;

    /** Its code segment selector. */
    public int instructionSelector;

    /** Its operand's selector. */
    public int dataSelector;

    /** The low 11 bits of its opcode. */
    public int lastOpcode;

    /** FPU state after RESET (SDM vol. 3A, table 9-1): all registers +0.0, control word 0x40. */
    public X87State() {
        reset();
    }

    /** As after a processor RESET. */
    public void reset() {
        Arrays.fill(significand, 0);
        Arrays.fill(signExponent, 0);
        initialise();
        control = 0x40;
        valid = 0xFF;
    }

    /** As FNINIT leaves it; data registers keep their contents but are tagged empty. */
    public void initialise() {
        control = 0x37F;
        status = 0;
        top = 0;
        valid = 0;
        instructionPointer = 0;
        dataPointer = 0;
        instructionSelector = 0;
        dataSelector = 0;
        lastOpcode = 0;
    }

    /** The status word with TOP in bits 11..13. */
    public int statusWord() {
        return (status & ~0x3800) | top << 11;
    }

    /** Sets the status word and TOP. */
    public void setStatusWord(int word) {
        status = word & 0xC7FF;
        top = (word >>> 11) & 7;
    }
}
