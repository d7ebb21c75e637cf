package dev.arclet.emulator.device.timer;

/**
 * Exact conversion between virtual nanoseconds and the PC's clocks, all as fractions of a
 * nanosecond: the PIT and ACPI timers divide the 14.31818 MHz (315/22 MHz) crystal. Integers
 * throughout, so nothing drifts.
 */
public final class CrystalClock {
    /** The 8254's input, crystal / 12 = 105/88 MHz: 21 ticks in 17,600 ns. */
    public static final CrystalClock PIT = new CrystalClock(21, 17_600);

    /** The ACPI timer, crystal / 4 = 315/88 MHz: 63 ticks in 17,600 ns. */
    public static final CrystalClock ACPI = new CrystalClock(63, 17_600);

    /** The RTC's own crystal, 32,768 Hz: 64 ticks in 1,953,125 ns. */
    public static final CrystalClock RTC = new CrystalClock(64, 1_953_125);

    private final long ticks;
    private final long nanos;

    /** A clock that makes {@code ticks} ticks in {@code nanos} nanoseconds. */
    private CrystalClock(long ticks, long nanos) {
        this.ticks = ticks;
        this.nanos = nanos;
    }

    /** Whole ticks that have passed at {@code time} nanoseconds. */
    public long ticksAt(long time) {
        return Math.floorDiv(time, nanos) * ticks + Math.floorMod(time, nanos) * ticks / nanos;
    }

    /** The first nanosecond at which {@code tick} ticks have passed. */
    public long nanosAt(long tick) {
        return Math.floorDiv(tick, ticks) * nanos
                + (Math.floorMod(tick, ticks) * nanos + ticks - 1) / ticks;
    }
}
