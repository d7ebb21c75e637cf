package dev.arclet.launcher.fetch;

import java.io.Closeable;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Ends transfers that bring too little. A stream that brings fewer than the required bytes within a
 * window is closed from outside, which makes the reader fail with {@link TransientFetchException}.
 */
final class StallGuard implements Closeable {
    private final Set<Guarded> guarded = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService timer;
    private final Duration window;
    private final long windowBytes;

    StallGuard(Duration window, long windowBytes) {
        this.window = window;
        this.windowBytes = windowBytes;
        timer =
                Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().daemon().name("arclet-stall-guard").factory());
        long period = Math.max(1, window.toMillis() / 4);
        var unused = timer.scheduleAtFixedRate(this::look, period, period, TimeUnit.MILLISECONDS);
    }

    /** Watches a stream until it is closed. */
    InputStream guard(InputStream in) {
        Guarded g = new Guarded(in);
        guarded.add(g);
        return g;
    }

    private void look() {
        long now = System.nanoTime();
        for (Guarded g : guarded) {
            g.look(now);
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }

    private final class Guarded extends FilterInputStream {
        private volatile long total;
        private volatile boolean stalled;
        private long windowStart = System.nanoTime();
        private long windowTotal;

        Guarded(InputStream in) {
            super(in);
        }

        private void look(long now) {
            if (now - windowStart < window.toNanos()) {
                return;
            }
            if (total - windowTotal < windowBytes) {
                stalled = true;
                guarded.remove(this);
                try {
                    in.close();
                } catch (IOException e) {
                    // The reader notices by itself; there is nothing more to release here.
                }
                return;
            }
            windowStart = now;
            windowTotal = total;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @SuppressWarnings(
                "NonAtomicVolatileUpdate") // one thread reads the stream; the guard only looks
        @Override
        public int read(byte[] into, int at, int count) throws IOException {
            try {
                int n = in.read(into, at, count);
                if (n > 0) {
                    total += n;
                }
                if (n < 0 && stalled) {
                    throw stall(null);
                }
                return n;
            } catch (TransientFetchException e) {
                throw e;
            } catch (IOException e) {
                throw stalled
                        ? stall(e)
                        : new TransientFetchException(
                                e.getMessage() == null ? e.toString() : e.getMessage(), e);
            }
        }

        private TransientFetchException stall(IOException cause) {
            return new TransientFetchException(
                    "the server sent fewer than "
                            + windowBytes
                            + " bytes within "
                            + window.toMillis() / 1000.0
                            + " s",
                    cause);
        }

        @Override
        public void close() throws IOException {
            guarded.remove(this);
            super.close();
        }
    }
}
