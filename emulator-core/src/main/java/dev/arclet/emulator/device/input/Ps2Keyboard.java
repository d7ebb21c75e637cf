package dev.arclet.emulator.device.input;

import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import java.util.Arrays;

/**
 * A 102-key PS/2 keyboard (IBM PS/2 Hardware Interface Technical Reference, "Keyboards"): scan code
 * sets 1 to 3, LEDs, all commands.
 *
 * <p>Typematic repetition comes from the client: a key pressed again while down sends its make code
 * again where the set repeats. Known limit: the fake shift codes that a real keyboard wraps around
 * the grey cursor keys are not sent.
 */
public final class Ps2Keyboard implements Ps2Device {
    private static final int ACK = 0xFA;
    private static final int RESEND = 0xFE;
    private static final int SELF_TEST_PASSED = 0xAA;
    private static final int EXTENDED_PREFIX = 0xE0;
    private static final int BREAK_PREFIX = 0xF0;
    private static final int FIRST_COMMAND = 0xED;

    private static final int SET_LEDS = 0xED;
    private static final int SCAN_CODE_SET = 0xF0;
    private static final int TYPEMATIC = 0xF3;
    private static final int KEY_TYPEMATIC = 0xFB;
    private static final int KEY_MAKE_BREAK = 0xFC;
    private static final int KEY_MAKE = 0xFD;

    private static final int DEFAULT_RATE = 0x2B;
    private static final int SCAN_QUEUE = 256;
    private static final int REPLY_QUEUE = 16;
    private static final int LONGEST_SEQUENCE = 8;

    /** Set 3 key types: a break code is sent; the make code repeats. */
    private static final int TYPE_BREAK = 1;

    private static final int TYPE_REPEAT = 2;

    private static final int[] PAUSE_SET1 = {0xE1, 0x1D, 0x45, 0xE1, 0x9D, 0xC5};
    private static final int[] PAUSE_SET2 = {0xE1, 0x14, 0x77, 0xE1, 0xF0, 0x14, 0xF0, 0x77};

    private final Runnable dataReady;
    private final ByteQueue scanCodes = new ByteQueue(SCAN_QUEUE);
    private final ByteQueue replies = new ByteQueue(REPLY_QUEUE);
    private final byte[] down = new byte[0x100];
    private final byte[] types = new byte[0x100];
    private boolean scanning = true;
    private boolean overrun;
    private int set = 2;
    private int leds;
    private int rate = DEFAULT_RATE;
    private int pendingCommand;
    private int lastSent;

    Ps2Keyboard(Runnable dataReady) {
        this.dataReady = dataReady;
        defaultTypes();
    }

    /** Scroll lock (bit 0), num lock (bit 1) and caps lock (bit 2) lights. */
    public int leds() {
        return leds;
    }

    /**
     * How many scan code bytes still fit; a key event needs up to eight. For pacing pasted text.
     */
    public int space() {
        return scanCodes.space();
    }

    /**
     * A key goes down or up. Down for a key that is down is a repetition; up for one that is up
     * does nothing.
     *
     * @param xtScanCode set 1 make code: {@code 0x01..0x7F}, or for keys prefixed with E0 either
     *     {@code 0xE0xx} or {@code 0x80|xx} as the RFB extended key event has it; others are
     *     ignored
     */
    public void key(int xtScanCode, boolean down) {
        int key = xtScanCode;
        if ((key & ~0x7F) == 0xE000) {
            key = key & 0x7F | ScanCodes.EXTENDED;
        }
        if (key <= 0 || key > 0xFF || ScanCodes.set2(key) == 0) {
            return;
        }
        if (key == ScanCodes.SYSTEM_REQUEST) {
            key = ScanCodes.PRINT_SCREEN;
        }
        boolean repeat = this.down[key] != 0;
        if (!repeat && !down) {
            return;
        }
        int[] codes =
                switch (set) {
                    case 1 -> set1(key, down);
                    case 2 -> set2(key, down);
                    default -> set3(key, down, repeat);
                };
        this.down[key] = (byte) (down ? 1 : 0);
        if (repeat && down && key == ScanCodes.PAUSE || !scanning) {
            return;
        }
        queue(codes);
    }

    private boolean held(int left, int right) {
        return down[left] != 0 || down[right] != 0;
    }

