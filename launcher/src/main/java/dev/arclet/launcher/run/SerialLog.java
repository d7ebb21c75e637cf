package dev.arclet.launcher.run;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * What a guest has said on its serial port: the last part in memory for those who look later, the
 * first part in a file for {@code arclet logs}. A guest that talks without end costs bounded memory
 * and disk.
 */
public final class SerialLog implements Closeable {
    /** Bytes kept in memory. */
    public static final int KEPT = 256 << 10;

    /** Bytes written to the file at most. */
    public static final long FILE_LIMIT = 16L << 20;

    private final byte[] ring = new byte[KEPT];
    private final List<Consumer<byte[]>> listeners = new CopyOnWriteArrayList<>();
    private long total;
    private OutputStream file;
    private long filed;

    /**
     * @param path the log file; the log works in memory only if it cannot be written
     */
    public SerialLog(Path path) {
        try {
            file = Files.newOutputStream(path);
        } catch (IOException e) {
            System.getLogger(SerialLog.class.getName())
                    .log(System.Logger.Level.WARNING, "no serial log in " + path + ": " + e);
        }
    }

    /** Notes output and passes it on, in order. */
    public synchronized void append(byte[] bytes) {
        for (int i = 0; i < bytes.length; ) {
            int at = (int) (total % KEPT);
            int n = Math.min(bytes.length - i, KEPT - at);
            System.arraycopy(bytes, i, ring, at, n);
            i += n;
            total += n;
        }
        toFile(bytes);
        for (Consumer<byte[]> listener : listeners) {
            listener.accept(bytes);
        }
    }

    private void toFile(byte[] bytes) {
        if (file == null) {
            return;
        }
        int n = (int) Math.min(bytes.length, FILE_LIMIT - filed);
        try {
            file.write(bytes, 0, n);
            filed += n;
            if (filed == FILE_LIMIT) {
                close();
            }
        } catch (IOException e) {
            // A full disk must not stop the guest; what is in memory stays available.
            file = null;
        }
    }

    /** The output so far, as far as it is kept. */
    public synchronized byte[] tail() {
        int n = (int) Math.min(total, KEPT);
        byte[] out = new byte[n];
        int start = (int) ((total - n) % KEPT);
        int first = Math.min(n, KEPT - start);
        System.arraycopy(ring, start, out, 0, first);
        System.arraycopy(ring, 0, out, first, n - first);
        return out;
    }

    /**
     * Gives the kept output to {@code listener} and all further output as it comes, without a gap.
     * The listener must not block.
     */
    public synchronized void follow(Consumer<byte[]> listener) {
        byte[] before = tail();
        if (before.length > 0) {
            listener.accept(before);
        }
        listeners.add(listener);
    }

    public void unfollow(Consumer<byte[]> listener) {
        listeners.remove(listener);
    }

    @Override
    public synchronized void close() {
        if (file != null) {
            try {
                file.close();
            } catch (IOException e) {
                // Nothing is lost that somebody could still save.
            }
            file = null;
        }
    }
}
