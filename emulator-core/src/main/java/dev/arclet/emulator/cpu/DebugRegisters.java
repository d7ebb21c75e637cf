package dev.arclet.emulator.cpu;

import dev.arclet.emulator.fault.GuestFault;

/**
 * DR0 to DR7 and what they watch for (SDM vol. 3B, sections 18.2 and 18.3).
 *
 * <p>While a breakpoint is enabled the engine executes instructions one by one. Data breakpoints
 * are noticed by the MMU, which takes the pages that they are in off its fast path; without any,
 * nothing is checked anywhere.
 */
public final class DebugRegisters {
    /** Bits of DR6: access to a debug register, single step, task switch. */
    public static final int GENERAL_DETECT = 1 << 13, SINGLE_STEP = 1 << 14, TASK_SWITCH = 1 << 15;

    /** DR7: L0 G0 .. L3 G3. */
    private static final long ENABLED = 0xFF;

    /** DR7.GD. */
    private static final long GUARD = 1 << 13;

    /** DR7.R/W: what is watched. */
    private static final int EXECUTION = 0, WRITES = 1, PORTS = 2, ACCESSES = 3;

    private static final int COUNT = 4;

    private DebugRegisters() {}

    /** Whether any breakpoint is enabled. */
    public static boolean active(CpuState cpu) {
        return (cpu.dr[7] & ENABLED) != 0;
    }

    /**
     * MOV from a debug register; privilege has been checked.
     *
     * @throws GuestFault #UD for DR4 and DR5 if CR4.DE is set; #DB if DR7.GD is set
     */
    public static long read(CpuState cpu, int index) {
        return cpu.dr[number(cpu, index)];
    }

    /**
     * MOV to a debug register; privilege has been checked.
     *
     * @throws GuestFault as {@link #read}, and #GP(0) for bits 63:32 in DR6 and DR7
     */
    public static void write(CpuState cpu, int index, long value) {
        int number = number(cpu, index);
        if (number >= 6 && value >>> 32 != 0) {
            throw cpu.fault(GuestFault.GP, 0);
        }
        cpu.dr[number] =
                switch (number) {
                    case 6 -> value & 0xE00F | 0xFFFF_0FF0L;
                    case 7 -> value & 0xFFFF_27FFL | 0x400;
                    default -> value;
                };
        changed(cpu);
    }

    private static int number(CpuState cpu, int index) {
        boolean alias = index == 4 || index == 5;
        if (alias && (cpu.cr4 & Control.CR4_DE) != 0) {
            throw cpu.fault(GuestFault.UD, 0);
        }
        if ((cpu.dr[7] & GUARD) != 0) {
            // The handler must be able to use the registers.
            cpu.dr[7] &= ~GUARD;
            cpu.dr[6] |= GENERAL_DETECT;
            throw cpu.fault(GuestFault.DB, 0);
        }
        return alias ? index + 2 : index;
    }

    /** To be called after DR0..DR3 or DR7 have changed: tells the MMU what data to watch. */
    static void changed(CpuState cpu) {
        for (int i = 0; i < COUNT; i++) {
            int kind = kind(cpu, i);
            int bytes = kind == WRITES || kind == ACCESSES ? bytes(cpu, i) : 0;
            cpu.mmu.watch(i, start(cpu, i), bytes, kind == ACCESSES);
        }
    }

    /** Forgets what DR7.GD guards, for the debug exception's handler. */
    static void releaseGuard(CpuState cpu) {
        cpu.dr[7] &= ~GUARD;
    }

    /** A task switch: the local breakpoints go. */
    static void taskSwitched(CpuState cpu) {
        cpu.dr[7] &= ~0x155L;
        changed(cpu);
    }

    /** Which instruction breakpoints (as bits 0..3 of DR6) are set at a linear address. */
    public static int codeHits(CpuState cpu, long linear) {
        int hits = 0;
        for (int i = 0; i < COUNT; i++) {
            if (kind(cpu, i) == EXECUTION && cpu.dr[i] == linear) {
                hits |= 1 << i;
            }
        }
        return hits;
    }

    /**
     * To be called by instructions on ports: an access to a watched one traps behind them.
     *
     * @param bytes 1, 2 or 4 ports from {@code port}
     */
    public static void portAccess(CpuState cpu, int port, int bytes) {
        if (!active(cpu) || (cpu.cr4 & Control.CR4_DE) == 0) {
            return;
        }
        for (int i = 0; i < COUNT; i++) {
            long start = start(cpu, i);
            if (kind(cpu, i) == PORTS && start < port + bytes && start + bytes(cpu, i) > port) {
                cpu.pendingDebug |= 1 << i;
            }
        }
    }

    /** What an enabled breakpoint watches; -1 for one that is not enabled. */
    private static int kind(CpuState cpu, int i) {
        return (cpu.dr[7] >>> 2 * i & 3) == 0 ? -1 : (int) (cpu.dr[7] >>> 16 + 4 * i) & 3;
    }

    private static int bytes(CpuState cpu, int i) {
        return switch ((int) (cpu.dr[7] >>> 18 + 4 * i) & 3) {
            case 0 -> 1;
            case 1 -> 2;
            case 2 -> 8;
            default -> 4;
        };
    }

    /** Addresses are aligned to the length, whatever the register's low bits say. */
    private static long start(CpuState cpu, int i) {
        return cpu.dr[i] & -bytes(cpu, i);
    }
}
