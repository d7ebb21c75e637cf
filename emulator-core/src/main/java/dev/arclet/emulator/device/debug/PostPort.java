package dev.arclet.emulator.device.debug;

import dev.arclet.emulator.device.BytePorts;
import java.util.function.IntConsumer;

/**
 * The port to which firmware writes how far its power-on self-test is (usually 0x80): every byte is
 * handed on, reads give the last one. It has no state that a guest depends on.
 */
public final class PostPort implements BytePorts {
    private final IntConsumer output;
    private int last;

    /**
     * Creates the port.
     *
     * @param output takes each code, 0..255
     */
    public PostPort(IntConsumer output) {
        this.output = output;
    }

    @Override
    public int readByte(int offset) {
        return last;
    }

    @Override
    public void writeByte(int offset, int value) {
        last = value;
        output.accept(value);
    }
}
