package dev.arclet.emulator.device.ide;

/** The bus master behind a channel, which moves data between a device and guest memory. */
public interface DmaChannel {
    /**
     * Moves data that a device gives.
     *
     * @return how many of the {@code length} bytes were taken; fewer, or 0, while the guest has not
     *     started the bus master, has started it for the other direction, or gave too little memory
     */
    int toMemory(byte[] data, int from, int length);

    /**
     * Moves data that a device takes.
     *
     * @return as {@link #toMemory}
     */
    int fromMemory(byte[] data, int from, int length);

    /** No bus master: nothing ever moves. */
    DmaChannel NONE =
            new DmaChannel() {
                @Override
                public int toMemory(byte[] data, int from, int length) {
                    return 0;
                }

                @Override
                public int fromMemory(byte[] data, int from, int length) {
                    return 0;
                }
            };
}
