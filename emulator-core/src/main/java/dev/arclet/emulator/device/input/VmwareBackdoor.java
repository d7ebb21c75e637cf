package dev.arclet.emulator.device.input;

import dev.arclet.emulator.bus.PioDevice;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;
import java.util.Arrays;

/**
 * VMware's backdoor port with the absolute pointer behind it: reading 32 bits from port 0x5658 with
 * the magic number in EAX is a call, whose number is in ECX and whose arguments and results are in
 * the other registers. Calls: version, frequencies, and the three of the pointer. Others answer all
 * ones, as VMware says they shall.
 *
 * <p>Pointer events are packets of four words (buttons, x, y, wheel), which the guest fetches after
 * the PS/2 mouse has shown it an empty packet. Motion joins the packet that waits last, so a slow
 * guest sees the newest place and never a queue of old ones.
 */
public final class VmwareBackdoor implements PioDevice, Resettable, Stateful {
    /** Coordinates are 0 to this in both directions. */
    public static final int MAX_COORDINATE = 0xFFFF;

    /** What registers hold at a call, and what they shall hold after it; low 32 bits. */
    public interface Registers {
        /** The register with this number: EAX 0, ECX 1, EDX 2, EBX 3, ESI 6, EDI 7. */
        int get(int number);

        /** Sets a register, see {@link #get}; EAX is set by what the port reads. */
        void set(int number, int value);
    }

    private static final int EAX = 0;
    private static final int ECX = 1;
    private static final int EBX = 3;

    /** The registers that carry the words of a reply, after EAX: EBX, ECX, EDX, ESI, EDI. */
    private static final int[] REPLY = {3, 1, 2, 6, 7};

    private static final int MAGIC = 0x564D_5868;
    private static final int UNKNOWN = -1;

    private static final int CALL_VERSION = 10;
    private static final int CALL_POINTER_DATA = 39;
    private static final int CALL_POINTER_STATUS = 40;
    private static final int CALL_POINTER_COMMAND = 41;
    private static final int CALL_FREQUENCIES = 45;

    private static final int VERSION = 6;
    private static final int PRODUCT_SERVER = 2;

    private static final int POINTER_ENABLE = 0x4541_4552;
    private static final int POINTER_DISABLE = 0xF5;
    private static final int POINTER_RELATIVE = 0x4C45_5252;
    private static final int POINTER_ABSOLUTE = 0x5342_4152;
    private static final int POINTER_VERSION = 0x3442_554A;

    private static final int STATUS_OFF = 0xFFFF_0000;
    private static final int PACKET_RELATIVE = 0x0001_0000;
    private static final int PACKET_LEFT = 0x20;
    private static final int PACKET_RIGHT = 0x10;
    private static final int PACKET_MIDDLE = 0x08;

    private static final int PACKET_WORDS = 4;
    private static final int QUEUE_WORDS = 256 * PACKET_WORDS;
    private static final int MAX_WHEEL = 127;

    private final Registers registers;
    private final long counterHertz;
    private final long timerHertz;
    private final Runnable wakeDriver;

    private final int[] queue = new int[QUEUE_WORDS];
    private int queued;

    /** The last words of the queue are an event, to which motion may be added. */
    private boolean endsWithEvent;

    private boolean enabled;
    private boolean absolute;

    /**
     * @param registers those of the processor that reads the port
     * @param counterHertz frequency of the time-stamp counter
     * @param timerHertz frequency of the local APIC's timer
     * @param wakeDriver lets the PS/2 mouse send an empty packet
     */
    public VmwareBackdoor(
            Registers registers, long counterHertz, long timerHertz, Runnable wakeDriver) {
        this.registers = registers;
        this.counterHertz = counterHertz;
        this.timerHertz = timerHertz;
        this.wakeDriver = wakeDriver;
    }

    /** Whether a driver listens here rather than to the PS/2 mouse. */
    public boolean listening() {
        return enabled;
    }

