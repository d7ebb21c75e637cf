package dev.arclet.format.tree;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.format.BuildException;
import dev.arclet.format.FormatException;
import dev.arclet.format.Samples;
import dev.arclet.format.SpecException;
import dev.arclet.format.build.SpecBuilder;
import dev.arclet.format.model.Descriptor;
import dev.arclet.format.trust.PublisherKeys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TreePublisherTest {
    private static final Instant NOW = Samples.NOW;

    @TempDir Path root;

    private static Set<String> files(Path dir) throws IOException {
        Set<String> out = new TreeSet<>();
        if (Files.exists(dir)) {
            try (Stream<Path> walk = Files.walk(dir)) {
                walk.filter(Files::isRegularFile)
                        .map(f -> dir.relativize(f).toString())
                        .filter(f -> !f.startsWith("."))
                        .forEach(out::add);
            }
        }
        return out;
    }

    @Test
    void aMirrorIsTheSameByteForByte() throws Exception {
        Samples.Built b = Samples.build(root);
        Path site = root.resolve("site");
        TreePublisher.publish(b.tree(), site, Optional.empty(), NOW);
        assertEquals(files(b.tree()), files(site));
        for (String f : files(site)) {
            assertEquals(-1, Files.mismatch(b.tree().resolve(f), site.resolve(f)), f);
        }
        PublishReport again = TreePublisher.publish(b.tree(), site, Optional.empty(), NOW);
        assertEquals(0, again.newBytes());
    }

    @Test
    void aMirrorTakesNothingAway() throws Exception {
        Samples.Built b = Samples.build(root);
        Path site = root.resolve("site");
        TreePublisher.publish(b.tree(), site, Optional.of(b.keys()), NOW.plusSeconds(50));
        BuildException older =
                assertThrows(
                        BuildException.class,
                        () -> TreePublisher.publish(b.tree(), site, Optional.empty(), NOW));
        assertTrue(older.reason().contains("newer"), older.getMessage());
        Path other = Samples.sources(root.resolve("vm2"), "other", "1", 2);
        SpecBuilder.build(other, root.resolve("tree2"), b.keys(), NOW.plusSeconds(90));
        BuildException loses =
                assertThrows(
                        BuildException.class,
                        () ->
                                TreePublisher.publish(
                                        root.resolve("tree2"), site, Optional.empty(), NOW));
        assertTrue(loses.reason().contains("lacks"), loses.getMessage());
    }

    @Test
    void aDamagedBuildIsNotPublished() throws Exception {
        Samples.Built b = Samples.build(root);
        Path site = root.resolve("site");
        for (Descriptor blob : b.result().spec().blobs()) {
            Path file = b.tree().resolve(TreeLayout.blobPath(blob.digest()));
            byte[] good = Files.readAllBytes(file);
            byte[] bad = good.clone();
            bad[bad.length / 2] ^= 4;
            Files.write(file, bad);
            assertThrows(
                    FormatException.class,
                    () -> TreePublisher.publish(b.tree(), site, Optional.of(b.keys()), NOW));
            Files.write(file, good);
            assertFalse(Files.exists(site.resolve("publishers")), "no channel names it");
            assertFalse(Files.exists(site.resolve(".arclet-staging")), "nothing half-written");
            for (String f : files(site)) {
                assertEquals(-1, Files.mismatch(b.tree().resolve(f), site.resolve(f)), f);
            }
        }
        TreePublisher.publish(b.tree(), site, Optional.of(b.keys()), NOW);
    }

    @Test
    void namesBelongToOnePublisher() throws Exception {
        Samples.Built b = Samples.build(root);
        PublisherKeys other = PublisherKeys.create(root.resolve("k2"), "Other", NOW);
        assertThrows(
                BuildException.class, () -> SpecBuilder.build(b.sources(), b.tree(), other, NOW));
        Path tree2 = root.resolve("tree2");
        SpecBuilder.build(b.sources(), tree2, other, NOW);
        for (Optional<PublisherKeys> keys :
                List.of(Optional.of(other), Optional.<PublisherKeys>empty())) {
            BuildException e =
                    assertThrows(
                            BuildException.class,
                            () -> TreePublisher.publish(tree2, b.tree(), keys, NOW));
            assertTrue(e.reason().contains(b.keys().id().text()), e.getMessage());
        }
        assertThrows(
                BuildException.class,
                () -> TreePublisher.publish(tree2, root.resolve("s"), Optional.of(b.keys()), NOW));
        // Another name of another publisher shares the tree.
        Path dir = Samples.sources(root.resolve("vm2"), "second", "1", 4);
        SpecBuilder.build(dir, b.tree(), other, NOW);
        Catalog catalog = Catalog.read(b.tree());
        assertEquals(List.of("second", "test-vm"), names(catalog));
        assertEquals("Other", catalog.entries().getFirst().publisher().name());
    }

    private static List<String> names(Catalog catalog) {
        return catalog.entries().stream().map(CatalogEntry::name).toList();
    }

    @Test
    void twoWritersDoNotMeet() throws Exception {
        Samples.Built b = Samples.build(root);
        try (TreeWriter holder = TreeWriter.open(b.tree())) {
            BuildException e =
                    assertThrows(
                            BuildException.class,
                            () -> TreePublisher.refresh(b.tree(), b.keys(), NOW));
            assertTrue(e.reason().contains("another"), e.getMessage());
            assertEquals(b.tree(), holder.root());
        }
        TreePublisher.refresh(b.tree(), b.keys(), NOW);
    }

    @Test
    void whatACrashLeftAsideIsRemoved() throws Exception {
        Samples.Built b = Samples.build(root);
        Path staging = Files.createDirectories(b.tree().resolve(".arclet-staging"));
        Files.write(staging.resolve("3"), new byte[10]);
        TreePublisher.refresh(b.tree(), b.keys(), NOW);
        assertFalse(Files.exists(staging));
    }

    @Test
    void oldGenerationsOfMetadataGoAndBlobsStay() throws Exception {
        Samples.Built b = Samples.build(root);
        Set<String> blobs = files(b.tree().resolve("blobs"));
        for (int i = 1; i <= 5; i++) {
            TreePublisher.refresh(b.tree(), b.keys(), NOW.plusSeconds(i));
        }
        long generations =
                files(b.tree()).stream().filter(f -> f.endsWith(".targets.json")).count();
        assertEquals(2, generations);
        assertEquals(blobs, files(b.tree().resolve("blobs")));
    }

    @Test
    void removedAndRevokedVmsAreNoLongerListed() throws Exception {
        Samples.Built b = Samples.build(root);
        TreePublisher.remove(b.tree(), b.keys(), "test-vm", NOW.plusSeconds(1));
        assertEquals(List.of(), Catalog.read(b.tree()).entries());
        assertThrows(
                BuildException.class,
                () -> TreePublisher.remove(b.tree(), b.keys(), "test-vm", NOW.plusSeconds(2)));
        SpecBuilder.build(b.sources(), b.tree(), b.keys(), NOW.plusSeconds(3));
        TreePublisher.revoke(b.tree(), b.keys(), b.result().envelope(), NOW.plusSeconds(4));
        assertEquals(List.of(), Catalog.read(b.tree()).entries());
    }

    @Test
    void rootMetadataIsRenewedInTime() throws Exception {
        Samples.Built b = Samples.build(root);
        Instant nextYear = NOW.plus(Duration.ofDays(300));
        TreePublisher.refresh(b.tree(), b.keys(), nextYear);
        assertTrue(files(b.tree()).contains("publishers/" + b.keys().id() + "/2.root.json"));
        assertEquals(b.keys().id(), PublisherKeys.load(root.resolve("keys")).id());
    }

    @Test
    void hostileCatalogsAreRefusedAndPathsStayInside() throws Exception {
        Samples.Built b = Samples.build(root);
        String good = new String(Catalog.read(b.tree()).write(), UTF_8);
        for (String bad :
                List.of(
                        "{}",
                        good.replace("test-vm", "../../x"),
                        good.replace("catalog.v1", "catalog.v2"),
                        good.replace("\"arch\":\"i386\"", "\"arch\":\"z80\""),
                        good.replace("image/png", "text/html"))) {
            assertThrows(SpecException.class, () -> Catalog.parse(bad.getBytes(UTF_8)), bad);
        }
        assertEquals(Catalog.read(b.tree()), Catalog.parse(good.getBytes(UTF_8)));
        FolderTree tree = new FolderTree(b.tree());
        for (String path :
                List.of(
                        "../keys/root.pem",
                        "/etc/passwd",
                        "a/../../b",
                        ".arclet-lock",
                        "",
                        "a//b")) {
            assertThrows(IOException.class, () -> tree.metadata(path, 100), path);
        }
        assertThrows(IOException.class, () -> tree.metadata(TreeLayout.CATALOG, 10));
    }
}
