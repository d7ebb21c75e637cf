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

    /** What operations of this FPU compute in; holds no architectural state. */
    public final Float80 unit = new Float80();

    /** A second one, for instructions with two results. */
    public final Float80 second = new Float80();

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

    /**
     * Sets the control word (SDM vol. 1, section 8.1.5): bit 6 reads as 1, bits 7 and 13..15 as 0.
     * The error summary of the status word follows the masks.
     */
    public void setControl(int word) {
        control = word & 0x1F7F | 0x40;
        summarise();
    }

    /** Makes ES and B (bits 7 and 15 of the status word) follow exceptions and masks. */
    public void summarise() {
        if ((status & ~control & 0x3F) != 0) {
            status |= 0x8080;
        } else {
            status &= ~0x8080;
        }
    }

    /** The status word with TOP in bits 11..13. */
    public int statusWord() {
        return status | top << 11;
    }

    /** Sets the status word and TOP; ES and B are taken from the exceptions and masks. */
    public void setStatusWord(int word) {
        status = word & 0xC7FF;
        top = (word >>> 11) & 7;
        summarise();
    }

    /** Whether ST(i) is empty. */
    public boolean isEmpty(int i) {
        return (valid >>> (top + i & 7) & 1) == 0;
    }

    /** Sign and exponent of ST(i). */
    public int signExponent(int i) {
        return signExponent[top + i & 7];
    }

    /** Significand of ST(i). */
    public long significand(int i) {
        return significand[top + i & 7];
    }

    /** Sets ST(i) and its tag. */
    public void set(int i, int newSignExponent, long newSignificand) {
        int n = top + i & 7;
        signExponent[n] = newSignExponent;
        significand[n] = newSignificand;
        valid |= 1 << n;
    }

    /** Pushes; the caller has dealt with overflow. */
    public void push(int newSignExponent, long newSignificand) {
        top = top - 1 & 7;
        set(0, newSignExponent, newSignificand);
    }

    /** Pops: ST(0) becomes empty. */
    public void pop() {
        valid &= ~(1 << top);
        top = top + 1 & 7;
    }

    /** The full tag word: for each physical register 0 valid, 1 zero, 2 special, 3 empty. */
    public int tagWord() {
        int tags = 0;
        for (int i = 0; i < 8; i++) {
            int tag;
            int e = signExponent[i] & 0x7FFF;
            if ((valid >>> i & 1) == 0) {
                tag = 3;
            } else if (e == 0 && significand[i] == 0) {
                tag = 1;
            } else if (e == 0 || e == 0x7FFF || significand[i] >= 0) {
                tag = 2;
            } else {
                tag = 0;
            }
            tags |= tag << 2 * i;
        }
        return tags;
    }

    /** Takes emptiness from a full tag word; the rest follows from the registers. */
    public void setTagWord(int tags) {
        valid = 0;
        for (int i = 0; i < 8; i++) {
            if ((tags >>> 2 * i & 3) != 3) {
                valid |= 1 << i;
            }
        }
    }
}
