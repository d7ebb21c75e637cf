package dev.arclet.emulator.storage;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.FuzzRun;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Images that no honest program makes: qcow2 of all shapes with wrong numbers in them, and overlays
 * whose damage has a right check sum. Each is refused by name or is a disk. {@code
 * -Darclet.fuzz.seconds=N} sets for how long the slow tests run.
 */
class DiskFormatFuzzTest {
    private static final int EVERYDAY = 150;
    private static final long STEP_LIMIT_NANOS = 10_000_000_000L;
    private static final int MOST_READ = 4 << 20;
    private static final int SLOT = 4096;
    private static final int SECTOR = 512;
    private static final byte[] IDENTITY = new byte[OverlayImage.IDENTITY_BYTES];

    @TempDir private Path folder;
    private Random random;

    private interface Target {
        void run() throws IOException;
    }

    private void everyday(Target target) throws IOException {
        for (int seed = 0; seed < EVERYDAY; seed++) {
            once(seed, target);
        }
    }

    private void slow(String name, Target target) throws IOException {
        long end = FuzzRun.end(60);
        long first = FuzzRun.seed();
        long seed = first;
        for (; System.nanoTime() < end; seed++) {
            once(seed, target);
        }
        System.out.println("DiskFormatFuzzTest: " + (seed - first) + " images, " + name);
    }

