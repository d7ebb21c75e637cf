package dev.arclet.emulator.device.input;

import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import java.util.Arrays;

/**
 * A PS/2 mouse (IBM PS/2 Hardware Interface Technical Reference, "Mouse") that becomes an
 * IntelliMouse with wheel (ID 3) after the sample rates 200, 100, 80, or a five-button one (ID 4)
 * after 200, 200, 80.
 *
 * <p>Motion waits as sums and becomes a packet when the controller asks for one, so a slow guest
 * sees fewer, larger steps and never a queue of old ones. A change of buttons keeps its place among
 * the motion. The sample rate is stored; the wire sets the pace.
 */
public final class Ps2Mouse implements Ps2Device {
    /** Bits of the button mask: left, right, middle, and the two side buttons. */
    public static final int BUTTON_LEFT = 1;

    /** See {@link #BUTTON_LEFT}. */
    public static final int BUTTON_RIGHT = 2;

    /** See {@link #BUTTON_LEFT}. */
    public static final int BUTTON_MIDDLE = 4;

    private static final int ACK = 0xFA;
    private static final int RESEND = 0xFE;
    private static final int SET_RESOLUTION = 0xE8;
    private static final int SET_RATE = 0xF3;
    private static final int ID_WHEEL = 3;
    private static final int ID_FIVE_BUTTONS = 4;
    private static final int DEFAULT_RATE = 100;
    private static final int DEFAULT_RESOLUTION = 2;

    private static final int MODE_STREAM = 0;
    private static final int MODE_REMOTE = 1;

    private static final int MAX_STEPS = 16;
    private static final int STEP_FIELDS = 4;
    private static final int MAX_SUM = 1 << 20;

    /** Counts sent for 1..5 counts moved when scaling is 2:1; from six on the count doubles. */
    private static final int[] SCALED = {0, 1, 1, 3, 6, 9};

    private final Runnable dataReady;
    private final ByteQueue output = new ByteQueue(16);

    /** Waiting motion: dx, dy, dz, buttons for each step. */
    private final int[] steps = new int[MAX_STEPS * STEP_FIELDS];

    private int stepCount;
    private int buttons;
    private int reportedButtons;
    private int mode;
    private boolean wrap;
    private boolean enabled;
    private boolean scaling;
    private int resolution = DEFAULT_RESOLUTION;
    private int rate = DEFAULT_RATE;
    private int id;

    /** The last three sample rates, latest in the low byte. */
    private int rateHistory;

    private int pendingCommand;
    private int lastSent;

    Ps2Mouse(Runnable dataReady) {
        this.dataReady = dataReady;
    }

    /** Whether the guest's driver has turned reporting on. */
    public boolean enabled() {
        return enabled;
    }

    /**
     * The mouse moves, or its buttons change.
     *
     * @param dx counts to the right
     * @param dy counts down, as screens count
     * @param dz wheel clicks towards the user (down)
     * @param buttons which are down now, see {@link #BUTTON_LEFT}; bits 0..4
     */
    public void move(int dx, int dy, int dz, int buttons) {
        int mask = buttons & 0x1F;
        boolean listening = mode == MODE_STREAM ? enabled && !wrap : true;
        if (listening) {
            boolean append =
                    stepCount == 0
                            || (steps[(stepCount - 1) * STEP_FIELDS + 3] != mask
                                    && stepCount < MAX_STEPS);
            if (append) {
                if (dx == 0 && dy == 0 && dz == 0 && mask == this.buttons) {
                    return;
                }
                stepCount++;
                Arrays.fill(steps, (stepCount - 1) * STEP_FIELDS, stepCount * STEP_FIELDS, 0);
            }
            int step = (stepCount - 1) * STEP_FIELDS;
            steps[step] = sum(steps[step], dx);
            steps[step + 1] = sum(steps[step + 1], dy);
            steps[step + 2] = sum(steps[step + 2], dz);
            steps[step + 3] = mask;
        }
        this.buttons = mask;
        if (listening && mode == MODE_STREAM) {
            dataReady.run();
        }
    }

