package dev.arclet.emulator.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills a JVM that writes to an overlay, with SIGKILL, again and again. Whatever the moment, every
 * sector must then hold what it held at the last acknowledged flush, or what a later operation made
 * of it; nothing else, and no half sectors.
 */
class KilledOverlayTest {
    private static final int SIZE = 8 << 20;
    private static final int SECTOR = BlockDevice.SECTOR;
    private static final byte[] IDENTITY = new byte[OverlayImage.IDENTITY_BYTES];

    @TempDir private Path folder;

    private enum Kind {
        WRITE,
        ZERO,
        DISCARD,
        FLUSH
    }

    /** One operation; the same for the same round and number in both processes. */
    private record Operation(Kind kind, int sector, int sectors, int version) {
        static Operation of(long seed, int number) {
            Random random = new Random(seed * 1_000_003 + number);
            Kind kind =
                    switch (random.nextInt(12)) {
                        case 0 -> Kind.ZERO;
                        case 1 -> Kind.DISCARD;
                        case 2, 3, 4 -> Kind.FLUSH;
                        default -> Kind.WRITE;
                    };
            int length = 1 + random.nextInt(1 << 1 + random.nextInt(9));
            int sector = random.nextInt(SIZE / SECTOR - length + 1);
            if (random.nextBoolean()) {
                sector &= -8;
            }
            return new Operation(kind, sector, length, (int) (seed << 20) + number + 1);
        }

        void run(BlockDevice disk) throws StorageException {
            long offset = (long) sector * SECTOR;
            switch (kind) {
                case WRITE -> {
                    byte[] data = new byte[sectors * SECTOR];
                    for (int i = 0; i < sectors; i++) {
                        System.arraycopy(pattern(sector + i, version), 0, data, i * SECTOR, SECTOR);
                    }
                    disk.write(offset, data, 0, data.length);
                }
                case ZERO -> disk.zero(offset, (long) sectors * SECTOR);
                case DISCARD -> disk.discard(offset, (long) sectors * SECTOR);
                case FLUSH -> disk.flush();
            }
        }
    }

    private static byte[] pattern(int sector, int version) {
        ByteBuffer bytes = ByteBuffer.allocate(SECTOR);
        long state = (long) sector << 32 | version & 0xFFFFFFFFL;
        bytes.putLong(state);
        while (bytes.hasRemaining()) {
            state = state * 6364136223846793005L + 1442695040888963407L;
            bytes.putLong(state);
        }
        return bytes.array();
    }

    /** The process that is killed: acknowledges every flush on standard output. */
    public static final class Victim {
        /** Arguments: folder, seed. */
        public static void main(String[] args) throws IOException {
            Path folder = Path.of(args[0]);
            long seed = Long.parseLong(args[1]);
            RawImage base = RawImage.open(folder.resolve("base"), true);
            OverlayImage disk = OverlayImage.open(folder.resolve("overlay"), base, IDENTITY);
            PrintStream out = new PrintStream(System.out, true, StandardCharsets.US_ASCII);
            out.println("open");
            for (int number = 0; ; number++) {
                Operation operation = Operation.of(seed, number);
                operation.run(disk);
                if (operation.kind == Kind.FLUSH) {
                    out.println(number);
                }
            }
        }
    }

    @Test
    void noAcknowledgedFlushIsLost() throws IOException, InterruptedException {
        killAndCheck(5, 77);
    }

    @Test
    @Tag("slow")
    void noAcknowledgedFlushIsLostInManyKills() throws IOException, InterruptedException {
        killAndCheck(200, System.nanoTime() & 0xFFFF);
    }

    private void killAndCheck(int rounds, long firstSeed) throws IOException, InterruptedException {
        Random random = new Random(firstSeed);
        byte[] known = new byte[SIZE];
        random.nextBytes(known);
        byte[] base = known.clone();
        Files.write(folder.resolve("base"), base);
        int flushes = 0;
        for (int round = 0; round < rounds; round++) {
            long seed = (firstSeed + round) % 2000;
            List<Integer> acknowledged = runAndKill(seed, random.nextInt(400_000_000));
            flushes += acknowledged.size();
            int last = acknowledged.isEmpty() ? -1 : acknowledged.getLast();
            known = check(known, seed, last);
        }
        assertTrue(flushes > rounds, flushes + " flushes in " + rounds + " rounds");
        assertEquals(-1, Arrays.mismatch(base, Files.readAllBytes(folder.resolve("base"))));
    }

