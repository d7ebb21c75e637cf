package dev.arclet.emulator.storage;

import java.util.Objects;

/**
 * A disk's content: {@link #size()} bytes, any range of which can be read and written. Controllers
 * speak in sectors; formats have their own units; bytes are what they share.
 *
 * <p>Calls carry out their work before they return and may take as long as the host's disk takes:
 * controllers go through a {@link BlockQueue}. Used by one thread at a time. A range must lie
 * within the disk (callers check what the guest asks for), else {@link IndexOutOfBoundsException}.
 */
public interface BlockDevice extends AutoCloseable {
    /** Bytes of a sector of a hard disk or floppy; every size is a multiple of it. */
    int SECTOR = 512;

    /** Bytes of the disk, a positive multiple of {@link #SECTOR}. */
    long size();

    /** Whether writes are refused. */
    boolean readOnly();

    /**
     * Reads bytes.
     *
     * @param offset on the disk, any alignment
     * @throws StorageException if the host cannot read, or what it has is damaged; the target's
     *     content is then undefined, but never what failed a check
     */
    void read(long offset, byte[] target, int from, int length) throws StorageException;

    /**
     * Writes bytes. They are read back from now on; they are safe only after {@link #flush()}.
     *
     * @param offset on the disk, any alignment
     * @throws StorageException if the host cannot write, or the disk is read-only
     */
    void write(long offset, byte[] source, int from, int length) throws StorageException;

    /**
     * Returns once everything written before is on stable storage: it survives the end of this
     * process and, as far as the host keeps its word, a power failure.
     */
    void flush() throws StorageException;

    /**
     * Makes a range read as zeros.
     *
     * @param offset on the disk, any alignment
     * @param length bytes; may be as large as the disk
     */
    void zero(long offset, long length) throws StorageException;

    /**
     * Says that nobody needs a range's content any more. What it then reads as is undefined, but
     * always either what was there before or zeros.
     */
    default void discard(long offset, long length) throws StorageException {}

    /**
     * Checks that a range lies within the disk.
     *
     * @throws IndexOutOfBoundsException if it does not
     */
    default void checkRange(long offset, long length) {
        long end = size();
        Objects.checkFromIndexSize(offset, length, end);
    }

    /** Flushes if writable, and gives host resources back. Calls after the first do nothing. */
    @Override
    void close() throws StorageException;
}
