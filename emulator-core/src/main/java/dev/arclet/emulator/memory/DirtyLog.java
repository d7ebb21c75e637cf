package dev.arclet.emulator.memory;

import java.util.BitSet;

/** Which pages of a memory were written since somebody last looked. Machine thread only. */
public final class DirtyLog {
    private BitSet pages = new BitSet();
    private Runnable onHarvest = () -> {};

    /** Notes a write to a page, by its number within the logged memory. */
    public void mark(long page) {
        pages.set((int) page);
    }

    void onHarvest(Runnable listener) {
        onHarvest = listener;
    }

    /**
     * Pages written since the last call; the log starts anew, and cached write permissions are
     * dropped.
     */
    public BitSet harvest() {
        BitSet result = pages;
        if (result.isEmpty()) {
            return result;
        }
        pages = new BitSet();
        onHarvest.run();
        return result;
    }
}
