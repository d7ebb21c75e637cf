package dev.arclet.format.verify;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.format.Samples;
import dev.arclet.format.build.SpecBuilder;
import dev.arclet.format.chunk.LayerStack;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.link.ArcletLink;
import dev.arclet.format.model.Spec;
import dev.arclet.format.tree.Catalog;
import dev.arclet.format.tree.FolderTree;
import dev.arclet.format.tree.PublishReport;
import dev.arclet.format.tree.TreePublisher;
import dev.arclet.format.trust.PublisherKeys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An author builds and publishes; a visitor verifies and reads. */
class RoundTripTest {
    @TempDir Path root;

    private static VerifiedArclet verify(Path tree, String name, PublisherKeys keys)
            throws Exception {
        FolderTree source = new FolderTree(tree);
        ArcletLink link = ArcletLink.forFolder(tree, name, Optional.of(keys.id()));
        return new ArcletVerifier(new MemoryPublisherStore())
                .verify(link, source, source, Samples.NOW);
    }

    @Test
    void whatIsBuiltAndPublishedComesOutVerifiedAndEqual() throws Exception {
        Samples.Built b = Samples.build(root);
        Path site = root.resolve("site");
        PublishReport report =
                TreePublisher.publish(b.tree(), site, Optional.of(b.keys()), Samples.NOW);
        assertEquals(List.of("test-vm"), report.names());

        VerifiedArclet v = verify(site, "test-vm", b.keys());
        assertEquals(b.result().spec(), v.spec());
        assertEquals(b.result().envelope(), v.envelope());
        assertEquals(Trust.LINK, v.trust());
        assertTrue(v.fresh());
        FolderTree source = new FolderTree(site);
        TreeCheck.Report check = TreeCheck.check(v, source);
        assertTrue(check.chunks() > 20, check.toString());
        assertTrue(check.bytes() <= v.downloadSize(), check + " " + v.downloadSize());

        assertDisk(
                b.sources().resolve("child.img"), LayerStack.open(v.spec().disks().get(0), source));
        assertDisk(
                b.sources().resolve("tools.iso"), LayerStack.open(v.spec().disks().get(1), source));

        Catalog catalog = Catalog.read(site);
        assertEquals(1, catalog.entries().size());
        assertEquals("vm/test-vm#p=" + b.keys().id(), catalog.entries().getFirst().linkPath());
        assertEquals(v.spec().capabilities(), catalog.entries().getFirst().capabilities());
        assertEquals(v.spec().screenshot(), catalog.entries().getFirst().screenshot());
    }

    private static void assertDisk(Path image, LayerStack stack) throws Exception {
        byte[] expected = Files.readAllBytes(image);
        assertEquals(expected.length, stack.size());
        byte[] whole = new byte[expected.length];
        stack.read(0, whole, 0, whole.length);
        assertArrayEquals(expected, whole);
        long seed = 11;
        Random random = new Random(seed);
        for (int i = 0; i < 500; i++) {
            int from = random.nextInt(expected.length);
            int length = random.nextInt(Math.min(20_000, expected.length - from) + 1);
            byte[] part = new byte[length + 3];
            stack.read(from, part, 2, length);
            for (int k = 0; k < length; k++) {
                if (part[k + 2] != expected[from + k]) {
                    throw new AssertionError("seed " + seed + ", byte " + (from + k));
                }
            }
        }
    }

    @Test
    void theSameSourcesGiveTheSameBlobs() throws Exception {
        Samples.Built b = Samples.build(root);
        Path again = root.resolve("again");
        SpecBuilder.build(b.sources(), again, b.keys(), Samples.NOW.plusSeconds(5));
        assertEquals(blobs(b.tree()), blobs(again));
    }

    @Test
    void buildingAgainIntoTheSameTreeAddsNoBlob() throws Exception {
        Samples.Built b = Samples.build(root);
        List<String> before = blobs(b.tree());
        assertEquals(
                0,
                SpecBuilder.build(b.sources(), b.tree(), b.keys(), Samples.NOW.plusSeconds(5))
                        .newBytes());
        assertEquals(before, blobs(b.tree()));
        verify(b.tree(), "test-vm", b.keys());
    }

