package dev.arclet.format.verify;

import dev.arclet.format.SpecException;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.model.PublisherId;
import dev.arclet.format.trust.Role;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;

/**
 * Remembers in a folder: {@code <id>/<role>.json}, and {@code pins/<SHA-256 of the location>} with
 * the id and the location. Files are replaced whole and forced to the disk before a call returns.
 */
public final class FolderPublisherStore implements PublisherStore {
    private static final int MAX_PIN = 8192;

    private final Path root;

    /**
     * @param root created when first written to
     */
    public FolderPublisherStore(Path root) {
        this.root = root;
    }

    @Override
    public synchronized Optional<PublisherId> pinned(String location) throws IOException {
        Optional<byte[]> bytes = read(pinFile(location), MAX_PIN);
        if (bytes.isEmpty()) {
            return Optional.empty();
        }
        String[] lines = new String(bytes.get(), StandardCharsets.UTF_8).split("\n", 2);
        try {
            return Optional.of(PublisherId.parse(lines[0]));
        } catch (SpecException e) {
            // Never a silent "not pinned": that would turn damage into a fresh first use.
            throw new IOException(
                    "the pin file " + pinFile(location) + " is damaged; delete it to pin anew", e);
        }
    }

    @Override
    public synchronized void pin(String location, PublisherId id) throws IOException {
        write(pinFile(location), (id + "\n" + location + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private Path pinFile(String location) {
        return root.resolve("pins")
                .resolve(Digest.of(location.getBytes(StandardCharsets.UTF_8)).hex());
    }

    @Override
    public synchronized Optional<byte[]> metadata(PublisherId id, String role) throws IOException {
        return read(file(id, role), 1 << 20);
    }

    @Override
    public synchronized void saveMetadata(PublisherId id, String role, byte[] bytes)
            throws IOException {
        write(file(id, role), bytes);
    }

    private Path file(PublisherId id, String role) {
        if (Arrays.stream(Role.values()).noneMatch(r -> r.text().equals(role))) {
            throw new IllegalArgumentException("no role: " + role);
        }
        return root.resolve(id.text()).resolve(role + ".json");
    }

    private static Optional<byte[]> read(Path file, int max) throws IOException {
        try {
            if (Files.size(file) > max) {
                throw new IOException(file + " has more than " + max + " bytes; delete it");
            }
            return Optional.of(Files.readAllBytes(file));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    private static void write(Path file, byte[] bytes) throws IOException {
        Files.createDirectories(file.getParent());
        Path temporary = Files.createTempFile(file.getParent(), "new", ".part");
        try {
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
                ByteBuffer buffer = ByteBuffer.wrap(bytes);
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
                channel.force(true);
            }
            Files.move(
                    temporary,
                    file,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }
}
