package dev.arclet.emulator.machine;

import dev.arclet.emulator.bus.Clock;
import java.util.function.LongSupplier;

/**
 * The machine's virtual time: tied to the host's clock, or (icount) a function of the executed
 * instructions alone, so that a run can be repeated bit for bit.
 */
final class MachineClock implements Clock {
    /** Nominal frequency of the time-stamp counter: one tick a nanosecond. */
    static final long TSC_HZ = 1_000_000_000L;

    /** Virtual time of one instruction with icount: a 100 MIPS processor. */
    static final long ICOUNT_NANOS = 10;

    private final boolean icount;
    private final LongSupplier waitedNanos;
    private long now;
    private long hostOrigin;
    private long idleNanos;
    private boolean running;

    /**
     * A clock that stands at 0.
     *
     * @param waitedNanos host time that does not count, {@link
     *     dev.arclet.emulator.cpu.ExecutionEngine#waitedNanos}
     */
    MachineClock(boolean icount, LongSupplier waitedNanos) {
        this.icount = icount;
        this.waitedNanos = waitedNanos;
    }

    private long hostNanos() {
        return System.nanoTime() - waitedNanos.getAsLong();
    }

    boolean icount() {
        return icount;
    }

    /** Virtual time flows from here on, continuing where it stopped. */
    void start() {
        hostOrigin = hostNanos() - now;
        running = true;
    }

    /** Virtual time stands still. */
    void stop() {
        now = nanos();
        running = false;
    }

    /** Continues at a virtual time read from a snapshot. */
    void restore(long nanos, long instructions) {
        now = nanos;
        idleNanos = nanos - instructions * ICOUNT_NANOS;
        hostOrigin = hostNanos() - nanos;
    }

    /** With icount, brings the time up to an instruction count. */
    void advance(long instructions) {
        if (icount) {
            now = instructions * ICOUNT_NANOS + idleNanos;
        }
    }

    /** With icount, an idle processor skips to the next deadline. */
    void skipTo(long nanos) {
        if (nanos > now) {
            idleNanos += nanos - now;
            now = nanos;
        }
    }

    @Override
    public long nanos() {
        return icount || !running ? now : hostNanos() - hostOrigin;
    }
}
