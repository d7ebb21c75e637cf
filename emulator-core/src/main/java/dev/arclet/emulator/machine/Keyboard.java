package dev.arclet.emulator.machine;

import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.device.input.Ps2Keyboard;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;
import java.util.ArrayDeque;

/**
 * Hands keys to the keyboard no faster than its buffer empties and than a quick typist would press
 * them, so that pasted text arrives whole: a BIOS keeps but 15 keys for a program that is busy, and
 * loses the next. Machine thread only.
 */
final class Keyboard implements Stateful, Resettable {
    /** Keys waiting at most; what comes beyond is lost, as on a keyboard nobody reads. */
    private static final int MAX_WAITING = 1 << 16;

    /** The longest scan code sequence of one key, in bytes. */
    private static final int LONGEST = 8;

    private static final long RETRY_NANOS = 2_000_000;

    /** From one press to the next. */
    private static final long PRESS_NANOS = 8_000_000;

    private record Key(int scanCode, boolean down) {}

    private final Ps2Keyboard keyboard;
    private final EventQueue events;
    private final EventQueue.Timer retry;
    private final ArrayDeque<Key> waiting = new ArrayDeque<>();

    Keyboard(EventQueue events, Ps2Keyboard keyboard) {
        this.events = events;
        this.keyboard = keyboard;
        retry = events.timer("keyboard.input", this::drain);
    }

    void key(int scanCode, boolean down) {
        if (waiting.size() < MAX_WAITING) {
            waiting.add(new Key(scanCode, down));
        }
        if (retry.deadline() == EventQueue.NEVER) {
            drain();
        }
    }

    @Override
    public void reset() {
        waiting.clear();
        retry.cancel();
    }

    @Override
    public String sectionId() {
        return "keyboard.input";
    }

    @Override
    public int sectionVersion() {
        return 1;
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putInt("waiting", waiting.size());
        for (Key key : waiting) {
            out.putInt("scan-code", key.scanCode());
            out.putBoolean("down", key.down());
        }
        out.putLong("retry", retry.deadline());
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        waiting.clear();
        int count = in.getInt("waiting", 0, MAX_WAITING);
        for (int i = 0; i < count; i++) {
            waiting.add(new Key(in.getInt("scan-code"), in.getBoolean("down")));
        }
        retry.arm(in.getLong("retry"));
    }

    private void drain() {
        while (!waiting.isEmpty()) {
            if (keyboard.space() < LONGEST) {
                retry.arm(events.clock().nanos() + RETRY_NANOS);
                return;
            }
            Key key = waiting.remove();
            keyboard.key(key.scanCode(), key.down());
            if (key.down()) {
                retry.arm(events.clock().nanos() + PRESS_NANOS);
                return;
            }
        }
    }
}