    @Test
    void anEditedVersionShipsLittleMoreThanTheEdit() throws Exception {
        Samples.Built b = Samples.build(root);
        byte[] image = Files.readAllBytes(b.sources().resolve("base.img"));
        // Data inserted at the front moves everything behind it by two blocks.
        byte[] moved = new byte[image.length + 8192];
        new Random(3).nextBytes(moved);
        System.arraycopy(image, 0, moved, 8192, image.length);
        Files.write(b.sources().resolve("base.img"), moved);
        byte[] child = Files.readAllBytes(b.sources().resolve("child.img"));
        byte[] movedChild = moved.clone();
        System.arraycopy(child, 0, movedChild, 8192, child.length);
        Files.write(b.sources().resolve("child.img"), movedChild);
        Spec before = b.result().spec();
        long added =
                SpecBuilder.build(b.sources(), b.tree(), b.keys(), Samples.NOW.plusSeconds(5))
                        .newBytes();
        assertTrue(added < before.downloadSize() / 3, added + " of " + before.downloadSize());
        VerifiedArclet v = verify(b.tree(), "test-vm", b.keys());
        assertDisk(
                b.sources().resolve("child.img"),
                LayerStack.open(v.spec().disks().get(0), new FolderTree(b.tree())));
    }

    @Test
    void severalVmsShareAChannelAndPublishingMergesThem() throws Exception {
        Samples.Built b = Samples.build(root);
        Path site = root.resolve("site");
        TreePublisher.publish(b.tree(), site, Optional.of(b.keys()), Samples.NOW);
        Path other = Samples.sources(root.resolve("vm2"), "other-vm", "2", 8);
        Path otherTree = root.resolve("tree2");
        SpecBuilder.build(other, otherTree, b.keys(), Samples.NOW);
        TreePublisher.publish(otherTree, site, Optional.of(b.keys()), Samples.NOW);
        verify(site, "test-vm", b.keys());
        verify(site, "other-vm", b.keys());
        assertEquals(2, Catalog.read(site).entries().size());
    }

    @Test
    void nothingButTheTreeStaysBehind() throws Exception {
        Samples.Built b = Samples.build(root);
        try (Stream<Path> files = Files.walk(b.tree())) {
            assertFalse(files.anyMatch(f -> f.toString().contains("staging")));
        }
    }

    @Test
    void exactLinksWorkWithAndWithoutTheChannel() throws Exception {
        Samples.Built b = Samples.build(root);
        FolderTree source = new FolderTree(b.tree());
        ArcletLink folder = ArcletLink.forFolder(b.tree(), "test-vm", Optional.empty());
        ArcletLink link =
                new ArcletLink(
                        folder.base(),
                        folder.name(),
                        Optional.empty(),
                        Optional.of(b.result().envelope()));
        ArcletVerifier verifier = new ArcletVerifier(new MemoryPublisherStore());
        VerifiedArclet v = verifier.verify(link, source, source, Samples.NOW);
        assertEquals(Trust.EXACT, v.trust());
        VerifiedArclet alone =
                verifier.verify(
                        link,
                        (path, max) ->
                                path.startsWith("blobs/")
                                        ? source.metadata(path, max)
                                        : Optional.empty(),
                        source,
                        Samples.NOW.plusSeconds(1));
        assertEquals(v.spec(), alone.spec());
        VerifiedArclet stranger =
                new ArcletVerifier(new MemoryPublisherStore())
                        .verify(
                                link,
                                (path, max) ->
                                        path.startsWith("blobs/")
                                                ? source.metadata(path, max)
                                                : Optional.empty(),
                                source,
                                Samples.NOW);
        assertEquals(Trust.EXACT_UNCONFIRMED, stranger.trust());
    }

    @Test
    void aKeyRotationKeepsTheIdAndTheVisitors() throws Exception {
        Samples.Built b = Samples.build(root);
        FolderTree source = new FolderTree(b.tree());
        ArcletLink link = ArcletLink.forFolder(b.tree(), "test-vm", Optional.of(b.keys().id()));
        ArcletVerifier visitor =
                new ArcletVerifier(new FolderPublisherStore(root.resolve("store")));
        VerifiedArclet before = visitor.verify(link, source, source, Samples.NOW);

        PublisherKeys rotated = b.keys().rotateOnlineKey(Samples.NOW);
        TreePublisher.refresh(b.tree(), rotated, Samples.NOW.plusSeconds(60));
        VerifiedArclet after = visitor.verify(link, source, source, Samples.NOW.plusSeconds(60));
        assertEquals(before.publisher(), after.publisher());
        assertEquals(before.specDigest(), after.specDigest());
        assertFalse(before.envelope().equals(after.envelope()));
        verify(b.tree(), "test-vm", rotated);
    }

    static List<String> blobs(Path tree) throws IOException {
        List<String> out = new ArrayList<>();
        try (Stream<Path> files = Files.walk(tree.resolve("blobs"))) {
            for (Path f : files.filter(Files::isRegularFile).sorted().toList()) {
                assertEquals(Digest.of(f).hex(), f.getFileName().toString());
                out.add(f.getFileName().toString());
            }
        }
        return out;
    }
}
