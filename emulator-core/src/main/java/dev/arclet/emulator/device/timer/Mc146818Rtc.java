package dev.arclet.emulator.device.timer;

import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.bus.IrqLine;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.device.BytePorts;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;

/**
 * Motorola MC146818A real-time clock with the PC's 128 bytes of CMOS RAM (datasheet MC146818A/D).
 * Two ports: 0x70 index (bit 7 masks NMI, write only), 0x71 data. Interrupt line: IRQ8, high until
 * register C is read.
 *
 * <p>Time advances with virtual time from the host-provided start, so a run on a deterministic
 * clock sees the same dates every time. Cycles are worked out when somebody looks; a timer runs
 * only while an enabled interrupt is to come.
 *
 * <p>Known limits: only the 32.768 kHz time base counts (others stop the clock, as with the crystal
 * of a PC); daylight saving and the square wave pin are stored, not acted upon. The century is kept
 * in RAM byte 0x32 and follows the year.
 */
public final class Mc146818Rtc implements BytePorts, Resettable, Stateful {
    private static final int SECONDS = 0x00;
    private static final int SECONDS_ALARM = 0x01;
    private static final int MINUTES = 0x02;
    private static final int MINUTES_ALARM = 0x03;
    private static final int HOURS = 0x04;
    private static final int HOURS_ALARM = 0x05;
    private static final int DAY_OF_WEEK = 0x06;
    private static final int DAY_OF_MONTH = 0x07;
    private static final int MONTH = 0x08;
    private static final int YEAR = 0x09;
    private static final int REGISTER_A = 0x0A;
    private static final int REGISTER_B = 0x0B;
    private static final int REGISTER_C = 0x0C;
    private static final int REGISTER_D = 0x0D;
    private static final int CENTURY = 0x32;
    private static final int CMOS_SIZE = 128;

    private static final int A_UPDATE_IN_PROGRESS = 0x80;
    private static final int A_DIVIDER = 0x70;
    private static final int A_DIVIDER_32768 = 0x20;
    private static final int A_RATE = 0x0F;
    private static final int A_DEFAULT = 0x26;

    private static final int B_SET = 0x80;
    private static final int B_PERIODIC = 0x40;
    private static final int B_ALARM = 0x20;
    private static final int B_UPDATE_ENDED = 0x10;
    private static final int B_SQUARE_WAVE = 0x08;
    private static final int B_BINARY = 0x04;
    private static final int B_24_HOUR = 0x02;

    private static final int C_INTERRUPT = 0x80;
    private static final int C_FLAGS = 0x70;
    private static final int D_VALID = 0x80;
    private static final int ALARM_ANY = 0xC0;
    private static final int PM = 0x80;

    private static final long SECOND = 1_000_000_000L;
    private static final int DAY_SECONDS = 86_400;

    /** UIP rises 244 us before the update cycle, which takes 1,984 us (datasheet, table 5). */
    private static final long UPDATE_IN_PROGRESS_NANOS = 2_228_000;

    private static final int[] DAYS = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    private final EventQueue events;
    private final IrqLine irq8;
    private final EventQueue.Timer timer;
    private final int[] cmos = new int[CMOS_SIZE];
    private int index;
    private boolean nmiMasked;

    /** When the present second ends is this plus one second, while the divider runs. */
    private long lastUpdate;

    /** When the divider chain was last at zero; periods are counted from here. */
    private long dividerStart;

    /** Periods that had passed when the periodic flag was last brought up to date. */
    private long periodsSeen;

