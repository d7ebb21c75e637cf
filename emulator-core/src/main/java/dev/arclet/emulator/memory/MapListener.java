package dev.arclet.emulator.memory;

/**
 * Told when what {@link PhysicalMap} answered before may no longer hold. The MMU empties its TLB.
 */
public interface MapListener {
    /** Regions were added, moved or removed, or A20 changed: forget every cached page. */
    void mapChanged();

    /** RAM pages were discarded: forget cached pages, and nothing else. */
    default void pagesDiscarded() {
        mapChanged();
    }

    /** A dirty log was harvested: forget cached permissions to write. */
    void writePermissionChanged();
}
