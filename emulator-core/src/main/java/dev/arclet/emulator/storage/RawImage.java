package dev.arclet.emulator.storage;

import java.nio.file.Path;
import java.util.Arrays;

/** A file that holds a disk byte for byte. A last partial sector is filled up with zeros. */
public final class RawImage implements BlockDevice {
    private static final byte[] ZEROS = new byte[64 << 10];

    private final HostFile file;
    private final long size;
    private boolean closed;

    private RawImage(HostFile file, long size) {
        this.file = file;
        this.size = size;
    }

    /**
     * Opens and locks a file.
     *
     * @throws StorageException if it cannot be opened, is empty, or another machine uses it
     */
    public static RawImage open(Path path, boolean readOnly) throws StorageException {
        HostFile file = HostFile.open(path, readOnly);
        boolean opened = false;
        try {
            long length = file.length();
            if (length == 0) {
                throw new StorageException(
                        "open disk image",
                        file.name(),
                        "it is empty",
                        "make it as large as the disk should be, such as with truncate -s 1G");
            }
            opened = true;
            return new RawImage(file, (length + SECTOR - 1) & -SECTOR);
        } finally {
            if (!opened) {
                file.close();
            }
        }
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public boolean readOnly() {
        return file.readOnly();
    }

    @Override
    public void read(long offset, byte[] target, int from, int length) throws StorageException {
        checkRange(offset, length);
        int n = file.read(offset, target, from, length);
        if (n < length && offset + n < size - SECTOR) {
            throw new StorageException(
                    "read disk image", file.name(), "it has become shorter", "restore it");
        }
        Arrays.fill(target, from + n, from + length, (byte) 0);
    }

    @Override
    public void write(long offset, byte[] source, int from, int length) throws StorageException {
        checkRange(offset, length);
        checkWritable();
        file.write(offset, source, from, length);
    }

    private void checkWritable() throws StorageException {
        if (file.readOnly()) {
            throw new StorageException(
                    "write disk image", file.name(), "it is read-only", "open it for writing");
        }
    }

    @Override
    public void flush() throws StorageException {
        if (!file.readOnly()) {
            file.force();
        }
    }

    @Override
    public void zero(long offset, long length) throws StorageException {
        checkRange(offset, length);
        checkWritable();
        for (long done = 0; done < length; done += ZEROS.length) {
            file.write(offset + done, ZEROS, 0, (int) Math.min(ZEROS.length, length - done));
        }
    }

    @Override
    public void close() throws StorageException {
        if (!closed) {
            closed = true;
            try (file) {
                flush();
            }
        }
    }
}