    private void once(long seed, Target target) throws IOException {
        random = new Random(seed);
        long start = cpuNanos();
        try {
            target.run();
        } catch (StorageException refused) {
            String message = refused.getMessage();
            assertTrue(message.contains(folder.toString()), "seed " + seed + ": " + message);
        } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
            throw new AssertionError("seed " + seed, e);
        }
        assertTrue(cpuNanos() - start < STEP_LIMIT_NANOS, "seed " + seed + " took too long");
    }

    /** Processor time of this thread: other programs must not make an image look slow. */
    private static long cpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    @Test
    void anyQcow2ImageIsRefusedOrADisk() throws IOException {
        everyday(this::qcow2);
    }

    @Test
    @Tag("slow")
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void fuzzQcow2() throws IOException {
        slow("qcow2", this::qcow2);
    }

    @Test
    void anyOverlayIsRefusedOrADisk() throws IOException {
        everyday(this::overlay);
    }

    @Test
    @Tag("slow")
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void fuzzOverlay() throws IOException {
        slow("overlay", this::overlay);
    }

    private void use(BlockDevice disk) throws IOException {
        byte[] buffer = new byte[64 << 10];
        int most = (int) Math.min(disk.size(), MOST_READ);
        for (int at = 0; at + SECTOR <= most; at += buffer.length) {
            disk.read(at, buffer, 0, Math.min(buffer.length, most - at));
        }
        for (int i = 0; i < 20; i++) {
            int length = SECTOR * (1 + random.nextInt(64));
            if (length > disk.size()) {
                continue;
            }
            long at = random.nextLong(disk.size() - length + 1) & -SECTOR;
            if (disk.readOnly() || random.nextBoolean()) {
                disk.read(at, buffer, 0, length);
            } else if (random.nextInt(4) == 0) {
                disk.zero(at, length);
            } else if (random.nextInt(4) == 0) {
                disk.discard(at, length);
            } else {
                disk.write(at, buffer, 0, length);
            }
        }
        disk.flush();
    }

    /** A number that should be {@code right}, and mostly is. */
    private long nearly(long right) {
        return switch (random.nextInt(40)) {
            case 0 -> random.nextLong();
            case 1 -> right + random.nextInt(1024) - 512;
            case 2 -> 1L << random.nextInt(64);
            case 3 -> -right;
            default -> right;
        };
    }

    private void qcow2() throws IOException {
        int bits = 9 + random.nextInt(8);
        int cluster = 1 << bits;
        int perTable = cluster / 8;
        long size = SECTOR * (1L + random.nextInt(1 << 12));
        int tables = (int) ((size + (long) perTable * cluster - 1) / ((long) perTable * cluster));
        int clusters = 8 + random.nextInt(24);
        ByteBuffer image = ByteBuffer.allocate(cluster * clusters);
        random.nextBytes(image.array());
        boolean old = random.nextBoolean();
        image.putInt(0, 0x514649FB).putInt(4, old ? 2 : 3);
        image.putLong(8, nearly(0)).putInt(16, (int) nearly(0)).putInt(20, (int) nearly(bits));
        image.putLong(24, nearly(size)).putInt(32, (int) nearly(0));
        image.putInt(36, (int) nearly(tables)).putLong(40, nearly(cluster));
        image.putLong(48, 2L * cluster).putInt(56, 1).putInt(60, 0).putLong(64, 0);
        if (!old) {
            image.putLong(72, random.nextInt(10) == 0 ? random.nextInt(32) : 0);
            image.putLong(80, 0).putLong(88, 0).putInt(96, 4).putInt(100, (int) nearly(104));
            if (image.getLong(8) != 0 && random.nextBoolean()) {
                backing(image);
            }
        }
        byte[] packed = new byte[cluster];
        Deflater deflater = new Deflater(9, true);
        deflater.setInput(new byte[random.nextBoolean() ? cluster : cluster / 2]);
        deflater.finish();
        int packedBytes = deflater.deflate(packed);
        deflater.end();
        image.put(cluster * (clusters - 1), packed, 0, packedBytes);
        for (int i = 0; i < Math.min(tables, perTable); i++) {
            image.putLong(cluster + 8 * i, nearly(3L * cluster | 1L << 63));
        }
        for (int i = 0; i < perTable; i++) {
            image.putLong(3 * cluster + 8 * i, entry(bits, clusters));
        }
        int length = random.nextInt(8) == 0 ? random.nextInt(image.capacity()) : image.capacity();
        Path path = folder.resolve("image.qcow2");
        Files.write(path, Arrays.copyOf(image.array(), length));
        try (BlockDevice disk = DiskImages.open(path, Optional.empty(), true)) {
            use(disk);
        }
    }

    private long entry(int bits, int clusters) {
        long where = (long) random.nextInt(clusters) << bits;
        return switch (random.nextInt(6)) {
            case 0 -> 0;
            case 1 -> nearly(1);
            case 2 -> {
                int offsetBits = 62 - (bits - 8);
                long sectors = random.nextInt(1 << bits - 8);
                long host = random.nextBoolean() ? (clusters - 1L) << bits : where + 7;
                yield nearly(1L << 62 | sectors << offsetBits | host);
            }
            default -> nearly(where | 1L << 63);
        };
    }

    /** Names itself, or nothing good, as what lies below. */
    private void backing(ByteBuffer image) {
        String[] names = {"image.qcow2", "../x", "/etc/passwd", "nbd:x", "a\0b", ""};
        byte[] name = names[random.nextInt(names.length)].getBytes(StandardCharsets.US_ASCII);
        String[] formats = {"qcow2", "raw", "nbd"};
        byte[] format = formats[random.nextInt(formats.length)].getBytes(StandardCharsets.US_ASCII);
        int at = 104;
        image.putInt(at, 0xE2792ACA).putInt(at + 4, (int) nearly(format.length));
        image.put(at + 8, format);
        image.putLong(at + 16, 0);
        image.putLong(8, 200).putInt(16, name.length).put(200, name);
    }

    private void overlay() throws IOException {
        MemoryDisk below = new MemoryDisk(new byte[1 << 20], true);
        Path path = folder.resolve("disk.overlay");
        Files.deleteIfExists(path);
        try (OverlayImage disk = OverlayImage.open(path, below, IDENTITY)) {
            for (int i = random.nextInt(5); i >= 0; i--) {
                use(disk);
            }
        }
        byte[] bytes = Files.readAllBytes(path);
        ByteBuffer image = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = random.nextInt(4); i >= 0; i--) {
            switch (random.nextInt(4)) {
                case 0 -> {
                    int at = SLOT * random.nextInt(2);
                    change(image, at + 8, 72 - 8);
                    image.putInt(at + 72, crc(bytes, at, 72));
                }
                case 1 -> {
                    int at = image.getInt(32) * SLOT;
                    if (at >= 0 && at <= bytes.length - SECTOR) {
                        change(image, at + 8, 16);
                        sign(image, at, SECTOR);
                    }
                }
                case 2 -> record(image);
                default -> change(image, 0, bytes.length);
            }
        }
        if (random.nextInt(8) == 0) {
            bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
        }
        Files.write(path, bytes);
        try (OverlayImage disk = OverlayImage.open(path, below, IDENTITY)) {
            use(disk);
        }
        try (OverlayImage disk = OverlayImage.open(path, below, IDENTITY)) {
            use(disk);
        }
    }

    /** Damages a record of the first segment. */
    private void record(ByteBuffer image) {
        int segment = image.getInt(32) * SLOT;
        int at = segment + SECTOR * (1 + random.nextInt(127));
        if (segment < 0 || at > image.capacity() - SECTOR || image.getInt(at) != 0x4345_5241) {
            return;
        }
        int runs = Math.clamp(image.getInt(at + 8), 1, 40);
        change(image, at + 8, 24 + 12 * runs);
        int length = (32 + runs * 12 + SECTOR - 1) / SECTOR * SECTOR;
        if (at + length <= image.capacity()) {
            sign(image, at, length);
        }
    }

    private void change(ByteBuffer image, int at, int length) {
        int where = at + random.nextInt(length);
        switch (random.nextInt(3)) {
            case 0 -> image.put(where, (byte) random.nextInt());
            case 1 -> image.put(where, (byte) (random.nextInt(3) - 1));
            default -> image.put(where, (byte) (image.get(where) ^ 1 << random.nextInt(8)));
        }
    }

    private static void sign(ByteBuffer image, int at, int length) {
        image.putInt(at + 4, 0);
        image.putInt(at + 4, crc(image.array(), at, length));
    }

    private static int crc(byte[] bytes, int from, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, from, length);
        return (int) crc.getValue();
    }
}
