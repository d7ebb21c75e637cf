package dev.arclet.emulator.device.timer;

import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;

/**
 * One counter of an 8254 (datasheet 231164, "Mode definitions"). Its state is kept as of one tick
 * ({@link #tick}) and moved forward in closed form by {@link #advance}.
 *
 * <p>A count that is written, or a trigger, at tick t loads the counting element at the next clock
 * pulse, t + 1.
 */
final class PitChannel {
    /** No edge will come by itself. */
    static final long NEVER = Long.MAX_VALUE;

    private static final int RW_LOW = 1;
    private static final int RW_HIGH = 2;
    private static final int RW_BOTH = 3;
    private static final int MAX_COUNT = 0x10000;
    private static final int STATUS_OUT = 0x80;
    private static final int STATUS_NULL_COUNT = 0x40;

    private int mode;
    private boolean bcd;
    private int access = RW_BOTH;

    private boolean gate;
    private final boolean gateAfterReset;
    private boolean out;

    /** The count register (CR), as written. */
    private int countRegister;

    /** A complete count has been written since the control word. */
    private boolean written;

    private boolean writeHighNext;
    private boolean readHighNext;
    private boolean nullCount = true;

    /** The count latch; latchedBytes of it are still to be read. */
    private int latch;

    private int latchedBytes;
    private int statusLatch;
    private boolean statusLatched;

    /** The tick that the fields below are of. */
    private long tick;

    /** When CR goes to the counting element, or NEVER. */
    private long loadAt = NEVER;

    /** The counting element has been loaded since the control word. */
    private boolean loaded;

    /**
     * Clock pulses until the counting element reaches zero (modes 0, 1, 4, 5: modulo {@link
     * #modulus}), until its reload (mode 2), or until OUT toggles (mode 3).
     */
    private int remaining;

    /** Mode 3: the count that the present half period was loaded from. */
    private int period = MAX_COUNT;

    /** Modes 0, 1, 4, 5: reaching zero will still change OUT. */
    private boolean armed;

    PitChannel(boolean gate) {
        this.gate = gate;
        gateAfterReset = gate;
    }

    private int modulus() {
        return bcd ? 10_000 : MAX_COUNT;
    }

    boolean out() {
        return out;
    }

    boolean gate() {
        return gate;
    }

    boolean periodic() {
        return mode == 2 || mode == 3;
    }

    /** The count register as a number of clock pulses, 1..65,536. */
    int reload() {
        int count = countRegister;
        if (bcd) {
            count =
                    (count >>> 12) * 1000
                            + (count >>> 8 & 15) * 100
                            + (count >>> 4 & 15) * 10
                            + (count & 15);
        }
        return count == 0 ? modulus() : count;
    }

    private boolean running() {
        // GATE high enables counting in modes 0, 2, 3 and 4; in 1 and 5 only its edge counts.
        return loaded && (gate || mode == 1 || mode == 5);
    }

    /**
     * Brings the state to tick {@code now}; an earlier tick than the present one changes nothing.
     */
    void advance(long now) {
        if (loadAt <= now) {
            count(loadAt - tick);
            tick = Math.max(tick, loadAt);
            loadAt = NEVER;
            load();
        }
        if (now > tick) {
            count(now - tick);
            tick = now;
        }
    }

    private void load() {
        loaded = true;
        nullCount = false;
        period = reload();
        switch (mode) {
            case 0 -> {
                remaining = period;
                armed = true;
            }
            case 1 -> {
                remaining = period;
                armed = true;
                out = false;
            }
            case 2 -> {
                remaining = period;
                out = true;
            }
            case 3 -> {
                out = true;
                remaining = half();
            }
            default -> {
                remaining = period;
                armed = true;
                out = true;
            }
        }
    }

    /** Length of mode 3's present half: an odd count is one pulse longer while OUT is high. */
    private int half() {
        return out ? (period + 1) / 2 : Math.max(period / 2, 1);
    }

    private void count(long pulses) {
        if (pulses <= 0 || !running()) {
            return;
        }
        switch (mode) {
            case 2 -> countRate(pulses);
            case 3 -> countSquare(pulses);
            default -> countOnce(pulses);
        }
    }

    private void countOnce(long pulses) {
        if (armed) {
            boolean strobe = mode >= 4;
            if (pulses >= remaining) {
                out = !strobe || pulses > remaining;
                armed = !out;
            }
        }
        if (armed && pulses == remaining) {
            remaining = 0;
            return;
        }
        remaining = (int) Math.floorMod(remaining - pulses, (long) modulus());
    }

