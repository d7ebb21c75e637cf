package dev.arclet.emulator.device.input;

import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.bus.IrqLine;
import dev.arclet.emulator.bus.PioDevice;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.device.A20Gate;
import dev.arclet.emulator.device.BytePorts;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;
import java.util.Arrays;

/**
 * Intel 8042 as the PS/2 keyboard controller (IBM PS/2 Hardware Interface Technical Reference,
 * "Keyboard and auxiliary device controller"), with its keyboard and mouse. {@link #data} is port
 * 0x60, {@link #command} port 0x64.
 *
 * <p>A byte from keyboard or mouse takes {@value #BYTE_NANOS} ns on the wire, counted from when the
 * output buffer is read, so that a handler which reads port 0x60 twice sees the same byte twice, as
 * on hardware. Replies of the controller itself are there at once.
 *
 * <p>Known limits: no password; the test inputs and the clock lines in the output port are
 * constant.
 */
public final class I8042 implements Resettable, Stateful {
    /** Eleven bits at 16.7 kHz, in virtual nanoseconds. */
    public static final long BYTE_NANOS = 660_000;

    private static final int STATUS_OUTPUT_FULL = 0x01;
    private static final int STATUS_SYSTEM = 0x04;
    private static final int STATUS_COMMAND = 0x08;
    private static final int STATUS_NOT_LOCKED = 0x10;
    private static final int STATUS_FROM_MOUSE = 0x20;

    private static final int MODE_KEYBOARD_INTERRUPT = 0x01;
    private static final int MODE_MOUSE_INTERRUPT = 0x02;
    private static final int MODE_SYSTEM = 0x04;
    private static final int MODE_KEYBOARD_OFF = 0x10;
    private static final int MODE_MOUSE_OFF = 0x20;
    private static final int MODE_TRANSLATE = 0x40;

    private static final int OUTPUT_NOT_RESET = 0x01;
    private static final int OUTPUT_A20 = 0x02;
    private static final int OUTPUT_IRQ1 = 0x10;
    private static final int OUTPUT_IRQ12 = 0x20;
    private static final int OUTPUT_IDLE = 0xCC;
    private static final int INPUT_PORT = 0xBF;

    private static final int NO_COMMAND = 0;
    private static final int FROM_MOUSE = 0x100;
    private static final int MAX_REPLIES = 16;

    private static final int BREAK_PREFIX = 0xF0;

    private final EventQueue events;
    private final IrqLine irq1;
    private final IrqLine irq12;
    private final A20Gate a20;
    private final Runnable resetCpu;
    private final EventQueue.Timer wire;
    private final Ps2Keyboard keyboard;
    private final Ps2Mouse mouse;

    private final int[] ram = new int[32];
    private int outputBuffer;
    private boolean outputFull;
    private boolean outputFromMouse;
    private boolean lastWasCommand;

    /** The command whose data byte is expected next at port 0x60. */
    private int pendingCommand;

    /** The keyboard has sent the set 2 break prefix, which set 1 expresses by bit 7. */
    private boolean breakPrefix;

    /** What the controller itself has to say; bit 8 marks a byte on the mouse's behalf. */
    private final int[] replies = new int[MAX_REPLIES];

    private int replyCount;

    /** Device bytes cross the wire no earlier than this. */
    private long wireFreeAt;

    /**
     * Creates the controller with a keyboard and a mouse.
     *
     * @param irq1 keyboard interrupt
     * @param irq12 mouse interrupt
     * @param a20 the gate that output port bit 1 drives
     * @param resetCpu run when the guest pulses the reset output; must only note the request
     */
    public I8042(EventQueue events, IrqLine irq1, IrqLine irq12, A20Gate a20, Runnable resetCpu) {
        this.events = events;
        this.irq1 = irq1;
        this.irq12 = irq12;
        this.a20 = a20;
        this.resetCpu = resetCpu;
        wire = events.timer("i8042.wire", this::deliver);
        keyboard = new Ps2Keyboard(this::deviceHasData);
        mouse = new Ps2Mouse(this::deviceHasData);
        ram[0] = MODE_TRANSLATE | MODE_KEYBOARD_INTERRUPT | MODE_MOUSE_INTERRUPT;
    }

    /** The keyboard on the first port. */
    public Ps2Keyboard keyboard() {
        return keyboard;
    }

