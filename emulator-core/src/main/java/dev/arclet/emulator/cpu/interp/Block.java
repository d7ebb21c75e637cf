package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;

/**
 * Decoded instructions that follow each other, within one page but for an instruction over its end,
 * which then is the only one of its block.
 */
final class Block {
    /** Says that the block lies within one page. */
    static final long NO_PAGE = -1;

    /** Canonical physical address of the first byte. */
    final long physical;

    /** Canonical physical address of the second page, or {@link #NO_PAGE}. */
    final long secondPage;

    /** Code size that it was decoded for: 2, 4 or 8. */
    final int codeSize;

    /** Bytes of code. */
    final int bytes;

    /** Instructions. */
    final int count;

    /** Whether control leaves it only to the next instruction or by a direct branch. */
    final boolean linkable;

    /** Whether the last instruction is one that {@link BlockEnd#ends} a block. */
    final boolean transfers;

    /** How often it may be executed before the interpreter asks for faster code. */
    int patience = Interpreter.HOT;

    /** Whether the patience it began with is used up. */
    boolean asked;

    /**
     * The operations; behind those that are instructions one that sets RIP, unless the last does.
     */
    final Op[] ops;

    /** The last operation, if it is two instructions; else null. */
    final FusedOp fused;

    /** Cleared when its code has been overwritten. */
    boolean valid = true;

    /** Whether it is in the cache, or was: its memory tells of writes. */
    boolean kept;

    /** Where the virtual-address shortcut holds it, and under which {@code Interpreter} key. */
    long linear;

    /** See {@link #linear}. */
    long key = -1;

    /** Whether {@link #key} is that of a global page. */
    boolean global;

    /**
     * Successors in the same page, by their distance from this block's start. What led to this
     * block leads to them, too: same page, same segment, same privilege.
     */
    Block next0, next1;

    /** Distances of {@link #next0} and {@link #next1}. */
    long distance0, distance1;

    /** Chain in {@link CodePage}. */
    Block nextInPage;

    Block(
            long physical,
            long secondPage,
            int codeSize,
            int bytes,
            int count,
            boolean linkable,
            boolean transfers,
            Op[] ops) {
        this.physical = physical;
        this.secondPage = secondPage;
        this.codeSize = codeSize;
        this.bytes = bytes;
        this.count = count;
        this.linkable = linkable;
        this.transfers = transfers;
        this.ops = ops;
        fused = ops[ops.length - 1] instanceof FusedOp op ? op : null;
    }

    /** Remembers a successor at a distance of bytes. */
    void link(long distance, Block successor) {
        if (next0 == null || !next0.valid) {
            distance0 = distance;
            next0 = successor;
        } else {
            distance1 = distance;
            next1 = successor;
        }
    }

    /**
     * Makes this block stop before its next operation if it is running, and at once if something
     * still leads to it.
     */
    void invalidate() {
        valid = false;
        key = -1;
        next0 = null;
        next1 = null;
        for (int i = 0; i < ops.length; i++) {
            ops[i] = new StaleOp(ops[i]);
        }
    }

    /** Stands where an operation was whose code has been overwritten. */
    static final class StaleOp extends Op {
        StaleOp(Op op) {
            super(new Place(op.offset, op.end - op.offset));
        }

        @Override
        public void execute(CpuState cpu) {
            throw BlockExit.INSTANCE;
        }
    }

    /** Behind the last instruction of a block that just goes on. */
    static final class GoOn extends Op {
        GoOn(int offset) {
            super(new Place(offset, 0));
        }

        @Override
        public void execute(CpuState cpu) {
            advance(cpu);
        }
    }
}
