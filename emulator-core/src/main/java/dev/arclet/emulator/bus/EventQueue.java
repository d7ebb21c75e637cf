package dev.arclet.emulator.bus;

import java.util.ArrayList;
import java.util.List;

/**
 * Deadlines in virtual time. Devices have no threads: each owns {@link Timer}s, and the run loop
 * fires what is due. Timers with equal deadlines fire in order of creation, so a run with a
 * deterministic clock is reproducible, and so is one restored from a snapshot (a timer's state is
 * its deadline).
 *
 * <p>Linear search: a PC has about twenty timers, and a heap would cost more.
 */
public final class EventQueue {
    /** The deadline of a timer that is not armed. */
    public static final long NEVER = Long.MAX_VALUE;

    private final List<Timer> timers = new ArrayList<>();
    private final Clock clock;
    private long earliest = NEVER;
    private Runnable deadlineListener = () -> {};

    /** Creates an empty queue on a clock. */
    public EventQueue(Clock clock) {
        this.clock = clock;
    }

    /** The clock that the deadlines are of. */
    public Clock clock() {
        return clock;
    }

    /**
     * Called whenever the earliest deadline may have come nearer, so that a running CPU notices.
     */
    public void onEarlierDeadline(Runnable listener) {
        deadlineListener = listener;
    }

    /**
     * Creates a disarmed timer.
     *
     * @param name for diagnostics, such as {@code "pit.channel0"}
     * @param action run on the machine thread when the deadline has passed; may arm the timer again
     */
    public Timer timer(String name, Runnable action) {
        Timer timer = new Timer(name, action);
        timers.add(timer);
        return timer;
    }

    /** The earliest deadline in nanoseconds of virtual time, or {@link #NEVER}. */
    public long nextDeadline() {
        return earliest;
    }

    /**
     * Fires everything due at {@code now}, earliest first. A timer armed meanwhile for a past time
     * fires too.
     */
    public void fireDue(long now) {
        while (earliest <= now) {
            Timer due = null;
            for (Timer timer : timers) {
                if (timer.deadline == earliest) {
                    due = timer;
                    break;
                }
            }
            if (due != null) {
                due.deadline = NEVER;
            }
            recompute();
            if (due != null) {
                due.action.run();
            }
        }
    }

    private void recompute() {
        long min = NEVER;
        for (Timer timer : timers) {
            min = Math.min(min, timer.deadline);
        }
        earliest = min;
    }

    /** One deadline of one device. */
    public final class Timer {
        private final String name;
        private final Runnable action;
        private long deadline = NEVER;

        private Timer(String name, Runnable action) {
            this.name = name;
            this.action = action;
        }

        /**
         * Fires once at {@code deadlineNanos} of virtual time (at once if that has passed);
         * replaces an earlier deadline.
         */
        public void arm(long deadlineNanos) {
            long old = deadline;
            deadline = deadlineNanos;
            if (deadlineNanos < earliest) {
                earliest = deadlineNanos;
                deadlineListener.run();
            } else if (old == earliest) {
                recompute();
            }
        }

        /** Disarms. */
        public void cancel() {
            arm(NEVER);
        }

        /**
         * The deadline in nanoseconds of virtual time, or {@link #NEVER}; this is what a snapshot
         * keeps.
         */
        public long deadline() {
            return deadline;
        }

        @Override
        public String toString() {
            return name + "@" + deadline;
        }
    }
}