    private List<Integer> runAndKill(long seed, long nanos)
            throws IOException, InterruptedException {
        Process victim =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:TieredStopAtLevel=1",
                                "-XX:+UseSerialGC",
                                "-Xshare:auto",
                                "-cp",
                                System.getProperty("java.class.path"),
                                Victim.class.getName(),
                                folder.toString(),
                                Long.toString(seed))
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        List<Integer> acknowledged = new ArrayList<>();
        try (BufferedReader out = victim.inputReader(StandardCharsets.US_ASCII)) {
            assertEquals("open", out.readLine(), "seed " + seed);
            Thread killer =
                    Thread.ofPlatform()
                            .start(
                                    () -> {
                                        LockSupport.parkNanos(nanos);
                                        victim.toHandle().destroyForcibly();
                                    });
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                acknowledged.add(Integer.parseInt(line));
            }
            killer.join();
        } finally {
            victim.toHandle().destroyForcibly();
        }
        assertTrue(victim.waitFor(20, TimeUnit.SECONDS));
        return acknowledged;
    }

    /** Compares with what may be there; returns what is there. */
    private byte[] check(byte[] before, long seed, int lastFlush) throws IOException {
        byte[] now = new byte[SIZE];
        try (RawImage below = RawImage.open(folder.resolve("base"), true);
                OverlayImage disk = OverlayImage.open(folder.resolve("overlay"), below, IDENTITY)) {
            disk.read(0, now, 0, SIZE);
        }
        // For each sector: the versions it may have. The list begins anew at a flushed state.
        List<List<Integer>> allowed = new ArrayList<>();
        for (int i = 0; i < SIZE / SECTOR; i++) {
            allowed.add(new ArrayList<>(List.of(BEFORE)));
        }
        for (int number = 0; number <= lastFlush; number++) {
            Operation operation = Operation.of(seed, number);
            for (int i = 0; i < operation.sectors; i++) {
                List<Integer> versions = allowed.get(operation.sector + i);
                switch (operation.kind) {
                    case WRITE -> {
                        versions.clear();
                        versions.add(operation.version);
                    }
                    case ZERO -> {
                        versions.clear();
                        versions.add(ZEROS);
                    }
                    case DISCARD -> versions.add(ZEROS);
                    case FLUSH -> {}
                }
            }
        }
        // A discard leaves a choice which later operations do not undo but by overwriting.
        for (int number = lastFlush + 1; number < Integer.MAX_VALUE; number++) {
            Operation operation = Operation.of(seed, number);
            for (int i = 0; i < operation.sectors; i++) {
                List<Integer> versions = allowed.get(operation.sector + i);
                switch (operation.kind) {
                    case WRITE -> versions.add(operation.version);
                    case ZERO, DISCARD -> versions.add(ZEROS);
                    case FLUSH -> {}
                }
            }
            if (operation.kind == Kind.FLUSH) {
                break; // it was not answered, so nothing that follows it can have begun
            }
        }
        for (int i = 0; i < SIZE / SECTOR; i++) {
            checkSector(
                    i, before, now, allowed.get(i), "seed %d, flush %d".formatted(seed, lastFlush));
        }
        return now;
    }

    private static final int BEFORE = -1;
    private static final int ZEROS = -2;

    private static void checkSector(
            int sector, byte[] before, byte[] now, List<Integer> versions, String when) {
        int at = sector * SECTOR;
        for (int version : versions) {
            byte[] expected =
                    switch (version) {
                        case BEFORE -> Arrays.copyOfRange(before, at, at + SECTOR);
                        case ZEROS -> new byte[SECTOR];
                        default -> pattern(sector, version);
                    };
            if (Arrays.equals(expected, 0, SECTOR, now, at, at + SECTOR)) {
                return;
            }
        }
        throw new AssertionError(
                "%s: sector %d holds none of the versions %s, but %s"
                        .formatted(
                                when,
                                sector,
                                versions,
                                Long.toHexString(ByteBuffer.wrap(now).getLong(at))));
    }
}