    /**
     * Creates a clock that has just been set.
     *
     * @param irq8 the interrupt output
     * @param epochSecond what the clock shows now, as seconds since 1970-01-01T00:00:00 of the zone
     *     that the guest is to see (UTC or the host's local time); years 1970..9999
     */
    public Mc146818Rtc(EventQueue events, IrqLine irq8, long epochSecond) {
        this.events = events;
        this.irq8 = irq8;
        timer = events.timer("rtc", this::timerFired);
        cmos[REGISTER_A] = A_DEFAULT;
        cmos[REGISTER_B] = B_24_HOUR;
        cmos[REGISTER_D] = D_VALID;
        lastUpdate = now();
        dividerStart = lastUpdate;
        setDate(LocalDateTime.ofEpochSecond(epochSecond, 0, ZoneOffset.UTC));
    }

    private long now() {
        return events.clock().nanos();
    }

    /** Sets a CMOS RAM byte (0x0E..0x7F) as firmware would, such as the memory size bytes. */
    public void setCmos(int address, int value) {
        if (address <= REGISTER_D || address >= CMOS_SIZE) {
            throw new IllegalArgumentException("CMOS address %02x is no RAM".formatted(address));
        }
        cmos[address] = value & 0xFF;
    }

    /** The CMOS byte at {@code address} (0..0x7F) as stored, without side effects. */
    public int cmos(int address) {
        return cmos[address & 0x7F];
    }

    /** Whether bit 7 of port 0x70 holds NMI back. */
    public boolean nmiMasked() {
        return nmiMasked;
    }

    private boolean set(int mask) {
        return (cmos[REGISTER_B] & mask) != 0;
    }

    private int encode(int value) {
        return set(B_BINARY) ? value : value / 10 % 10 << 4 | value % 10;
    }

    private int decode(int raw) {
        return set(B_BINARY) ? raw : (raw >>> 4) * 10 + (raw & 15);
    }

    private int encodeHour(int hour) {
        if (set(B_24_HOUR)) {
            return encode(hour);
        }
        int twelve = hour % 12 == 0 ? 12 : hour % 12;
        return encode(twelve) | (hour >= 12 ? PM : 0);
    }

    private int decodeHour(int raw) {
        if (set(B_24_HOUR)) {
            return decode(raw);
        }
        return decode(raw & ~PM) % 12 + ((raw & PM) != 0 ? 12 : 0);
    }

    private LocalDateTime date() {
        int year = Math.clamp(decode(cmos[CENTURY]), 0, 99) * 100;
        year += Math.clamp(decode(cmos[YEAR]), 0, 99);
        int month = Math.clamp(decode(cmos[MONTH]), 1, 12);
        int day = Math.clamp(decode(cmos[DAY_OF_MONTH]), 1, daysIn(month, year));
        return LocalDateTime.of(
                year,
                month,
                year % 4 == 0 && month == 2 && year % 100 == 0 ? Math.min(day, 28) : day,
                Math.clamp(decodeHour(cmos[HOURS]), 0, 23),
                Math.clamp(decode(cmos[MINUTES]), 0, 59),
                Math.clamp(decode(cmos[SECONDS]), 0, 59));
    }

    private void setDate(LocalDateTime date) {
        cmos[SECONDS] = encode(date.getSecond());
        cmos[MINUTES] = encode(date.getMinute());
        cmos[HOURS] = encodeHour(date.getHour());
        cmos[DAY_OF_WEEK] = encode(date.getDayOfWeek().getValue() % 7 + 1);
        cmos[DAY_OF_MONTH] = encode(date.getDayOfMonth());
        cmos[MONTH] = encode(date.getMonthValue());
        cmos[YEAR] = encode(Math.floorMod(date.getYear(), 100));
        cmos[CENTURY] = encode(Math.floorMod(Math.floorDiv(date.getYear(), 100), 100));
    }

    private boolean dividerRuns() {
        return (cmos[REGISTER_A] & A_DIVIDER) == A_DIVIDER_32768;
    }

    /** RTC crystal ticks between periodic interrupts, or 0 for none (datasheet, table 5). */
    private long periodTicks() {
        int rate = cmos[REGISTER_A] & A_RATE;
        if (rate == 0) {
            return 0;
        }
        return rate < 3 ? 64L << rate : 1L << (rate - 1);
    }

