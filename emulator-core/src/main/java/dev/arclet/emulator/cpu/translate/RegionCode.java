package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.Eflags;
import dev.arclet.emulator.cpu.interp.Op;
import dev.arclet.emulator.cpu.interp.StringElements;
import dev.arclet.emulator.memory.GuestMemory;

/**
 * What the classes of translated regions extend: their code, and what going from one to another
 * reads and writes of them. That is in few cache lines: most that a guest's system executes is not
 * in the caches when control gets there (docs/adr/0008).
 */
abstract class RegionCode {
    /** Where {@link #exitWord} has the code of the flags, which may be filled in later. */
    static final int FLAGS_SHIFT = 16;

    private static final int KIND_SHIFT = 12;

    /** Guest instructions executed. */
    long executed;

    /** How much work makes the region worth forming anew, see {@link Tiers}; else the largest. */
    long worth;

    /** How often it was entered. */
    long entered;

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

    /** Whether the region has more than one page, and the numbers below are looked at. */
    boolean paged;

    /** {@link dev.arclet.emulator.mmu.Mmu#generation} that the numbers below are compared with. */
    int generation;

    /**
     * Generations in which the region's pages were last seen in place: it goes over to a page only
     * if that is the current one.
     */
    int page0, page1, page2, page3, page4, page5, page6, page7;

    /** Host address of the TLB's entries for reading in the region's mode. */
    long tlb;

    /**
     * Always null, which HotSpot does not know: the object that memory outside the heap is in. C1
     * takes ten bytes to make a null, again for each access; C2 has to know, and gets a constant.
     */
    Object none;

    /** {@link Region#exits}. */
    Region.Exit[] exits = {};

    /** Where control last went on after {@link Region.Exit.Kind#GO} exits. */
    Region.Entry[] links = {};

    /** What is known of {@link Region.Exit.Kind#DYNAMIC} exits that were taken. */
    IndirectTargets.Site[] sites = {};

    RegionCode(Op[] ops) {
        this.ops = ops;
    }

    /**
     * Tells of an exit what going on to another region has to know.
     *
     * @param flags {@link Region.Exit#flags}
     */
    static int exitWord(int number, Region.Exit.Kind kind, int flags) {
        int known = flags == FlagCode.DYNAMIC ? 0 : flags & 0xFF;
        return number | kind.number << KIND_SHIFT | known << FLAGS_SHIFT;
    }

    static int exitNumber(int word) {
        return word & (1 << KIND_SHIFT) - 1;
    }

    /** {@link Region.Exit.Kind#number}. */
    static int exitKind(int word) {
        return word >> KIND_SHIFT & 0xF;
    }

    /** The code of the flags; negative if the processor has them. */
    static int exitFlags(int word) {
        return (byte) (word >> FLAGS_SHIFT);
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
     * Executes elements of a repeated MOVS, as many as lie in one page each way.
     *
     * @param from linear address of the first source element
     * @param to linear address of the first target element
     * @param count elements left, not 0
     * @param bytes of an element: 1, 2, 4 or 8
     * @return how many were copied; 0 if that is not simple, and nothing has changed that the
     *     interpreter's attempt would not change
     */
    final int copy(CpuState cpu, long from, long to, long count, int bytes) {
        int elements = together(cpu, Math.min(toPageEnd(from), toPageEnd(to)), count, bytes);
        if (elements == 0) {
            return 0;
        }
        long source = fill(cpu, from, bytes, false);
        long target = source == 0 ? 0 : fill(cpu, to, bytes, true);
        if (target == 0) {
            return 0;
        }
        StringElements.copy(source, target, elements * bytes, bytes);
        return elements;
    }

    /**
     * The same of a repeated STOS.
     *
     * @param value whose low {@code bytes} are stored
     */
    final int set(CpuState cpu, long to, long count, int bytes, long value) {
        int elements = together(cpu, toPageEnd(to), count, bytes);
        long target = elements == 0 ? 0 : fill(cpu, to, bytes, true);
        if (target == 0) {
            return 0;
        }
        StringElements.fill(target, elements * bytes, bytes, value);
        return elements;
    }

    private static int toPageEnd(long linear) {
        return GuestMemory.PAGE_SIZE - ((int) linear & GuestMemory.PAGE_SIZE - 1);
    }

    private static int together(CpuState cpu, int room, long count, int bytes) {
        boolean upwards = (cpu.systemFlags & Eflags.DF) == 0;
        return upwards ? (int) Math.min(count, room / bytes) : 0;
    }

    /**
     * Executes from one of the region's entries.
     *
     * @param cpu registers are those of the processor, but RIP
     * @param left instructions that may be executed, less the {@link Region#slack} that has to be
     *     there; negative does nothing
     * @param entry number of the entry, {@link Region.Entry#number}
     * @return what is left of that, up to the block left, in the upper half; {@link #exitWord} in
     *     the lower
     */
    public abstract long run(CpuState cpu, int left, int entry);
}
