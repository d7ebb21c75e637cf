package dev.arclet.emulator.storage;

import java.nio.file.Path;

/** Opens image files, whatever their format. */
public final class DiskImages {
    private DiskImages() {}

    /**
     * Opens a disk image in the format that its first bytes show; what shows none is raw.
     *
     * @param readOnly whether the guest must not write
     * @throws StorageException if it cannot be used; a format that can only be read is refused for
     *     writing
     */
    public static BlockDevice open(Path path, boolean readOnly) throws StorageException {
        byte[] start = new byte[8];
        int length;
        try (HostFile file = HostFile.open(path, true)) {
            length = file.read(0, start, 0, start.length);
        }
        if (!Qcow2Image.detect(start, length)) {
            return RawImage.open(path, readOnly);
        }
        if (!readOnly) {
            throw new StorageException(
                    "write disk image",
                    path.toString(),
                    "images in qcow2 format can only be read",
                    "keep the guest's writes elsewhere, or convert it with qemu-img convert -O raw");
        }
        return Qcow2Image.open(path);
    }
}