    private long periodsPassed(long now) {
        long period = periodTicks();
        return period == 0 ? 0 : CrystalClock.RTC.ticksAt(now - dividerStart) / period;
    }

    /** Brings time and flags to the present. */
    private void catchUp() {
        long now = now();
        if (!dividerRuns()) {
            return;
        }
        long periods = periodsPassed(now);
        if (periods > periodsSeen) {
            cmos[REGISTER_C] |= B_PERIODIC;
        }
        periodsSeen = periods;
        long seconds = Math.floorDiv(now - lastUpdate, SECOND);
        if (seconds <= 0) {
            return;
        }
        lastUpdate += seconds * SECOND;
        if (set(B_SET)) {
            return;
        }
        if (seconds > 2 * DAY_SECONDS) {
            // Whole days at once; the day that is left is stepped, so that the alarm is seen.
            long days = seconds / DAY_SECONDS - 1;
            int weekday = (int) ((decode(cmos[DAY_OF_WEEK]) - 1 + days) % 7) + 1;
            LocalDateTime date = date();
            setDate(date.plusDays(Math.min(days, 1_000_000)));
            cmos[DAY_OF_WEEK] = encode(Math.clamp(weekday, 1, 7));
            seconds -= days * DAY_SECONDS;
        }
        for (long i = 0; i < seconds; i++) {
            step();
        }
        cmos[REGISTER_C] |= B_UPDATE_ENDED;
    }

    private void step() {
        if (bump(SECONDS, 59, 0) && bump(MINUTES, 59, 0) && bumpHour()) {
            bump(DAY_OF_WEEK, 7, 1);
            int year = decode(cmos[YEAR]);
            if (bump(DAY_OF_MONTH, daysIn(decode(cmos[MONTH]), year), 1)
                    && bump(MONTH, 12, 1)
                    && bump(YEAR, 99, 0)) {
                bump(CENTURY, 99, 0);
            }
        }
        if (alarmField(SECONDS_ALARM, SECONDS)
                && alarmField(MINUTES_ALARM, MINUTES)
                && alarmField(HOURS_ALARM, HOURS)) {
            cmos[REGISTER_C] |= B_ALARM;
        }
    }

    /** Adds one to a field; true if it wrapped from {@code last} to {@code first}. */
    private boolean bump(int field, int last, int first) {
        int value = decode(cmos[field]);
        boolean wraps = value >= last;
        cmos[field] = encode(wraps ? first : value + 1);
        return wraps;
    }

    private boolean bumpHour() {
        int hour = decodeHour(cmos[HOURS]);
        boolean wraps = hour >= 23;
        cmos[HOURS] = encodeHour(wraps ? 0 : hour + 1);
        return wraps;
    }

    /** The chip knows two digits of the year: every fourth is a leap year. */
    private static int daysIn(int month, int year) {
        return month == 2 && year % 4 == 0 ? 29 : DAYS[Math.clamp(month, 1, 12) - 1];
    }

    private boolean alarmField(int alarm, int field) {
        return (cmos[alarm] & ALARM_ANY) == ALARM_ANY || cmos[alarm] == cmos[field];
    }

    private void timerFired() {
        catchUp();
        updateInterrupt();
    }

    /** Sets IRQF and the line from flags and enables, and aims the timer at the next event. */
    private void updateInterrupt() {
        boolean request = (cmos[REGISTER_C] & cmos[REGISTER_B] & C_FLAGS) != 0;
        cmos[REGISTER_C] = cmos[REGISTER_C] & C_FLAGS | (request ? C_INTERRUPT : 0);
        irq8.set(request);
        long deadline = EventQueue.NEVER;
        if (dividerRuns()) {
            int awaited = cmos[REGISTER_B] & ~cmos[REGISTER_C];
            if ((awaited & (B_UPDATE_ENDED | B_ALARM)) != 0 && !set(B_SET)) {
                deadline = lastUpdate + SECOND;
            }
            long period = periodTicks();
            if ((awaited & B_PERIODIC) != 0 && period != 0) {
                long tick = (periodsSeen + 1) * period;
                deadline = Math.min(deadline, dividerStart + CrystalClock.RTC.nanosAt(tick));
            }
        }
        if (deadline != EventQueue.NEVER) {
            deadline = Math.max(deadline, now() + 1);
        }
        if (timer.deadline() != deadline) {
            timer.arm(deadline);
        }
    }

