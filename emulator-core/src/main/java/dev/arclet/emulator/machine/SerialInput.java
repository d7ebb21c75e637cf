package dev.arclet.emulator.machine;

import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.device.serial.Ns16550Uart;
import java.util.ArrayDeque;

/** Hands bytes to a UART no faster than its receiver takes them. Machine thread only. */
final class SerialInput {
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

    private void drain() {
        while (!waiting.isEmpty() && uart.receiveSpace() > 0) {
            uart.receive(waiting.remove() & 0xFF);
        }
        if (!waiting.isEmpty()) {
            retry.arm(events.clock().nanos() + RETRY_NANOS);
        }
    }
}
