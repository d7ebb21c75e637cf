package dev.arclet.emulator.device.floppy;

import dev.arclet.emulator.storage.BlockDevice;
import dev.arclet.emulator.storage.StorageException;
import java.util.Arrays;

/** A disk whose image ends early: the rest reads as zeros and cannot be written. */
record WholeDisk(BlockDevice image, long size) implements BlockDevice {
    @Override
    public boolean readOnly() {
        return image.readOnly();
    }

    @Override
    public void read(long offset, byte[] target, int from, int length) throws StorageException {
        checkRange(offset, length);
        int there = Math.clamp(image.size() - offset, 0, length);
        if (there > 0) {
            image.read(offset, target, from, there);
        }
        Arrays.fill(target, from + there, from + length, (byte) 0);
    }

    @Override
    public void write(long offset, byte[] source, int from, int length) throws StorageException {
        checkRange(offset, length);
        if (offset + length > image.size()) {
            throw new StorageException(
                    "write",
                    "floppy disk",
                    "its image ends at byte " + image.size(),
                    "extend the image to %d bytes, such as with truncate -s".formatted(size));
        }
        image.write(offset, source, from, length);
    }

    @Override
    public void flush() throws StorageException {
        image.flush();
    }

    @Override
    public void zero(long offset, long length) throws StorageException {
        checkRange(offset, length);
        image.zero(offset, Math.clamp(image.size() - offset, 0, length));
    }

    @Override
    public void close() throws StorageException {
        image.close();
    }
}
