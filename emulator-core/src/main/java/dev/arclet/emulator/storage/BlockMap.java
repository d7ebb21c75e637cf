package dev.arclet.emulator.storage;

import java.util.Arrays;

/**
 * Where an overlay keeps each block of its disk. Memory grows with what was placed, not with the
 * disk.
 */
final class BlockMap {
    /** The block is not in the overlay: what lies below shows. */
    static final int BELOW = -1;

    /** The block reads as zeros and occupies nothing. */
    static final int ZERO = -2;

    private static final int PAGE_SHIFT = 10;
    private static final int PAGE = 1 << PAGE_SHIFT;

    /** The page of any 1024 blocks of zeros; never written. */
    private static final int[] ZEROS = page(ZERO);

    private final int blocks;
    private final int[][] pages;

    /** A run of blocks in consecutive slots, or of zeros. */
    interface Run {
        /**
         * Called in order of blocks.
         *
         * @param slot of the first block, or {@link #ZERO}
         */
        void accept(int block, int count, int slot) throws StorageException;
    }

    BlockMap(int blocks) {
        this.blocks = blocks;
        this.pages = new int[(int) (((long) blocks + PAGE - 1) >>> PAGE_SHIFT)][];
    }

    private static int[] page(int slot) {
        int[] page = new int[PAGE];
        Arrays.fill(page, slot);
        return page;
    }

    int blocks() {
        return blocks;
    }

    /** The slot of a block, {@link #BELOW} or {@link #ZERO}. */
    int get(int block) {
        int[] page = pages[block >>> PAGE_SHIFT];
        return page == null ? BELOW : page[block & PAGE - 1];
    }

    private int[] writable(int number) {
        int[] page = pages[number];
        if (page == null) {
            page = page(BELOW);
        } else if (page == ZEROS) {
            page = ZEROS.clone();
        }
        pages[number] = page;
        return page;
    }

    /** Places a run in consecutive slots, or makes it zeros. */
    void put(int block, int count, int slot) {
        int end = block + count;
        int at = block;
        while (at < end) {
            int number = at >>> PAGE_SHIFT;
            int n = Math.min(end, (number + 1) << PAGE_SHIFT) - at;
            if (slot == ZERO && n == PAGE) {
                pages[number] = ZEROS;
            } else {
                int[] page = writable(number);
                for (int i = 0; i < n; i++) {
                    page[(at + i) & PAGE - 1] = slot == ZERO ? ZERO : slot + (at - block) + i;
                }
            }
            at += n;
        }
    }

    /**
     * The end, at most {@code limit}, of the run that starts at {@code block}: blocks that lie
     * below, read as zeros, or stand in consecutive slots.
     */
    int runEnd(int block, int limit) {
        int slot = get(block);
        int end = block + 1;
        while (end < limit) {
            int[] page = pages[end >>> PAGE_SHIFT];
            if ((end & PAGE - 1) == 0
                    && (page == null && slot == BELOW || page == ZEROS && slot == ZERO)) {
                end = Math.min(limit, end + PAGE);
                continue;
            }
            if (get(end) != (slot < 0 ? slot : slot + (end - block))) {
                break;
            }
            end++;
        }
        return Math.min(end, limit);
    }

    /** Visits everything that is not {@link #BELOW}. */
    void forEachRun(Run run) throws StorageException {
        int block = 0;
        while (block < blocks) {
            int end = runEnd(block, blocks);
            int slot = get(block);
            if (slot != BELOW) {
                run.accept(block, end - block, slot);
            }
            block = end;
        }
    }
}
