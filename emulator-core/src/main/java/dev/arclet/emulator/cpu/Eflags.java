package dev.arclet.emulator.cpu;

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
}
