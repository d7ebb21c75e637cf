package dev.arclet.emulator.device;

import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.bus.IrqLine;

/** A clock that tests move, and its queue. */
public final class TestRig {
    private long nanos;

    /** The queue on this rig's clock. */
    public final EventQueue events = new EventQueue(() -> nanos);

    /** A rig whose clock shows {@code start} nanoseconds. */
    public TestRig(long start) {
        nanos = start;
    }

    /** A rig at time zero. */
    public TestRig() {
        this(0);
    }

    /** Virtual time. */
    public long nanos() {
        return nanos;
    }

    /** Moves the clock forward and fires what becomes due, each at its own time. */
    public void advance(long by) {
        long target = nanos + by;
        while (events.nextDeadline() <= target) {
            nanos = Math.max(nanos, events.nextDeadline());
            events.fireDue(nanos);
        }
        nanos = target;
    }

    /** Moves the clock forward at once and only then fires, as a late host does. */
    public void jump(long by) {
        nanos += by;
        events.fireDue(nanos);
    }

    /** A wire that remembers its level and counts rising edges. */
    public static final class Wire implements IrqLine {
        /** The level. */
        public boolean high;

        /** Rising edges so far. */
        public int rises;

        @Override
        public void set(boolean level) {
            if (level && !high) {
                rises++;
            }
            high = level;
        }
    }
}
