package dev.arclet.emulator.snapshot;

/**
 * A part of the machine with state of its own. Contract (tested for every implementation): {@code
 * reset} makes it equal to a new one; save, restore into another, save gives the same bytes;
 * restoring bytes that were not saved by it fails with {@link SnapshotException} and nothing worse.
 */
public interface Stateful {
    /**
     * The section's identifier: lower case, digits, dots and dashes; unique in a machine, stable
     * for ever.
     */
    String sectionId();

    /** The version of what {@link #save} writes, from 1. */
    int sectionVersion();

    /** Writes every field that a guest could tell, in a fixed order. */
    void save(SnapshotWriter out);

    /**
     * Reads what {@link #save} of the given version wrote and replaces this part's state.
     *
     * @throws SnapshotException if a value is out of its range or the section ends early
     */
    void restore(SnapshotReader in, int version) throws SnapshotException;
}
