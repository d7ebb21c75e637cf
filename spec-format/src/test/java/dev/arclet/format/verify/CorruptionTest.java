package dev.arclet.format.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.format.Samples;
import dev.arclet.format.VerifyException;
import dev.arclet.format.blob.BlobChecks;
import dev.arclet.format.blob.BlobSource;
import dev.arclet.format.chunk.LayerStack;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.link.ArcletLink;
import dev.arclet.format.model.Descriptor;
import dev.arclet.format.model.Disk;
import dev.arclet.format.tree.FolderTree;
import dev.arclet.format.tree.TreeLayout;
import dev.arclet.format.trust.MetadataSource;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tree, damaged anywhere, never gives a wrong byte, and fails with checked exceptions only. */
class CorruptionTest {
    @TempDir Path root;

    private final Map<String, byte[]> files = new HashMap<>();
    private ArcletLink link;
    private List<byte[]> disks;

    /** The tree in memory, with one file replaced. */
    private record Source(Map<String, byte[]> files, String changed, byte[] content)
            implements MetadataSource, BlobSource {
        private byte[] file(String path) {
            return path.equals(changed) ? content : files.get(path);
        }

        @Override
        public Optional<byte[]> metadata(String path, int maxLength) {
            return Optional.ofNullable(file(path));
        }

        @Override
        public InputStream open(Digest digest, long size) throws IOException {
            byte[] bytes = file(TreeLayout.blobPath(digest));
            if (bytes == null) {
                throw new NoSuchFileException(digest.toString());
            }
            return new ByteArrayInputStream(bytes);
        }
    }

    @BeforeEach
    void buildATree() throws Exception {
        Samples.Built b = Samples.build(root);
        link = ArcletLink.forFolder(b.tree(), "test-vm", Optional.of(b.keys().id()));
        try (Stream<Path> walk = Files.walk(b.tree())) {
            for (Path f : walk.filter(Files::isRegularFile).toList()) {
                files.put(
                        b.tree().relativize(f).toString().replace('\\', '/'),
                        Files.readAllBytes(f));
            }
        }
        disks =
                List.of(
                        Files.readAllBytes(b.sources().resolve("child.img")),
                        Files.readAllBytes(b.sources().resolve("tools.iso")));
    }

    /** What a launcher does before and while a guest runs. */
    private void use(Source source) throws VerifyException, IOException {
        VerifiedArclet v =
                new ArcletVerifier(new MemoryPublisherStore())
                        .verify(link, source, source, Samples.NOW);
        for (Descriptor blob : v.blobs()) {
            BlobChecks.readAll(source, blob);
        }
        int i = 0;
        for (Disk disk : v.spec().disks()) {
            LayerStack stack = LayerStack.open(disk, source);
            byte[] content = new byte[(int) stack.size()];
            stack.read(0, content, 0, content.length);
            assertTrue(Arrays.equals(disks.get(i++), content), "a wrong byte came out");
        }
    }

    /** Files that decide something; catalog and pointers are advisory, and not read here. */
    private List<String> decisive() {
        List<String> out = new ArrayList<>();
        for (String path : files.keySet()) {
            if (path.startsWith("blobs/") || path.startsWith("publishers/")) {
                out.add(path);
            }
        }
        out.sort(null);
        return out;
    }

    @Test
    void theWholeTreeIsUsable() throws Exception {
        use(new Source(files, "", new byte[0]));
    }

    /**
     * Small files (envelope, metadata, pages, roots) are damaged at every byte when short, else at
     * random ones. Metadata alone has harmless bytes: the key id of a signature is a hint.
     */
    @Test
    void everyFlippedByteIsRefused() throws Exception {
        long seed = 20260301;
        Random random = new Random(seed);
        int flips = 0;
        int harmless = 0;
        for (String path : decisive()) {
            byte[] good = files.get(path);
            int tries = path.startsWith("publishers/") ? 200 : 150;
            for (int i = 0; i < tries; i++) {
                int at = random.nextInt(good.length);
                byte[] bad = good.clone();
                bad[at] ^= (byte) (1 << random.nextInt(8));
                Source source = new Source(files, path, bad);
                flips++;
                try {
                    if (path.startsWith("blobs/")) {
                        assertBlobRefused(path, source, at, i % 15 == 0, seed);
                    } else {
                        use(source);
                        harmless++;
                        assertTrue(
                                inKeyIdOfSignature(good, at),
                                "seed "
                                        + seed
                                        + ": byte "
                                        + at
                                        + " of "
                                        + path
                                        + " is not checked");
                    }
                } catch (VerifyException | IOException expected) {
                    assertTrue(expected.getMessage() != null);
                }
            }
        }
        assertTrue(flips >= 2000, "only " + flips + " flips");
        assertTrue(harmless < flips / 10, harmless + " of " + flips + " flips were harmless");
    }

