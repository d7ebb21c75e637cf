package dev.arclet.emulator.cpu;

import dev.arclet.emulator.fault.GuestFault;

/** Bits of EFLAGS that are not arithmetic flags (SDM vol. 1, section 3.4.3). */
public final class Eflags {
    /** Single step, interrupts enabled, direction, I/O privilege level (two bits), nested task. */
    public static final int TF = 0x100, IF = 0x200, DF = 0x400, IOPL = 0x3000, NT = 0x4000;

    /** Resume, virtual-8086 mode, alignment check, virtual interrupt flag and pending, CPUID. */
    public static final int RF = 0x1_0000,
            VM = 0x2_0000,
            AC = 0x4_0000,
            VIF = 0x8_0000,
            VIP = 0x10_0000,
            ID = 0x20_0000;

    /** All bits that exist outside the arithmetic flags. */
    static final int SYSTEM = TF | IF | DF | IOPL | NT | RF | VM | AC | VIF | VIP | ID;

    private Eflags() {}

    /** I/O privilege level of an EFLAGS image. */
    static int iopl(int flags) {
        return flags >>> 12 & 3;
    }

    /**
     * Loads EFLAGS: the arithmetic flags, and the system flags of {@code mask}. An interrupt that
     * this lets in is brought to the run loop's attention.
     */
    public static void load(CpuState cpu, int image, int mask) {
        cpu.setArithmeticFlags(image);
        int before = cpu.systemFlags;
        int after = before & ~mask | image & mask;
        cpu.systemFlags = after;
        if (((before ^ after) & AC) != 0) {
            Segmentation.privilegeChanged(cpu);
        }
        if ((after & ~before & IF) != 0 && cpu.interruptLine) {
            cpu.attention = true;
        }
    }

    /** The image that PUSHF pushes; #GP(0) if virtual-8086 mode must not. */
    public static int pushImage(CpuState cpu, int operandSize) {
        int image = cpu.eflags() & ~(VM | RF);
        if (Segmentation.isVm86(cpu) && iopl(image) < 3) {
            if (operandSize != 2 || (cpu.cr4 & Control.CR4_VME) == 0) {
                throw cpu.fault(GuestFault.GP, 0);
            }
            image = image & ~IF | IOPL | ((image & VIF) != 0 ? IF : 0);
        }
        return image;
    }

    /** POPF: loads what the mode and privilege allow of a popped image; #GP(0). */
    public static void pop(CpuState cpu, int operandSize, int image) {
        int mask = TF | DF | NT | AC | ID;
        int iopl = iopl(cpu.systemFlags);
        if (Segmentation.isVm86(cpu)) {
            if (iopl < 3) {
                popVirtual(cpu, operandSize, image);
                return;
            }
            mask |= IF;
        } else {
            if (cpu.cpl <= iopl) {
                mask |= IF;
            }
            if (cpu.cpl == 0) {
                mask |= IOPL;
            }
        }
        load(cpu, image, operandSize == 2 ? mask & 0xFFFF : mask);
        cpu.systemFlags &= ~RF;
    }

    /** POPF in virtual-8086 mode with CR4.VME: IF goes to VIF. */
    private static void popVirtual(CpuState cpu, int operandSize, int image) {
        boolean enable = (image & IF) != 0;
        if (operandSize != 2
                || (cpu.cr4 & Control.CR4_VME) == 0
                || (image & TF) != 0
                || (enable && (cpu.systemFlags & VIP) != 0)) {
            throw cpu.fault(GuestFault.GP, 0);
        }
        load(cpu, image, DF | NT);
        cpu.systemFlags = cpu.systemFlags & ~(VIF | RF) | (enable ? VIF : 0);
    }

    /** CLI; #GP(0). */
    public static void clearInterrupt(CpuState cpu) {
        if (Segmentation.isRealMode(cpu) || cpu.cpl <= iopl(cpu.systemFlags)) {
            cpu.systemFlags &= ~IF;
        } else if (hasVirtualInterrupts(cpu)) {
            cpu.systemFlags &= ~VIF;
        } else {
            throw cpu.fault(GuestFault.GP, 0);
        }
    }

    /** STI; #GP(0). Interrupts come one instruction later, if they were off. */
    public static void setInterrupt(CpuState cpu) {
        if (Segmentation.isRealMode(cpu) || cpu.cpl <= iopl(cpu.systemFlags)) {
            if ((cpu.systemFlags & IF) == 0) {
                cpu.systemFlags |= IF;
                cpu.interruptShadow = true;
            }
        } else if (hasVirtualInterrupts(cpu) && (cpu.systemFlags & VIP) == 0) {
            cpu.systemFlags |= VIF;
        } else {
            throw cpu.fault(GuestFault.GP, 0);
        }
    }

    private static boolean hasVirtualInterrupts(CpuState cpu) {
        return cpu.cpl == 3
                && (cpu.cr4 & (Segmentation.isVm86(cpu) ? Control.CR4_VME : Control.CR4_PVI)) != 0;
    }
}
