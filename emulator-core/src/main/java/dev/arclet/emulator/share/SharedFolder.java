package dev.arclet.emulator.share;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A folder of the host as a tree of names. Nothing outside of it can be reached: a place is a list
 * of single names below the root, every one of them is checked to be no symbolic link before
 * anything behind it is touched, and links are never followed nor made here (the guest is told
 * where they point and follows them in its own tree). What changes the folder is refused unless it
 * was opened for writing.
 *
 * <p>Whoever else can write to the folder on the host could swap a directory for a link between
 * check and use; a guest cannot, since it makes no links.
 */
public final class SharedFolder {
    private static final int MAX_NAME = 255;

    /** Names in a directory that a guest sees at most; a bound for memory. */
    private static final int MAX_ENTRIES = 100_000;

    private final Path root;
    private final boolean writable;

    /**
     * Shares a folder.
     *
     * @throws IOException if it is none
     */
    public SharedFolder(Path folder, boolean writable) throws IOException {
        root = folder.toRealPath();
        this.writable = writable;
        if (!Files.isDirectory(root)) {
            throw new NotDirectoryException(folder.toString());
        }
    }

    /** Whether the guest may change it. */
    public boolean writable() {
        return writable;
    }

    /** What there is to know about a file. */
    record Attributes(
            boolean directory, boolean link, long size, long modifiedNanos, long identity) {}

    /** Checks one name; it must be one, and stay in its directory. */
    static void checkName(String name) throws Errno {
        if (name.isEmpty()
                || name.equals(".")
                || name.equals("..")
                || name.indexOf('/') >= 0
                || name.indexOf('\\') >= 0
                || name.indexOf('\0') >= 0) {
            throw new Errno(Errno.EINVAL);
        }
        if (name.length() > MAX_NAME) {
            throw new Errno(Errno.ENAMETOOLONG);
        }
    }

    /** The host's path of a place, whose directories were all checked. */
    private Path path(List<String> place) throws Errno {
        Path at = root;
        for (int i = 0; i < place.size(); i++) {
            checkName(place.get(i));
            if (i > 0 && Files.isSymbolicLink(at)) {
                throw new Errno(Errno.ELOOP);
            }
            at = at.resolve(place.get(i));
        }
        // Belt and braces: whatever names a host's file system may know.
        if (!at.normalize().startsWith(root) || at.getNameCount() != rootNames() + place.size()) {
            throw new Errno(Errno.EINVAL);
        }
        return at;
    }

    private int rootNames() {
        return root.getNameCount();
    }

    private static Errno errno(IOException e) {
        return switch (e) {
            case NoSuchFileException missing -> new Errno(Errno.ENOENT);
            case FileAlreadyExistsException exists -> new Errno(Errno.EEXIST);
            case AccessDeniedException denied -> new Errno(Errno.EACCES);
            case DirectoryNotEmptyException full -> new Errno(Errno.ENOTEMPTY);
            case NotDirectoryException file -> new Errno(Errno.ENOTDIR);
            default -> new Errno(Errno.EIO);
        };
    }

    private void checkWritable() throws Errno {
        if (!writable) {
            throw new Errno(Errno.EROFS);
        }
    }

    Attributes attributes(List<String> place) throws Errno {
        Path path = path(place);
        try {
            BasicFileAttributes a =
                    Files.readAttributes(
                            path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (a.isOther()) {
                throw new Errno(Errno.EACCES); // no devices, pipes or sockets
            }
            Object key = a.fileKey();
            long identity = key == null ? path.toString().hashCode() : key.toString().hashCode();
            FileTime modified = a.lastModifiedTime();
            return new Attributes(
                    a.isDirectory(),
                    a.isSymbolicLink(),
                    a.size(),
                    modified.to(java.util.concurrent.TimeUnit.NANOSECONDS),
                    identity & 0xFFFFFFFFL | (long) path.toString().hashCode() << 32);
        } catch (IOException e) {
            throw errno(e);
        }
    }

    /** The names in a directory. */
    List<String> list(List<String> place) throws Errno {
        Path path = path(place);
        if (Files.isSymbolicLink(path)) {
            throw new Errno(Errno.ENOTDIR);
        }
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
            for (Path entry : entries) {
                if (names.size() < MAX_ENTRIES) {
                    names.add(entry.getFileName().toString());
                }
            }
        } catch (IOException e) {
            throw errno(e);
        }
        names.sort(null);
        return names;
    }

