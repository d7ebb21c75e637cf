package dev.arclet.launcher.assemble;

import dev.arclet.emulator.storage.BlockDevice;
import dev.arclet.emulator.storage.OverlayImage;
import dev.arclet.emulator.storage.StorageException;
import dev.arclet.format.FormatException;
import dev.arclet.format.blob.BlobSource;
import dev.arclet.format.chunk.LayerStack;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.model.Disk;
import dev.arclet.format.model.Layer;
import dev.arclet.launcher.store.ArcletHome;
import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * Opens the disks of a spec: their layers, and over these what becomes of the guest's writes. Kept
 * writes live in a file per disk and version of its layers, so that a new version of a machine
 * starts from its own layers and the old one's changes stay with the old one.
 */
final class SpecDisks {
    private static final int NAME_DIGITS = 16;

    private SpecDisks() {}

    /**
     * Opens all disks.
     *
     * @param keep folder for what is kept; made when needed
     */
    static List<BlockDevice> open(List<Disk> disks, BlobSource blobs, Path keep)
            throws FormatException, IOException {
        List<BlockDevice> opened = new ArrayList<>();
        boolean all = false;
        try {
            for (Disk disk : disks) {
                opened.add(open(disk, blobs, keep));
            }
            all = true;
        } finally {
            if (!all) {
                closeAll(opened);
            }
        }
        return opened;
    }

    /** Closes disks that no machine has taken. */
    static void closeAll(List<BlockDevice> disks) throws StorageException {
        for (BlockDevice disk : disks) {
            disk.close();
        }
    }

    private static BlockDevice open(Disk disk, BlobSource blobs, Path keep)
            throws FormatException, IOException {
        BlockDevice layers = new LayeredImage(disk.name(), LayerStack.open(disk, blobs));
        return switch (disk.writes()) {
            case READ_ONLY -> layers;
            case DISCARD -> OverlayImage.temporary(ArcletHome.privateFolder(keep), layers);
            case KEEP -> {
                byte[] identity = identity(disk);
                String name =
                        disk.name()
                                + "-"
                                + HexFormat.of().formatHex(identity).substring(0, NAME_DIGITS)
                                + ".overlay";
                yield OverlayImage.open(
                        ArcletHome.privateFolder(keep).resolve(name), layers, identity);
            }
        };
    }

    /** Says which bytes lie below: the digests of the layers' roots. */
    private static byte[] identity(Disk disk) {
        MessageDigest digest = Digest.sha256();
        for (Layer layer : disk.layers()) {
            digest.update(layer.index().digest().raw());
        }
        return digest.digest();
    }
}
