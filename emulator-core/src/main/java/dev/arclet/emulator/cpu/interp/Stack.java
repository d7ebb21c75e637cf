package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;

/**
 * Pushing and popping, for every stack width. The stack pointer changes only when the access has
 * succeeded.
 */
public final class Stack {
    private Stack() {}

    /** Pushes 2, 4 or 8 bytes. */
    public static void push(CpuState cpu, int bytes, long value) {
        long rsp = cpu.gpr[CpuState.RSP];
        long mask = cpu.stackMask;
        long sp = (rsp - bytes) & mask;
        store(cpu, sp, bytes, value);
        cpu.gpr[CpuState.RSP] = (rsp & ~mask) | sp;
    }

    /** Pushes 4 bytes. */
    public static void push32(CpuState cpu, int value) {
        long rsp = cpu.gpr[CpuState.RSP];
        long mask = cpu.stackMask;
        long sp = (rsp - 4) & mask;
        cpu.mmu.store32(MoveOps.writeAddress(cpu, CpuState.SS, sp, 4), value);
        cpu.gpr[CpuState.RSP] = (rsp & ~mask) | sp;
    }

    /** Pushes 8 bytes. */
    public static void push64(CpuState cpu, long value) {
        long rsp = cpu.gpr[CpuState.RSP];
        long mask = cpu.stackMask;
        long sp = (rsp - 8) & mask;
        cpu.mmu.store64(MoveOps.writeAddress(cpu, CpuState.SS, sp, 8), value);
        cpu.gpr[CpuState.RSP] = (rsp & ~mask) | sp;
    }

    /** What a pop of 2, 4 or 8 bytes would give, zero extended; the stack pointer stays. */
    public static long top(CpuState cpu, int bytes) {
        return load(cpu, cpu.gpr[CpuState.RSP] & cpu.stackMask, bytes);
    }

    /** Pops 2, 4 or 8 bytes, zero extended. */
    public static long pop(CpuState cpu, int bytes) {
        long value = top(cpu, bytes);
        release(cpu, bytes);
        return value;
    }

    /** Pops 4 bytes, zero extended. */
    public static long pop32(CpuState cpu) {
        long rsp = cpu.gpr[CpuState.RSP];
        long mask = cpu.stackMask;
        long value =
                cpu.mmu.load32(MoveOps.readAddress(cpu, CpuState.SS, rsp & mask, 4)) & Gpr.MASK32;
        cpu.gpr[CpuState.RSP] = (rsp & ~mask) | ((rsp + 4) & mask);
        return value;
    }

    /** Pops 8 bytes. */
    public static long pop64(CpuState cpu) {
        long rsp = cpu.gpr[CpuState.RSP];
        long mask = cpu.stackMask;
        long value = cpu.mmu.load64(MoveOps.readAddress(cpu, CpuState.SS, rsp & mask, 8));
        cpu.gpr[CpuState.RSP] = (rsp & ~mask) | ((rsp + 8) & mask);
        return value;
    }

    /** Adds to the stack pointer. */
    public static void release(CpuState cpu, long bytes) {
        setPointer(cpu, cpu.gpr[CpuState.RSP] + bytes);
    }

    /** Sets as much of RSP as the stack's width covers. */
    public static void setPointer(CpuState cpu, long sp) {
        long mask = cpu.stackMask;
        cpu.gpr[CpuState.RSP] = (cpu.gpr[CpuState.RSP] & ~mask) | (sp & mask);
    }

    /** Loads 2, 4 or 8 bytes at an offset of the stack segment, zero extended. */
    public static long load(CpuState cpu, long offset, int bytes) {
        long linear = MoveOps.readAddress(cpu, CpuState.SS, offset & cpu.stackMask, bytes);
        return switch (bytes) {
            case 2 -> cpu.mmu.load16(linear);
            case 4 -> cpu.mmu.load32(linear) & Gpr.MASK32;
            default -> cpu.mmu.load64(linear);
        };
    }

    /** Stores 2, 4 or 8 bytes at an offset of the stack segment. */
    public static void store(CpuState cpu, long offset, int bytes, long value) {
        long linear = MoveOps.writeAddress(cpu, CpuState.SS, offset & cpu.stackMask, bytes);
        switch (bytes) {
            case 2 -> cpu.mmu.store16(linear, (int) value);
            case 4 -> cpu.mmu.store32(linear, (int) value);
            default -> cpu.mmu.store64(linear, value);
        }
    }
}