    private void countRate(long pulses) {
        if (pulses < remaining) {
            remaining -= (int) pulses;
        } else {
            pulses -= remaining;
            nullCount = false;
            period = reload();
            remaining = period - (int) (pulses % period);
        }
        out = remaining != 1;
    }

    private void countSquare(long pulses) {
        if (pulses < remaining) {
            remaining -= (int) pulses;
            return;
        }
        pulses -= remaining;
        out = !out;
        nullCount = false;
        period = reload();
        if (period == 1) {
            // A count of one has no low half; the datasheet forbids it. OUT stays high.
            out = true;
            remaining = 1;
            return;
        }
        int rest = (int) (pulses % period);
        remaining = half();
        if (rest >= remaining) {
            rest -= remaining;
            out = !out;
            remaining = half();
        }
        remaining -= rest;
    }

    /** The tick of OUT's next rising edge if nothing else is written, or {@link #NEVER}. */
    long nextRise() {
        if (loadAt != NEVER) {
            return riseAfterLoad();
        }
        if (!running()) {
            return NEVER;
        }
        return switch (mode) {
            case 0, 1 -> armed && !out ? tick + remaining : NEVER;
            case 2 -> reload() == 1 ? NEVER : tick + remaining;
            case 3 -> {
                int next = reload();
                if (next == 1) {
                    yield out ? NEVER : tick + remaining;
                }
                yield tick + remaining + (out ? Math.max(next / 2, 1) : 0);
            }
            default -> armed ? tick + remaining + 1 : NEVER;
        };
    }

    private long riseAfterLoad() {
        if (!gate && mode != 1 && mode != 5) {
            return NEVER;
        }
        int count = reload();
        return switch (mode) {
            case 0, 1, 3 -> count == 1 && mode == 3 ? NEVER : loadAt + count;
            case 2 -> count == 1 ? NEVER : loadAt + count;
            default -> loadAt + count + 1;
        };
    }

    /**
     * The first tick after the present one at which OUT may change if nothing else is written, or
     * {@link #NEVER}. It never comes after the change.
     */
    long nextChange() {
        long change = NEVER;
        if (running()) {
            change =
                    switch (mode) {
                        case 2 -> tick + Math.max(1, remaining - 1);
                        case 3 -> tick + remaining;
                        default -> armed ? tick + Math.max(1, remaining) : NEVER;
                    };
        }
        return Math.min(change, loadAt == NEVER ? NEVER : Math.max(loadAt, tick + 1));
    }

    /** Takes over another counter's state. */
    void copyFrom(PitChannel other) {
        mode = other.mode;
        bcd = other.bcd;
        access = other.access;
        gate = other.gate;
        out = other.out;
        countRegister = other.countRegister;
        written = other.written;
        writeHighNext = other.writeHighNext;
        readHighNext = other.readHighNext;
        nullCount = other.nullCount;
        latch = other.latch;
        latchedBytes = other.latchedBytes;
        statusLatch = other.statusLatch;
        statusLatched = other.statusLatched;
        tick = other.tick;
        loadAt = other.loadAt;
        loaded = other.loaded;
        remaining = other.remaining;
        period = other.period;
        armed = other.armed;
    }

    void control(long now, int value) {
        int newAccess = value >>> 4 & 3;
        if (newAccess == 0) {
            latchCount(now);
            return;
        }
        advance(now);
        tick = now;
        access = newAccess;
        int field = value >>> 1 & 7;
        mode = field > 5 ? field & 3 : field;
        bcd = (value & 1) != 0;
        out = mode != 0;
        written = false;
        loaded = false;
        armed = false;
        loadAt = NEVER;
        nullCount = true;
        writeHighNext = false;
        readHighNext = false;
        latchedBytes = 0;
        statusLatched = false;
    }

    void write(long now, int value) {
        advance(now);
        switch (access) {
            case RW_LOW -> complete(now, value);
            case RW_HIGH -> complete(now, value << 8);
            default -> {
                if (!writeHighNext) {
                    writeHighNext = true;
                    countRegister = countRegister & 0xFF00 | value;
                    if (mode == 0) {
                        // The first byte stops counting and lowers OUT at once.
                        loaded = false;
                        loadAt = NEVER;
                        out = false;
                    }
                } else {
                    writeHighNext = false;
                    complete(now, countRegister & 0xFF | value << 8);
                }
            }
        }
    }

