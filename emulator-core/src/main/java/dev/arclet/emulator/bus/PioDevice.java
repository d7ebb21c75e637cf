package dev.arclet.emulator.bus;

/**
 * A device that answers in port space. It sees offsets into its own range, never its port number.
 */
public interface PioDevice {
    /**
     * Reads a port.
     *
     * @param offset port offset into the range the device was registered for
     * @param bytes 1, 2 or 4
     * @return the value, zero extended; all ones where nothing answers
     */
    int readPort(int offset, int bytes);

    /** Writes the low {@code bytes} (1, 2 or 4) bytes of {@code value} at {@code offset}. */
    void writePort(int offset, int bytes, int value);
}
