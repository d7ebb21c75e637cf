package dev.arclet.emulator.machine;

import dev.arclet.emulator.FuzzRun;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The whole machine under random traffic, see {@link FuzzedMachine}, and its snapshots damaged.
 * {@code -Darclet.fuzz.seconds=N} sets for how long a slow test runs, {@code -Darclet.fuzz.seed=N}
 * where it starts.
 */
class MachineFuzzTest {
    private static final int EVERYDAY_STEPS = 25_000;

    @TempDir Path folder;

    /** Changes bytes of one section, or of any, and makes the check sums right again. */
    private static byte[] damaged(byte[] good, Random random) {
        ByteBuffer out = ByteBuffer.wrap(good.clone());
        List<Integer> starts = new ArrayList<>();
        for (int at = 12; at < good.length; ) {
            int id = out.getShort(at);
            int data = at + 2 + id + 16;
            int length = (int) out.getLong(data - 12);
            starts.add(at);
            String name = new String(good, at + 2, id, StandardCharsets.US_ASCII);
            at = data + length;
            if (name.endsWith(".pages") || name.equals("end")) {
                break; // pages of memory follow, which have check sums of their own
            }
        }
        for (int i = random.nextInt(3); i >= 0; i--) {
            int at = starts.get(random.nextInt(starts.size()));
            int id = out.getShort(at);
            int data = at + 2 + id + 16;
            int length = (int) out.getLong(data - 12);
            for (int k = random.nextInt(8); k >= 0 && length > 0; k--) {
                int where = data + random.nextInt(length);
                switch (random.nextInt(3)) {
                    case 0 -> out.put(where, (byte) random.nextInt());
                    case 1 -> out.put(where, (byte) (random.nextInt(3) - 1));
                    default -> out.put(where, (byte) (out.get(where) ^ 1 << random.nextInt(8)));
                }
            }
            CRC32C sum = new CRC32C();
            sum.update(out.array(), at, 2 + id + 12);
            sum.update(out.array(), data, length);
            out.putInt(data - 4, (int) sum.getValue());
        }
        return out.array();
    }

    private void fuzzSnapshots(long seed, int damages) throws Exception {
        try (FuzzedMachine machine = new FuzzedMachine(FuzzTarget.MACHINE, folder, seed)) {
            for (int i = 0; i < 3_000; i++) {
                machine.step();
            }
            byte[] good = machine.save();
            Random random = new Random(seed);
            for (int i = 0; i < damages; i++) {
                machine.restoreDamaged(damaged(good, random));
            }
        } catch (Exception | AssertionError | StackOverflowError | OutOfMemoryError e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    @Test
    void damagedSnapshotsAreRefusedOrHarmless() throws Exception {
        fuzzSnapshots(2, 100);
    }

    @Test
    @Tag("slow")
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void fuzzSnapshots() throws Exception {
        long end = FuzzRun.end(60);
        long seed = FuzzRun.seed();
        long runs = 0;
        for (; System.nanoTime() < end; runs++) {
            fuzzSnapshots(seed++, 200);
        }
        System.out.println("MachineFuzzTest: " + runs * 200 + " damaged snapshots");
    }

    private void fuzz(long seed, int steps) throws Exception {
        try (FuzzedMachine machine = new FuzzedMachine(FuzzTarget.MACHINE, folder, seed)) {
            int done = 0;
            try {
                for (; done < steps; done++) {
                    machine.step();
                }
            } catch (Exception | AssertionError | StackOverflowError | OutOfMemoryError e) {
                throw new AssertionError("seed " + seed + ", step " + done, e);
            }
        }
    }

    @Test
    void whateverAGuestDoesIsHarmless() throws Exception {
        fuzz(1, EVERYDAY_STEPS);
    }

    @Test
    @Tag("slow")
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void fuzz() throws Exception {
        long end = FuzzRun.end(60);
        long seed = FuzzRun.seed();
        long runs = 0;
        for (; System.nanoTime() < end; runs++) {
            fuzz(seed++, EVERYDAY_STEPS);
        }
        System.out.println("MachineFuzzTest: " + runs * EVERYDAY_STEPS + " steps");
    }
}