    /**
     * The pointer moves, or its buttons change. In its relative mode the guest learns the
     * difference, else the place.
     *
     * @param x place from the left, 0 to {@link #MAX_COORDINATE}
     * @param y place from the top, likewise
     * @param dx counts to the right since last time
     * @param dy counts down since last time
     * @param wheel clicks towards the user
     * @param buttons as {@link Ps2Mouse#BUTTON_LEFT} and its like
     */
    public void move(int x, int y, int dx, int dy, int wheel, int buttons) {
        if (!enabled) {
            return;
        }
        int flags =
                ((buttons & Ps2Mouse.BUTTON_LEFT) != 0 ? PACKET_LEFT : 0)
                        | ((buttons & Ps2Mouse.BUTTON_RIGHT) != 0 ? PACKET_RIGHT : 0)
                        | ((buttons & Ps2Mouse.BUTTON_MIDDLE) != 0 ? PACKET_MIDDLE : 0)
                        | (absolute ? 0 : PACKET_RELATIVE);
        int last = queued - PACKET_WORDS;
        boolean join =
                endsWithEvent
                        && last >= 0
                        && (queue[last] == flags || queued + PACKET_WORDS > QUEUE_WORDS);
        if (!join) {
            if (queued + PACKET_WORDS > QUEUE_WORDS) {
                return;
            }
            last = queued;
            Arrays.fill(queue, last, last + PACKET_WORDS, 0);
            queued += PACKET_WORDS;
            endsWithEvent = true;
        }
        queue[last] = flags;
        queue[last + 1] = absolute ? Math.clamp(x, 0, MAX_COORDINATE) : queue[last + 1] + dx;
        queue[last + 2] = absolute ? Math.clamp(y, 0, MAX_COORDINATE) : queue[last + 2] - dy;
        queue[last + 3] = Math.clamp((long) queue[last + 3] + wheel, -MAX_WHEEL, MAX_WHEEL);
        wakeDriver.run();
    }

    @Override
    public int readPort(int offset, int bytes) {
        if (bytes != 4 || offset != 0 || registers.get(EAX) != MAGIC) {
            return -1 >>> 32 - 8 * bytes;
        }
        // The high half of ECX is a channel of calls that are not here.
        return switch (registers.get(ECX) & 0xFFFF) {
            case CALL_VERSION -> {
                registers.set(EBX, MAGIC);
                registers.set(ECX, PRODUCT_SERVER);
                yield VERSION;
            }
            case CALL_FREQUENCIES -> {
                registers.set(EBX, (int) (counterHertz >>> 32));
                registers.set(ECX, (int) timerHertz);
                yield (int) counterHertz;
            }
            case CALL_POINTER_STATUS -> enabled ? queued : STATUS_OFF;
            case CALL_POINTER_DATA -> fetch(registers.get(EBX));
            case CALL_POINTER_COMMAND -> {
                command(registers.get(EBX));
                yield 0;
            }
            default -> UNKNOWN;
        };
    }

    @Override
    public void writePort(int offset, int bytes, int value) {
        // Calls are made by reading.
    }

    private void command(int command) {
        switch (command) {
            case POINTER_ENABLE -> {
                if (!enabled) {
                    disable();
                    enabled = true;
                }
                if (queued < QUEUE_WORDS) {
                    queue[queued++] = POINTER_VERSION;
                    endsWithEvent = false;
                }
            }
            case POINTER_DISABLE -> disable();
            case POINTER_RELATIVE, POINTER_ABSOLUTE -> {
                absolute = command == POINTER_ABSOLUTE;
                endsWithEvent = false;
            }
            default -> {}
        }
    }

    private void disable() {
        enabled = false;
        absolute = false;
        queued = 0;
        endsWithEvent = false;
        Arrays.fill(queue, 0);
    }

    /** A driver that asks for more than there is has lost its place: it has to start over. */
    private int fetch(int words) {
        if (words < 1 || words > 1 + REPLY.length || words > queued) {
            disable();
            return UNKNOWN;
        }
        int first = queue[0];
        for (int i = 1; i < words; i++) {
            registers.set(REPLY[i - 1], queue[i]);
        }
        queued -= words;
        System.arraycopy(queue, words, queue, 0, queued);
        Arrays.fill(queue, queued, queued + words, 0);
        return first;
    }

    @Override
    public void reset() {
        disable();
    }

    @Override
    public String sectionId() {
        return "vmware-backdoor";
    }

    @Override
    public int sectionVersion() {
        return 1;
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putInts("queue", queue);
        out.putInt("queued", queued);
        out.putBoolean("endsWithEvent", endsWithEvent);
        out.putBoolean("enabled", enabled);
        out.putBoolean("absolute", absolute);
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        in.getInts("queue", queue);
        queued = in.getInt("queued", 0, QUEUE_WORDS);
        endsWithEvent = in.getBoolean("endsWithEvent");
        enabled = in.getBoolean("enabled");
        absolute = in.getBoolean("absolute");
    }
}
