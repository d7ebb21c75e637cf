package dev.arclet.emulator.cpu.interp;

import java.util.function.Consumer;

/** The blocks of one physical page. */
final class CodePage {
    /** log2 of the bytes of a granule: what is not written at this grain does not disturb code. */
    private static final int GRANULE_SHIFT = 6;

    private static final int GRANULES = 4096 >> GRANULE_SHIFT;

    /** Physical address / 4096. */
    final long number;

    /** Blocks by the granule that they start in. */
    private final Block[] starts = new Block[GRANULES];

    /** Bit per granule that has code. May be set too much, never too little. */
    private long granules;

    /** Blocks that start in another page and end in this. */
    private Block[] guests = new Block[0];

    private int blocks;

    CodePage(long number) {
        this.number = number;
    }

    /** Finds a block that starts at an address; one over the page's end only if it ends there. */
    Block find(long physical, int codeSize, long secondPage) {
        Block block = starts[(int) (physical >>> GRANULE_SHIFT) & (GRANULES - 1)];
        while (block != null
                && (block.physical != physical
                        || block.codeSize != codeSize
                        || (block.secondPage != Block.NO_PAGE && block.secondPage != secondPage))) {
            block = block.nextInPage;
        }
        return block;
    }

    /** Finds a block that starts at an address; one over the page's end may end anywhere. */
    Block find(long physical, int codeSize) {
        Block block = starts[(int) (physical >>> GRANULE_SHIFT) & (GRANULES - 1)];
        while (block != null && (block.physical != physical || block.codeSize != codeSize)) {
            block = block.nextInPage;
        }
        return block;
    }

    /** Whether no block touches this page. */
    boolean isEmpty() {
        return blocks == 0;
    }

    void add(Block block) {
        int from = (int) block.physical & 4095;
        int granule = from >>> GRANULE_SHIFT;
        block.nextInPage = starts[granule];
        starts[granule] = block;
        mark(from, Math.min(from + block.bytes, 4096) - 1);
        blocks++;
    }

    /** Adds a block that starts in the page before (or whatever page is mapped there). */
    void addGuest(Block block) {
        Block[] more = new Block[guests.length + 1];
        System.arraycopy(guests, 0, more, 0, guests.length);
        more[guests.length] = block;
        guests = more;
        mark(0, ((int) block.physical & 4095) + block.bytes - 4097);
        blocks++;
    }

    private void mark(int first, int last) {
        granules |= bits(first, last);
    }

    private static long bits(int first, int last) {
        int low = first >>> GRANULE_SHIFT;
        int high = last >>> GRANULE_SHIFT;
        return -1L << low & -1L >>> (63 - high);
    }

    /** Whether bytes {@code first..last} (offsets in the page) may have code. */
    boolean mayHaveCode(int first, int last) {
        return (granules & bits(first, last)) != 0;
    }

    /**
     * Takes out the blocks that contain any of the bytes {@code first..last} and gives each to
     * {@code sink}.
     */
    void takeOverlapping(int first, int last, Consumer<Block> sink) {
        int lastGranule = last >>> GRANULE_SHIFT;
        for (int granule = 0; granule <= lastGranule; granule++) {
            Block previous = null;
            Block block = starts[granule];
            while (block != null) {
                Block next = block.nextInPage;
                int from = (int) block.physical & 4095;
                if (from <= last && from + block.bytes > first) {
                    if (previous == null) {
                        starts[granule] = next;
                    } else {
                        previous.nextInPage = next;
                    }
                    blocks--;
                    sink.accept(block);
                } else {
                    previous = block;
                }
                block = next;
            }
        }
        for (Block guest : guests) {
            if (((int) guest.physical & 4095) + guest.bytes - 4096 > first) {
                removeGuest(guest);
                sink.accept(guest);
            }
        }
    }

    /** Takes out a block that starts in this page. */
    void remove(Block wanted) {
        int granule = ((int) wanted.physical & 4095) >>> GRANULE_SHIFT;
        Block previous = null;
        for (Block block = starts[granule]; block != null; block = block.nextInPage) {
            if (block == wanted) {
                if (previous == null) {
                    starts[granule] = block.nextInPage;
                } else {
                    previous.nextInPage = block.nextInPage;
                }
                blocks--;
                return;
            }
            previous = block;
        }
    }

    /** Takes out a block that ends in this page. */
    void removeGuest(Block wanted) {
        for (int i = 0; i < guests.length; i++) {
            if (guests[i] == wanted) {
                Block[] fewer = new Block[guests.length - 1];
                System.arraycopy(guests, 0, fewer, 0, i);
                System.arraycopy(guests, i + 1, fewer, i, fewer.length - i);
                guests = fewer;
                blocks--;
                return;
            }
        }
    }

    /** Recomputes which granules have code, after blocks were taken out. */
    void refresh() {
        granules = 0;
        for (Block start : starts) {
            for (Block block = start; block != null; block = block.nextInPage) {
                int from = (int) block.physical & 4095;
                mark(from, Math.min(from + block.bytes, 4096) - 1);
            }
        }
        for (Block guest : guests) {
            mark(0, ((int) guest.physical & 4095) + guest.bytes - 4097);
        }
    }
}
