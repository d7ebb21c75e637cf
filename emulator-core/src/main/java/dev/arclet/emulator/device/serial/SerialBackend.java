package dev.arclet.emulator.device.serial;

/** The far end of a serial line, as the UART's transmitter sees it. All on the machine thread. */
@FunctionalInterface
public interface SerialBackend {
    /** Takes a byte (0..255) that the guest sent. Must not block for long. */
    void transmit(int value);

    /**
     * The guest has read from its receiver: {@link Ns16550Uart#receive} takes bytes again. Called
     * from inside a guest's port read, so a backend may only feed the receiver or set a flag here.
     */
    default void receiverReady() {}

    /** The guest changed its modem outputs DTR and RTS, or the break condition. */
    default void outputs(boolean dtr, boolean rts, boolean breakOn) {}
}
