package dev.arclet.format.tree;

import dev.arclet.format.BuildException;
import dev.arclet.format.VerifyException;
import dev.arclet.format.blob.BlobChecks;
import dev.arclet.format.blob.BlobSink;
import dev.arclet.format.blob.BlobSource;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.model.Descriptor;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * Writes a tree under a lock. Every file is written aside, forced to the disk and renamed, so that
 * a reader, or a crash, meets whole files only; what a crash left aside is removed by the next
 * writer.
 */
public final class TreeWriter implements BlobSink, Closeable {
    private static final String LOCK = ".arclet-lock";
    private static final String STAGING = ".arclet-staging";

    private final Path root;
    private final Path staging;
    private final FileChannel lockFile;
    private int staged;
    private long newBytes;
    private long reusedBytes;

    private TreeWriter(Path root, FileChannel lockFile) {
        this.root = root;
        this.staging = root.resolve(STAGING);
        this.lockFile = lockFile;
    }

    /** Locks the tree for writing; creates the folder if it is missing. */
    public static TreeWriter open(Path root) throws BuildException, IOException {
        Files.createDirectories(root);
        FileChannel channel =
                FileChannel.open(
                        root.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        TreeWriter writer = new TreeWriter(root, channel);
        boolean locked = false;
        try {
            FileLock lock = channel.tryLock();
            locked = lock != null;
            if (locked) {
                writer.clearStaging();
                Files.createDirectories(writer.staging);
            }
        } catch (OverlappingFileLockException e) {
            locked = false;
        } finally {
            if (!locked) {
                channel.close();
            }
        }
        if (!locked) {
            throw new BuildException(
                    "write",
                    "tree " + root,
                    "another build or publication is writing to it",
                    "Wait until it has finished and run this again");
        }
        return writer;
    }

    private void clearStaging() throws IOException {
        if (Files.isDirectory(staging)) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(staging)) {
                for (Path file : files) {
                    Files.deleteIfExists(file);
                }
            }
            Files.delete(staging);
        }
    }

    @Override
    public Descriptor put(String mediaType, byte[] bytes) throws IOException {
        Descriptor blob = new Descriptor(mediaType, Digest.of(bytes), bytes.length);
        if (!reuse(blob)) {
            write(TreeLayout.blobPath(blob.digest()), bytes);
            newBytes += bytes.length;
        }
        return blob;
    }

    @Override
    public Descriptor put(String mediaType, Path file) throws IOException {
        Descriptor blob = new Descriptor(mediaType, Digest.of(file), Files.size(file));
        if (!reuse(blob)) {
            try (InputStream in = Files.newInputStream(file)) {
                copy(in, blob);
            } catch (VerifyException e) {
                throw new IOException(file + " changed while it was read", e);
            }
        }
        return blob;
    }

    /**
     * Copies a blob of another tree, checking it on the way; does nothing if it is here already.
     */
    public void copy(BlobSource from, Descriptor blob) throws VerifyException, IOException {
        if (!reuse(blob)) {
            try (InputStream in = from.open(blob.digest(), blob.size())) {
                copy(in, blob);
            }
        }
    }

    private void copy(InputStream in, Descriptor blob) throws VerifyException, IOException {
        Path temporary = staging.resolve(Integer.toString(staged++));
        try {
            try (FileChannel channel = create(temporary);
                    OutputStream out = Channels.newOutputStream(channel)) {
                BlobChecks.copy(in, blob, out);
                channel.force(true);
            }
            install(temporary, TreeLayout.blobPath(blob.digest()));
            newBytes += blob.size();
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    /** A blob's name is its digest, so a file of that name and length needs no second look here. */
    private boolean reuse(Descriptor blob) throws IOException {
        Path file = root.resolve(TreeLayout.blobPath(blob.digest()));
        boolean here = Files.isRegularFile(file) && Files.size(file) == blob.size();
        if (here) {
            reusedBytes += blob.size();
        }
        return here;
    }

    /** Writes or replaces a file in one step. */
    public void write(String path, byte[] bytes) throws IOException {
        Path temporary = staging.resolve(Integer.toString(staged++));
        try {
            try (FileChannel channel = create(temporary)) {
                ByteBuffer buffer = ByteBuffer.wrap(bytes);
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
                channel.force(true);
            }
            install(temporary, path);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static FileChannel create(Path file) throws IOException {
        return FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    }

    private void install(Path temporary, String path) throws IOException {
        Path target = root.resolve(path);
        Files.createDirectories(target.getParent());
        Files.move(
                temporary,
                target,
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    /** Removes a file, if it is there. */
    void delete(String path) throws IOException {
        Files.deleteIfExists(root.resolve(path));
    }

    public Path root() {
        return root;
    }

    /** Blob bytes written. */
    public long newBytes() {
        return newBytes;
    }

    /** Blob bytes that were here already. */
    public long reusedBytes() {
        return reusedBytes;
    }

    @Override
    public void close() throws IOException {
        try {
            clearStaging();
        } finally {
            lockFile.close();
        }
    }
}
