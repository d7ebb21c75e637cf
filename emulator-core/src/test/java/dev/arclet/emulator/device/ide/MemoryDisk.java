package dev.arclet.emulator.device.ide;

import dev.arclet.emulator.storage.BlockDevice;
import dev.arclet.emulator.storage.StorageException;
import java.util.Arrays;

/** A disk in an array, whose sectors can be made to fail. */
public final class MemoryDisk implements BlockDevice {
    /** The content. */
    public final byte[] data;

    private final boolean readOnly;

    /** Whether writes are lost: no snapshot holds a disk's content, so this makes runs equal. */
    public boolean forgetful;

    /** How often it was flushed. */
    public int flushes;

    /** A sector that cannot be read or written, or -1. */
    public long bad = -1;

    /** A disk whose sectors hold their number, little endian, in their first four bytes. */
    public MemoryDisk(int sectors, int sectorBytes, boolean readOnly) {
        data = new byte[sectors * sectorBytes];
        this.readOnly = readOnly;
        for (int i = 0; i < sectors; i++) {
            for (int b = 0; b < 4; b++) {
                data[i * sectorBytes + b] = (byte) (i >>> 8 * b);
            }
        }
    }

    /** A writable disk of 512-byte sectors that is the same after every write. */
    public static MemoryDisk forgetful(int sectors) {
        MemoryDisk disk = new MemoryDisk(sectors, 512, false);
        disk.forgetful = true;
        return disk;
    }

    @Override
    public long size() {
        return data.length;
    }

    @Override
    public boolean readOnly() {
        return readOnly;
    }

    private void check(long offset, int length) throws StorageException {
        checkRange(offset, length);
        if (bad >= 0 && offset <= bad * SECTOR && offset + length > bad * SECTOR) {
            throw new StorageException("read", "test disk", "sector " + bad, "nothing");
        }
    }

    @Override
    public void read(long offset, byte[] target, int from, int length) throws StorageException {
        check(offset, length);
        System.arraycopy(data, (int) offset, target, from, length);
    }

    @Override
    public void write(long offset, byte[] source, int from, int length) throws StorageException {
        check(offset, length);
        if (forgetful) {
            return;
        }
        System.arraycopy(source, from, data, (int) offset, length);
    }

    @Override
    public void flush() {
        flushes++;
    }

    @Override
    public void zero(long offset, long length) {
        Arrays.fill(data, (int) offset, (int) (offset + length), (byte) 0);
    }

    @Override
    public void close() {}
}
