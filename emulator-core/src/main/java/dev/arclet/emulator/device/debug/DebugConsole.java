package dev.arclet.emulator.device.debug;

import dev.arclet.emulator.device.BytePorts;
import java.util.function.IntConsumer;

/**
 * The Bochs and QEMU debug console, port 0xE9 (SeaBIOS: 0x402): every byte written goes to the
 * host; reading gives 0xE9, by which guests know it is there. It has no state.
 */
public final class DebugConsole implements BytePorts {
    private static final int SIGNATURE = 0xE9;

    private final IntConsumer output;

    /**
     * Creates the port.
     *
     * @param output takes each byte, 0..255
     */
    public DebugConsole(IntConsumer output) {
        this.output = output;
    }

    @Override
    public int readByte(int offset) {
        return SIGNATURE;
    }

    @Override
    public void writeByte(int offset, int value) {
        output.accept(value);
    }
}
