package dev.arclet.emulator.cpu;

import dev.arclet.emulator.fault.GuestFault;

/** The right to use ports: IOPL and the bitmap in the TSS (SDM vol. 1, section 19.5). */
public final class IoPermission {
    private static final int IO_MAP_BASE = 102;

    private IoPermission() {}

    /** Faults with #GP(0) unless the current program may access {@code bytes} ports at one. */
    public static void check(CpuState cpu, int port, int bytes) {
        if ((cpu.cr0 & 1) == 0) {
            return;
        }
        boolean virtual8086 = (cpu.systemFlags & Eflags.VM) != 0;
        if (!virtual8086 && cpu.cpl <= Eflags.iopl(cpu.systemFlags)) {
            return;
        }
        SegmentRegister tss = cpu.tr;
        int type = tss.access & 0xF;
        if (tss.unusable || (type != 9 && type != 11) || tss.limit < IO_MAP_BASE + 1) {
            throw cpu.fault(GuestFault.GP, 0);
        }
        long map = cpu.mmu.loadSystem(tss.base + IO_MAP_BASE, 2);
        long at = map + (port >>> 3);
        // Two bytes are always read, so the bitmap ends with a byte of ones within the limit.
        if (at + 1 > tss.limit) {
            throw cpu.fault(GuestFault.GP, 0);
        }
        long bits = cpu.mmu.loadSystem(tss.base + at, 2) >>> (port & 7);
        if ((bits & ((1 << bytes) - 1)) != 0) {
            throw cpu.fault(GuestFault.GP, 0);
        }
    }
}
