package dev.arclet.emulator.cpu;

import dev.arclet.emulator.fault.GuestFault;

/** SYSENTER, SYSEXIT, SYSCALL and SYSRET (SDM vol. 2; vol. 3A, sections 5.8.7 and 5.8.8). */
public final class SystemCall {
    private SystemCall() {}

    /** SYSENTER; sets RIP. */
    public static void sysenter(CpuState cpu) {
        Msrs msrs = cpu.msrs;
        if (Segmentation.isRealMode(cpu) || (msrs.sysenterCs & 0xFFFC) == 0) {
            throw cpu.fault(GuestFault.GP, 0);
        }
        boolean longMode = Segmentation.isLongMode(cpu);
        cpu.systemFlags &= ~(Eflags.VM | Eflags.IF | Eflags.RF);
        int selector = (int) msrs.sysenterCs & 0xFFFC;
        load(cpu, selector, selector + 8, 0, longMode);
        long mask = longMode ? -1L : 0xFFFF_FFFFL;
        cpu.gpr[CpuState.RSP] = msrs.sysenterEsp & mask;
        cpu.setRip(msrs.sysenterEip & mask);
    }

    /** SYSEXIT; sets RIP. */
    public static void sysexit(CpuState cpu, int operandSize) {
        int selector = (int) cpu.msrs.sysenterCs & 0xFFFC;
        if (Segmentation.isRealMode(cpu) || cpu.cpl != 0 || selector == 0) {
            throw cpu.fault(GuestFault.GP, 0);
        }
        boolean to64 = operandSize == 8;
        long rip = cpu.gpr[CpuState.RDX];
        long rsp = cpu.gpr[CpuState.RCX];
        if (to64 && (!Segmentation.isCanonical(rip) || !Segmentation.isCanonical(rsp))) {
            throw cpu.fault(GuestFault.GP, 0);
        }
        int target = selector + (to64 ? 32 : 16);
        load(cpu, target | 3, target + 8 | 3, 3, to64);
        long mask = to64 ? -1L : 0xFFFF_FFFFL;
        cpu.gpr[CpuState.RSP] = rsp & mask;
        cpu.setRip(rip & mask);
    }

    /** SYSCALL, which exists in 64-bit mode only; sets RIP. */
    public static void syscall(CpuState cpu, long returnRip) {
        if (cpu.codeSize != 8 || (cpu.efer & Control.EFER_SCE) == 0) {
            throw cpu.fault(GuestFault.UD, 0);
        }
        int flags = cpu.eflags();
        cpu.gpr[CpuState.RCX] = returnRip;
        cpu.gpr[11] = flags & ~Eflags.RF;
        int selector = (int) (cpu.msrs.star >>> 32) & 0xFFFC;
        Eflags.load(cpu, flags & ~(int) cpu.msrs.fmask, Eflags.SYSTEM);
        load(cpu, selector, selector + 8, 0, true);
        cpu.stepByNewFlags = true;
        cpu.setRip(cpu.msrs.lstar);
    }

    /** SYSRET; sets RIP. */
    public static void sysret(CpuState cpu, int operandSize) {
        if (cpu.codeSize != 8 || (cpu.efer & Control.EFER_SCE) == 0) {
            throw cpu.fault(GuestFault.UD, 0);
        }
        boolean to64 = operandSize == 8;
        long rip = cpu.gpr[CpuState.RCX];
        if (cpu.cpl != 0 || (to64 && !Segmentation.isCanonical(rip))) {
            throw cpu.fault(GuestFault.GP, 0);
        }
        int flags = (int) cpu.gpr[11];
        int base = (int) (cpu.msrs.star >>> 48);
        int selector = (to64 ? base + 16 : base) & 0xFFFF | 3;
        Eflags.load(cpu, flags, Eflags.SYSTEM & ~(Eflags.RF | Eflags.VM));
        cpu.systemFlags &= ~Eflags.RF;
        load(cpu, selector, base + 8 & 0xFFFF | 3, 3, to64);
        cpu.stepByNewFlags = true;
        cpu.setRip(to64 ? rip : rip & 0xFFFF_FFFFL);
    }

    /** Flat segments without a look into the descriptor tables. */
    private static void load(CpuState cpu, int cs, int ss, int cpl, boolean long64) {
        flat(cpu.segments[CpuState.CS], cs, 0x9B | cpl << 5);
        flat(cpu.segments[CpuState.SS], ss, 0x93 | cpl << 5);
        cpu.segments[CpuState.CS].longMode = long64;
        cpu.segments[CpuState.CS].big = !long64;
        cpu.segments[CpuState.SS].big = true;
        cpu.cpl = cpl;
        Segmentation.codeChanged(cpu);
    }

    private static void flat(SegmentRegister register, int selector, int access) {
        register.selector = selector;
        register.base = 0;
        register.limit = 0xFFFF_FFFFL;
        register.access = access;
        register.granular = true;
        register.longMode = false;
        register.unusable = false;
    }
}
