package dev.arclet.emulator.device.timer;

import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.bus.IrqLine;
import dev.arclet.emulator.bus.MmioDevice;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * IA-PC HPET (specification 1.0a): 1 KiB of registers at 0xFED00000, a 64-bit counter of 10 ns and
 * three 64-bit timers, of which timer 0 is periodic. Interrupts go to IOAPIC pins 16 to 23, or with
 * legacy replacement to the lines of PIT and RTC.
 *
 * <p>Known limits: no FSB (message) interrupts. Periodic interrupts come no closer than {@value
 * #MIN_EVENT_NANOS} ns; those in between are merged.
 */
public final class Hpet implements MmioDevice, Resettable, Stateful {
    /** Physical address of the registers. */
    public static final long BASE = 0xFED00000L;

    /** Size of the registers in bytes. */
    public static final int SIZE = 0x400;

    /** Low half of the capabilities register, which ACPI calls the block ID. */
    public static final int BLOCK_ID = 0x8086_A201;

    /** Length of a counter tick in nanoseconds. */
    public static final long TICK_NANOS = 10;

    static final long MIN_EVENT_NANOS = 1_000;

    private static final int CAPABILITIES = 0x000;
    private static final int CONFIGURATION = 0x010;
    private static final int INTERRUPT_STATUS = 0x020;
    private static final int MAIN_COUNTER = 0x0F0;
    private static final int FIRST_TIMER = 0x100;
    private static final int TIMER_STRIDE = 0x20;
    private static final int TIMERS = 3;

    /** Period 10,000,000 fs, vendor 8086, legacy replacement, 64-bit, three timers, revision 1. */
    private static final long CAPABILITY_BITS = 10_000_000L << 32 | BLOCK_ID & 0xFFFF_FFFFL;

    private static final int ENABLE = 0x01;
    private static final int LEGACY = 0x02;

    private static final long TIMER_LEVEL = 0x0002;
    private static final long TIMER_INTERRUPT = 0x0004;
    private static final long TIMER_PERIODIC = 0x0008;
    private static final long TIMER_PERIODIC_CAPABLE = 0x0010;
    private static final long TIMER_64BIT_CAPABLE = 0x0020;
    private static final long TIMER_SET_VALUE = 0x0040;
    private static final long TIMER_32BIT = 0x0100;
    private static final int ROUTE_SHIFT = 9;
    private static final long ROUTE_MASK = 0x1F;
    private static final long TIMER_WRITABLE = 0x3F4E;

    /** Pins that a timer may be routed to. */
    private static final int ROUTES = 0x00FF0000;

    private static final int FIRST_ROUTE = 16;
    private static final int ROUTE_COUNT = 8;

    private final EventQueue events;
    private final IrqLine[] pins;
    private final IrqLine legacyTimer;
    private final IrqLine legacyRtc;
    private final Consumer<Boolean> legacyChanged;
    private final EventQueue.Timer[] wakeups = new EventQueue.Timer[TIMERS];

    private int configuration;
    private int status;

    /** The counter while halted; while it runs, its value at time zero. */
    private long counterBase;

    private final long[] control = new long[TIMERS];
    private final long[] comparator = new long[TIMERS];
    private final long[] period = new long[TIMERS];

    /**
     * When the timers are to be served next, in nanoseconds of {@link EventQueue#clock}, or {@link
     * EventQueue#NEVER}. Those that nothing but their comparator tells of wake nobody, {@link
     * #settle} catches up with them. Linux leaves timer 0 so, running at its tick.
     */
    private final long[] deadlines = new long[TIMERS];

    /** Which timers hold their line high now. */
    private int raised;

    /**
     * Creates the chip, halted.
     *
     * @param pins eight lines, IOAPIC pins 16 to 23
     * @param legacyTimer where timer 0 goes with legacy replacement (IRQ0)
     * @param legacyRtc where timer 1 goes with legacy replacement (IRQ8)
     * @param legacyChanged told when legacy replacement goes on ({@code true}) or off: PIT and RTC
     *     are then to be cut off from their lines, or connected again
     */
    public Hpet(
            EventQueue events,
            IrqLine[] pins,
            IrqLine legacyTimer,
            IrqLine legacyRtc,
            Consumer<Boolean> legacyChanged) {
        this.events = events;
        this.pins = Arrays.copyOf(pins, ROUTE_COUNT);
        this.legacyTimer = legacyTimer;
        this.legacyRtc = legacyRtc;
        this.legacyChanged = legacyChanged;
        for (int i = 0; i < TIMERS; i++) {
            int index = i;
            wakeups[i] = events.timer("hpet" + i, () -> expires(index));
        }
        setDefaults();
    }

    private void setDefaults() {
        configuration = 0;
        status = 0;
        counterBase = 0;
        raised = 0;
        Arrays.fill(comparator, -1L);
        Arrays.fill(period, 0);
        Arrays.fill(deadlines, EventQueue.NEVER);
        for (int i = 0; i < TIMERS; i++) {
            control[i] = capabilities(i);
        }
    }

    private static long capabilities(int timer) {
        return (long) ROUTES << 32
                | TIMER_64BIT_CAPABLE
                | (timer == 0 ? TIMER_PERIODIC_CAPABLE : 0);
    }

    private boolean running() {
        return (configuration & ENABLE) != 0;
    }

    private long ticks() {
        return events.clock().nanos() / TICK_NANOS;
    }

    private long counter() {
        return running() ? counterBase + ticks() : counterBase;
    }

    private boolean is(int timer, long bit) {
        return (control[timer] & bit) != 0;
    }

    /**
     * Ticks from now to the timer's next match, 1 to 2^64 - 1; a match now counts as a full turn.
     */
    private long distance(int timer) {
        long distance = comparator[timer] - counter();
        if (is(timer, TIMER_32BIT)) {
            distance &= 0xFFFFFFFFL;
            return distance == 0 ? 1L << 32 : distance;
        }
        return distance;
    }

    /** Aims a timer's event at its next match, not nearer than {@code spacing} nanoseconds. */
    private void arm(int timer, long spacing) {
        if (!running()) {
            schedule(timer, EventQueue.NEVER);
            return;
        }
        long now = events.clock().nanos();
        long distance = distance(timer);
        if (distance <= 0 || distance > (Long.MAX_VALUE - now) / TICK_NANOS - 1) {
            // More than centuries ahead, or a match just passed of a 64-bit timer.
            schedule(timer, EventQueue.NEVER);
            return;
        }
        long deadline = (now / TICK_NANOS + distance) * TICK_NANOS;
        schedule(timer, Math.max(deadline, now + spacing));
    }

    private void schedule(int timer, long deadline) {
        deadlines[timer] = deadline;
        wakeups[timer].arm(isSeen(timer) ? deadline : EventQueue.NEVER);
    }

    /** Whether a match shows elsewhere than in the comparator. */
    private boolean isSeen(int timer) {
        return is(timer, TIMER_INTERRUPT) || is(timer, TIMER_LEVEL);
    }

    /** Brings the comparators up to now of timers that wake nobody. */
    private void settle() {
        long now = events.clock().nanos();
        for (int i = 0; i < TIMERS; i++) {
            if (!isSeen(i) && deadlines[i] <= now) {
                expires(i);
            }
        }
    }

    private void expires(int timer) {
        long deadline = deadlines[timer];
        deadlines[timer] = EventQueue.NEVER;
        if (!running()) {
            return;
        }
        fire(timer);
        // What wakes nobody needs no distance: its match is kept exact, whoever asks for it when.
        long spacing = isSeen(timer) ? MIN_EVENT_NANOS : 0;
        if (timer == 0 && is(0, TIMER_PERIODIC) && period[0] != 0) {
            long steps = Long.divideUnsigned(late(deadline), period[0]) + 1;
            comparator[0] = (comparator[0] + steps * period[0]) & mask(0);
            arm(0, spacing);
        } else if (is(timer, TIMER_32BIT)) {
            arm(timer, spacing);
        }
    }

    /**
     * Ticks from timer 0's match to now. Comparator and counter tell them but for whole turns of a
     * 32-bit timer, of which several (43 seconds each) may have gone by since the deadline.
     */
    private long late(long deadline) {
        long least = Math.max(0, events.clock().nanos() - deadline) / TICK_NANOS;
        return least + (counter() - comparator[0] - least & mask(0));
    }

    private long mask(int timer) {
        return is(timer, TIMER_32BIT) ? 0xFFFFFFFFL : -1L;
    }

    private IrqLine line(int timer) {
        if ((configuration & LEGACY) != 0 && timer < 2) {
            return timer == 0 ? legacyTimer : legacyRtc;
        }
        int route = (int) (control[timer] >>> ROUTE_SHIFT & ROUTE_MASK) - FIRST_ROUTE;
        return route >= 0 && route < ROUTE_COUNT ? pins[route] : high -> {};
    }

    private void fire(int timer) {
        boolean level = is(timer, TIMER_LEVEL);
        if (level) {
            status |= 1 << timer;
        }
        if (!is(timer, TIMER_INTERRUPT)) {
            return;
        }
        if (!level) {
            // An edge: the wire stays high until the next one, since a request that falls before
            // its acknowledge would be lost in the 8259.
            line(timer).set(false);
        }
        raised |= 1 << timer;
        line(timer).set(true);
    }

    private void lower(int timer) {
        if ((raised & 1 << timer) != 0) {
            raised &= ~(1 << timer);
            line(timer).set(false);
        }
    }

    private long register(int at) {
        int timer = (at - FIRST_TIMER) / TIMER_STRIDE;
        if (at >= FIRST_TIMER && timer < TIMERS) {
            return switch ((at - FIRST_TIMER) % TIMER_STRIDE) {
                case 0x00 -> control[timer];
                case 0x08 -> comparator[timer];
                default -> 0;
            };
        }
        return switch (at) {
            case CAPABILITIES -> CAPABILITY_BITS;
            case CONFIGURATION -> configuration;
            case INTERRUPT_STATUS -> status;
            case MAIN_COUNTER -> counter();
            default -> 0;
        };
    }

    @Override
    public long readMmio(long offset, int bytes) {
        settle();
        int lane = (int) offset & 7;
        long value = register((int) offset & SIZE - 1 & ~7) >>> 8 * lane;
        return bytes == 8 ? value : value & (1L << 8 * bytes) - 1;
    }

    @Override
    public void writeMmio(long offset, int bytes, long value) {
        settle();
        int shift = 8 * ((int) offset & 7);
        int at = (int) offset & SIZE - 1 & ~7;
        long lanes = (bytes == 8 ? -1L : (1L << 8 * bytes) - 1) << shift;
        write(at, register(at) & ~lanes | value << shift & lanes, lanes);
    }

    private void write(int at, long value, long lanes) {
        int timer = (at - FIRST_TIMER) / TIMER_STRIDE;
        if (at >= FIRST_TIMER && timer < TIMERS) {
            int register = (at - FIRST_TIMER) % TIMER_STRIDE;
            if (register == 0x00) {
                writeControl(timer, value);
            } else if (register == 0x08) {
                writeComparator(timer, value, lanes);
            }
            return;
        }
        switch (at) {
            case CONFIGURATION -> writeConfiguration((int) value & (ENABLE | LEGACY));
            case INTERRUPT_STATUS -> {
                int cleared = (int) (value & lanes);
                for (int i = 0; i < TIMERS; i++) {
                    if ((cleared & 1 << i) != 0 && (status & 1 << i) != 0) {
                        status &= ~(1 << i);
                        lower(i);
                    }
                }
            }
            case MAIN_COUNTER -> {
                // Defined only while halted; a running counter takes the value too.
                counterBase = running() ? value - ticks() : value;
                armAll();
            }
            default -> {}
        }
    }

    private void writeConfiguration(int value) {
        int changed = configuration ^ value;
        long counter = counter();
        if ((changed & LEGACY) != 0) {
            for (int i = 0; i < TIMERS; i++) {
                lower(i);
            }
        }
        configuration = value;
        counterBase = running() ? counter - ticks() : counter;
        if ((changed & LEGACY) != 0) {
            legacyChanged.accept((value & LEGACY) != 0);
        }
        if ((changed & ENABLE) != 0) {
            armAll();
        }
    }

    private void armAll() {
        for (int i = 0; i < TIMERS; i++) {
            arm(i, 1);
        }
    }

    private void writeControl(int timer, long value) {
        long writable = timer == 0 ? TIMER_WRITABLE : TIMER_WRITABLE & ~TIMER_PERIODIC;
        long next = capabilities(timer) | value & writable;
        int route = (int) (next >>> ROUTE_SHIFT & ROUTE_MASK);
        if ((ROUTES & 1 << route) == 0) {
            // A route that is not offered does not stick (specification, "Tn_INT_ROUTE_CNF").
            next &= ~(ROUTE_MASK << ROUTE_SHIFT);
        }
        lower(timer);
        control[timer] = next;
        if (is(timer, TIMER_32BIT)) {
            comparator[timer] &= 0xFFFFFFFFL;
            period[timer] &= 0xFFFFFFFFL;
        }
        if (is(timer, TIMER_LEVEL) && is(timer, TIMER_INTERRUPT) && (status & 1 << timer) != 0) {
            raised |= 1 << timer;
            line(timer).set(true);
        }
        arm(timer, 1);
    }

    private void writeComparator(int timer, long value, long lanes) {
        if (is(timer, TIMER_32BIT)) {
            value &= 0xFFFFFFFFL;
        }
        if (!is(timer, TIMER_PERIODIC)) {
            comparator[timer] = value;
        } else {
            // With VAL_SET the accumulator is written, and the period by the next write; without
            // it, only the period.
            if (is(timer, TIMER_SET_VALUE)) {
                comparator[timer] = value;
            }
            period[timer] = period[timer] & ~lanes | value & lanes;
        }
        control[timer] &= ~TIMER_SET_VALUE;
        arm(timer, 1);
    }

    @Override
    public void reset() {
        boolean legacy = (configuration & LEGACY) != 0;
        for (int i = 0; i < TIMERS; i++) {
            lower(i);
            wakeups[i].cancel();
        }
        setDefaults();
        if (legacy) {
            legacyChanged.accept(false);
        }
    }

    @Override
    public String sectionId() {
        return "hpet";
    }

    @Override
    public int sectionVersion() {
        return 1;
    }

    @Override
    public void save(SnapshotWriter out) {
        settle();
        out.putInt("configuration", configuration);
        out.putInt("status", status);
        out.putLong("counterBase", counterBase);
        out.putLongs("control", control);
        out.putLongs("comparator", comparator);
        out.putLongs("period", period);
        out.putInt("raised", raised);
        for (int i = 0; i < TIMERS; i++) {
            out.putLong("deadline", deadlines[i]);
        }
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        configuration = in.getInt("configuration", 0, ENABLE | LEGACY);
        status = in.getInt("status", 0, 7);
        counterBase = in.getLong("counterBase");
        in.getLongs("control", control);
        in.getLongs("comparator", comparator);
        in.getLongs("period", period);
        for (int i = 0; i < TIMERS; i++) {
            control[i] = capabilities(i) | control[i] & TIMER_WRITABLE;
        }
        raised = in.getInt("raised", 0, 7);
        for (int i = 0; i < TIMERS; i++) {
            schedule(i, in.getLong("deadline"));
        }
        legacyChanged.accept((configuration & LEGACY) != 0);
    }
}
