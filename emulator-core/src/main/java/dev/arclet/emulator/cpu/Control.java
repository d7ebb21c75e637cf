package dev.arclet.emulator.cpu;

/** Bits of the control registers and of IA32_EFER (SDM vol. 3A, section 2.5 and 2.2.1). */
public final class Control {
    /** CR0. */
    public static final long CR0_PE = 1,
            CR0_MP = 2,
            CR0_EM = 4,
            CR0_TS = 8,
            CR0_ET = 0x10,
            CR0_NE = 0x20,
            CR0_WP = 1L << 16,
            CR0_AM = 1L << 18,
            CR0_NW = 1L << 29,
            CR0_CD = 1L << 30,
            CR0_PG = 1L << 31;

    /** CR4. */
    public static final long CR4_VME = 1,
            CR4_PVI = 2,
            CR4_TSD = 4,
            CR4_DE = 8,
            CR4_PSE = 0x10,
            CR4_PAE = 0x20,
            CR4_MCE = 0x40,
            CR4_PGE = 0x80,
            CR4_PCE = 0x100,
            CR4_OSFXSR = 0x200,
            CR4_OSXMMEXCPT = 0x400,
            CR4_UMIP = 0x800,
            CR4_FSGSBASE = 1L << 16,
            CR4_OSXSAVE = 1L << 18,
            CR4_SMEP = 1L << 20,
            CR4_SMAP = 1L << 21,
            CR4_PKE = 1L << 22,
            CR4_PKS = 1L << 24;

    /** IA32_EFER. */
    public static final long EFER_SCE = 1,
            EFER_LME = 1 << 8,
            EFER_LMA = 1 << 10,
            EFER_NXE = 1 << 11;

    private Control() {}
}
