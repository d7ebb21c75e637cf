package dev.arclet.emulator.storage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OverlayImageTest {
    private static final int SIZE = (6 << 20) + 1536;
    private static final byte[] IDENTITY = new byte[OverlayImage.IDENTITY_BYTES];

    @TempDir private Path folder;

    private static byte[] random(int bytes, long seed) {
        byte[] content = new byte[bytes];
        new Random(seed).nextBytes(content);
        return content;
    }

    private static byte[] content(BlockDevice disk) throws StorageException {
        byte[] all = new byte[(int) disk.size()];
        disk.read(0, all, 0, all.length);
        return all;
    }

    /** Random operations on a disk and an array of the same content. */
    private static void traffic(BlockDevice disk, byte[] model, Random random, int rounds)
            throws StorageException {
        byte[] buffer = new byte[300_000];
        for (int i = 0; i < rounds; i++) {
            int length = random.nextInt(1 << 1 + random.nextInt(18));
            int offset = random.nextInt(model.length - length + 1);
            if (random.nextInt(3) == 0) {
                offset &= -4096;
            }
            switch (random.nextInt(8)) {
                case 0 -> {
                    disk.zero(offset, length);
                    Arrays.fill(model, offset, offset + length, (byte) 0);
                }
                case 1 -> {
                    disk.discard(offset, length);
                    // Each byte is what it was, or zero.
                    byte[] now = new byte[length];
                    disk.read(offset, now, 0, length);
                    for (int j = 0; j < length; j++) {
                        assertTrue(now[j] == 0 || now[j] == model[offset + j]);
                        model[offset + j] = now[j];
                    }
                }
                case 2 -> disk.flush();
                case 3, 4 -> {
                    disk.read(offset, buffer, 7, length);
                    assertArrayEquals(
                            Arrays.copyOfRange(model, offset, offset + length),
                            Arrays.copyOfRange(buffer, 7, 7 + length));
                }
                default -> {
                    random.nextBytes(buffer);
                    disk.write(offset, buffer, 3, length);
                    System.arraycopy(buffer, 3, model, offset, length);
                }
            }
        }
    }

    @Test
    void isTheDiskThatWasWritten() throws IOException {
        byte[] base = random(SIZE, 1);
        byte[] model = base.clone();
        Path path = folder.resolve("disk.overlay");
        for (int seed = 0; seed < 4; seed++) {
            MemoryDisk below = new MemoryDisk(base.clone(), true);
            try (OverlayImage disk = OverlayImage.open(path, below, IDENTITY)) {
                assertArrayEquals(model, content(disk), "seed " + seed);
                traffic(disk, model, new Random(seed), 80);
            }
            assertArrayEquals(base, below.bytes);
        }
        assertTrue(Files.size(path) < 3 * SIZE, "the overlay has " + Files.size(path) + " bytes");
    }

    @Test
    void aTemporaryOverlayLeavesNothing() throws IOException {
        byte[] base = random(SIZE, 2);
        byte[] model = base.clone();
        MemoryDisk below = new MemoryDisk(base.clone(), true);
        try (OverlayImage disk = OverlayImage.temporary(folder, below)) {
            traffic(disk, model, new Random(3), 150);
            assertArrayEquals(model, content(disk));
        }
        assertArrayEquals(base, below.bytes);
        try (Stream<Path> left = Files.list(folder)) {
            assertEquals(0, left.count());
        }
    }

    @Test
    void theJournalIsRenewedBeforeItOutgrowsTheMap() throws IOException {
        MemoryDisk below = new MemoryDisk(new byte[SIZE], true);
        Path path = folder.resolve("disk.overlay");
        byte[] block = random(4096, 4);
        try (OverlayImage disk = OverlayImage.open(path, below, IDENTITY)) {
            for (int i = 0; i < 400; i++) {
                disk.write(4096L * (i % 7), block, 0, 4096);
                disk.flush();
                disk.discard(4096L * (i % 7), 4096);
                disk.write(4096L * 100, block, 0, 1 + i);
                disk.flush();
            }
        }
        assertTrue(Files.size(path) < 2 << 20, "the overlay has " + Files.size(path) + " bytes");
        try (OverlayImage disk = OverlayImage.open(path, below, IDENTITY)) {
            byte[] got = new byte[400];
            disk.read(4096L * 100, got, 0, 400);
            assertArrayEquals(Arrays.copyOf(block, 400), got);
        }
    }

    @Test
    void manyPiecesInOneFlushComeBack() throws IOException {
        MemoryDisk below = new MemoryDisk(random(64 << 20, 5), true);
        Path path = folder.resolve("disk.overlay");
        byte[] block = random(4096, 6);
        try (OverlayImage disk = OverlayImage.open(path, below, IDENTITY)) {
            for (int i = 0; i < 16384; i += 2) {
                disk.write(4096L * i, block, 0, 4096);
            }
            disk.flush();
        }
        byte[] got = new byte[4096];
        try (OverlayImage disk = OverlayImage.open(path, below, IDENTITY)) {
            for (int i = 0; i < 16384; i++) {
                disk.read(4096L * i, got, 0, 4096);
                byte[] expected =
                        i % 2 == 0
                                ? block
                                : Arrays.copyOfRange(below.bytes, 4096 * i, 4096 * i + 4096);
                assertArrayEquals(expected, got, "block " + i);
            }
        }
    }

    @Test
    void aWholeDiskOfZerosCostsLittle() throws IOException {
        long tebibytes = 3L << 40;
        BlockDevice huge = new HugeDisk(tebibytes);
        Path path = folder.resolve("disk.overlay");
        try (OverlayImage disk = OverlayImage.open(path, huge, IDENTITY)) {
            disk.zero(0, tebibytes);
            disk.write(tebibytes - 512, new byte[] {1}, 0, 1);
        }
        assertTrue(Files.size(path) < 1 << 20);
        byte[] got = new byte[512];
        try (OverlayImage disk = OverlayImage.open(path, huge, IDENTITY)) {
            disk.read(tebibytes - 512, got, 0, 512);
            assertEquals(1, got[0]);
            assertEquals(0, got[1]);
        }
    }

    /** Every byte is 7. */
    private record HugeDisk(long size) implements BlockDevice {
        @Override
        public boolean readOnly() {
            return true;
        }

        @Override
        public void read(long offset, byte[] target, int from, int length) {
            Arrays.fill(target, from, from + length, (byte) 7);
        }

        @Override
        public void write(long offset, byte[] source, int from, int length) {
            throw new AssertionError();
        }

        @Override
        public void flush() {}

        @Override
        public void zero(long offset, long length) {
            throw new AssertionError();
        }

        @Override
        public void close() {}
    }

    @Test
    void anotherDisksOverlayIsRefused() throws IOException {
        Path path = folder.resolve("disk.overlay");
        OverlayImage.open(path, new MemoryDisk(new byte[SIZE], true), IDENTITY).close();
        byte[] other = IDENTITY.clone();
        other[5] = 1;
        StorageException e =
                assertThrows(
                        StorageException.class,
                        () -> OverlayImage.open(path, new MemoryDisk(new byte[SIZE], true), other));
        assertTrue(e.getMessage().contains("another version"), e.getMessage());
        assertThrows(
                StorageException.class,
                () -> OverlayImage.open(path, new MemoryDisk(new byte[512], true), IDENTITY));
    }

    /** Whatever is cut off the end or left of a half-written record, flushed data are there. */
    @Test
    void aTornTailLosesNothingThatWasFlushed() throws IOException {
        for (int seed = 0; seed < 12; seed++) {
            Random random = new Random(seed);
            byte[] base = random(1 << 20, seed);
            byte[] model = base.clone();
            Path path = folder.resolve("torn" + seed);
            MemoryDisk below = new MemoryDisk(base, true);
            OverlayImage disk = OverlayImage.open(path, below, IDENTITY);
            traffic(disk, model, random, 40);
            disk.flush();
            byte[] flushed = Files.readAllBytes(path);
            // The next flush, and what a crash within it may leave of it.
            disk.write(4096 * (long) random.nextInt(200), new byte[9000], 0, 9000);
            disk.zero(random.nextInt(500_000), 300_000);
            disk.flush();
            byte[] later = Files.readAllBytes(path);
            disk.close();
            byte[] torn = Arrays.copyOf(flushed, later.length);
            int same = Arrays.mismatch(torn, later);
            if (same >= 0) {
                int upTo = same + random.nextInt(later.length - same);
                for (int at = flushed.length; at < upTo; at++) {
                    torn[at] = later[at]; // new slots only: what stood is not overwritten
                }
            }
            Files.write(path, torn);
            try (OverlayImage again = OverlayImage.open(path, below, IDENTITY)) {
                assertArrayEquals(model, content(again), "seed " + seed);
                traffic(again, model, random, 30);
            }
            try (OverlayImage again = OverlayImage.open(path, below, IDENTITY)) {
                assertArrayEquals(model, content(again), "seed " + seed);
            }
        }
    }

    @Test
    void damageIsRefusedOrHarmless() throws IOException {
        byte[] base = random(1 << 20, 8);
        Path path = folder.resolve("disk.overlay");
        MemoryDisk below = new MemoryDisk(base, true);
        try (OverlayImage disk = OverlayImage.open(path, below, IDENTITY)) {
            traffic(disk, base.clone(), new Random(9), 200);
        }
        byte[] good = Files.readAllBytes(path);
        int refused = 0;
        for (int seed = 0; seed < 150; seed++) {
            Random random = new Random(seed);
            byte[] bad = good.clone();
            for (int i = random.nextInt(4); i >= 0; i--) {
                // Half of it where superblocks and the first segment are.
                int where =
                        random.nextBoolean()
                                ? random.nextInt(20 * 4096)
                                : random.nextInt(bad.length);
                bad[where] ^= (byte) (1 << random.nextInt(8));
            }
            if (random.nextInt(10) == 0) {
                bad = Arrays.copyOf(bad, random.nextInt(bad.length));
            }
            Files.write(path, bad);
            try (OverlayImage disk = OverlayImage.open(path, below, IDENTITY)) {
                content(disk);
                traffic(disk, content(disk), random, 10);
            } catch (StorageException e) {
                refused++;
                assertTrue(e.getMessage().contains("disk.overlay"), e.getMessage());
            }
        }
        assertTrue(refused > 10, "only " + refused + " of 150 damaged overlays were refused");
    }

    @Test
    void aDamagedRecordBeforeTheLastIsNotSkipped() throws IOException {
        Path path = folder.resolve("disk.overlay");
        MemoryDisk below = new MemoryDisk(new byte[1 << 20], true);
        try (OverlayImage disk = OverlayImage.open(path, below, IDENTITY)) {
            for (int i = 0; i < 3; i++) {
                disk.write(8192L * i, random(4096, i), 0, 4096);
                disk.flush();
            }
        }
        byte[] bytes = Files.readAllBytes(path);
        bytes[2 * 4096 + 512 + 33] ^= 4;
        Files.write(path, bytes);
        StorageException e =
                assertThrows(
                        StorageException.class, () -> OverlayImage.open(path, below, IDENTITY));
        assertTrue(e.getMessage().contains("not whole"), e.getMessage());
    }
}
