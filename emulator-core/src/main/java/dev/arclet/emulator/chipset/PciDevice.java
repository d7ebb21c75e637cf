package dev.arclet.emulator.chipset;

import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.snapshot.Stateful;

/** One function on the PCI bus: its configuration space. */
public interface PciDevice extends Resettable, Stateful {
    /** The function's 256 bytes of configuration space, through which the bus reads. */
    PciConfigSpace config();

    /**
     * Writes configuration space. Override to act upon registers of one's own, after {@code
     * config().write(...)}.
     *
     * @param offset 0..255, aligned to {@code bytes}
     * @param bytes 1, 2 or 4
     */
    default void writeConfig(int offset, int bytes, int value) {
        config().write(offset, bytes, value);
    }

    /**
     * Reads configuration space, zero extended.
     *
     * @param offset 0..255, aligned to {@code bytes}
     * @param bytes 1, 2 or 4
     */
    default int readConfig(int offset, int bytes) {
        return config().read(offset, bytes);
    }
}
