package dev.arclet.launcher.store;

import dev.arclet.format.VerifyException;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.model.Descriptor;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.concurrent.Semaphore;

/**
 * A blob on its way into the store; the only writer of its partial file among all threads and
 * processes. Closing it without {@link #commit} keeps the bytes for the next attempt.
 */
public final class PartialBlob implements Closeable {
    private static final int BUFFER = 1 << 16;

    private final BlobStore store;
    private final Descriptor blob;
    private final Path file;
    private final Semaphore writer;
    private final FileLock lock;
    private final FileChannel channel;
    private MessageDigest sha = Digest.sha256();
    private long length;
    private boolean there;

    PartialBlob(BlobStore store, Descriptor blob) throws IOException, InterruptedException {
        this.store = store;
        this.blob = blob;
        this.file = store.partialPath(blob.digest());
        this.writer = store.writer(blob.digest());
        writer.acquire();
        FileLock held = null;
        FileChannel opened = null;
        boolean ready = false;
        try {
            held = store.lock(lockPosition(blob.digest()));
            there = store.has(blob);
            if (!there) {
                opened =
                        FileChannel.open(
                                file,
                                StandardOpenOption.CREATE,
                                StandardOpenOption.READ,
                                StandardOpenOption.WRITE);
            }
            ready = true;
        } finally {
            if (!ready) {
                if (held != null && held.isValid()) {
                    held.release();
                }
                writer.release();
            }
        }
        lock = held;
        channel = opened;
        ready = false;
        try {
            if (!there) {
                takeUp();
            }
            ready = true;
        } finally {
            if (!ready) {
                close();
            }
        }
    }

    private static long lockPosition(Digest digest) {
        return Long.parseUnsignedLong(digest.hex().substring(0, 16), 16) >>> 2;
    }

    /** Hashes what an earlier attempt left, so that only the rest has to be fetched. */
    private void takeUp() throws IOException {
        if (channel.size() > blob.size()) {
            restart();
            return;
        }
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
        channel.position(0);
        while (channel.read(buffer) >= 0) {
            buffer.flip();
            length += buffer.remaining();
            sha.update(buffer);
            buffer.clear();
        }
    }

    /** Whether the blob is in the store already; then nothing else may be called but close. */
    public boolean alreadyThere() {
        return there;
    }

    /** Bytes that are on disk now. */
    public long length() {
        return length;
    }

    /** Forgets all bytes, as when a server does not continue where it should. */
    public void restart() throws IOException {
        channel.truncate(0);
        channel.position(0);
        sha = Digest.sha256();
        length = 0;
    }

    /** Appends bytes; refuses more than the signed length. */
    public void write(byte[] bytes, int at, int count) throws IOException, VerifyException {
        if (count > blob.size() - length) {
            restart();
            throw new VerifyException(
                    "store",
                    "blob " + blob.digest(),
                    "the server sends more than the " + blob.size() + " bytes that were signed for",
                    "Do not use this server; tell the publisher if it is theirs");
        }
        sha.update(bytes, at, count);
        ByteBuffer from = ByteBuffer.wrap(bytes, at, count);
        while (from.hasRemaining()) {
            channel.write(from);
        }
        length += count;
    }

    /** Makes the blob visible if its length and digest are right; otherwise forgets it. */
    public void commit() throws IOException, VerifyException {
        Digest actual = Digest.ofRaw(sha.digest());
        if (length != blob.size() || !actual.equals(blob.digest())) {
            long got = length;
            restart();
            throw new VerifyException(
                    "store",
                    "blob " + blob.digest(),
                    got != blob.size()
                            ? "it has " + got + " bytes; " + blob.size() + " were signed for"
                            : "its bytes have the digest " + actual,
                    "Try again later; tell the publisher if it does not help");
        }
        channel.force(true);
        Path target = store.path(blob.digest());
        Path folder = ArcletHome.privateFolder(target.getParent());
        Files.move(
                file, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        ArcletHome.forceFolder(folder);
        there = true;
    }

    @Override
    public void close() throws IOException {
        try {
            if (channel != null) {
                channel.close();
                if (!there && length == 0) {
                    Files.deleteIfExists(file);
                }
            }
        } finally {
            try {
                if (lock.isValid()) {
                    lock.release();
                }
            } finally {
                writer.release();
            }
        }
    }
}
