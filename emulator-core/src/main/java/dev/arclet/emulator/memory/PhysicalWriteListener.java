package dev.arclet.emulator.memory;

/**
 * Told of writes to RAM that do not come from the CPU (DMA, a loader), so that stale translations
 * die.
 */
public interface PhysicalWriteListener {
    /** RAM in {@code [physical, physical + length)} has just changed. */
    void physicalWrite(long physical, long length);
}
