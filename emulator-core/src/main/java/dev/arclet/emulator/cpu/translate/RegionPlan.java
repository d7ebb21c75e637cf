package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.decode.Instruction;
import java.util.ArrayList;
import java.util.List;

/** The control-flow graph of a region, decoded and analysed, from which its code is emitted. */
final class RegionPlan {
    /** One guest instruction. */
    static final class Step {
        final Instruction instruction;
        final long rip;

        /** Address of the next instruction. */
        final long next;

        /** Whether its bytecode is emitted; else the interpreter's operation is called. */
        final boolean emitted;

        /** Whether somebody may look at the flags that it leaves. */
        boolean flagsNeeded;

        Step(Instruction instruction, long rip, long next, boolean emitted) {
            this.instruction = instruction;
            this.rip = rip;
            this.next = next;
            this.emitted = emitted;
        }

        /** The same instruction, of which nothing has been found out yet. */
        Step copy() {
            return new Step(instruction, rip, next, emitted);
        }
    }

    /** Where an indirect branch went in so many of 64 cases, 1..64. */
    record Target(Node node, int share) {}

    /** Instructions that follow each other; entered at the first only. */
    static final class Node {
        /** Address of its first instruction. */
        final long rip;

        final List<Step> steps = new ArrayList<>();

        /** Where it goes on sequentially; null if it does not, or out of the region. */
        Node fall;

        /** Address of {@link #fall}, also out of the region. */
        long fallRip;

        /** Target of its direct branch; null if there is none, or out of the region. */
        Node taken;

        /** Targets of its indirect branch inside the region, the most frequent first. */
        List<Target> targets = List.of();

        /** Whether its first instruction goes over the end of its page; the others are behind. */
        boolean straddles;

        /** Whether the last step is a control transfer that is emitted. */
        boolean branches;

        /** Whether the last step is one that ends a block and is called: it sets RIP. */
        boolean leaves;

        /** Whether the instruction at {@link #fallRip} has to be interpreted. */
        boolean interpretNext;

        /** That instruction; null if there is none, or it cannot be decoded. */
        Instruction interpreted;

        /** Whether the budget is checked at its start, as something leads back to it. */
        boolean polled;

        /** Instructions on the longest way from here to an exit or a polled node. */
        int longest;

        /** How often it had run when the region was formed. */
        int runs;

        /** Number in reverse postorder. */
        int order = -1;

        /** Flag code with which it is entered: a code, or {@link FlagCode#DYNAMIC}. */
        int flagsIn = FlagCode.DEAD;

        /** Flag code at its end. */
        int flagsOut = FlagCode.DEAD;

        /** Whether flags that were there before are looked at. */
        boolean flagsLiveIn;

        Node(long rip) {
            this.rip = rip;
        }

        Step last() {
            return steps.getLast();
        }
    }

    final long linear;
    final long physical;
    final long rip;
    final long mode;

    /** Whether accesses may be looked up together; see {@link AccessGroups}. */
    boolean grouped = true;

    /**
     * Whether accesses that miss the TLB have it filled, instead of leaving the region: where that
     * happens often. Then none are looked up together, as each has to be made in its turn.
     */
    boolean filling;

    /** Whether control may enter in other pages than the first, too. */
    boolean wide;

    int instructions;
    Region.Span[] spans = {};
    long[] starts = {};
    long[] linearPages = {};
    long[] physicalPages = {};

    /** Which of the region's pages an instruction is in, 0 for the entry's. */
    int page(long at) {
        long page = (linear - rip + at & mask) & -4096;
        for (int i = 0; i < linearPages.length; i++) {
            if (linearPages[i] == page) {
                return i;
            }
        }
        throw new IllegalArgumentException("no page of the region");
    }

    /**
     * Whether it has to be seen on the way from one node to another that pages are in place: else
     * control leaves there.
     */
    boolean crosses(Node from, Node to) {
        int page = page(to.rip);
        return mustLook(page) && page != page(from.rip) || to.straddles;
    }

    /** Whether a page may not be in place: where control enters it is. */
    boolean mustLook(int page) {
        return page != 0 || wide;
    }

    /** Nodes in reverse postorder, the first entry first. */
    List<Node> nodes = List.of();

    /** Where control may enter: what the region was formed for, and others. */
    final List<Node> entries = new ArrayList<>();

    /** Where returns inside the region may go: behind its calls of its own nodes. */
    final List<Node> returnSites = new ArrayList<>();

    private final long mask;

    RegionPlan(long linear, long physical, long rip, long mode) {
        mask = Mode.wide(mode) ? -1L : 0xFFFF_FFFFL;
        this.linear = linear;
        this.physical = physical;
        this.rip = rip;
        this.mode = mode;
    }
}
