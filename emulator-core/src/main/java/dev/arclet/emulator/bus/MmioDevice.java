package dev.arclet.emulator.bus;

/** A device that answers in memory space. It sees offsets into its own range, never its address. */
public interface MmioDevice {
    /**
     * Reads a register.
     *
     * @param offset byte offset into the device's range
     * @param bytes 1, 2, 4 or 8
     * @return the value, zero extended; all ones where nothing answers
     */
    long readMmio(long offset, int bytes);

    /** Writes the low {@code bytes} (1, 2, 4 or 8) bytes of {@code value} at {@code offset}. */
    void writeMmio(long offset, int bytes, long value);
}
