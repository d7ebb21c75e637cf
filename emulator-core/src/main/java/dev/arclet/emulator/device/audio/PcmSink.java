package dev.arclet.emulator.device.audio;

/** Where the guest's sound goes. */
@FunctionalInterface
public interface PcmSink {
    /**
     * The guest has played some sound, in real time as its clock goes. Machine thread; returns at
     * once.
     *
     * @param samples left and right in turn, signed 16 bits; only valid during the call
     * @param frames pairs of samples, 1 or more
     * @param rate frames a second, 4,000..48,000
     */
    void play(short[] samples, int frames, int rate);

    /** Whether anybody hears it; while nobody does, nothing need be made. Machine thread. */
    default boolean wanted() {
        return true;
    }
}
