package dev.arclet.launcher.assemble;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.storage.BlockDevice;
import dev.arclet.emulator.storage.StorageException;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.model.Disk;
import dev.arclet.format.model.Writes;
import dev.arclet.format.tree.FolderTree;
import dev.arclet.launcher.support.TestSite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpecDisksTest {
    @TempDir private Path dir;

    private TestSite site;
    private byte[] content;
    private Path keep;

    @BeforeEach
    void build() throws Exception {
        site = TestSite.build(dir.resolve("site"));
        content = Files.readAllBytes(site.sources().resolve("disk.img"));
        keep = dir.resolve("home").resolve("keep");
    }

    private Disk disk(Writes writes) {
        Disk built = site.built().spec().disks().getFirst();
        return new Disk(built.name(), built.kind(), built.bus(), built.layers(), writes);
    }

    private BlockDevice open(Writes writes) throws Exception {
        return SpecDisks.open(List.of(disk(writes)), new FolderTree(site.tree()), keep).getFirst();
    }

    private static byte[] all(BlockDevice disk) throws StorageException {
        byte[] bytes = new byte[(int) disk.size()];
        disk.read(0, bytes, 0, bytes.length);
        return bytes;
    }

    private Map<Path, String> tree() throws IOException {
        Map<Path, String> digests = new TreeMap<>();
        try (Stream<Path> files = Files.walk(site.tree())) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                digests.put(file, Digest.of(file).hex());
            }
        }
        return digests;
    }

    @Test
    void keepsWritesBesideTheLayers() throws Exception {
        Map<Path, String> before = tree();
        try (BlockDevice disk = open(Writes.KEEP)) {
            assertArrayEquals(content, all(disk));
            disk.write(4000, new byte[500], 0, 500);
            disk.flush();
            assertThrows(StorageException.class, () -> open(Writes.KEEP).close());
        }
        Arrays.fill(content, 4000, 4500, (byte) 0);
        try (BlockDevice disk = open(Writes.KEEP)) {
            assertArrayEquals(content, all(disk));
        }
        assertEquals(before, tree());
    }

    @Test
    void forgetsWritesThatAreNotKept() throws Exception {
        try (BlockDevice disk = open(Writes.DISCARD)) {
            disk.write(0, new byte[5000], 0, 5000);
            assertEquals(0, all(disk)[4999]);
        }
        try (BlockDevice disk = open(Writes.DISCARD)) {
            assertArrayEquals(content, all(disk));
        }
        try (Stream<Path> left = Files.list(keep)) {
            assertEquals(0, left.count());
        }
    }

    @Test
    void aReadOnlyDiskCannotBeWritten() throws Exception {
        try (BlockDevice disk = open(Writes.READ_ONLY)) {
            assertTrue(disk.readOnly());
            assertArrayEquals(content, all(disk));
            assertThrows(StorageException.class, () -> disk.write(0, new byte[1], 0, 1));
        }
    }

    @Test
    void aNewVersionOfTheLayersStartsAnew() throws Exception {
        try (BlockDevice disk = open(Writes.KEEP)) {
            disk.write(0, new byte[512], 0, 512);
        }
        content[77] ^= 1;
        Files.write(site.sources().resolve("disk.img"), content);
        site.version("2", "");
        try (BlockDevice disk = open(Writes.KEEP)) {
            assertArrayEquals(content, all(disk));
        }
    }

    /** Whatever byte of whatever pack is changed: the guest sees an error, never the byte. */
    @Test
    void aDamagedChunkIsNeverSeen() throws Exception {
        for (Path file : tree().keySet()) {
            if (Files.size(file) > 100_000 && Files.size(file) < 16 << 20) {
                byte[] bytes = Files.readAllBytes(file);
                bytes[bytes.length / 2] ^= 0x10;
                Files.write(file, bytes);
            }
        }
        try (BlockDevice disk = open(Writes.KEEP)) {
            byte[] got = new byte[4096];
            int refused = 0;
            for (int at = 0; at < content.length; at += 4096) {
                try {
                    disk.read(at, got, 0, 4096);
                    assertArrayEquals(Arrays.copyOfRange(content, at, at + 4096), got);
                } catch (StorageException e) {
                    refused++;
                    assertTrue(e.getMessage().contains("root"), e.getMessage());
                }
            }
            assertTrue(refused > 0);
        }
    }
}