    /** Sends a packet without motion, for a driver that looks for news elsewhere. */
    void wake() {
        if (mode == MODE_STREAM && enabled && !wrap) {
            if (stepCount == 0) {
                Arrays.fill(steps, 0, STEP_FIELDS, 0);
                steps[3] = buttons;
                stepCount = 1;
            }
            dataReady.run();
        }
    }

    private static int sum(int old, int more) {
        return Math.clamp((long) old + more, -MAX_SUM, MAX_SUM);
    }

    @Override
    public boolean hasByte() {
        return !output.isEmpty() || (mode == MODE_STREAM && enabled && !wrap && stepCount > 0);
    }

    @Override
    public int nextByte() {
        if (output.isEmpty() && hasByte()) {
            packet(scaling);
        }
        lastSent = output.remove();
        return lastSent;
    }

    /**
     * Puts one packet into the output, from the oldest step; what is too far stays for the next.
     */
    private void packet(boolean scale) {
        int dx = 0;
        int dy = 0;
        int dz = 0;
        if (stepCount > 0) {
            int wheelLimit = id == ID_FIVE_BUTTONS ? 7 : 127;
            dx = Math.clamp(steps[0], -255, 255);
            dy = Math.clamp(steps[1], -255, 255);
            dz = id == 0 ? steps[2] : Math.clamp(steps[2], -wheelLimit, wheelLimit);
            reportedButtons = steps[3];
            steps[0] -= dx;
            steps[1] -= dy;
            steps[2] -= dz;
            if ((steps[0] | steps[1] | steps[2]) == 0) {
                stepCount--;
                System.arraycopy(steps, STEP_FIELDS, steps, 0, stepCount * STEP_FIELDS);
            }
        } else {
            reportedButtons = buttons;
        }
        int right = scale ? scaled(dx) : dx;
        int up = scale ? scaled(-dy) : -dy;
        int overflow = (Math.abs(right) > 255 ? 0x40 : 0) | (Math.abs(up) > 255 ? 0x80 : 0);
        output.add(
                reportedButtons & 7
                        | 0x08
                        | (right < 0 ? 0x10 : 0)
                        | (up < 0 ? 0x20 : 0)
                        | overflow);
        output.add(right);
        output.add(up);
        if (id == ID_WHEEL) {
            output.add(dz);
        } else if (id == ID_FIVE_BUTTONS) {
            output.add(dz & 0x0F | (reportedButtons & 0x18) << 1);
        }
    }

    private static int scaled(int counts) {
        int size = Math.abs(counts);
        int result = size < SCALED.length ? SCALED[size] : 2 * size;
        return counts < 0 ? -result : result;
    }

    @Override
    public void command(int value) {
        int pending = pendingCommand;
        pendingCommand = 0;
        output.clear();
        if (wrap && value != 0xFF && value != 0xEC) {
            output.add(value);
            return;
        }
        if (pending == SET_RESOLUTION) {
            resolution = value & 3;
            output.add(value > 3 ? RESEND : ACK);
            return;
        }
        if (pending == SET_RATE) {
            setRate(value);
            return;
        }
        int ack = value == 0xFE ? lastSent : ACK;
        output.add(ack);
        switch (value) {
            case 0xE6 -> scaling = false;
            case 0xE7 -> scaling = true;
            case SET_RESOLUTION, SET_RATE -> pendingCommand = value;
            case 0xE9 -> status();
            case 0xEA -> {
                mode = MODE_STREAM;
                stepCount = 0;
            }
            case 0xEB -> packet(false);
            case 0xEC -> wrap = false;
            case 0xEE -> wrap = true;
            case 0xF0 -> {
                mode = MODE_REMOTE;
                stepCount = 0;
            }
            case 0xF2 -> output.add(id);
            case 0xF4 -> {
                enabled = true;
                stepCount = 0;
            }
            case 0xF5 -> enabled = false;
            case 0xF6 -> defaults();
            case 0xFE -> {}
            case 0xFF -> {
                defaults();
                wrap = false;
                id = 0;
                rateHistory = 0;
                output.add(0xAA);
                output.add(id);
            }
            default -> {
                output.clear();
                output.add(RESEND);
            }
        }
    }

