package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.interp.Op;

/** What the classes of translated regions extend. */
abstract class RegionCode {
    /** Operations of the interpreter that the region calls. */
    final Op[] ops;

    /** Number of the exit that stands for the operation being called; for exceptions. */
    int at;

    /**
     * What was left as in the result of {@link #run}, less than the instructions of the block under
     * way.
     */
    int left;

    /** Set when an operation that the region calls may have made it invalid. */
    boolean stop;

    /** Whether {@link #generation} means anything. */
    boolean started;

    /** {@link dev.arclet.emulator.mmu.Mmu#generation} that the numbers below are compared with. */
    int generation;

    /**
     * Generations in which the region's second and further pages were last seen in place: it goes
     * over to a page only if that is the current one.
     */
    int page1, page2, page3, page4, page5, page6, page7;

    /** Host address of the TLB's entries for reading in the region's mode. */
    long tlb;

    RegionCode(Op[] ops) {
        this.ops = ops;
    }

    /**
     * Has the TLB filled for an access, as the interpreter's attempt to make it would.
     *
     * @param linear linear address
     * @param bytes how many are accessed, 1 to 16
     * @return its host address; 0 if the access is not to be made here: it faults, is to a device,
     *     to code or to two pages
     */
    final long fill(CpuState cpu, long linear, int bytes, boolean write) {
        long host = cpu.mmu.hostAfterFill(linear, bytes, write);
        return stop ? 0 : host;
    }

    /**
     * Executes from one of the region's entries.
     *
     * @param cpu registers are those of the processor; RIP is the region's first entry
     * @param left instructions that may be executed, less the {@link Region#slack} that has to be
     *     there; negative does nothing
     * @param entry number of the entry, {@link Region.Entry#number}
     * @return what is left of that, up to the block left, in the upper half; the number of the exit
     *     in the lower
     */
    public abstract long run(CpuState cpu, int left, int entry);
}
