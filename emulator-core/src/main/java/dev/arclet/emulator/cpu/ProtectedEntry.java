package dev.arclet.emulator.cpu;

import java.util.Arrays;

/** Puts a processor into the state in which a boot loader enters a 32-bit kernel. */
public final class ProtectedEntry {
    private ProtectedEntry() {}

    /**
     * Protected mode, paging and interrupts off, segments loaded from the GDT: CS with one
     * selector, all others with another. General registers are zero except those that the caller
     * then sets.
     *
     * @param gdtBase linear address of the GDT, which is in memory already
     * @param gdtLimit its limit
     * @param entry offset of the first instruction
     */
    public static void enter(
            CpuState cpu,
            long gdtBase,
            int gdtLimit,
            int codeSelector,
            int dataSelector,
            long entry) {
        cpu.reset();
        Arrays.fill(cpu.gpr, 0);
        // A firmware would have told what memory is cacheable; kernels distrust blank MTRRs.
        cpu.msrs.mtrrDefType = 0x806;
        cpu.gdtBase = gdtBase;
        cpu.gdtLimit = gdtLimit;
        cpu.cr0 = Control.CR0_PE | Control.CR0_ET;
        cpu.mmu.setControl(cpu.cr0, cpu.cr3, cpu.cr4, cpu.efer, true);
        for (int i = 0; i < cpu.segments.length; i++) {
            int selector = i == CpuState.CS ? codeSelector : dataSelector;
            cpu.segments[i].load(selector, cpu.mmu.loadSystem(gdtBase + (selector & ~7), 8));
        }
        cpu.cpl = 0;
        cpu.setRip(entry);
        Segmentation.modeChanged(cpu);
    }
}