    private void setRate(int value) {
        output.add(ACK);
        rate = value;
        rateHistory = (rateHistory << 8 | value) & 0xFFFFFF;
        if (rateHistory == (200 << 16 | 100 << 8 | 80)) {
            id = ID_WHEEL;
        } else if (rateHistory == (200 << 16 | 200 << 8 | 80)) {
            id = ID_FIVE_BUTTONS;
        }
    }

    private void status() {
        output.add(
                (mode == MODE_REMOTE ? 0x40 : 0)
                        | (enabled ? 0x20 : 0)
                        | (scaling ? 0x10 : 0)
                        | ((buttons & BUTTON_LEFT) != 0 ? 4 : 0)
                        | ((buttons & BUTTON_MIDDLE) != 0 ? 2 : 0)
                        | ((buttons & BUTTON_RIGHT) != 0 ? 1 : 0));
        output.add(resolution);
        output.add(rate);
    }

    private void defaults() {
        mode = MODE_STREAM;
        enabled = false;
        scaling = false;
        resolution = DEFAULT_RESOLUTION;
        rate = DEFAULT_RATE;
        stepCount = 0;
    }

    void reset() {
        defaults();
        output.clear();
        Arrays.fill(steps, 0);
        buttons = 0;
        reportedButtons = 0;
        wrap = false;
        id = 0;
        rateHistory = 0;
        pendingCommand = 0;
        lastSent = 0;
    }

    void save(SnapshotWriter out) {
        output.save(out, "mouse.output");
        out.putInts("mouse.steps", steps);
        out.putInt("mouse.stepCount", stepCount);
        out.putInt("mouse.buttons", buttons);
        out.putInt("mouse.reportedButtons", reportedButtons);
        out.putInt("mouse.mode", mode);
        out.putBoolean("mouse.wrap", wrap);
        out.putBoolean("mouse.enabled", enabled);
        out.putBoolean("mouse.scaling", scaling);
        out.putInt("mouse.resolution", resolution);
        out.putInt("mouse.rate", rate);
        out.putInt("mouse.id", id);
        out.putInt("mouse.rateHistory", rateHistory);
        out.putInt("mouse.pendingCommand", pendingCommand);
        out.putInt("mouse.lastSent", lastSent);
    }

    void restore(SnapshotReader in) throws SnapshotException {
        output.restore(in, "mouse.output");
        in.getInts("mouse.steps", steps);
        stepCount = in.getInt("mouse.stepCount", 0, MAX_STEPS);
        buttons = in.getInt("mouse.buttons", 0, 0x1F);
        reportedButtons = in.getInt("mouse.reportedButtons", 0, 0x1F);
        mode = in.getInt("mouse.mode", MODE_STREAM, MODE_REMOTE);
        wrap = in.getBoolean("mouse.wrap");
        enabled = in.getBoolean("mouse.enabled");
        scaling = in.getBoolean("mouse.scaling");
        resolution = in.getInt("mouse.resolution", 0, 3);
        rate = in.getInt("mouse.rate", 0, 0xFF);
        id = in.getInt("mouse.id", 0, ID_FIVE_BUTTONS);
        rateHistory = in.getInt("mouse.rateHistory", 0, 0xFFFFFF);
        pendingCommand = in.getInt("mouse.pendingCommand", 0, 0xFF);
        lastSent = in.getInt("mouse.lastSent", 0, 0xFF);
    }
}
