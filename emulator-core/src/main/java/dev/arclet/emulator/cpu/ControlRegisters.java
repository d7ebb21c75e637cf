package dev.arclet.emulator.cpu;

import dev.arclet.emulator.fault.GuestFault;

/** Loads of control registers (SDM vol. 3A, section 2.5). */
public final class ControlRegisters {
    private static final long CR0_BITS =
            Control.CR0_PE
                    | Control.CR0_MP
                    | Control.CR0_EM
                    | Control.CR0_TS
                    | Control.CR0_NE
                    | Control.CR0_WP
                    | Control.CR0_AM
                    | Control.CR0_NW
                    | Control.CR0_CD
                    | Control.CR0_PG;

    private ControlRegisters() {}

    /** The value of CR0, CR2, CR3, CR4 or CR8. */
    public static long read(CpuState cpu, int index) {
        return switch (index) {
            case 0 -> cpu.cr0;
            case 2 -> cpu.cr2;
            case 3 -> cpu.cr3;
            case 4 -> cpu.cr4;
            case 8 -> cpu.bus.taskPriorityClass(cpu.cr8);
            default -> throw cpu.fault(GuestFault.UD, 0);
        };
    }

    /** MOV to a control register; privilege has been checked. */
    public static void write(CpuState cpu, int index, long value) {
        switch (index) {
            case 0 -> writeCr0(cpu, value);
            case 2 -> cpu.cr2 = value;
            case 3 -> writeCr3(cpu, value);
            case 4 -> writeCr4(cpu, value);
            case 8 -> {
                check(cpu, (value & ~15L) == 0);
                cpu.cr8 = (int) value;
                cpu.bus.setTaskPriorityClass(cpu.cr8);
                cpu.attention = true;
            }
            default -> throw cpu.fault(GuestFault.UD, 0);
        }
    }

    /** Loads CR0, and with it enters or leaves protected mode, paging and long mode. */
    public static void writeCr0(CpuState cpu, long value) {
        check(cpu, value >>> 32 == 0);
        check(cpu, (value & Control.CR0_PG) == 0 || (value & Control.CR0_PE) != 0);
        check(cpu, (value & Control.CR0_NW) == 0 || (value & Control.CR0_CD) != 0);
        long next = value & CR0_BITS | Control.CR0_ET;
        long changed = cpu.cr0 ^ next;
        boolean paging = (next & Control.CR0_PG) != 0;
        long efer = cpu.efer;
        if ((changed & Control.CR0_PG) != 0) {
            if (paging && (efer & Control.EFER_LME) != 0) {
                check(cpu, (cpu.cr4 & Control.CR4_PAE) != 0);
                check(cpu, !cpu.segments[CpuState.CS].longMode);
                efer |= Control.EFER_LMA;
            } else if (!paging) {
                check(cpu, cpu.codeSize != 8);
                efer &= ~Control.EFER_LMA;
            }
        }
        long reloading = Control.CR0_PG | Control.CR0_CD | Control.CR0_NW;
        if (paging
                && (changed & reloading) != 0
                && (cpu.cr4 & Control.CR4_PAE) != 0
                && (efer & Control.EFER_LMA) == 0) {
            check(cpu, cpu.mmu.loadPdptes(cpu.cr3));
        }
        cpu.cr0 = next;
        cpu.efer = efer;
        cpu.mmu.setControl(cpu.cr0, cpu.cr3, cpu.cr4, cpu.efer, false);
        Segmentation.modeChanged(cpu);
    }

    /** LMSW: the low four bits, of which PE can only be set. */
    public static void loadMachineStatus(CpuState cpu, int value) {
        writeCr0(cpu, cpu.cr0 & ~0xEL | value & 0xF);
    }

    /** CLTS. */
    public static void clearTaskSwitched(CpuState cpu) {
        cpu.cr0 &= ~Control.CR0_TS;
    }

    private static void writeCr3(CpuState cpu, long value) {
        boolean longMode = Segmentation.isLongMode(cpu);
        if (longMode) {
            check(cpu, value >>> cpu.model.physicalBits() == 0);
        } else if ((cpu.cr0 & Control.CR0_PG) != 0 && (cpu.cr4 & Control.CR4_PAE) != 0) {
            check(cpu, cpu.mmu.loadPdptes(value));
        }
        cpu.cr3 = value;
        cpu.mmu.setControl(cpu.cr0, cpu.cr3, cpu.cr4, cpu.efer, true);
    }

    private static void writeCr4(CpuState cpu, long value) {
        check(cpu, (value & ~supportedCr4(cpu.model)) == 0);
        boolean longMode = Segmentation.isLongMode(cpu);
        boolean pae = (value & Control.CR4_PAE) != 0;
        check(cpu, !longMode || pae);
        long changed = cpu.cr4 ^ value;
        long reloading = Control.CR4_PAE | Control.CR4_PGE | Control.CR4_PSE | Control.CR4_SMEP;
        if (pae && !longMode && (cpu.cr0 & Control.CR0_PG) != 0 && (changed & reloading) != 0) {
            check(cpu, cpu.mmu.loadPdptes(cpu.cr3));
        }
        cpu.cr4 = value;
        cpu.mmu.setControl(cpu.cr0, cpu.cr3, cpu.cr4, cpu.efer, false);
        Segmentation.modeChanged(cpu);
    }

    private static long supportedCr4(CpuModel model) {
        long bits = 0;
        bits |= model.has(CpuFeature.VME) ? Control.CR4_VME | Control.CR4_PVI : 0;
        bits |= model.has(CpuFeature.TSC) ? Control.CR4_TSD : 0;
        bits |= model.has(CpuFeature.DE) ? Control.CR4_DE : 0;
        bits |= model.has(CpuFeature.PSE) ? Control.CR4_PSE : 0;
        bits |= model.has(CpuFeature.PAE) ? Control.CR4_PAE : 0;
        bits |= model.has(CpuFeature.MCE) ? Control.CR4_MCE : 0;
        bits |= model.has(CpuFeature.PGE) ? Control.CR4_PGE : 0;
        bits |= model.has(CpuFeature.MMX) ? Control.CR4_PCE : 0;
        bits |= model.has(CpuFeature.FXSR) ? Control.CR4_OSFXSR : 0;
        bits |= model.has(CpuFeature.SSE) ? Control.CR4_OSXMMEXCPT : 0;
        bits |= model.has(CpuFeature.UMIP) ? Control.CR4_UMIP : 0;
        bits |= model.has(CpuFeature.FSGSBASE) ? Control.CR4_FSGSBASE : 0;
        bits |= model.has(CpuFeature.XSAVE) ? Control.CR4_OSXSAVE : 0;
        bits |= model.has(CpuFeature.SMEP) ? Control.CR4_SMEP : 0;
        bits |= model.has(CpuFeature.SMAP) ? Control.CR4_SMAP : 0;
        bits |= model.has(CpuFeature.PKU) ? Control.CR4_PKE : 0;
        bits |= model.has(CpuFeature.PKS) ? Control.CR4_PKS : 0;
        return bits;
    }

    private static void check(CpuState cpu, boolean allowed) {
        if (!allowed) {
            throw cpu.fault(GuestFault.GP, 0);
        }
    }
}
