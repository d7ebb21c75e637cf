package dev.arclet.emulator.machine;

import dev.arclet.emulator.bus.IrqLine;

/** A wire that can be cut, as the HPET cuts off the 8254 and the clock. Low while it is cut. */
final class SwitchedLine implements IrqLine {
    private final IrqLine target;
    private boolean connected = true;
    private boolean level;

    SwitchedLine(IrqLine target) {
        this.target = target;
    }

    void connect(boolean on) {
        if (on != connected) {
            connected = on;
            target.set(on && level);
        }
    }

    @Override
    public void set(boolean high) {
        level = high;
        if (connected) {
            target.set(high);
        }
    }
}
