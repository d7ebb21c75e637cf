package dev.arclet.emulator.cpu;

import dev.arclet.emulator.fault.GuestFault;

/** IRET in all its forms (SDM vol. 2 under IRET). */
public final class InterruptReturn {
    /** What the 16-bit form can reach. */
    private static final int LOW = 0xFFFF;

    private static final int COMMON =
            Eflags.TF | Eflags.DF | Eflags.NT | Eflags.RF | Eflags.AC | Eflags.ID;

    private InterruptReturn() {}

    /**
     * Returns from an interrupt.
     *
     * @param operandSize 2, 4 or 8 bytes
     * @param returnRip the offset behind the instruction, for a task switch
     */
    public static void execute(CpuState cpu, int operandSize, long returnRip) {
        if (Segmentation.isRealMode(cpu)) {
            real(cpu, operandSize);
        } else if (Segmentation.isVm86(cpu)) {
            vm86(cpu, operandSize);
        } else {
            isProtected(cpu, operandSize, returnRip);
        }
        cpu.nmiBlocked = false;
    }

    private static void real(CpuState cpu, int bytes) {
        int mask = COMMON | Eflags.IF | Eflags.IOPL;
        popReal(cpu, bytes, bytes == 2 ? mask & LOW : mask);
    }

    private static int popReal(CpuState cpu, int bytes, int mask) {
        long sp = cpu.gpr[CpuState.RSP];
        long offset = Stack.peek(cpu, sp, 0, bytes);
        int selector = (int) Stack.peek(cpu, sp, bytes, bytes) & 0xFFFF;
        int flags = (int) Stack.peek(cpu, sp, 2 * bytes, bytes);
        if (offset > cpu.segments[CpuState.CS].limit) {
            throw cpu.fault(GuestFault.GP, 0);
        }
        Stack.release(cpu, 3 * bytes);
        Segmentation.loadCodeReal(cpu, selector);
        cpu.setRip(offset);
        Eflags.load(cpu, flags, mask);
        return flags;
    }

    private static void vm86(CpuState cpu, int bytes) {
        if (Eflags.iopl(cpu.systemFlags) == 3) {
            int mask = COMMON | Eflags.IF;
            popReal(cpu, bytes, bytes == 2 ? mask & LOW : mask);
            return;
        }
        if (bytes != 2 || (cpu.cr4 & Control.CR4_VME) == 0) {
            throw cpu.fault(GuestFault.GP, 0);
        }
        int flags = (int) Stack.peek(cpu, cpu.gpr[CpuState.RSP], 4, 2);
        boolean enable = (flags & Eflags.IF) != 0;
        if ((flags & Eflags.TF) != 0 || (enable && (cpu.systemFlags & Eflags.VIP) != 0)) {
            throw cpu.fault(GuestFault.GP, 0);
        }
        popReal(cpu, 2, COMMON & LOW);
        cpu.systemFlags = cpu.systemFlags & ~Eflags.VIF | (enable ? Eflags.VIF : 0);
    }

    private static void isProtected(CpuState cpu, int bytes, long returnRip) {
        boolean longMode = Segmentation.isLongMode(cpu);
        if ((cpu.systemFlags & Eflags.NT) != 0) {
            if (longMode) {
                throw cpu.fault(GuestFault.GP, 0);
            }
            TaskSwitch.returnFromNested(cpu, returnRip);
            return;
        }
        long sp = cpu.gpr[CpuState.RSP];
        long offset = Stack.peek(cpu, sp, 0, bytes);
        int selector = (int) Stack.peek(cpu, sp, bytes, bytes) & 0xFFFF;
        int flags = (int) Stack.peek(cpu, sp, 2 * bytes, bytes);
        if (bytes == 4 && !longMode && cpu.cpl == 0 && (flags & Eflags.VM) != 0) {
            toVm86(cpu, offset, selector, flags);
            return;
        }
        int mask = flagsMask(cpu, bytes);
        long code = FarTransfer.checkReturnCode(cpu, selector);
        if ((selector & 3) == cpu.cpl && cpu.codeSize != 8) {
            FarTransfer.checkTargetOffset(cpu, code, offset);
            Stack.release(cpu, 3 * bytes);
            Segmentation.loadCode(cpu, selector, code, cpu.cpl);
        } else {
            long newSp = Stack.peek(cpu, sp, 3 * bytes, bytes);
            int stackSelector = (int) Stack.peek(cpu, sp, 4 * bytes, bytes) & 0xFFFF;
            long stack = FarTransfer.checkReturnStack(cpu, stackSelector, selector & 3, code);
            FarTransfer.checkTargetOffset(cpu, code, offset);
            FarTransfer.returnOutward(cpu, selector, code, stackSelector, stack, newSp, bytes);
        }
        cpu.setRip(offset);
        Eflags.load(cpu, flags, mask);
    }

    /** Which flags the privilege level and operand size let change; of the level before. */
    private static int flagsMask(CpuState cpu, int bytes) {
        int mask = COMMON;
        if (cpu.cpl <= Eflags.iopl(cpu.systemFlags)) {
            mask |= Eflags.IF;
        }
        if (cpu.cpl == 0) {
            mask |= Eflags.IOPL | Eflags.VIF | Eflags.VIP;
        }
        return bytes == 2 ? mask & LOW : mask;
    }

    private static void toVm86(CpuState cpu, long offset, int selector, int flags) {
        long sp = cpu.gpr[CpuState.RSP];
        long newSp = Stack.peek(cpu, sp, 12, 4);
        int ss = (int) Stack.peek(cpu, sp, 16, 4) & 0xFFFF;
        int es = (int) Stack.peek(cpu, sp, 20, 4) & 0xFFFF;
        int ds = (int) Stack.peek(cpu, sp, 24, 4) & 0xFFFF;
        int fs = (int) Stack.peek(cpu, sp, 28, 4) & 0xFFFF;
        int gs = (int) Stack.peek(cpu, sp, 32, 4) & 0xFFFF;
        cpu.segments[CpuState.CS].loadReal(selector, true);
        cpu.segments[CpuState.SS].loadReal(ss, true);
        cpu.segments[CpuState.ES].loadReal(es, true);
        cpu.segments[CpuState.DS].loadReal(ds, true);
        cpu.segments[CpuState.FS].loadReal(fs, true);
        cpu.segments[CpuState.GS].loadReal(gs, true);
        cpu.gpr[CpuState.RSP] = newSp;
        cpu.cpl = 3;
        cpu.setRip(offset & 0xFFFF);
        Eflags.load(cpu, flags, Eflags.SYSTEM);
        Segmentation.modeChanged(cpu);
    }
}
