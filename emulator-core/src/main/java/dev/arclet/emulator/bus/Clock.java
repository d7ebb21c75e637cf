package dev.arclet.emulator.bus;

/**
 * The machine's one clock. Virtual time starts at 0 when the machine is first powered and never
 * runs backwards.
 */
@FunctionalInterface
public interface Clock {
    /** Virtual time in nanoseconds since power-on. */
    long nanos();
}
