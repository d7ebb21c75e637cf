package dev.arclet.emulator.cpu;

import dev.arclet.emulator.fault.GuestFault;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * Model-specific registers (SDM vol. 4, chapter 2), under their architectural names. Memory types
 * (MTRRs, PAT) are kept and have no effect: there are no caches.
 */
public final class Msrs {
    /** Global enable of IA32_APIC_BASE. */
    static final long APIC_ENABLE = 1 << 11;

    private static final System.Logger LOG = System.getLogger(Msrs.class.getName());

    /** Unknown registers that are counted one by one; a guest may try all 2^32. */
    private static final int MAX_UNKNOWN = 1024;

    private static final int TIME_STAMP_COUNTER = 0x10,
            PLATFORM_ID = 0x17,
            APIC_BASE = 0x1B,
            TSC_ADJUST = 0x3B,
            BIOS_UPDATE_SIGNATURE = 0x8B,
            MTRR_CAP = 0xFE,
            SYSENTER_CS = 0x174,
            SYSENTER_ESP = 0x175,
            SYSENTER_EIP = 0x176,
            MCG_CAP = 0x179,
            MCG_STATUS = 0x17A,
            MISC_ENABLE = 0x1A0,
            DEBUGCTL = 0x1D9,
            MTRR_PHYSICAL = 0x200,
            MTRR_FIX64K = 0x250,
            MTRR_FIX16K = 0x258,
            MTRR_FIX4K = 0x268,
            PAT = 0x277,
            MTRR_DEF_TYPE = 0x2FF,
            PKRS = 0x6E1,
            EFER = 0xC000_0080,
            STAR = 0xC000_0081,
            LSTAR = 0xC000_0082,
            CSTAR = 0xC000_0083,
            FMASK = 0xC000_0084,
            FS_BASE = 0xC000_0100,
            GS_BASE = 0xC000_0101,
            KERNEL_GS_BASE = 0xC000_0102,
            TSC_AUX = 0xC000_0103;

    private static final int VARIABLE_MTRRS = 8;

    /** IA32_SYSENTER_CS, _ESP, _EIP. */
    public long sysenterCs, sysenterEsp, sysenterEip;

    /** IA32_STAR, LSTAR, CSTAR, FMASK. */
    public long star, lstar, cstar, fmask;

    /** IA32_KERNEL_GS_BASE. */
    public long kernelGsBase;

    /** IA32_TSC_AUX. */
    public long tscAux;

    /**
     * IA32_TSC_ADJUST: added to the board's counter to give IA32_TIME_STAMP_COUNTER. Writes to
     * either register change both.
     */
    public long tscOffset;

    /** IA32_PAT. */
    public long pat;

    /** IA32_APIC_BASE. */
    public long apicBase;

    /** IA32_MISC_ENABLE. */
    public long miscEnable;

    /** IA32_PKRS: rights of the protection keys of supervisor pages. */
    public long supervisorKeyRights;

    /** IA32_MTRR_DEF_TYPE; 0x806 is: on, write-back. */
    public long mtrrDefType;

    private long mcgStatus;
    private final long[] mtrrVariable = new long[2 * VARIABLE_MTRRS];
    private final long[] mtrrFixed = new long[11];
    private final Map<Integer, Long> unknown = new TreeMap<>();

    /** As after RESET. */
    public Msrs() {
        reset();
    }

