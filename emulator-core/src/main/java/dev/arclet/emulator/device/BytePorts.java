package dev.arclet.emulator.device;

import dev.arclet.emulator.bus.PioDevice;

/**
 * Ports of a chip on an 8-bit data bus. The ISA bridge turns a wider access into byte cycles at
 * ascending addresses (82371SB PIIX3 datasheet, ISA interface), which is what the default methods
 * do.
 */
public interface BytePorts extends PioDevice {
    /** Reads one byte, 0..255. */
    int readByte(int offset);

    /** Writes one byte, 0..255. */
    void writeByte(int offset, int value);

    @Override
    default int readPort(int offset, int bytes) {
        int value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= (readByte(offset + i) & 0xFF) << (8 * i);
        }
        return value;
    }

    @Override
    default void writePort(int offset, int bytes, int value) {
        for (int i = 0; i < bytes; i++) {
            writeByte(offset + i, value >>> (8 * i) & 0xFF);
        }
    }
}