    /**
     * Read as a whole, every damaged blob is refused. Read by chunk, a pack may have bits that zstd
     * ignores; {@link #use} then has seen that all bytes came out right.
     */
    private void assertBlobRefused(String path, Source source, int at, boolean whole, long seed) {
        Digest digest = new Digest(path.substring(path.lastIndexOf('/') + 1));
        Descriptor blob = new Descriptor("x/y", digest, files.get(path).length);
        String where = "seed " + seed + ": byte " + at + " of " + path;
        assertThrows(VerifyException.class, () -> BlobChecks.readAll(source, blob), where);
        if (whole) {
            assertUseRefused(path, source, where);
        }
    }

    private void assertUseRefused(String path, Source source, String where) {
        try {
            use(source);
            assertTrue(isPack(path), where + " was used");
        } catch (VerifyException | IOException expected) {
            assertTrue(expected.getMessage() != null);
        }
    }

    private static boolean inKeyIdOfSignature(byte[] document, int at) {
        String text = new String(document, StandardCharsets.UTF_8);
        int start = text.indexOf("\"keyid\":\"") + 9;
        return at >= start && at < start + 64;
    }

    @Test
    void truncatedAndOverlongFilesAreRefused() {
        long seed = 5;
        Random random = new Random(seed);
        for (String path : decisive()) {
            byte[] good = files.get(path);
            List<byte[]> bad = new ArrayList<>();
            bad.add(new byte[0]);
            bad.add(Arrays.copyOf(good, good.length - 1));
            bad.add(Arrays.copyOf(good, random.nextInt(good.length)));
            bad.add(Arrays.copyOf(good, good.length + 1));
            if (path.startsWith("publishers/")) {
                bad.add(Arrays.copyOf(good, 2 << 20));
            }
            for (byte[] content : bad) {
                Source source = new Source(files, path, content);
                if (isPack(path) && content.length > good.length) {
                    // Chunks are read by position; what follows the pack is never looked at.
                    continue;
                }
                assertThrows(
                        Exception.class,
                        () -> {
                            try {
                                use(source);
                            } catch (VerifyException | IOException e) {
                                throw new Exception(e);
                            }
                        },
                        "seed " + seed + ": " + path + " with " + content.length + " bytes");
            }
        }
    }

    private boolean isPack(String path) {
        byte[] content = files.get(path);
        // The first bytes of a zstd frame (RFC 8878 section 3.1.1).
        return content.length > 4
                && (content[0] & 0xFF) == 0x28
                && (content[1] & 0xFF) == 0xB5
                && content[2] == 0x2F;
    }

    @Test
    void missingFilesAreRefused() {
        for (String path : decisive()) {
            Map<String, byte[]> without = new HashMap<>(files);
            without.remove(path);
            Source source = new Source(without, "", new byte[0]);
            Exception e = assertThrows(Exception.class, () -> use(source), path);
            assertTrue(e instanceof VerifyException || e instanceof IOException, path + ": " + e);
        }
    }

    /** A source that never ends is left at the signed length. */
    @Test
    void endlessBlobsAreLeftAtTheirSignedLength() {
        long[] given = new long[1];
        InputStream endless =
                new InputStream() {
                    @Override
                    public int read() {
                        given[0]++;
                        return 0;
                    }

                    @Override
                    public int read(byte[] b, int off, int len) {
                        given[0] += len;
                        return len;
                    }
                };
        Descriptor blob = new Descriptor("x/y", Digest.of(new byte[1]), 100_000);
        VerifyException e =
                assertThrows(
                        VerifyException.class,
                        () -> BlobChecks.copy(endless, blob, new ByteArrayOutputStream()));
        assertTrue(e.reason().contains("goes on"), e.getMessage());
        assertEquals(100_001, given[0]);
    }

    @Test
    void aHugeSignedSizeReservesNoMemory() {
        Descriptor blob = new Descriptor("x/y", Digest.of(new byte[1]), Long.MAX_VALUE);
        assertThrows(
                VerifyException.class,
                () -> BlobChecks.readAll((d, size) -> new ByteArrayInputStream(new byte[9]), blob));
    }

    @Test
    void swappedBlobsAreRefused() throws Exception {
        FolderTree tree = new FolderTree(root.resolve("tree"));
        VerifiedArclet v =
                new ArcletVerifier(new MemoryPublisherStore())
                        .verify(link, tree, tree, Samples.NOW);
        List<Descriptor> blobs = v.blobs();
        Descriptor a = blobs.get(0);
        Descriptor b = blobs.get(1);
        byte[] other = files.get(TreeLayout.blobPath(b.digest()));
        Source source = new Source(files, TreeLayout.blobPath(a.digest()), other);
        assertThrows(VerifyException.class, () -> BlobChecks.readAll(source, a));
    }
}
