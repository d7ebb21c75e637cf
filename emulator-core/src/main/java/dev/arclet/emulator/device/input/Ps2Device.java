package dev.arclet.emulator.device.input;

/** What hangs on one port of the keyboard controller. */
interface Ps2Device {
    /** Whether {@link #nextByte} has a byte to send. */
    boolean hasByte();

    /** Takes the next byte (0..255) that the device sends; 0 if it has none. */
    int nextByte();

    /** A byte (0..255) arrives from the controller. */
    void command(int value);
}
