package dev.arclet.emulator.cpu;

/** Model-specific registers (SDM vol. 4, chapter 2), under their architectural names. */
public final class Msrs {
    /** IA32_SYSENTER_CS, _ESP, _EIP. */
    public long sysenterCs, sysenterEsp, sysenterEip;

    /** IA32_STAR, LSTAR, CSTAR, FMASK. */
    public long star, lstar, cstar, fmask;

    /** IA32_KERNEL_GS_BASE. */
    public long kernelGsBase;

    /** IA32_TSC_AUX. */
    public long tscAux;

    /** Added to the board's counter to give IA32_TIME_STAMP_COUNTER. */
    public long tscOffset;

    /** IA32_PAT. */
    public long pat = 0x0007_0406_0007_0406L;

    /** IA32_APIC_BASE. */
    public long apicBase = 0xFEE0_0900L;

    /** IA32_MISC_ENABLE. */
    public long miscEnable = 1;

    /** After RESET. */
    void reset() {
        sysenterCs = 0;
        sysenterEsp = 0;
        sysenterEip = 0;
        star = 0;
        lstar = 0;
        cstar = 0;
        fmask = 0;
        kernelGsBase = 0;
        tscAux = 0;
        tscOffset = 0;
        pat = 0x0007_0406_0007_0406L;
        apicBase = 0xFEE0_0900L;
        miscEnable = 1;
    }
}
