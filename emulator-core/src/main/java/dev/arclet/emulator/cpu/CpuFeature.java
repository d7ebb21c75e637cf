package dev.arclet.emulator.cpu;

/** What CPUID announces, and where (SDM vol. 2A under CPUID). */
public enum CpuFeature {
    FPU(1, 0, 'd', 0),
    VME(1, 0, 'd', 1),
    DE(1, 0, 'd', 2),
    PSE(1, 0, 'd', 3),
    TSC(1, 0, 'd', 4),
    MSR(1, 0, 'd', 5),
    PAE(1, 0, 'd', 6),
    MCE(1, 0, 'd', 7),
    CX8(1, 0, 'd', 8),
    APIC(1, 0, 'd', 9),
    SEP(1, 0, 'd', 11),
    MTRR(1, 0, 'd', 12),
    PGE(1, 0, 'd', 13),
    MCA(1, 0, 'd', 14),
    CMOV(1, 0, 'd', 15),
    PAT(1, 0, 'd', 16),
    PSE36(1, 0, 'd', 17),
    CLFSH(1, 0, 'd', 19),
    MMX(1, 0, 'd', 23),
    FXSR(1, 0, 'd', 24),
    SSE(1, 0, 'd', 25),
    SSE2(1, 0, 'd', 26),
    SSE3(1, 0, 'c', 0),
    PCLMULQDQ(1, 0, 'c', 1),
    SSSE3(1, 0, 'c', 9),
    CX16(1, 0, 'c', 13),
    SSE4_1(1, 0, 'c', 19),
    SSE4_2(1, 0, 'c', 20),
    MOVBE(1, 0, 'c', 22),
    POPCNT(1, 0, 'c', 23),
    AES(1, 0, 'c', 25),
    XSAVE(1, 0, 'c', 26),
    HYPERVISOR(1, 0, 'c', 31),
    ARAT(6, 0, 'a', 2),
    FSGSBASE(7, 0, 'b', 0),
    TSC_ADJUST(7, 0, 'b', 1),
    SMEP(7, 0, 'b', 7),
    ADX(7, 0, 'b', 19),
    SMAP(7, 0, 'b', 20),
    UMIP(7, 0, 'c', 2),
    PKU(7, 0, 'c', 3),
    PKS(7, 0, 'c', 31),
    LAHF64(0x8000_0001, 0, 'c', 0),
    LZCNT(0x8000_0001, 0, 'c', 5),
    SYSCALL(0x8000_0001, 0, 'd', 11),
    NX(0x8000_0001, 0, 'd', 20),
    PAGE1GB(0x8000_0001, 0, 'd', 26),
    RDTSCP(0x8000_0001, 0, 'd', 27),
    LONG_MODE(0x8000_0001, 0, 'd', 29),
    INVARIANT_TSC(0x8000_0007, 0, 'd', 8);

    final int leaf;
    final int subleaf;
    final char register;
    final int bit;

    CpuFeature(int leaf, int subleaf, char register, int bit) {
        this.leaf = leaf;
        this.subleaf = subleaf;
        this.register = register;
        this.bit = bit;
    }
}