    private int[] set1(int key, boolean make) {
        int up = make ? 0 : 0x80;
        int code = key & 0x7F | up;
        boolean control = held(ScanCodes.LEFT_CONTROL, ScanCodes.RIGHT_CONTROL);
        if (key == ScanCodes.PAUSE) {
            if (control) {
                return make ? new int[] {0xE0, 0x46, 0xE0, 0xC6} : new int[0];
            }
            return make ? PAUSE_SET1 : new int[0];
        }
        if (key == ScanCodes.PRINT_SCREEN) {
            if (held(ScanCodes.LEFT_ALT, ScanCodes.RIGHT_ALT)) {
                return new int[] {ScanCodes.SYSTEM_REQUEST | up};
            }
            return make ? new int[] {0xE0, 0x2A, 0xE0, 0x37} : new int[] {0xE0, 0xB7, 0xE0, 0xAA};
        }
        return key < ScanCodes.EXTENDED ? new int[] {code} : new int[] {EXTENDED_PREFIX, code};
    }

    private int[] set2(int key, boolean make) {
        if (key == ScanCodes.PAUSE) {
            if (held(ScanCodes.LEFT_CONTROL, ScanCodes.RIGHT_CONTROL)) {
                return make ? new int[] {0xE0, 0x7E, 0xE0, 0xF0, 0x7E} : new int[0];
            }
            return make ? PAUSE_SET2 : new int[0];
        }
        int code = ScanCodes.set2(key);
        if (key == ScanCodes.PRINT_SCREEN) {
            if (held(ScanCodes.LEFT_ALT, ScanCodes.RIGHT_ALT)) {
                code = ScanCodes.set2(ScanCodes.SYSTEM_REQUEST);
                return make ? new int[] {code} : new int[] {BREAK_PREFIX, code};
            }
            return make
                    ? new int[] {0xE0, 0x12, 0xE0, 0x7C}
                    : new int[] {0xE0, 0xF0, 0x7C, 0xE0, 0xF0, 0x12};
        }
        if (key < ScanCodes.EXTENDED) {
            return make ? new int[] {code} : new int[] {BREAK_PREFIX, code};
        }
        return make
                ? new int[] {EXTENDED_PREFIX, code}
                : new int[] {EXTENDED_PREFIX, BREAK_PREFIX, code};
    }

    private int[] set3(int key, boolean make, boolean repeat) {
        int code = ScanCodes.set3(key);
        int type = types[code];
        if (code == 0
                || (make && repeat && (type & TYPE_REPEAT) == 0)
                || (!make && (type & TYPE_BREAK) == 0)) {
            return new int[0];
        }
        return make ? new int[] {code} : new int[] {BREAK_PREFIX, code};
    }

    private void queue(int[] codes) {
        if (codes.length == 0) {
            return;
        }
        if (scanCodes.space() < LONGEST_SEQUENCE) {
            // Overrun: whole sequences are lost, marked once by the overrun code.
            if (!overrun) {
                overrun = true;
                scanCodes.add(set == 1 ? 0xFF : 0x00);
            }
        } else {
            overrun = false;
            for (int code : codes) {
                scanCodes.add(code);
            }
        }
        dataReady.run();
    }

    @Override
    public boolean hasByte() {
        // A key waits while the controller still owes a command its data byte.
        return !replies.isEmpty() || (!scanCodes.isEmpty() && pendingCommand == 0);
    }

    @Override
    public int nextByte() {
        lastSent = replies.isEmpty() ? scanCodes.remove() : replies.remove();
        return lastSent;
    }

    private void reply(int value) {
        replies.add(value);
    }

    @Override
    public void command(int value) {
        int pending = pendingCommand;
        pendingCommand = 0;
        replies.clear();
        if (pending != 0 && value < FIRST_COMMAND && argument(pending, value)) {
            return;
        }
        switch (value) {
            case SET_LEDS, SCAN_CODE_SET, TYPEMATIC, KEY_TYPEMATIC, KEY_MAKE_BREAK, KEY_MAKE -> {
                pendingCommand = value;
                reply(ACK);
            }
            case 0xEE -> reply(0xEE);
            case 0xF2 -> {
                reply(ACK);
                reply(0xAB);
                reply(0x83);
            }
            case 0xF4 -> {
                scanCodes.clear();
                scanning = true;
                reply(ACK);
            }
            case 0xF5 -> {
                defaults();
                scanning = false;
                reply(ACK);
            }
            case 0xF6 -> {
                defaults();
                scanning = true;
                reply(ACK);
            }
            case 0xF7 -> allTypes(TYPE_REPEAT);
            case 0xF8 -> allTypes(TYPE_BREAK);
            case 0xF9 -> allTypes(0);
            case 0xFA -> allTypes(TYPE_REPEAT | TYPE_BREAK);
            case 0xFE -> reply(lastSent);
            case 0xFF -> {
                defaults();
                set = 2;
                leds = 0;
                scanning = true;
                reply(ACK);
                reply(SELF_TEST_PASSED);
            }
            default -> reply(RESEND);
        }
    }

