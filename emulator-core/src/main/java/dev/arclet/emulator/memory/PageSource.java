package dev.arclet.emulator.memory;

/** Where a memory's pages come from when they are first touched, such as a snapshot. */
public interface PageSource {
    /** Whether the source has the page; the others are all zeros. */
    boolean holds(long page);

    /**
     * Reads a page that the source holds.
     *
     * @param page page number, offset / 4096
     * @param target receives {@link GuestMemory#PAGE_SIZE} bytes
     * @throws java.io.UncheckedIOException if it can't be read or is damaged; the message names the
     *     page and the file
     */
    void read(long page, byte[] target);
}