    /** The mouse on the second port. */
    public Ps2Mouse mouse() {
        return mouse;
    }

    /** Lets the mouse send a packet without motion, for a driver that looks for news elsewhere. */
    public void wakeMouseDriver() {
        mouse.wake();
    }

    /** One port, 0x60: output buffer when read, data when written. */
    public PioDevice data() {
        return new BytePorts() {
            @Override
            public int readByte(int offset) {
                return readData();
            }

            @Override
            public void writeByte(int offset, int value) {
                lastWasCommand = false;
                writeData(value);
            }
        };
    }

    /** One port, 0x64: status when read, command when written. */
    public PioDevice command() {
        return new BytePorts() {
            @Override
            public int readByte(int offset) {
                return status();
            }

            @Override
            public void writeByte(int offset, int value) {
                lastWasCommand = true;
                writeCommand(value);
            }
        };
    }

    private int mode() {
        return ram[0];
    }

    private void setMode(int mode) {
        ram[0] = mode;
        deviceHasData();
        updateInterrupts();
    }

    private int status() {
        return (outputFull ? STATUS_OUTPUT_FULL : 0)
                | ((mode() & MODE_SYSTEM) != 0 ? STATUS_SYSTEM : 0)
                | (lastWasCommand ? STATUS_COMMAND : 0)
                | STATUS_NOT_LOCKED
                | (outputFull && outputFromMouse ? STATUS_FROM_MOUSE : 0);
    }

    private int readData() {
        if (outputFull) {
            outputFull = false;
            updateInterrupts();
            wireFreeAt = events.clock().nanos() + BYTE_NANOS;
            if (!takeReply()) {
                deviceHasData();
            }
        }
        return outputBuffer;
    }

    private void fill(int value, boolean fromMouse) {
        outputBuffer = value & 0xFF;
        outputFull = true;
        outputFromMouse = fromMouse;
        updateInterrupts();
    }

    private void updateInterrupts() {
        irq1.set(outputFull && !outputFromMouse && (mode() & MODE_KEYBOARD_INTERRUPT) != 0);
        irq12.set(outputFull && outputFromMouse && (mode() & MODE_MOUSE_INTERRUPT) != 0);
    }

    private void reply(int value) {
        if (replyCount < MAX_REPLIES) {
            replies[replyCount++] = value;
        }
        if (!outputFull) {
            takeReply();
        }
    }

    private boolean takeReply() {
        if (replyCount == 0) {
            return false;
        }
        int value = replies[0];
        replyCount--;
        System.arraycopy(replies, 1, replies, 0, replyCount);
        fill(value, (value & FROM_MOUSE) != 0);
        return true;
    }

    private boolean keyboardReady() {
        return (mode() & MODE_KEYBOARD_OFF) == 0 && keyboard.hasByte();
    }

    private boolean mouseReady() {
        return (mode() & MODE_MOUSE_OFF) == 0 && mouse.hasByte();
    }

    /** Starts the wire if a device has something and the buffer is free. */
    private void deviceHasData() {
        if (outputFull
                || wire.deadline() != EventQueue.NEVER
                || (!keyboardReady() && !mouseReady())) {
            return;
        }
        wire.arm(Math.max(wireFreeAt, events.clock().nanos() + BYTE_NANOS / 2));
    }

    private void deliver() {
        if (outputFull) {
            return;
        }
        while (keyboardReady()) {
            int value = keyboard.nextByte();
            if ((mode() & MODE_TRANSLATE) != 0) {
                if (value == BREAK_PREFIX) {
                    breakPrefix = true;
                    continue;
                }
                value = ScanCodes.translate(value) | (breakPrefix ? 0x80 : 0);
                breakPrefix = false;
            }
            fill(value, false);
            return;
        }
        if (mouseReady()) {
            fill(mouse.nextByte(), true);
        }
    }

