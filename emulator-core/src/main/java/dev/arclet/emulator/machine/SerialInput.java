package dev.arclet.emulator.machine;

import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.device.serial.Ns16550Uart;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;
import java.util.ArrayDeque;

/** Hands bytes to a UART no faster than its receiver takes them. Machine thread only. */
final class SerialInput implements Stateful, Resettable {
    /** Bytes waiting at most; what comes beyond is lost, as on a line without flow control. */
    private static final int MAX_WAITING = 1 << 20;

    private static final long RETRY_NANOS = 200_000;

    private final Ns16550Uart uart;
    private final EventQueue events;
    private final EventQueue.Timer retry;
    private final ArrayDeque<Byte> waiting = new ArrayDeque<>();

    SerialInput(EventQueue events, Ns16550Uart uart) {
        this.events = events;
        this.uart = uart;
        retry = events.timer("com1.input", this::drain);
    }

    void send(byte[] bytes) {
        for (byte value : bytes) {
            if (waiting.size() < MAX_WAITING) {
                waiting.add(value);
            }
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
        return "com1.input";
    }

    @Override
    public int sectionVersion() {
        return 1;
    }

    @Override
    public void save(SnapshotWriter out) {
        byte[] bytes = new byte[waiting.size()];
        int count = 0;
        for (byte value : waiting) {
            bytes[count++] = value;
        }
        out.putBytes("waiting", bytes);
        out.putLong("retry", retry.deadline());
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        waiting.clear();
        for (byte value : in.getBytes("waiting", MAX_WAITING)) {
            waiting.add(value);
        }
        retry.arm(in.getLong("retry"));
    }

    private void drain() {
        while (!waiting.isEmpty() && uart.receiveSpace() > 0) {
            uart.receive(waiting.remove() & 0xFF);
        }
        if (!waiting.isEmpty()) {
            retry.arm(events.clock().nanos() + RETRY_NANOS);
        }
    }
}
