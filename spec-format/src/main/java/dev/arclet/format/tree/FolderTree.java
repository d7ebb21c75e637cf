package dev.arclet.format.tree;

import dev.arclet.format.blob.BlobSource;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.trust.MetadataSource;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.regex.Pattern;

/** A published tree in a local folder, as a source. */
public final class FolderTree implements MetadataSource, BlobSource {
    /** No empty or dotted segment can match, so no path leaves the folder. */
    private static final Pattern PATH =
            Pattern.compile("[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*");

    private final Path root;

    public FolderTree(Path root) {
        this.root = root;
    }

    @Override
    public Optional<byte[]> metadata(String path, int maxLength) throws IOException {
        if (!PATH.matcher(path).matches()) {
            throw new IOException("\"" + path + "\" is not a path of a published tree");
        }
        try (InputStream in = Files.newInputStream(root.resolve(path))) {
            byte[] bytes = in.readNBytes(maxLength + 1);
            if (bytes.length > maxLength) {
                throw new IOException(
                        root.resolve(path) + " has more than " + maxLength + " bytes");
            }
            return Optional.of(bytes);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    @Override
    public InputStream open(Digest digest, long size) throws IOException {
        return Files.newInputStream(path(digest));
    }

    @Override
    public byte[] read(Digest digest, long size, long offset, int length) throws IOException {
        ByteBuffer out = ByteBuffer.allocate(length);
        try (FileChannel channel = FileChannel.open(path(digest), StandardOpenOption.READ)) {
            while (out.hasRemaining()) {
                if (channel.read(out, offset + out.position()) < 0) {
                    throw new EOFException("blob " + digest + " ends before its signed length");
                }
            }
        }
        return out.array();
    }

    private Path path(Digest digest) {
        return root.resolve(TreeLayout.blobPath(digest));
    }

    public Path root() {
        return root;
    }
}
