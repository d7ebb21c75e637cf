package dev.arclet.launcher.assemble;

import java.io.ByteArrayOutputStream;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Collects a UART's single bytes into pieces worth sending: passed on a few milliseconds after the
 * first byte, or when there are many. The machine thread never waits for who listens.
 */
public final class SerialBatches implements AutoCloseable {
    private static final int MANY = 64 << 10;
    private static final long DELAY_MILLIS = 8;

    private final Consumer<byte[]> out;
    private final ByteArrayOutputStream waiting = new ByteArrayOutputStream();
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("arclet-serial").factory());
    private boolean scheduled;

    /**
     * @param out receives the pieces, in order
     */
    public SerialBatches(Consumer<byte[]> out) {
        this.out = out;
    }

    /** One byte from the guest; what a listener cannot take in time is dropped. */
    public synchronized void accept(int value) {
        if (waiting.size() >= MANY) {
            return;
        }
        waiting.write(value);
        if (!scheduled && !timer.isShutdown()) {
            scheduled = true;
            var unused = timer.schedule(this::flush, DELAY_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private void flush() {
        byte[] piece;
        synchronized (this) {
            scheduled = false;
            piece = waiting.toByteArray();
            waiting.reset();
        }
        if (piece.length > 0) {
            out.accept(piece);
        }
    }

    /** Passes on what is left. */
    @Override
    public void close() {
        timer.shutdown();
        try {
            if (!timer.awaitTermination(5, TimeUnit.SECONDS)) {
                timer.shutdownNow();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        flush();
    }
}