    String readLink(List<String> place) throws Errno {
        Path path = path(place);
        if (!Files.isSymbolicLink(path)) {
            throw new Errno(Errno.EINVAL);
        }
        try {
            return Files.readSymbolicLink(path).toString();
        } catch (IOException e) {
            throw errno(e);
        }
    }

    /** Opens a regular file; a new one if {@code create}. */
    FileChannel open(List<String> place, boolean write, boolean create, boolean truncate)
            throws Errno {
        if (write || create || truncate) {
            checkWritable();
        }
        Path path = path(place);
        if (!create && !Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
            Attributes a = attributes(place);
            throw new Errno(a.directory() ? Errno.EISDIR : Errno.ELOOP);
        }
        Set<OpenOption> options = new HashSet<>();
        options.add(LinkOption.NOFOLLOW_LINKS);
        options.add(StandardOpenOption.READ);
        if (write || truncate) {
            options.add(StandardOpenOption.WRITE);
        }
        if (create) {
            options.add(StandardOpenOption.WRITE);
            options.add(StandardOpenOption.CREATE_NEW);
        } else if (truncate) {
            options.add(StandardOpenOption.TRUNCATE_EXISTING);
        }
        try {
            return FileChannel.open(path, options);
        } catch (IOException e) {
            throw errno(e);
        }
    }

    static int read(FileChannel file, long offset, byte[] target) throws Errno {
        try {
            int n = file.read(ByteBuffer.wrap(target), offset);
            return Math.max(0, n);
        } catch (IOException e) {
            throw errno(e);
        }
    }

    static void write(FileChannel file, long offset, byte[] source) throws Errno {
        try {
            ByteBuffer bytes = ByteBuffer.wrap(source);
            while (bytes.hasRemaining()) {
                file.write(bytes, offset + bytes.position());
            }
        } catch (IOException e) {
            throw errno(e);
        }
    }

    void makeDirectory(List<String> place) throws Errno {
        checkWritable();
        try {
            Files.createDirectory(path(place));
        } catch (IOException e) {
            throw errno(e);
        }
    }

    void remove(List<String> place, boolean directory) throws Errno {
        checkWritable();
        if (place.isEmpty()) {
            throw new Errno(Errno.EPERM);
        }
        if (attributes(place).directory() != directory) {
            throw new Errno(directory ? Errno.ENOTDIR : Errno.EISDIR);
        }
        try {
            Files.delete(path(place));
        } catch (IOException e) {
            throw errno(e);
        }
    }

    void rename(List<String> from, List<String> to) throws Errno {
        checkWritable();
        if (from.isEmpty() || to.isEmpty()) {
            throw new Errno(Errno.EPERM);
        }
        try {
            Files.move(
                    path(from),
                    path(to),
                    java.nio.file.StandardCopyOption.ATOMIC_MOVE,
                    java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw errno(e);
        }
    }

    void resize(List<String> place, long size) throws Errno {
        try (FileChannel file = open(place, true, false, false)) {
            if (size < file.size()) {
                file.truncate(size);
            } else if (size > file.size()) {
                SeekableByteChannel end = file.position(size - 1);
                end.write(ByteBuffer.wrap(new byte[1]));
            }
        } catch (IOException e) {
            throw errno(e);
        }
    }

    void setModified(List<String> place, long nanos) throws Errno {
        checkWritable();
        Path path = path(place);
        if (Files.isSymbolicLink(path)) {
            throw new Errno(Errno.ELOOP);
        }
        try {
            Files.setLastModifiedTime(
                    path, FileTime.from(nanos, java.util.concurrent.TimeUnit.NANOSECONDS));
        } catch (IOException e) {
            throw errno(e);
        }
    }

    /** Sizes of the host's file system: total and free bytes. */
    long[] space() throws Errno {
        try {
            var store = Files.getFileStore(root);
            return new long[] {store.getTotalSpace(), store.getUsableSpace()};
        } catch (IOException e) {
            throw errno(e);
        }
    }
}