    @Override
    public int readByte(int offset) {
        if ((offset & 1) == 0) {
            return 0xFF;
        }
        catchUp();
        int value = cmos[index];
        if (index == REGISTER_A) {
            boolean updating =
                    dividerRuns()
                            && !set(B_SET)
                            && lastUpdate + SECOND - now() <= UPDATE_IN_PROGRESS_NANOS;
            value |= updating ? A_UPDATE_IN_PROGRESS : 0;
        } else if (index == REGISTER_C) {
            updateInterrupt();
            value = cmos[REGISTER_C];
            cmos[REGISTER_C] = 0;
        }
        updateInterrupt();
        return value;
    }

    @Override
    public void writeByte(int offset, int value) {
        if ((offset & 1) == 0) {
            index = value & 0x7F;
            nmiMasked = (value & 0x80) != 0;
            return;
        }
        catchUp();
        switch (index) {
            case REGISTER_A -> writeA(value & ~A_UPDATE_IN_PROGRESS);
            case REGISTER_B ->
                    // SET ends an update cycle and clears UIE (datasheet, "register B").
                    cmos[REGISTER_B] = (value & B_SET) != 0 ? value & ~B_UPDATE_ENDED : value;
            case REGISTER_C, REGISTER_D -> {}
            default -> cmos[index] = value;
        }
        updateInterrupt();
    }

    private void writeA(int value) {
        boolean ran = dividerRuns();
        cmos[REGISTER_A] = value;
        if (!ran && dividerRuns()) {
            // The first update comes half a second after the divider is released.
            dividerStart = now();
            lastUpdate = dividerStart - SECOND / 2;
        }
        periodsSeen = periodsPassed(now());
    }

    /**
     * The RESET pin: interrupts and flags go; the date, the RAM and the divider are kept by the
     * battery.
     */
    @Override
    public void reset() {
        catchUp();
        cmos[REGISTER_B] &= ~(B_PERIODIC | B_ALARM | B_UPDATE_ENDED | B_SQUARE_WAVE);
        cmos[REGISTER_C] = 0;
        index = 0;
        nmiMasked = false;
        updateInterrupt();
    }

    @Override
    public String sectionId() {
        return "rtc";
    }

    @Override
    public int sectionVersion() {
        return 1;
    }

    @Override
    public void save(SnapshotWriter out) {
        byte[] bytes = new byte[CMOS_SIZE];
        for (int i = 0; i < CMOS_SIZE; i++) {
            bytes[i] = (byte) cmos[i];
        }
        out.putBytes("cmos", bytes);
        out.putInt("index", index);
        out.putBoolean("nmiMasked", nmiMasked);
        out.putLong("lastUpdate", lastUpdate);
        out.putLong("dividerStart", dividerStart);
        out.putLong("periodsSeen", periodsSeen);
        out.putLong("deadline", timer.deadline());
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        byte[] bytes = new byte[CMOS_SIZE];
        in.getBytes("cmos", bytes);
        Arrays.setAll(cmos, i -> bytes[i] & 0xFF);
        index = in.getInt("index", 0, 0x7F);
        nmiMasked = in.getBoolean("nmiMasked");
        lastUpdate = in.getLong("lastUpdate");
        dividerStart = in.getLong("dividerStart");
        periodsSeen = in.getLong("periodsSeen");
        timer.arm(in.getLong("deadline"));
    }
}
