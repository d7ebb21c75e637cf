package dev.arclet.emulator.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A locked file of the host: shared when read-only, for oneself alone when writable, so that two
 * machines never write one disk. Whoever opens a file this way gets errors that name it.
 */
final class HostFile implements AutoCloseable {
    /** Largest single transfer, which bounds the host's intermediate buffer. */
    private static final int PIECE = 128 << 10;

    private final String name;
    private final FileChannel channel;
    private final boolean readOnly;

    private HostFile(Path path, FileChannel channel, boolean readOnly) {
        this.name = path.toString();
        this.channel = channel;
        this.readOnly = readOnly;
    }

    /** Opens a file that is there. */
    static HostFile open(Path path, boolean readOnly) throws StorageException {
        return open(
                path,
                readOnly,
                readOnly
                        ? Set.of(StandardOpenOption.READ)
                        : Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE));
    }

    /** Makes a new file; refuses if there is one. */
    static HostFile create(Path path) throws StorageException {
        return open(
                path,
                false,
                Set.of(
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.SPARSE));
    }

    private static HostFile open(Path path, boolean readOnly, Set<? extends OpenOption> options)
            throws StorageException {
        FileChannel channel;
        try {
            channel = FileChannel.open(path, options);
        } catch (IOException e) {
            throw new StorageException(
                    "open disk image",
                    path.toString(),
                    describe(e),
                    "check that the file is there and that you may use it",
                    e);
        }
        HostFile file = new HostFile(path, channel, readOnly);
        boolean locked = false;
        try {
            locked = file.lock();
        } finally {
            if (!locked) {
                file.closeQuietly();
            }
        }
        return file;
    }

    private boolean lock() throws StorageException {
        FileLock lock;
        try {
            // Java lets one process hold no two locks on a byte, not even shared ones. Readers lock
            // a byte each, at random; a writer locks them all.
            lock =
                    readOnly
                            ? channel.tryLock(
                                    ThreadLocalRandom.current().nextLong(Long.MAX_VALUE - 1),
                                    1,
                                    true)
                            : channel.tryLock(0, Long.MAX_VALUE, false);
        } catch (OverlappingFileLockException e) {
            lock = null;
        } catch (IOException e) {
            throw failed("lock disk image", e);
        }
        if (lock == null) {
            throw new StorageException(
                    "use disk image",
                    name,
                    "another machine writes to it or reads it",
                    "stop that machine, or give this one a copy");
        }
        return true;
    }

    String name() {
        return name;
    }

    boolean readOnly() {
        return readOnly;
    }

    long length() throws StorageException {
        try {
            return channel.size();
        } catch (IOException e) {
            throw failed("read disk image", e);
        }
    }

    /** Reads up to {@code length} bytes; fewer only where the file ends. */
    int read(long position, byte[] target, int from, int length) throws StorageException {
        int done = 0;
        try {
            while (done < length) {
                ByteBuffer piece =
                        ByteBuffer.wrap(target, from + done, Math.min(PIECE, length - done));
                int n = channel.read(piece, position + done);
                if (n < 0) {
                    break;
                }
                done += n;
            }
        } catch (IOException e) {
            throw failed("read disk image", e);
        }
        return done;
    }

    /** Reads exactly {@code length} bytes. */
    void readFully(long position, byte[] target, int from, int length) throws StorageException {
        if (read(position, target, from, length) < length) {
            throw new StorageException(
                    "read disk image", name, "it ends early", "restore it from a copy");
        }
    }

    void write(long position, byte[] source, int from, int length) throws StorageException {
        int done = 0;
        try {
            while (done < length) {
                ByteBuffer piece =
                        ByteBuffer.wrap(source, from + done, Math.min(PIECE, length - done));
                done += channel.write(piece, position + done);
            }
        } catch (IOException e) {
            throw failed("write disk image", e);
        }
    }

    void truncate(long length) throws StorageException {
        try {
            channel.truncate(length);
        } catch (IOException e) {
            throw failed("shorten disk image", e);
        }
    }

    /** Brings everything written to stable storage. */
    void force() throws StorageException {
        try {
            channel.force(true);
        } catch (IOException e) {
            throw failed("write disk image", e);
        }
    }

    StorageException failed(String action, IOException e) {
        return new StorageException(
                action, name, describe(e), "check the host's disk and file permissions", e);
    }

    /** What Java's exceptions leave to their class names. */
    private static String describe(IOException e) {
        String message = e.getMessage() == null ? "" : e.getMessage();
        return switch (e) {
            case java.nio.file.NoSuchFileException missing -> "there is no such file";
            case java.nio.file.AccessDeniedException denied -> "access is denied";
            case java.nio.file.FileAlreadyExistsException exists -> "there is such a file already";
            case java.nio.channels.ClosedChannelException closed -> "it has been closed";
            default -> message.isEmpty() ? e.getClass().getSimpleName() : message;
        };
    }

    private void closeQuietly() {
        try {
            channel.close();
        } catch (IOException ignored) {
            // The error that led here is the one to tell.
        }
    }

    @Override
    public void close() throws StorageException {
        try {
            channel.close();
        } catch (IOException e) {
            throw failed("close disk image", e);
        }
    }
}
