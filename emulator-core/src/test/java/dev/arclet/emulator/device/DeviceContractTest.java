package dev.arclet.emulator.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.FuzzRun;
import dev.arclet.emulator.bus.MmioDevice;
import dev.arclet.emulator.bus.PioDevice;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What every device must do, see {@link Stateful} and {@link Resettable}. {@code
 * -Darclet.fuzz.seconds=N} sets for how long the slow test runs with each device at least.
 */
public abstract class DeviceContractTest {
    private static final long START = 1_234_567_890L;
    private static final int EVERYDAY_ROUNDS = 3_000;
    private static final int FUZZ_ROUNDS = 3_000_000;

    /** A port range under test. */
    public record Ports(int count, PioDevice device) {}

    /** A memory range under test. */
    public record Registers(int size, MmioDevice device) {}

    /** A device with all its ways in. */
    public static final class Subject {
        private final List<Resettable> resets = new ArrayList<>();
        private final List<Stateful> states = new ArrayList<>();
        private final List<Ports> ports = new ArrayList<>();
        private final List<Registers> registers = new ArrayList<>();
        private Consumer<Random> host = random -> {};

        /** A part with reset and state. */
        public <T extends Resettable & Stateful> Subject part(T part) {
            resets.add(part);
            states.add(part);
            return this;
        }

        /** A port range. */
        public Subject ports(int count, PioDevice device) {
            ports.add(new Ports(count, device));
            return this;
        }

        /** A memory range. */
        public Subject registers(int size, MmioDevice device) {
            registers.add(new Registers(size, device));
            return this;
        }

        /** Something that the host does to the device, at random. */
        public Subject host(Consumer<Random> action) {
            host = action;
            return this;
        }

        byte[] save() {
            SnapshotWriter out = new SnapshotWriter();
            for (Stateful state : states) {
                state.save(out);
            }
            return out.toByteArray();
        }

        void restore(byte[] bytes) throws SnapshotException {
            SnapshotReader in = new SnapshotReader("test", bytes);
            for (Stateful state : states) {
                state.restore(in, state.sectionVersion());
            }
            in.end();
        }
    }

    /** Builds the device on a rig. */
    protected abstract Subject create(TestRig rig);

    /** Whether hardware reset gives a new device; not so for one with a battery. */
    protected boolean resetIsComplete() {
        return true;
    }

    private static int[] traffic(TestRig rig, Subject subject, Random random, int rounds) {
        int[] seen = new int[rounds];
        for (int i = 0; i < rounds; i++) {
            int kind = random.nextInt(16);
            if (kind == 0) {
                rig.advance(random.nextInt(1 << random.nextInt(28)));
            } else if (kind == 1) {
                subject.host.accept(random);
            } else {
                seen[i] = access(subject, random);
            }
        }
        return seen;
    }

    private static int access(Subject subject, Random random) {
        int choice = random.nextInt(subject.ports.size() + subject.registers.size());
        boolean write = random.nextBoolean();
        int value = random.nextInt(3) == 0 ? 1 << random.nextInt(32) : random.nextInt();
        if (choice < subject.ports.size()) {
            Ports range = subject.ports.get(choice);
            int bytes = 1 << random.nextInt(random.nextInt(4) == 0 ? 3 : 1);
            int offset = random.nextInt(range.count);
            bytes = Math.min(bytes, Integer.highestOneBit(range.count - offset));
            if (write) {
                range.device.writePort(offset, bytes, value & (-1 >>> (32 - 8 * bytes)));
                return 0;
            }
            int read = range.device.readPort(offset, bytes);
            assertTrue(
                    bytes == 4 || read >>> 8 * bytes == 0,
                    () -> "read of %d bytes gave %08x".formatted(range.count, read));
            return read;
        }
        Registers range = subject.registers.get(choice - subject.ports.size());
        int bytes = 1 << random.nextInt(4);
        int offset = random.nextInt(Math.max(1, range.size - bytes + 1));
        if (random.nextInt(4) != 0) {
            offset &= -bytes;
        }
        if (write) {
            range.device.writeMmio(offset, bytes, value);
            return 0;
        }
        return (int) range.device.readMmio(offset, bytes);
    }

