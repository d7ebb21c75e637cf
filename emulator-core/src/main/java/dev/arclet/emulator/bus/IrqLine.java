package dev.arclet.emulator.bus;

/**
 * One wire into an interrupt controller. A device drives the level; the controller decides what
 * edges mean.
 */
@FunctionalInterface
public interface IrqLine {
    /**
     * Drives the line high ({@code true}) or low. Driving the level it already has changes nothing.
     */
    void set(boolean high);
}
