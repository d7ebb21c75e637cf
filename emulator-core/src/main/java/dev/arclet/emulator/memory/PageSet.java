package dev.arclet.emulator.memory;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/**
 * A set of pages by number (physical address / 4096, not negative): a bit each up to 16 GiB, as
 * much as the highest page put in needs.
 */
public final class PageSet {
    private static final long IN_BITS = 1L << 34 - GuestMemory.PAGE_SHIFT;

    private long[] bits = {};
    private final Set<Long> others = new HashSet<>();

    /** Whether a page is in. */
    public boolean contains(long page) {
        int word = (int) (page >>> 6);
        if (page < IN_BITS) {
            return word < bits.length && (bits[word] & 1L << page) != 0;
        }
        return others.contains(page);
    }

    /** Puts a page in. */
    public void add(long page) {
        if (page >= IN_BITS) {
            others.add(page);
            return;
        }
        int word = (int) (page >>> 6);
        if (word >= bits.length) {
            bits = Arrays.copyOf(bits, Math.max(word + 1, 2 * bits.length));
        }
        bits[word] |= 1L << page;
    }

    /** Takes a page out. */
    public void remove(long page) {
        if (page >= IN_BITS) {
            others.remove(page);
        } else if (contains(page)) {
            bits[(int) (page >>> 6)] &= ~(1L << page);
        }
    }

    /** Takes all out. */
    public void clear() {
        bits = new long[0];
        others.clear();
    }
}