    /** As after RESET. */
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
        supervisorKeyRights = 0;
        mtrrDefType = 0;
        mcgStatus = 0;
        Arrays.fill(mtrrVariable, 0);
        Arrays.fill(mtrrFixed, 0);
    }

    /** How often registers that do not exist were accessed, by number. */
    public Map<Integer, Long> unknown() {
        return Map.copyOf(unknown);
    }

    /**
     * RDMSR.
     *
     * @throws GuestFault #GP(0) if there is no such register
     */
    public long read(CpuState cpu, int number) {
        CpuModel model = cpu.model;
        if (model.has(CpuFeature.LONG_MODE)) {
            switch (number) {
                case STAR:
                    return star;
                case LSTAR:
                    return lstar;
                case CSTAR:
                    return cstar;
                case FMASK:
                    return fmask;
                case FS_BASE:
                    return cpu.segments[CpuState.FS].base;
                case GS_BASE:
                    return cpu.segments[CpuState.GS].base;
                case KERNEL_GS_BASE:
                    return kernelGsBase;
                default:
                    break;
            }
        }
        if (model.has(CpuFeature.MTRR)) {
            int fixed = fixedMtrr(number);
            if (fixed >= 0) {
                return mtrrFixed[fixed];
            }
            if (number >= MTRR_PHYSICAL && number < MTRR_PHYSICAL + 2 * VARIABLE_MTRRS) {
                return mtrrVariable[number - MTRR_PHYSICAL];
            }
            if (number == MTRR_CAP) {
                // Fixed ranges and write-combining.
                return 0x500 | VARIABLE_MTRRS;
            }
            if (number == MTRR_DEF_TYPE) {
                return mtrrDefType;
            }
        }
        return switch (number) {
            case TIME_STAMP_COUNTER -> timeStampCounter(cpu);
            case PLATFORM_ID, BIOS_UPDATE_SIGNATURE, DEBUGCTL, MCG_CAP -> 0;
            case 0, 1 -> 0;
            case APIC_BASE -> {
                if (!model.has(CpuFeature.APIC)) {
                    throw missing(cpu, number, "RDMSR");
                }
                yield apicBase;
            }
            case TSC_ADJUST -> tscOffset;
            case SYSENTER_CS -> sysenterCs;
            case SYSENTER_ESP -> sysenterEsp;
            case SYSENTER_EIP -> sysenterEip;
            case MCG_STATUS -> mcgStatus;
            case MISC_ENABLE -> miscEnable;
            case PAT -> pat;
            case EFER -> cpu.efer;
            case PKRS -> {
                if (!model.has(CpuFeature.PKS)) {
                    throw missing(cpu, number, "RDMSR");
                }
                yield supervisorKeyRights;
            }
            case TSC_AUX -> {
                if (!model.has(CpuFeature.RDTSCP)) {
                    throw missing(cpu, number, "RDMSR");
                }
                yield tscAux;
            }
            default -> throw missing(cpu, number, "RDMSR");
        };
    }

    /**
     * WRMSR.
     *
     * @throws GuestFault #GP(0) if there is no such register or the value is not allowed
     */
    public void write(CpuState cpu, int number, long value) {
        CpuModel model = cpu.model;
        if (model.has(CpuFeature.LONG_MODE) && writeLongMode(cpu, number, value)) {
            return;
        }
        if (model.has(CpuFeature.MTRR) && writeMtrr(cpu, number, value)) {
            return;
        }
        switch (number) {
            case TIME_STAMP_COUNTER -> tscOffset = value - cpu.bus.timeStampCounter();
            case BIOS_UPDATE_SIGNATURE, 0, 1 -> {}
            case DEBUGCTL, MCG_CAP -> {
                // No branch records, no single-stepping on branches, no error banks.
                if (value != 0) {
                    throw missing(cpu, number, "WRMSR");
                }
            }
            case APIC_BASE -> {
                if (!model.has(CpuFeature.APIC)) {
                    throw missing(cpu, number, "WRMSR");
                }
                long address = (1L << model.physicalBits()) - 1 & ~0xFFFL;
                check(cpu, (value & ~(address | APIC_ENABLE | 0x100)) == 0);
                apicBase = value;
                cpu.bus.setApicBase(value);
            }
            case TSC_ADJUST -> tscOffset = value;
            case SYSENTER_CS -> sysenterCs = value & 0xFFFF_FFFFL;
            case SYSENTER_ESP -> sysenterEsp = address(cpu, value);
            case SYSENTER_EIP -> sysenterEip = address(cpu, value);
            case MCG_STATUS -> {
                check(cpu, (value & ~7) == 0);
                mcgStatus = value;
            }
            case MISC_ENABLE -> miscEnable = value & 0x4_0040_0889L;
            case PAT -> {
                for (int i = 0; i < 64; i += 8) {
                    long type = value >>> i & 0xFF;
                    check(cpu, type < 8 && type != 2 && type != 3);
                }
                pat = value;
            }
            case EFER -> writeEfer(cpu, value);
            case PKRS -> {
                if (!model.has(CpuFeature.PKS)) {
                    throw missing(cpu, number, "WRMSR");
                }
                check(cpu, value >>> 32 == 0);
                supervisorKeyRights = value;
                cpu.keyRightsChanged();
            }
            case TSC_AUX -> {
                if (!model.has(CpuFeature.RDTSCP)) {
                    throw missing(cpu, number, "WRMSR");
                }
                check(cpu, value >>> 32 == 0);
                tscAux = value;
            }
            default -> throw missing(cpu, number, "WRMSR");
        }
    }

    private boolean writeLongMode(CpuState cpu, int number, long value) {
        switch (number) {
            case STAR -> star = value;
            case LSTAR -> lstar = address(cpu, value);
            case CSTAR -> cstar = address(cpu, value);
            case FMASK -> {
                check(cpu, value >>> 32 == 0);
                fmask = value;
            }
            case FS_BASE -> Segmentation.setBase(cpu, CpuState.FS, address(cpu, value));
            case GS_BASE -> Segmentation.setBase(cpu, CpuState.GS, address(cpu, value));
            case KERNEL_GS_BASE -> kernelGsBase = address(cpu, value);
            default -> {
                return false;
            }
        }
        return true;
    }

    private boolean writeMtrr(CpuState cpu, int number, long value) {
        int fixed = fixedMtrr(number);
        if (fixed >= 0) {
            for (int i = 0; i < 64; i += 8) {
                check(cpu, isMemoryType(value >>> i & 0xFF));
            }
            mtrrFixed[fixed] = value;
            return true;
        }
        if (number >= MTRR_PHYSICAL && number < MTRR_PHYSICAL + 2 * VARIABLE_MTRRS) {
            long address = (1L << cpu.model.physicalBits()) - 1 & ~0xFFFL;
            boolean base = (number & 1) == 0;
            check(
                    cpu,
                    base
                            ? (value & ~(address | 0xFF)) == 0 && isMemoryType(value & 0xFF)
                            : (value & ~(address | 0x800)) == 0);
            mtrrVariable[number - MTRR_PHYSICAL] = value;
            return true;
        }
        if (number == MTRR_DEF_TYPE) {
            check(cpu, (value & ~0xCFF) == 0 && isMemoryType(value & 0xFF));
            mtrrDefType = value;
            return true;
        }
        return false;
    }

    private static int fixedMtrr(int number) {
        if (number == MTRR_FIX64K) {
            return 0;
        }
        if (number == MTRR_FIX16K || number == MTRR_FIX16K + 1) {
            return number - MTRR_FIX16K + 1;
        }
        return number >= MTRR_FIX4K && number < MTRR_FIX4K + 8 ? number - MTRR_FIX4K + 3 : -1;
    }

    private static boolean isMemoryType(long type) {
        return type == 0 || type == 1 || (type >= 4 && type <= 6);
    }

    private static void writeEfer(CpuState cpu, long value) {
        CpuModel model = cpu.model;
        long known = 0;
        if (model.has(CpuFeature.LONG_MODE)) {
            known |= Control.EFER_LME | Control.EFER_LMA;
        }
        if (model.has(CpuFeature.SYSCALL)) {
            known |= Control.EFER_SCE;
        }
        if (model.has(CpuFeature.NX)) {
            known |= Control.EFER_NXE;
        }
        check(cpu, (value & ~known) == 0);
        boolean paging = (cpu.cr0 & Control.CR0_PG) != 0;
        check(cpu, !paging || ((cpu.efer ^ value) & Control.EFER_LME) == 0);
        // LMA follows paging and can't be written.
        cpu.efer = value & ~Control.EFER_LMA | cpu.efer & Control.EFER_LMA;
        cpu.mmu.setControl(cpu.cr0, cpu.cr3, cpu.cr4, cpu.efer, false);
        Segmentation.modeChanged(cpu);
    }

    /** IA32_TIME_STAMP_COUNTER. */
    public static long timeStampCounter(CpuState cpu) {
        return cpu.bus.timeStampCounter() + cpu.msrs.tscOffset;
    }

    private static long address(CpuState cpu, long value) {
        check(cpu, Segmentation.isCanonical(value));
        return value;
    }

    private static void check(CpuState cpu, boolean allowed) {
        if (!allowed) {
            throw cpu.fault(GuestFault.GP, 0);
        }
    }

    private GuestFault missing(CpuState cpu, int number, String instruction) {
        if (unknown.size() < MAX_UNKNOWN || unknown.containsKey(number)) {
            if (unknown.merge(number, 1L, Long::sum) == 1) {
                LOG.log(
                        System.Logger.Level.DEBUG,
                        "{0} of {1}: the guest gets #GP",
                        instruction,
                        Integer.toHexString(number));
            }
        }
        return cpu.fault(GuestFault.GP, 0);
    }

    void save(SnapshotWriter out) {
        out.putLong("sysenter-cs", sysenterCs);
        out.putLong("sysenter-esp", sysenterEsp);
        out.putLong("sysenter-eip", sysenterEip);
        out.putLong("star", star);
        out.putLong("lstar", lstar);
        out.putLong("cstar", cstar);
        out.putLong("fmask", fmask);
        out.putLong("kernel-gs-base", kernelGsBase);
        out.putLong("tsc-aux", tscAux);
        out.putLong("tsc-offset", tscOffset);
        out.putLong("pat", pat);
        out.putLong("apic-base", apicBase);
        out.putLong("misc-enable", miscEnable);
        out.putLong("mtrr-def-type", mtrrDefType);
        out.putLong("mcg-status", mcgStatus);
        out.putLongs("mtrr-variable", mtrrVariable);
        out.putLongs("mtrr-fixed", mtrrFixed);
    }

    void restore(SnapshotReader in) throws SnapshotException {
        sysenterCs = in.getLong("sysenter-cs");
        sysenterEsp = in.getLong("sysenter-esp");
        sysenterEip = in.getLong("sysenter-eip");
        star = in.getLong("star");
        lstar = in.getLong("lstar");
        cstar = in.getLong("cstar");
        fmask = in.getLong("fmask");
        kernelGsBase = in.getLong("kernel-gs-base");
        tscAux = in.getLong("tsc-aux");
        tscOffset = in.getLong("tsc-offset");
        pat = in.getLong("pat");
        apicBase = in.getLong("apic-base");
        miscEnable = in.getLong("misc-enable");
        mtrrDefType = in.getLong("mtrr-def-type");
        mcgStatus = in.getLong("mcg-status");
        in.getLongs("mtrr-variable", mtrrVariable);
        in.getLongs("mtrr-fixed", mtrrFixed);
    }
}
