package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;

/**
 * Parts of general registers. Writing 32 bits clears the upper half, 8 and 16 bits keep the rest.
 */
public final class Gpr {
    /** Masks the low 32 bits. */
    public static final long MASK32 = 0xFFFF_FFFFL;

    private Gpr() {}

    /** Writes the low byte of a register. */
    public static void set8(CpuState cpu, int index, long value) {
        cpu.gpr[index] = (cpu.gpr[index] & ~0xFFL) | (value & 0xFF);
    }

    /** Writes AH, CH, DH or BH (0..3). */
    public static void setHigh8(CpuState cpu, int index, long value) {
        cpu.gpr[index] = (cpu.gpr[index] & ~0xFF00L) | ((value & 0xFF) << 8);
    }

    /** Writes the low word of a register. */
    public static void set16(CpuState cpu, int index, long value) {
        cpu.gpr[index] = (cpu.gpr[index] & ~0xFFFFL) | (value & 0xFFFF);
    }

    /** Writes 32 bits, zero extended. */
    public static void set32(CpuState cpu, int index, long value) {
        cpu.gpr[index] = value & MASK32;
    }

    /** Writes the low 1, 2, 4 or 8 bytes. */
    public static void set(CpuState cpu, int index, int bytes, long value) {
        switch (bytes) {
            case 1 -> set8(cpu, index, value);
            case 2 -> set16(cpu, index, value);
            case 4 -> set32(cpu, index, value);
            default -> cpu.gpr[index] = value;
        }
    }

    /** Reads the low 1, 2, 4 or 8 bytes, zero extended. */
    public static long get(CpuState cpu, int index, int bytes) {
        return cpu.gpr[index] & mask(bytes);
    }

    /** Ones in the low 1, 2, 4 or 8 bytes. */
    public static long mask(int bytes) {
        return -1L >>> (64 - 8 * bytes);
    }

    /** How far to shift a value of so many bytes left to put its sign into bit 63. */
    public static int shift(int bytes) {
        return 64 - 8 * bytes;
    }
}
