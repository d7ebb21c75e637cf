package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.cpu.CpuState;
import java.util.Arrays;

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
    final byte codeSize;

    /** Bytes of code. */
    final short bytes;

    /** Instructions. */
    final short count;

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

    /** Where each operation's instruction stands, as an offset from the block's start. */
    private final short[] offsets;

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
    short distance0, distance1;

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
            Op[] ops,
            short[] offsets) {
        this.physical = physical;
        this.secondPage = secondPage;
        this.codeSize = (byte) codeSize;
        this.bytes = (short) bytes;
        this.count = (short) count;
        this.linkable = linkable;
        this.transfers = transfers;
        this.ops = ops;
        this.offsets = offsets;
    }

    /** Where the instruction of an operation stands, as an offset from the block's start. */
    int offset(int op) {
        return offsets[op];
    }

    /** Remembers a successor in the same page, at a distance of bytes. */
    void link(long distance, Block successor) {
        if (next0 == null || !next0.valid) {
            distance0 = (short) distance;
            next0 = successor;
        } else {
            distance1 = (short) distance;
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
        Arrays.fill(ops, StaleOp.INSTANCE);
    }

    /** Stands where an operation was whose code has been overwritten. */
    static final class StaleOp extends Op {
        private static final StaleOp INSTANCE = new StaleOp();

        @Override
        public void execute(CpuState cpu) {
            throw BlockExit.INSTANCE;
        }
    }

    /** Behind the last instruction of a block that just goes on. */
    static final class GoOn extends PlacedOp {
        GoOn(int offset) {
            super(new Place(offset, 0));
        }

        @Override
        public void execute(CpuState cpu) {
            advance(cpu);
        }
    }
}
