package dev.arclet.launcher.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;

/**
 * The folder with everything the launcher keeps: {@code $ARCLET_HOME}, or {@code .arclet} in the
 * user's home folder. Its folders are made when first used, for the owner only.
 */
public final class ArcletHome {
    private final Path root;

    private ArcletHome(Path root) {
        this.root = root.toAbsolutePath().normalize();
    }

    /** The home that the environment names. */
    public static ArcletHome standard() {
        return of(System.getenv());
    }

    static ArcletHome of(Map<String, String> environment) {
        String named = environment.get("ARCLET_HOME");
        return named == null || named.isBlank()
                ? new ArcletHome(Path.of(System.getProperty("user.home"), ".arclet"))
                : new ArcletHome(Path.of(named));
    }

    /** A home at a given place. */
    public static ArcletHome at(Path root) {
        return new ArcletHome(root);
    }

    public Path root() {
        return root;
    }

    /** Finished blobs: {@code sha256/ab/abcdef…}. */
    public Path blobs() throws IOException {
        return folder("blobs");
    }

    /** Blobs on their way. */
    public Path partial() throws IOException {
        return folder("partial");
    }

    /** Pins and metadata of publishers. */
    public Path publishers() throws IOException {
        return folder("publishers");
    }

    /** What machines' disks keep: a folder per publisher and machine. */
    public Path state() throws IOException {
        return folder("state");
    }

    /** What the user has allowed for good. */
    public Path grants() throws IOException {
        return folder("grants");
    }

    /** Sockets and locks of running launchers. */
    public Path run() throws IOException {
        return folder("run");
    }

    /** Serial output of machines, and the launcher's own log. */
    public Path logs() throws IOException {
        return folder("logs");
    }

    private Path folder(String name) throws IOException {
        return privateFolder(root.resolve(name));
    }

    /** Makes a folder (and its parents) that only the owner may enter, or finds it. */
    public static Path privateFolder(Path folder) throws IOException {
        if (Files.isDirectory(folder)) {
            return folder;
        }
        Path parent = folder.getParent();
        if (parent != null && !Files.isDirectory(parent)) {
            privateFolder(parent);
        }
        try {
            if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
                Files.createDirectory(
                        folder,
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rwx------")));
            } else {
                Files.createDirectory(folder);
            }
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
                throw e;
            }
        }
        return folder;
    }

    /**
     * Writes a small file so that after a crash it holds either the old or the new bytes: to a
     * temporary file in the same folder, forced to disk, renamed.
     */
    public static void writeAtomically(Path file, byte[] bytes) throws IOException {
        Path parent = privateFolder(file.toAbsolutePath().getParent());
        Path temporary = Files.createTempFile(parent, ".new-", "");
        try {
            Files.write(temporary, bytes);
            force(temporary);
            Files.move(
                    temporary,
                    file,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
            forceFolder(parent);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static void force(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
    }

    /** Makes a rename in the folder survive a power failure, where the system can do that. */
    static void forceFolder(Path folder) throws IOException {
        if (!folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            return;
        }
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