    private void writeCommand(int command) {
        pendingCommand = NO_COMMAND;
        switch (command) {
            case 0xA4 -> reply(0xF1);
            case 0xA7 -> setMode(mode() | MODE_MOUSE_OFF);
            case 0xA8 -> setMode(mode() & ~MODE_MOUSE_OFF);
            case 0xA9, 0xAB -> reply(0x00);
            case 0xAA -> {
                setMode(mode() | MODE_SYSTEM);
                reply(0x55);
            }
            case 0xAD -> setMode(mode() | MODE_KEYBOARD_OFF);
            case 0xAE -> setMode(mode() & ~MODE_KEYBOARD_OFF);
            case 0xC0 -> reply(INPUT_PORT);
            case 0xD0 -> reply(outputPort());
            case 0xD1, 0xD2, 0xD3, 0xD4 -> pendingCommand = command;
            case 0xDD -> a20.set(false);
            case 0xDF -> a20.set(true);
            case 0xE0 -> reply(0x00);
            default -> {
                if (command >= 0xF0) {
                    // Pulse the output bits whose command bit is clear; only reset is wired.
                    if ((command & OUTPUT_NOT_RESET) == 0) {
                        resetCpu.run();
                    }
                } else if ((command & 0xE0) == 0x20) {
                    reply(ram[command & 0x1F]);
                } else if ((command & 0xE0) == 0x60) {
                    pendingCommand = command;
                }
            }
        }
    }

    private int outputPort() {
        return OUTPUT_IDLE
                | OUTPUT_NOT_RESET
                | (a20.open() ? OUTPUT_A20 : 0)
                | (outputFull && !outputFromMouse ? OUTPUT_IRQ1 : 0)
                | (outputFull && outputFromMouse ? OUTPUT_IRQ12 : 0);
    }

    private void writeData(int value) {
        int command = pendingCommand;
        pendingCommand = NO_COMMAND;
        switch (command) {
            case NO_COMMAND -> {
                // Talking to the keyboard turns its clock on again.
                setMode(mode() & ~MODE_KEYBOARD_OFF);
                breakPrefix = false;
                keyboard.command(value);
                deviceHasData();
            }
            case 0xD1 -> {
                a20.set((value & OUTPUT_A20) != 0);
                if ((value & OUTPUT_NOT_RESET) == 0) {
                    resetCpu.run();
                }
            }
            case 0xD2 -> reply(value);
            case 0xD3 -> reply(value | FROM_MOUSE);
            case 0xD4 -> {
                setMode(mode() & ~MODE_MOUSE_OFF);
                mouse.command(value);
                deviceHasData();
            }
            case 0x60 -> setMode(value);
            default -> ram[command & 0x1F] = value;
        }
    }

    @Override
    public void reset() {
        Arrays.fill(ram, 0);
        ram[0] = MODE_TRANSLATE | MODE_KEYBOARD_INTERRUPT | MODE_MOUSE_INTERRUPT;
        outputBuffer = 0;
        outputFull = false;
        outputFromMouse = false;
        lastWasCommand = false;
        pendingCommand = NO_COMMAND;
        breakPrefix = false;
        Arrays.fill(replies, 0);
        replyCount = 0;
        wireFreeAt = 0;
        keyboard.reset();
        mouse.reset();
        wire.cancel();
        updateInterrupts();
    }

    @Override
    public String sectionId() {
        return "i8042";
    }

    @Override
    public int sectionVersion() {
        return 1;
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putInts("ram", ram);
        out.putInt("outputBuffer", outputBuffer);
        out.putBoolean("outputFull", outputFull);
        out.putBoolean("outputFromMouse", outputFromMouse);
        out.putBoolean("lastWasCommand", lastWasCommand);
        out.putInt("pendingCommand", pendingCommand);
        out.putBoolean("breakPrefix", breakPrefix);
        out.putInts("replies", replies);
        out.putInt("replyCount", replyCount);
        out.putLong("wireFreeAt", wireFreeAt);
        out.putLong("deadline", wire.deadline());
        keyboard.save(out);
        mouse.save(out);
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        in.getInts("ram", ram);
        for (int i = 0; i < ram.length; i++) {
            ram[i] &= 0xFF;
        }
        outputBuffer = in.getInt("outputBuffer", 0, 0xFF);
        outputFull = in.getBoolean("outputFull");
        outputFromMouse = in.getBoolean("outputFromMouse");
        lastWasCommand = in.getBoolean("lastWasCommand");
        pendingCommand = in.getInt("pendingCommand", 0, 0xFF);
        breakPrefix = in.getBoolean("breakPrefix");
        in.getInts("replies", replies);
        replyCount = in.getInt("replyCount", 0, MAX_REPLIES);
        wireFreeAt = in.getLong("wireFreeAt");
        wire.arm(in.getLong("deadline"));
        keyboard.restore(in);
        mouse.restore(in);
    }
}
