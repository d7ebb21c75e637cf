package dev.arclet.emulator.mmu;

/**
 * Who knows which physical pages hold code that has been decoded or translated; the block cache.
 */
public interface CodePageGuard {
    /**
     * Whether decoded code comes from a page.
     *
     * @param physicalPage canonical physical address / 4096
     */
    boolean hasCode(long physicalPage);

    /**
     * The processor has just stored {@code bytes} bytes at a canonical physical address, all within
     * one page that has code.
     */
    void codeWritten(long physical, int bytes);

    /** Memory was mapped, unmapped or moved: what was decoded may be at other addresses now. */
    default void mapChanged() {}
}
