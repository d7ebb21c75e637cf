package dev.arclet.emulator.cpu;

import dev.arclet.emulator.fault.GuestFault;

/** Who may use which port: IOPL and the I/O permission bitmap (SDM vol. 1, section 19.5). */
public final class IoPermission {
    /** Where a 32-bit or 64-bit TSS keeps the offset of its bitmap. */
    private static final int MAP_BASE = 0x66;

    private IoPermission() {}

    /**
     * Checks an access of {@code bytes} (1, 2 or 4) ports from {@code port}.
     *
     * @throws GuestFault #GP(0) if it is not allowed
     */
    public static void check(CpuState cpu, int port, int bytes) {
        if (Segmentation.isRealMode(cpu)) {
            return;
        }
        if (cpu.cpl <= Eflags.iopl(cpu.systemFlags) && !Segmentation.isVm86(cpu)) {
            return;
        }
        if (!bitsClear(cpu, port, bytes)) {
            throw cpu.fault(GuestFault.GP, 0);
        }
    }

    private static boolean bitsClear(CpuState cpu, int port, int bytes) {
        if (!hasMap(cpu)) {
            return false;
        }
        long at = mapBase(cpu) + (port >>> 3);
        // Two bytes are always read, so that a word or doubleword may cross.
        if (at + 1 > cpu.tr.limit) {
            return false;
        }
        int map = (int) cpu.mmu.loadSystem(Segmentation.system(cpu, cpu.tr.base + at), 2);
        return (map >>> (port & 7) & (1 << bytes) - 1) == 0;
    }

    /**
     * Whether INT n of virtual-8086 mode stays there (CR4.VME): its bit in the interrupt
     * redirection bitmap, the 32 bytes below the I/O bitmap, is clear.
     */
    static boolean redirects(CpuState cpu, int vector) {
        if (!hasMap(cpu)) {
            return false;
        }
        long at = mapBase(cpu) - 32 + (vector >>> 3);
        if (at < 0 || at > cpu.tr.limit) {
            return false;
        }
        int map = (int) cpu.mmu.loadSystem(Segmentation.system(cpu, cpu.tr.base + at), 1);
        return (map >>> (vector & 7) & 1) == 0;
    }

    private static boolean hasMap(CpuState cpu) {
        return (cpu.tr.access & 8) != 0 && cpu.tr.limit >= MAP_BASE + 1 && !cpu.tr.unusable;
    }

    private static long mapBase(CpuState cpu) {
        return cpu.mmu.loadSystem(Segmentation.system(cpu, cpu.tr.base + MAP_BASE), 2);
    }
}