    /** Takes a command's data byte; false if it is none and must be taken as a command. */
    private boolean argument(int command, int value) {
        switch (command) {
            case SET_LEDS -> {
                if (value > 7) {
                    return false;
                }
                leds = value;
            }
            case TYPEMATIC -> {
                if (value > 0x7F) {
                    return false;
                }
                rate = value;
            }
            case SCAN_CODE_SET -> {
                if (value > 3) {
                    return false;
                }
                reply(ACK);
                if (value == 0) {
                    reply(set);
                } else {
                    set = value;
                    scanCodes.clear();
                }
                return true;
            }
            default -> {
                // The list of set 3 codes goes on until the next command.
                types[value] =
                        (byte)
                                (command == KEY_TYPEMATIC
                                        ? TYPE_REPEAT
                                        : command == KEY_MAKE_BREAK ? TYPE_BREAK : 0);
                pendingCommand = command;
            }
        }
        reply(ACK);
        return true;
    }

    private void allTypes(int type) {
        Arrays.fill(types, (byte) type);
        reply(ACK);
    }

    private void defaults() {
        scanCodes.clear();
        overrun = false;
        rate = DEFAULT_RATE;
        defaultTypes();
    }

    /** Set 3 after power-on: most keys repeat, modifiers send breaks, the rest only make. */
    private void defaultTypes() {
        Arrays.fill(types, (byte) 0);
        for (int key = 1; key <= 0x39; key++) {
            types[ScanCodes.set3(key)] = TYPE_REPEAT;
        }
        int[] repeatingGreyKeys = {0x48, 0x4B, 0x4D, 0x50, 0x53};
        for (int key : repeatingGreyKeys) {
            types[ScanCodes.set3(key | ScanCodes.EXTENDED)] = TYPE_REPEAT;
        }
        int[] repeating = {0x4E, 0x56};
        for (int key : repeating) {
            types[ScanCodes.set3(key)] = TYPE_REPEAT;
        }
        int[] makeBreak = {0x1D, 0x2A, 0x36, 0x38, 0x3A};
        for (int key : makeBreak) {
            types[ScanCodes.set3(key)] = TYPE_BREAK;
        }
        int[] makeOnly = {0x01, 0x37};
        for (int key : makeOnly) {
            types[ScanCodes.set3(key)] = 0;
        }
    }

    void reset() {
        scanCodes.clear();
        replies.clear();
        Arrays.fill(down, (byte) 0);
        defaultTypes();
        scanning = true;
        overrun = false;
        set = 2;
        leds = 0;
        rate = DEFAULT_RATE;
        pendingCommand = 0;
        lastSent = 0;
    }

    void save(SnapshotWriter out) {
        scanCodes.save(out, "keyboard.scanCodes");
        replies.save(out, "keyboard.replies");
        out.putBytes("keyboard.down", down);
        out.putBytes("keyboard.types", types);
        out.putBoolean("keyboard.scanning", scanning);
        out.putBoolean("keyboard.overrun", overrun);
        out.putInt("keyboard.set", set);
        out.putInt("keyboard.leds", leds);
        out.putInt("keyboard.rate", rate);
        out.putInt("keyboard.pendingCommand", pendingCommand);
        out.putInt("keyboard.lastSent", lastSent);
    }

    void restore(SnapshotReader in) throws SnapshotException {
        scanCodes.restore(in, "keyboard.scanCodes");
        replies.restore(in, "keyboard.replies");
        in.getBytes("keyboard.down", down);
        in.getBytes("keyboard.types", types);
        scanning = in.getBoolean("keyboard.scanning");
        overrun = in.getBoolean("keyboard.overrun");
        set = in.getInt("keyboard.set", 1, 3);
        leds = in.getInt("keyboard.leds", 0, 7);
        rate = in.getInt("keyboard.rate", 0, 0x7F);
        pendingCommand = in.getInt("keyboard.pendingCommand", 0, 0xFF);
        lastSent = in.getInt("keyboard.lastSent", 0, 0xFF);
    }
}
