package dev.arclet.emulator.cpu.translate;

import java.lang.reflect.Method;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Guest code that is translated together: blocks reachable from one entry by direct branches, calls
 * and returns. Belongs to the machine thread, but for {@link #code()}, which a background thread
 * may provide.
 */
final class Region {
    /** A region's way out. */
    static final class Exit {
        /** Why control leaves, with the names that people are told. */
        enum Kind {
            /** Goes on at {@link Exit#rip()}. */
            GO(0, "go"),
            /** The same, as the instructions left may not suffice for going on inside. */
            BUDGET(1, "budget"),
            /** The same, as the page there may not be in place. */
            PAGE(2, "page"),
            /** Goes on at RIP, which the indirect branch at {@link Exit#rip()} has set. */
            DYNAMIC(3, "indirect"),
            /**
             * Goes on at RIP, and the mode or what interrupts may be different: an operation was
             * called that ends a block.
             */
            CALLED(4, "called"),
            /** The instruction at {@link Exit#rip()} is the interpreter's affair. */
            STEP(5, "interpret"),
            /** The same, this time: it missed the TLB. */
            MISS(6, "tlbMiss"),
            /** The same, as its operands are unusual: what it does with them is not emitted. */
            UNUSUAL(7, "unusual"),
            /**
             * The same: what the operation before it did, which was called, has overwritten the
             * region or wants attention.
             */
            DISTURBED(8, "disturbed"),
            /** Taken by exceptions only: an operation that is called, at {@link Exit#rip()}. */
            CALLING(9, "exception"),
            /** As STEP: accesses looked up together missed the TLB, or are in different pages. */
            APART(10, "apart");

            /** Different for each, from 0. */
            final int number;

            final String text;

            Kind(int number, String text) {
                this.number = number;
                this.text = text;
            }
        }

        private final Kind kind;
        private final long rip;
        private final int done;
        private final int flags;

        /** How often control has left here, if reports are to tell. */
        long taken;

        Exit(Kind kind, long rip, int done, int flags) {
            this.kind = kind;
            this.rip = rip;
            this.done = done;
            this.flags = flags;
        }

        Kind kind() {
            return kind;
        }

        /** Where control goes on, or what is interpreted, or the branch that has set RIP. */
        long rip() {
            return rip;
        }

        /** Instructions done that the code has not counted. */
        int done() {
            return done;
        }

        /**
         * The flag code that holds here, {@link FlagCode#DYNAMIC}, or {@link FlagCode#PROCESSOR}.
         */
        int flags() {
            return flags;
        }
    }

    /** A place where control may enter. */
    static final class Entry {
        final Region region;

        /** As {@link RegionCode#run} knows it. */
        final int number;

        /** {@link Region#slack}, which going from one to another asks for. */
        final int slack;

        /** {@link Region#mode}, as well. */
        final long mode;

        final long linear;
        final long physical;
        final long rip;

        /** {@link dev.arclet.emulator.mmu.Mmu#generation} for which it was found in place. */
        int generation;

        /** Whether {@link #generation} is that of global pages. */
        boolean global;

        /** The region's code; null until translated, and when the region is not valid any more. */
        volatile RegionCode code;

        /** The next entry at the same physical address. */
        Entry nextAtPhysical;

        private Entry(Region region, int number, long rip) {
            this.region = region;
            this.number = number;
            this.rip = rip;
            slack = region.slack;
            mode = region.mode;
            if (rip == region.rip) {
                linear = region.linear;
                physical = region.physical;
            } else {
                int page = region.page(rip);
                long inPage = region.linear + (rip - region.rip) & 0xFFF;
                linear = region.linearPages[page] + inPage;
                physical = region.physicalPages[page] + inPage;
            }
        }

        /** Whether it is entered at an address in a mode. */
        boolean isAt(long linearAddress, long address, long inMode) {
            return linear == linearAddress && rip == address && mode == inMode;
        }
    }

    /** Guest bytes of the region in one page. */
    record Span(long physical, int bytes) {}

    /** Where it was formed. */
    final long linear;

    final long physical;
    final long rip;
    final long mode;

    /**
     * The first is where it was formed. Unless it is {@link RegionPlan#wide}, all are in that page.
     */
    final Entry[] entries;

    /** Fewer instructions than this cannot be executed by it: of its longest way between looks. */
    final int slack;

    /** Guest instructions; 0 if there is nothing to translate here. */
    final int instructions;

    /** What it was made of; its blocks in the order of their code. */
    final Span[] spans;

    /** Physical addresses at which its sequences of instructions start. */
    final long[] starts;

    /** Linear addresses of the pages it lies in, the entry's first. */
    final long[] linearPages;

    /** Where those pages were. */
    final long[] physicalPages;

    /** Exits by number; complete when {@link #code()} is there. */
    Exit[] exits = {};

    /** {@link RegionCode#run} of the code; complete when that is there. */
    Method method;

    /** How often control came here while there was no code yet; others may read it late. */
    int heat;

    /** What code executed that is no longer there, and how often it was entered. */
    private long executedBefore, enteredBefore;

    /** Whether C2 has compiled its code, or shall not. */
    boolean optimised;

    /** What shall take its place when that has code; null if nothing. */
    Region replacement;

    /** Addresses where control came to its code, but cannot enter it. */
    final Set<Long> wanted = new LinkedHashSet<>();

    /** The same region with entries where they were wanted, until it has code; null if none. */
    Region wider;

    /** Whether control cannot enter it anywhere else. */
    boolean widest;

    /** Whether its plan had too many bytes of bytecode; it gets no code then. */
    volatile boolean tooLarge;

    /** Bytes of bytecode. */
    int codeBytes;

    /** What it was made of, and its class file, if that was to be kept; else null. */
    RegionPlan plan;

    byte[] classFile;

    /** Cleared when its guest code was overwritten or it was evicted. */
    boolean valid = true;

    /** How often it was left by {@link Exit.Kind#APART}. */
    long apart;

    /** How often it was left by {@link Exit.Kind#MISS}. */
    long misses;

    /** {@link #entered()} and {@link #heat} together at the last {@link #sweep}. */
    private long usesSeen;

    /** Which of the sizes of regions it was formed with. */
    final int sizeClass;

    Region(RegionPlan plan, int sizeClass) {
        this.sizeClass = sizeClass;
        linear = plan.linear;
        physical = plan.physical;
        rip = plan.rip;
        mode = plan.mode;
        instructions = plan.instructions;
        slack = plan.nodes.stream().mapToInt(node -> node.longest).max().orElse(0);
        spans = plan.spans;
        starts = plan.starts;
        linearPages = plan.linearPages;
        physicalPages = plan.physicalPages;
        entries = new Entry[Math.max(1, plan.entries.size())];
        if (plan.entries.isEmpty()) {
            entries[0] = new Entry(this, 0, rip);
        }
        for (int i = 0; i < plan.entries.size(); i++) {
            entries[i] = new Entry(this, i, plan.entries.get(i).rip);
        }
    }

    /** Whether a page of it is at an address, and is mapped from another. */
    boolean hasPage(long physicalPage, long linearPage) {
        for (int i = 0; i < linearPages.length; i++) {
            if (physicalPages[i] == physicalPage) {
                return linearPages[i] == linearPage;
            }
        }
        return false;
    }

    /** Whether one of its sequences of instructions starts at a physical address. */
    boolean startsAt(long address) {
        for (long start : starts) {
            if (start == address) {
                return true;
            }
        }
        return false;
    }

    /** The entry at an address; null if there is none. */
    Entry entryAt(long address) {
        for (Entry entry : entries) {
            if (entry.rip == address) {
                return entry;
            }
        }
        return null;
    }

    /** Its code; null until translated, and when it is not valid any more. */
    RegionCode code() {
        return entries[0].code;
    }

    /**
     * Lets control enter; all else of it is complete. Nothing is opened of a region that has become
     * invalid meanwhile, whose entries others may still know.
     */
    synchronized void open(RegionCode code) {
        if (!valid) {
            return;
        }
        for (int i = entries.length - 1; i >= 0; i--) {
            entries[i].code = code;
        }
    }

    /** Guest instructions executed by its code. */
    long executed() {
        RegionCode code = code();
        return code == null ? executedBefore : code.executed;
    }

    /** How often its code was entered. */
    long entered() {
        RegionCode code = code();
        return code == null ? enteredBefore : code.entered;
    }

    /** What its code has done so far, as {@link Tiers#worthOptimising} counts it. */
    long work(long entryCost) {
        return executed() + entryCost * entered();
    }

    /** Physical address of one of its instructions. */
    long physical(long at) {
        return physicalPages[page(at)] + (linear + (at - rip) & 0xFFF);
    }

    /** Which of its pages one of its instructions is in. */
    private int page(long at) {
        long address = linear + (at - rip);
        for (int i = 0; i < linearPages.length; i++) {
            if ((int) (linearPages[i] ^ address) >>> 12 == 0) {
                return i;
            }
        }
        throw new IllegalArgumentException("no instruction of the region");
    }

    /** How often control has come here since the last {@link #sweep}, with code or without. */
    long usesSinceSweep() {
        return entered() + heat - usesSeen;
    }

    /** Begins to count uses anew. */
    void sweep() {
        usesSeen = entered() + heat;
    }

    /** Makes it stop if it is running, and never be entered again; its class can be unloaded. */
    synchronized void invalidate() {
        valid = false;
        RegionCode code = code();
        if (code != null) {
            executedBefore = code.executed;
            enteredBefore = code.entered;
            code.stop = true;
        }
        for (Entry entry : entries) {
            entry.code = null;
        }
    }
}
