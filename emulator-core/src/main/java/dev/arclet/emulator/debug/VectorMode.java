package dev.arclet.emulator.debug;

import dev.arclet.emulator.cpu.Control;
import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.SegmentRegister;
import dev.arclet.emulator.cpu.Segmentation;
import java.util.Locale;

/** The ways in which vectors are run; each sets up segments and control registers. */
enum VectorMode {
    /** 16-bit protected mode at CPL 3, segments in the LDT. */
    PROT16(0x10000),
    /** The tests of prot16 in real mode. */
    REAL(0x10000),
    /** Flat 32-bit protected mode at CPL 3. */
    PROT32(0),
    /** 64-bit mode at CPL 3, identity paging. */
    LONG64(0);

    private static final int[] SELECTORS_16 = {0x07, 0x0F, 0x17, 0x1F, 0x27, 0x2F};
    private static final int[] SELECTORS_32 = {0x2B, 0x23, 0x2B, 0x2B, 0x27, 0x2F};
    private static final int[] SELECTORS_64 = {0x2B, 0x33, 0x2B, 0x2B, 0x27, 0x2F};
    private static final int[] BASES_16 = {0x30000, 0x10000, 0x40000, 0x20000, 0x50000, 0x60000};
    private static final int DATA_ACCESS = 0xF3, CODE_ACCESS = 0xFB;

    /** Base of CS. */
    final int codeBase;

    VectorMode(int codeBase) {
        this.codeBase = codeBase;
    }

    /** The name as in file names and reports. */
    String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Name of the vector files that it runs. */
    String fileMode() {
        return this == REAL ? PROT16.label() : label();
    }

    /** The selectors that tests start with. */
    int selector(int segment) {
        return switch (this) {
            case PROT16 -> SELECTORS_16[segment];
            case REAL -> BASES_16[segment] >> 4;
            case PROT32 -> SELECTORS_32[segment];
            case LONG64 -> SELECTORS_64[segment];
        };
    }

    /**
     * Whether a test of this mode's files can be run: in real mode not those that depend on
     * descriptors or CPL 3, nor ARPL, which real mode does not know.
     */
    boolean runs(String group, String form) {
        return this != REAL
                || !(group.equals("int-seg")
                        || group.equals("int-priv")
                        || form.startsWith("arpl."));
    }

    /** Switches the processor to this mode, all segment registers at their initial values. */
    void enter(CpuState cpu) {
        cpu.reset();
        cpu.cr0 =
                Control.CR0_NE
                        | Control.CR0_MP
                        | Control.CR0_WP
                        | Control.CR0_ET
                        | (this == REAL ? 0 : Control.CR0_PE)
                        | (this == LONG64 ? Control.CR0_PG : 0);
        cpu.cr4 =
                Control.CR4_OSFXSR
                        | Control.CR4_OSXMMEXCPT
                        | (this == LONG64 ? Control.CR4_PAE : 0);
        cpu.efer = this == LONG64 ? Control.EFER_LME | Control.EFER_LMA : 0;
        cpu.cr3 = this == LONG64 ? VectorMachine.PAGE_TABLES : 0;
        cpu.cpl = this == REAL ? 0 : 3;
        cpu.gdtBase = VectorMachine.GDT;
        cpu.gdtLimit = VectorMachine.GDT_BYTES - 1;
        cpu.ldtr.selector = VectorMachine.LDT_SELECTOR;
        cpu.ldtr.base = VectorMachine.LDT;
        cpu.ldtr.limit = VectorMachine.LDT_BYTES - 1;
        cpu.ldtr.access = 0x82;
        cpu.ldtr.unusable = false;
        cpu.mmu.setControl(cpu.cr0, cpu.cr3, cpu.cr4, cpu.efer, true);
        resetSegments(cpu);
    }

    /** Gives all segment registers their initial values. */
    void resetSegments(CpuState cpu) {
        for (int i = 0; i < 6; i++) {
            SegmentRegister segment = cpu.segments[i];
            boolean flat = (this == PROT32 || this == LONG64) && i < CpuState.FS;
            segment.selector = selector(i);
            segment.base = flat ? 0 : BASES_16[i];
            segment.limit = flat ? 0xFFFF_FFFFL : 0xFFFF;
            segment.access = this == REAL ? 0x93 : i == CpuState.CS ? CODE_ACCESS : DATA_ACCESS;
            segment.granular = flat;
            segment.longMode = this == LONG64 && i == CpuState.CS;
            segment.big = flat && !segment.longMode;
            segment.unusable = false;
        }
        Segmentation.modeChanged(cpu);
    }
}