    @Test
    void resetEqualsFresh() {
        long seed = 11;
        TestRig rig = new TestRig(START);
        Subject used = create(rig);
        traffic(rig, used, new Random(seed), EVERYDAY_ROUNDS);
        used.resets.forEach(Resettable::reset);
        byte[] fresh = create(new TestRig(rig.nanos())).save();
        if (resetIsComplete()) {
            assertArrayEquals(fresh, used.save(), "seed " + seed);
        } else {
            byte[] once = used.save();
            used.resets.forEach(Resettable::reset);
            assertArrayEquals(once, used.save(), "seed " + seed);
        }
    }

    @Test
    void saveRestoreSaveGivesTheSameBytesAndTheSameFuture() throws SnapshotException {
        for (long seed = 0; seed < 20; seed++) {
            TestRig rig = new TestRig(START);
            Subject first = create(rig);
            traffic(rig, first, new Random(seed), 200 + (int) seed * 37);
            byte[] saved = first.save();

            TestRig otherRig = new TestRig(rig.nanos());
            Subject second = create(otherRig);
            traffic(otherRig, second, new Random(seed + 1000), 50);
            TestRig thirdRig = new TestRig(rig.nanos());
            Subject third = create(thirdRig);
            third.restore(saved);
            assertArrayEquals(saved, third.save(), "seed " + seed);
            second.restore(saved);
            assertArrayEquals(saved, second.save(), "seed " + seed);

            int[] expected = traffic(rig, first, new Random(seed + 2000), 300);
            int[] actual = traffic(thirdRig, third, new Random(seed + 2000), 300);
            assertArrayEquals(expected, actual, "seed " + seed);
            assertArrayEquals(first.save(), third.save(), "seed " + seed);
        }
    }

    @Test
    void identifiesItself() {
        for (Stateful state : create(new TestRig()).states) {
            assertTrue(state.sectionId().matches("[a-z0-9.-]+"), state.sectionId());
            assertTrue(state.sectionVersion() >= 1);
        }
    }

    @Test
    void truncatedBytesAreRefused() {
        TestRig rig = new TestRig(START);
        Subject subject = create(rig);
        byte[] saved = subject.save();
        for (int length = 0; length < saved.length; length += 1 + length / 50) {
            byte[] part = Arrays.copyOf(saved, length);
            assertThrows(SnapshotException.class, () -> create(new TestRig()).restore(part));
        }
    }

    @Test
    void damagedBytesAreRefusedOrHarmless() {
        for (long seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            TestRig rig = new TestRig(START);
            Subject subject = create(rig);
            traffic(rig, subject, random, 100);
            byte[] saved = subject.save();
            if (seed % 4 == 0) {
                random.nextBytes(saved);
            } else {
                for (int i = random.nextInt(6); i >= 0; i--) {
                    saved[random.nextInt(saved.length)] = (byte) random.nextInt();
                }
            }
            try {
                subject.restore(saved);
            } catch (SnapshotException refused) {
                assertTrue(refused.getMessage().contains("snapshot"), refused.getMessage());
            }
            traffic(rig, subject, random, 100);
            rig.jump(1_000_000);
        }
    }

    @Test
    void randomTrafficIsHarmless() {
        fuzz(5, EVERYDAY_ROUNDS * 10);
    }

    @Test
    @Tag("slow")
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void fuzz() {
        long end = FuzzRun.end(0);
        long seed = FuzzRun.seed();
        do {
            fuzz(seed++, FUZZ_ROUNDS);
        } while (System.nanoTime() < end);
    }

    private void fuzz(long seed, int rounds) {
        TestRig rig = new TestRig(START);
        Subject subject = create(rig);
        try {
            traffic(rig, subject, new Random(seed), rounds);
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError("seed " + seed, e);
        }
        assertEquals(subject.save().length, subject.save().length);
    }
}
