package dev.arclet.launcher.store;

import dev.arclet.format.blob.BlobSource;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.model.Descriptor;
import dev.arclet.launcher.LauncherException;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/**
 * Blobs by digest. A blob is visible only once its length and digest have been checked, its bytes
 * forced to disk and its file renamed into place; several processes may share a store. Readers
 * still check what they read (disks may rot): chunk by chunk for layers, as a whole for boot files.
 */
public final class BlobStore implements BlobSource, Closeable {
    private final ArcletHome home;
    private FileChannel locks;
    private boolean closed;
    private final ConcurrentHashMap<Digest, Semaphore> writers = new ConcurrentHashMap<>();

    /** Opens the store of a home. */
    public BlobStore(ArcletHome home) throws IOException {
        this.home = home;
        // One permanent file, of which writers lock one byte a blob: lock files that come and go
        // cannot be locked without races.
        locks = openLocks();
    }

    private FileChannel openLocks() throws IOException {
        return FileChannel.open(
                home.partial().resolve("locks"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
    }

    /** Where the finished blob is, or would be. */
    public Path path(Digest digest) throws IOException {
        return home.blobs()
                .resolve("sha256")
                .resolve(digest.hex().substring(0, 2))
                .resolve(digest.hex());
    }

    /** Whether the blob is there, in its full length. */
    public boolean has(Descriptor blob) throws IOException {
        return has(blob.digest(), blob.size());
    }

    private boolean has(Digest digest, long size) throws IOException {
        Path file = path(digest);
        return Files.isRegularFile(file) && Files.size(file) == size;
    }

    /** Bytes of an unfinished download, for estimates; 0 if there is none. */
    public long partialBytes(Descriptor blob) throws IOException {
        try {
            return Math.min(blob.size(), Files.size(partialPath(blob.digest())));
        } catch (NoSuchFileException e) {
            return 0;
        }
    }

    @Override
    public InputStream open(Digest digest, long size) throws IOException {
        return Files.newInputStream(path(digest));
    }

    @Override
    public byte[] read(Digest digest, long size, long offset, int length) throws IOException {
        ByteBuffer into = ByteBuffer.allocate(length);
        try (FileChannel channel = FileChannel.open(path(digest), StandardOpenOption.READ)) {
            while (into.hasRemaining()) {
                if (channel.read(into, offset + into.position()) < 0) {
                    throw new IOException(
                            "blob " + digest + " in the local store is shorter than it should be");
                }
            }
        }
        return into.array();
    }

    /** Removes a blob that turned out to be damaged, so that it will be fetched again. */
    public void discard(Digest digest) throws IOException {
        Files.deleteIfExists(path(digest));
    }

    /** Refuses when the disk has no room for {@code bytes} more. */
    public void requireSpace(long bytes, String what) throws IOException, LauncherException {
        long usable = Files.getFileStore(home.partial()).getUsableSpace();
        if (usable < bytes) {
            throw new LauncherException(
                    LauncherException.Kind.HOST,
                    "store",
                    what,
                    "it needs "
                            + (bytes >> 20)
                            + " MiB more on disk, and "
                            + home.root()
                            + " has "
                            + (usable >> 20)
                            + " MiB left",
                    "Free some space, or set ARCLET_HOME to a folder on a larger disk");
        }
    }

    /**
     * Starts or continues a download. Waits while another thread or process is writing the same
     * blob; afterwards {@link PartialBlob#alreadyThere} may be true.
     */
    public PartialBlob begin(Descriptor blob) throws IOException, InterruptedException {
        return new PartialBlob(this, blob);
    }

    /** Removes unfinished downloads that nobody has touched for {@code age}. */
    public void sweepPartial(Duration age, Instant now) throws IOException {
        FileTime limit = FileTime.from(now.minus(age));
        try (DirectoryStream<Path> files = Files.newDirectoryStream(home.partial(), "*.part")) {
            for (Path file : files) {
                if (Files.getLastModifiedTime(file).compareTo(limit) < 0) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    Path partialPath(Digest digest) throws IOException {
        return home.partial().resolve(digest.hex() + ".part");
    }

    /**
     * Locks one byte of the lock file. Interrupting a thread that waits here closes the channel for
     * everybody (FileChannel is interruptible), as ending a failed fetch does; the others open it
     * anew. Locks held then are lost towards other processes only; a blob is still committed by an
     * atomic rename of checked bytes.
     */
    FileLock lock(long position) throws IOException {
        while (true) {
            try {
                return openedLocks().lock(position, 1, false);
            } catch (ClosedChannelException e) {
                if (isClosed() || Thread.currentThread().isInterrupted()) {
                    throw e;
                }
            }
        }
    }

    private synchronized FileChannel openedLocks() throws IOException {
        if (!locks.isOpen() && !closed) {
            locks = openLocks();
        }
        return locks;
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    Semaphore writer(Digest digest) {
        return writers.computeIfAbsent(digest, d -> new Semaphore(1));
    }

    @Override
    public synchronized void close() throws IOException {
        closed = true;
        locks.close();
    }
}
