package dev.arclet.emulator.storage;

import java.util.Arrays;

/** A disk in an array, for tests. */
public final class MemoryDisk implements BlockDevice {
    /** The content. */
    public final byte[] bytes;

    private final boolean readOnly;

    /** How often it was flushed. */
    public int flushes;

    /** Whether every access fails. */
    public boolean broken;

    /** A disk with this content. */
    public MemoryDisk(byte[] bytes, boolean readOnly) {
        this.bytes = bytes;
        this.readOnly = readOnly;
    }

    private void check(long offset, long length, boolean writes) throws StorageException {
        checkRange(offset, length);
        if (broken || writes && readOnly) {
            throw new StorageException("use", "test disk", "it is broken", "repair it");
        }
    }

    @Override
    public long size() {
        return bytes.length;
    }

    @Override
    public boolean readOnly() {
        return readOnly;
    }

    @Override
    public void read(long offset, byte[] target, int from, int length) throws StorageException {
        check(offset, length, false);
        System.arraycopy(bytes, (int) offset, target, from, length);
    }

    @Override
    public void write(long offset, byte[] source, int from, int length) throws StorageException {
        check(offset, length, true);
        System.arraycopy(source, from, bytes, (int) offset, length);
    }

    @Override
    public void flush() {
        flushes++;
    }

    @Override
    public void zero(long offset, long length) throws StorageException {
        check(offset, length, true);
        Arrays.fill(bytes, (int) offset, (int) (offset + length), (byte) 0);
    }

    @Override
    public void close() {}
}
