package dev.arclet.emulator.storage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads images that qemu-img makes; without it, only the hand-made ones. */
class Qcow2ImageTest {
    private static final Path QEMU_IMG = Path.of("/usr/bin/qemu-img");
    private static final int SIZE = 5 * (1 << 20) + 512;

    @TempDir private Path folder;
    private byte[] content;

    /** Something that compresses in places, with holes and noise. */
    @BeforeEach
    void content() throws IOException {
        Random random = new Random(1);
        content = new byte[SIZE];
        for (int at = 0; at < SIZE; at += 8192) {
            int n = Math.min(8192, SIZE - at);
            switch (random.nextInt(3)) {
                case 0 -> Arrays.fill(content, at, at + n, (byte) random.nextInt());
                case 1 -> {
                    byte[] noise = new byte[n];
                    random.nextBytes(noise);
                    System.arraycopy(noise, 0, content, at, n);
                }
                default -> {}
            }
        }
        Files.write(folder.resolve("raw"), content);
    }

    private void qemuImg(String... arguments) throws IOException, InterruptedException {
        assumeTrue(Files.isExecutable(QEMU_IMG), "there is no qemu-img");
        List<String> command = new ArrayList<>(List.of(QEMU_IMG.toString()));
        command.addAll(List.of(arguments));
        Process process =
                new ProcessBuilder(command)
                        .directory(folder.toFile())
                        .redirectErrorStream(true)
                        .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(30, TimeUnit.SECONDS));
        assertEquals(0, process.exitValue(), output);
    }

    private BlockDevice open(String name, boolean readOnly) throws StorageException {
        return DiskImages.open(
                folder.resolve(name), Optional.of(DiskImages.Format.QCOW2), readOnly);
    }

    private void assertContent(String name, byte[] expected) throws IOException {
        try (BlockDevice disk = open(name, true)) {
            assertEquals(expected.length, disk.size());
            assertTrue(disk.readOnly());
            byte[] got = new byte[expected.length];
            disk.read(0, got, 0, got.length);
            assertArrayEquals(expected, got, name);
            Random random = new Random(2);
            for (int i = 0; i < 200; i++) {
                int length = random.nextInt(100_000);
                int offset = random.nextInt(expected.length - length);
                disk.read(offset, got, 5, length);
                assertArrayEquals(
                        Arrays.copyOfRange(expected, offset, offset + length),
                        Arrays.copyOfRange(got, 5, 5 + length));
            }
        }
    }

    @Test
    void readsEveryClusterSizeAndVersion() throws IOException, InterruptedException {
        for (String options :
                List.of(
                        "compat=0.10",
                        "compat=1.1",
                        "compat=1.1,cluster_size=512",
                        "compat=1.1,cluster_size=2M",
                        "compat=0.10,cluster_size=4k",
                        "compat=1.1,lazy_refcounts=on,refcount_bits=1")) {
            qemuImg("convert", "-f", "raw", "-O", "qcow2", "-o", options, "raw", "a");
            assertContent("a", content);
            qemuImg("convert", "-c", "-f", "raw", "-O", "qcow2", "-o", options, "raw", "b");
            assertContent("b", content);
        }
    }

    @Test
    void readsThroughBackingFilesInItsFolder() throws IOException, InterruptedException {
        qemuImg("convert", "-c", "-f", "raw", "-O", "qcow2", "raw", "base");
        qemuImg("create", "-f", "qcow2", "-b", "base", "-F", "qcow2", "middle");
        // Larger than what lies below.
        qemuImg("create", "-f", "qcow2", "-b", "middle", "-F", "qcow2", "top", "8M");
        byte[] larger = Arrays.copyOf(content, 8 << 20);
        assertContent("top", larger);
        qemuImg("create", "-f", "qcow2", "-b", "raw", "-F", "raw", "over-raw");
        assertContent("over-raw", content);
        // Two at a time share what lies below.
        try (BlockDevice first = open("top", true);
                BlockDevice second = open("middle", true)) {
            assertFalse(first.size() == second.size());
        }
    }

    @Test
    void aBackingFileElsewhereIsRefused() throws IOException, InterruptedException {
        Path other = Files.createDirectory(folder.resolve("other"));
        Files.write(other.resolve("secret"), content);
        for (String name : List.of("other/secret", other.resolve("secret").toString())) {
            qemuImg("create", "-u", "-f", "qcow2", "-b", name, "-F", "raw", "x", "5M");
            assertRefused("x", "no file in the image's own folder");
        }
        Files.createSymbolicLink(folder.resolve("link"), other.resolve("secret"));
        qemuImg("create", "-u", "-f", "qcow2", "-b", "link", "-F", "raw", "x", "5M");
        assertRefused("x", "no file in the image's own folder");
        qemuImg("create", "-u", "-f", "qcow2", "-b", "y", "-F", "qcow2", "x", "5M");
        qemuImg("create", "-u", "-f", "qcow2", "-b", "x", "-F", "qcow2", "y", "5M");
        assertRefused("x", "chain of backing files");
    }

    @Test
    void whatIsNotSupportedIsRefusedByName() throws IOException, InterruptedException {
        qemuImg("create", "-f", "qcow2", "-o", "extended_l2=on,cluster_size=64k", "x", "5M");
        assertRefused("x", "extended L2");
        qemuImg("create", "-f", "qcow2", "-o", "data_file=data", "x", "5M");
        assertRefused("x", "another file");
        qemuImg("create", "-f", "qcow2", "-o", "compression_type=zstd", "x", "5M");
        assertRefused("x", "zstd");
        StorageException e = assertThrows(StorageException.class, () -> open("x", false).close());
        assertTrue(e.getMessage().contains("can only be read"), e.getMessage());
    }

    private void assertRefused(String name, String reason) {
        StorageException e = assertThrows(StorageException.class, () -> open(name, true).close());
        assertTrue(e.getMessage().contains(reason), e.getMessage());
    }

    @Test
    void aHugeTableIsRefusedBeforeItIsAllocated() throws IOException {
        ByteBuffer header = ByteBuffer.allocate(4096);
        header.putInt(0x514649FB).putInt(3).putLong(0).putInt(0).putInt(9);
        header.putLong(1L << 55).putInt(0).putInt(Integer.MAX_VALUE).putLong(512);
        header.putInt(100, 104);
        Files.write(folder.resolve("x"), header.array());
        assertRefused("x", "does not fit its tables");
        header.putLong(24, 1L << 37).putInt(36, 4 << 20);
        Files.write(folder.resolve("x"), header.array());
        assertRefused("x", "out of bounds");
    }

    @Test
    void damageIsRefusedOrHarmless() throws IOException, InterruptedException {
        qemuImg("convert", "-c", "-f", "raw", "-O", "qcow2", "raw", "compressed");
        qemuImg("convert", "-f", "raw", "-O", "qcow2", "-o", "cluster_size=4k", "raw", "plain");
        byte[] got = new byte[64 << 20];
        for (String name : List.of("compressed", "plain")) {
            byte[] good = Files.readAllBytes(folder.resolve(name));
            for (int seed = 0; seed < 100; seed++) {
                Random random = new Random(seed);
                byte[] bad = good.clone();
                for (int i = random.nextInt(6); i >= 0; i--) {
                    int where =
                            switch (random.nextInt(3)) {
                                case 0 -> random.nextInt(112);
                                case 1 -> random.nextInt(bad.length);
                                default -> tableEntry(good, random);
                            };
                    bad[where] = (byte) random.nextInt();
                }
                if (random.nextInt(10) == 0) {
                    bad = Arrays.copyOf(bad, random.nextInt(bad.length));
                }
                Files.write(folder.resolve("bad"), bad);
                assertTimeoutPreemptively(
                        Duration.ofSeconds(10), () -> readAll(got), "seed " + seed);
            }
        }
    }

    private static int tableEntry(byte[] image, Random random) {
        int l1 = (int) ByteBuffer.wrap(image).getLong(40);
        int l2 = (int) (ByteBuffer.wrap(image).getLong(l1) & 0xFF_FFFF_FE00L);
        return random.nextInt(4) == 0 ? l1 + random.nextInt(8) : l2 + random.nextInt(512);
    }

    private void readAll(byte[] got) throws IOException {
        try (BlockDevice disk = open("bad", true)) {
            disk.read(0, got, 0, (int) Math.min(got.length, disk.size()));
        } catch (StorageException e) {
            assertTrue(e.getMessage().startsWith("cannot "), e.getMessage());
        }
    }

    @Test
    void theNameTellsTheFormat() throws IOException, InterruptedException {
        qemuImg("convert", "-f", "raw", "-O", "qcow2", "raw", "x.qcow2");
        Files.copy(folder.resolve("x.qcow2"), folder.resolve("x.img"));
        try (BlockDevice disk =
                DiskImages.open(folder.resolve("x.qcow2"), Optional.empty(), true)) {
            assertEquals(SIZE, disk.size());
        }
        StorageException e =
                assertThrows(
                        StorageException.class,
                        () ->
                                DiskImages.open(folder.resolve("x.img"), Optional.empty(), true)
                                        .close());
        assertTrue(e.getMessage().contains("nobody has said that it is"), e.getMessage());
    }

    @Test
    void internalSnapshotsDoNotShow() throws IOException, InterruptedException {
        qemuImg("convert", "-f", "raw", "-O", "qcow2", "raw", "x");
        qemuImg("snapshot", "-c", "before", "x");
        assertContent("x", content);
    }
}
