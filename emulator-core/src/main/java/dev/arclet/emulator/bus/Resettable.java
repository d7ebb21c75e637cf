package dev.arclet.emulator.bus;

/** Something with a hardware reset: afterwards it is indistinguishable from a new one. */
@FunctionalInterface
public interface Resettable {
    /** Asserts and releases RESET. */
    void reset();
}
