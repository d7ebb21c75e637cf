package dev.arclet.emulator.device.debug;

import dev.arclet.emulator.bus.PioDevice;
import java.util.function.IntConsumer;

/**
 * The port by which a test guest ends its machine, as QEMU's {@code isa-debug-exit} (4 ports,
 * usually at 0xF4): a write of any size reports its value. It has no state; reads give zero.
 */
public final class IsaDebugExit implements PioDevice {
    private final IntConsumer exit;

    /**
     * Creates the port.
     *
     * @param exit takes the written value; by custom the process then exits with {@code value << 1
     *     | 1}
     */
    public IsaDebugExit(IntConsumer exit) {
        this.exit = exit;
    }

    @Override
    public int readPort(int offset, int bytes) {
        return 0;
    }

    @Override
    public void writePort(int offset, int bytes, int value) {
        exit.accept(value);
    }
}
