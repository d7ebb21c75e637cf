package dev.arclet.emulator.storage;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** Opens image files, whatever their format. */
public final class DiskImages {
    private static final String QCOW2_SUFFIX = ".qcow2";

    /** How an image keeps a disk. */
    public enum Format {
        /** Byte for byte. */
        RAW,
        /** See {@link Qcow2Image}. */
        QCOW2
    }

    private DiskImages() {}

    /**
     * Opens a disk image. The format is never told from what is in a file, since the guest of a raw
     * disk can write there what it likes, and a qcow2 image may name other files of the host.
     *
     * @param format the format; by default qcow2 if the name ends in {@code .qcow2}, else raw
     * @param readOnly whether the guest must not write
     * @throws StorageException if it cannot be used; a format that can only be read is refused for
     *     writing
     */
    public static BlockDevice open(Path path, Optional<Format> format, boolean readOnly)
            throws StorageException {
        boolean named = path.toString().toLowerCase(Locale.ROOT).endsWith(QCOW2_SUFFIX);
        switch (format.orElse(named ? Format.QCOW2 : Format.RAW)) {
            case QCOW2 -> {
                if (readOnly) {
                    return Qcow2Image.open(path);
                }
                throw new StorageException(
                        "write disk image",
                        path.toString(),
                        "images in qcow2 format can only be read",
                        "keep the guest's writes elsewhere, or convert it with qemu-img convert -O raw");
            }
            case RAW -> {
                if (format.isEmpty()) {
                    refuseDisguise(path);
                }
                return RawImage.open(path, readOnly);
            }
        }
        throw new IllegalStateException("every format has its case");
    }

    /** Whoever did not say what it is may have meant the other thing. */
    private static void refuseDisguise(Path path) throws StorageException {
        byte[] start = new byte[8];
        int length;
        try (HostFile file = HostFile.open(path, true)) {
            length = file.read(0, start, 0, start.length);
        }
        if (Qcow2Image.detect(start, length)) {
            throw new StorageException(
                    "use disk image",
                    path.toString(),
                    "it begins like one in qcow2 format, but nobody has said that it is: the guest of a raw disk could have written that",
                    "add ,qcow2 if it is one, or ,raw if it is not");
        }
    }
}
