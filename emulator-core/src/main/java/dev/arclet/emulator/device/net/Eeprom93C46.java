package dev.arclet.emulator.device.net;

import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;

/**
 * A 93C46 serial EEPROM of 64 words behind its pins (Microchip 93C46B data sheet, DS20001749): a
 * start bit, two bits of operation and six of address come in, 16 bits of data go out, all at
 * rising edges of the clock. Reading only: it is write-protected.
 */
final class Eeprom93C46 {
    /** Words of 16 bits. */
    static final int WORDS = 64;

    private static final int COMMAND_BITS = 8;
    private static final int READ = 2;
    private static final int IDLE = -1;

    private final int[] words;
    private boolean selected;
    private boolean lastClock;
    private boolean output = true;

    /** Command bits that have come, or {@link #IDLE} before the start bit. */
    private int count = IDLE;

    private int command;
    private boolean reading;

    /** Data bits that have gone out. */
    private int position;

    Eeprom93C46(int[] words) {
        this.words = words.clone();
    }

    /** Chip select. */
    void select(boolean high) {
        if (!high) {
            count = IDLE;
            command = 0;
            reading = false;
            position = 0;
            output = true;
            lastClock = false;
        }
        selected = high;
    }

    /** Clock and data in. */
    void clock(boolean high, boolean data) {
        boolean rises = high && !lastClock;
        lastClock = high;
        if (!selected || !rises) {
            return;
        }
        if (reading) {
            int word = words[(command & WORDS - 1) + position / 16 & WORDS - 1];
            output = (word >>> 15 - position % 16 & 1) != 0;
            position = (position + 1) % (16 * WORDS);
        } else if (count == IDLE) {
            count = data ? 0 : IDLE;
        } else if (count < COMMAND_BITS) {
            command = command << 1 | (data ? 1 : 0);
            count++;
            if (count == COMMAND_BITS && command >>> 6 == READ) {
                reading = true;
                output = false; // a zero precedes the data
            }
        }
    }

    /** Data out. */
    boolean output() {
        return output;
    }

    void save(SnapshotWriter out) {
        out.putBoolean("selected", selected);
        out.putBoolean("clock", lastClock);
        out.putBoolean("output", output);
        out.putInt("count", count);
        out.putInt("command", command);
        out.putBoolean("reading", reading);
        out.putInt("position", position);
    }

    void restore(SnapshotReader in) throws SnapshotException {
        selected = in.getBoolean("selected");
        lastClock = in.getBoolean("clock");
        output = in.getBoolean("output");
        count = in.getInt("count", IDLE, COMMAND_BITS);
        command = in.getInt("command", 0, 0xFF);
        reading = in.getBoolean("reading");
        position = in.getInt("position", 0, 16 * WORDS - 1);
    }
}