    private void complete(long now, int count) {
        countRegister = count;
        nullCount = true;
        boolean first = !written;
        written = true;
        switch (mode) {
            case 0 -> {
                out = false;
                loadAt = now + 1;
            }
            case 4 -> loadAt = now + 1;
            case 2, 3 -> {
                // A running counter takes the new count at the end of its period.
                if (first && gate) {
                    loadAt = now + 1;
                }
            }
            default -> {}
        }
    }

    void setGate(long now, boolean high) {
        advance(now);
        if (gate == high) {
            return;
        }
        gate = high;
        if (high) {
            if (mode != 0 && mode != 4 && written) {
                loadAt = now + 1;
            }
        } else if (periodic()) {
            out = true;
            loadAt = NEVER;
        }
    }

    void latchCount(long now) {
        advance(now);
        if (latchedBytes == 0) {
            latch = current();
            latchedBytes = access == RW_BOTH ? 2 : 1;
        }
    }

    void latchStatus(long now) {
        advance(now);
        if (!statusLatched) {
            statusLatched = true;
            statusLatch =
                    (out ? STATUS_OUT : 0)
                            | (nullCount ? STATUS_NULL_COUNT : 0)
                            | access << 4
                            | mode << 1
                            | (bcd ? 1 : 0);
        }
    }

    /** The counting element as the guest reads it. */
    private int current() {
        int value = remaining;
        if (mode == 3) {
            value = 2 * (remaining - (out ? period & 1 : 0));
        }
        if (!bcd) {
            return value & 0xFFFF;
        }
        value %= 10_000;
        return value / 1000 << 12 | value / 100 % 10 << 8 | value / 10 % 10 << 4 | value % 10;
    }

    int read(long now) {
        if (statusLatched) {
            statusLatched = false;
            return statusLatch;
        }
        int value;
        boolean both = access == RW_BOTH;
        if (latchedBytes > 0) {
            latchedBytes--;
            value = latch;
        } else {
            advance(now);
            value = current();
        }
        boolean high = both ? readHighNext : access == RW_HIGH;
        if (both) {
            readHighNext = !readHighNext;
        }
        return (high ? value >>> 8 : value) & 0xFF;
    }

    void reset() {
        mode = 0;
        bcd = false;
        access = RW_BOTH;
        gate = gateAfterReset;
        out = false;
        countRegister = 0;
        written = false;
        writeHighNext = false;
        readHighNext = false;
        nullCount = true;
        latch = 0;
        latchedBytes = 0;
        statusLatch = 0;
        statusLatched = false;
        tick = 0;
        loadAt = NEVER;
        loaded = false;
        remaining = 0;
        period = MAX_COUNT;
        armed = false;
    }

    void save(SnapshotWriter out) {
        out.putInt("mode", mode);
        out.putBoolean("bcd", bcd);
        out.putInt("access", access);
        out.putBoolean("gate", gate);
        out.putBoolean("out", this.out);
        out.putInt("countRegister", countRegister);
        out.putBoolean("written", written);
        out.putBoolean("writeHighNext", writeHighNext);
        out.putBoolean("readHighNext", readHighNext);
        out.putBoolean("nullCount", nullCount);
        out.putInt("latch", latch);
        out.putInt("latchedBytes", latchedBytes);
        out.putInt("statusLatch", statusLatch);
        out.putBoolean("statusLatched", statusLatched);
        out.putLong("tick", tick);
        out.putLong("loadAt", loadAt);
        out.putBoolean("loaded", loaded);
        out.putInt("remaining", remaining);
        out.putInt("period", period);
        out.putBoolean("armed", armed);
    }

    void restore(SnapshotReader in) throws SnapshotException {
        mode = in.getInt("mode", 0, 5);
        bcd = in.getBoolean("bcd");
        access = in.getInt("access", RW_LOW, RW_BOTH);
        gate = in.getBoolean("gate");
        out = in.getBoolean("out");
        countRegister = in.getInt("countRegister", 0, 0xFFFF);
        written = in.getBoolean("written");
        writeHighNext = in.getBoolean("writeHighNext");
        readHighNext = in.getBoolean("readHighNext");
        nullCount = in.getBoolean("nullCount");
        latch = in.getInt("latch", 0, 0xFFFF);
        latchedBytes = in.getInt("latchedBytes", 0, 2);
        statusLatch = in.getInt("statusLatch", 0, 0xFF);
        statusLatched = in.getBoolean("statusLatched");
        tick = in.getLong("tick");
        loadAt = in.getLong("loadAt");
        loaded = in.getBoolean("loaded");
        remaining = in.getInt("remaining", 0, MAX_COUNT);
        period = in.getInt("period", 1, MAX_COUNT);
        armed = in.getBoolean("armed");
    }
}
