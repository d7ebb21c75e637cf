package dev.arclet.launcher.boot;

import dev.arclet.emulator.storage.BlockDevice;
import dev.arclet.emulator.storage.DiskImages;
import dev.arclet.emulator.storage.OverlayImage;
import dev.arclet.emulator.storage.StorageException;
import dev.arclet.launcher.LauncherException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Optional;

/**
 * A disk image as an option names it: {@code
 * FILE[,raw|,qcow2][,ide|,virtio][,ro|,snapshot|,overlay=FILE]}.
 *
 * @param file the image
 * @param format its format, if the option says it
 * @param controller what it is attached to, if the option says it
 * @param writes what becomes of the guest's writes
 * @param overlay where they go with {@link Writes#OVERLAY}
 */
public record DiskOption(
        Path file,
        Optional<DiskImages.Format> format,
        Optional<Controller> controller,
        Writes writes,
        Optional<Path> overlay) {
    private static final String OVERLAY = "overlay=";

    /** What a disk is attached to. */
    public enum Controller {
        IDE,
        VIRTIO
    }

    /** What becomes of the guest's writes. */
    public enum Writes {
        /** They change the image. */
        INTO_IMAGE,
        /** The disk is write-protected. */
        REFUSED,
        /** They are lost when the machine ends. */
        LOST,
        /** They go to a file of their own, and are there next time. */
        OVERLAY
    }

    /** A medium that is what its bytes are. */
    static DiskOption raw(Path file, Writes writes) {
        return new DiskOption(
                file,
                Optional.of(DiskImages.Format.RAW),
                Optional.empty(),
                writes,
                Optional.empty());
    }

    /**
     * Reads an option's text.
     *
     * @throws LauncherException if it names no file, or contradicts itself
     */
    public static DiskOption parse(String text) throws LauncherException {
        String rest = text;
        Optional<DiskImages.Format> format = Optional.empty();
        Optional<Controller> controller = Optional.empty();
        Writes writes = null;
        Optional<Path> overlay = Optional.empty();
        // From the end, so that a file name may have commas.
        for (int comma = rest.lastIndexOf(','); comma >= 0; comma = rest.lastIndexOf(',')) {
            String word = rest.substring(comma + 1);
            Writes meant =
                    switch (word) {
                        case "ro" -> Writes.REFUSED;
                        case "snapshot" -> Writes.LOST;
                        default -> word.startsWith(OVERLAY) ? Writes.OVERLAY : null;
                    };
            Optional<DiskImages.Format> said = format(word);
            if (said.isPresent() && format.isEmpty()) {
                format = said;
            } else if (said.isPresent()) {
                throw bad(text, "it says twice which format it has");
            } else if (controller(word).isPresent() && controller.isEmpty()) {
                controller = controller(word);
            } else if (controller(word).isPresent()) {
                throw bad(text, "it says twice what it is attached to");
            } else if (meant != null && writes == null) {
                writes = meant;
                if (meant == Writes.OVERLAY) {
                    overlay = Optional.of(Path.of(word.substring(OVERLAY.length())));
                }
            } else if (meant != null) {
                throw bad(text, "only one of ro, snapshot and overlay=FILE can be");
            } else {
                break;
            }
            rest = rest.substring(0, comma);
        }
        if (rest.isEmpty() || overlay.isPresent() && overlay.get().toString().isEmpty()) {
            throw bad(text, "it names no file");
        }
        return new DiskOption(
                Path.of(rest),
                format,
                controller,
                writes == null ? Writes.INTO_IMAGE : writes,
                overlay);
    }

    private static Optional<DiskImages.Format> format(String word) {
        return switch (word) {
            case "raw" -> Optional.of(DiskImages.Format.RAW);
            case "qcow2" -> Optional.of(DiskImages.Format.QCOW2);
            default -> Optional.empty();
        };
    }

    private static Optional<Controller> controller(String word) {
        return switch (word) {
            case "ide" -> Optional.of(Controller.IDE);
            case "virtio" -> Optional.of(Controller.VIRTIO);
            default -> Optional.empty();
        };
    }

    private static LauncherException bad(String text, String reason) {
        return new LauncherException(
                LauncherException.Kind.USAGE,
                "use disk",
                "\"" + text + "\"",
                reason,
                "Write FILE, FILE,ro, FILE,snapshot or FILE,overlay=FILE, with ,raw or ,qcow2 if the name does not tell, and ,ide or ,virtio");
    }

    /**
     * Opens the disk.
     *
     * @throws StorageException if an image cannot be used
     */
    public BlockDevice open() throws StorageException {
        boolean readOnly = writes != Writes.INTO_IMAGE;
        BlockDevice image = DiskImages.open(file, format, readOnly);
        boolean opened = false;
        try {
            BlockDevice disk =
                    switch (writes) {
                        case INTO_IMAGE, REFUSED -> image;
                        case LOST ->
                                OverlayImage.temporary(
                                        Path.of(System.getProperty("java.io.tmpdir")), image);
                        case OVERLAY -> OverlayImage.open(overlay.orElseThrow(), image, identity());
                    };
            opened = true;
            return disk;
        } finally {
            if (!opened) {
                image.close();
            }
        }
    }

    /** An overlay belongs to the image as it was: a changed one would show a broken disk. */
    private byte[] identity() throws StorageException {
        try {
            String description =
                    Files.size(file) + " bytes of " + Files.getLastModifiedTime(file).toMillis();
            return MessageDigest.getInstance("SHA-256")
                    .digest(description.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new StorageException(
                    "read disk image",
                    file.toString(),
                    e.getMessage(),
                    "check that the file is there",
                    e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
