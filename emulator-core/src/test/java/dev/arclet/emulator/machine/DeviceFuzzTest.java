package dev.arclet.emulator.machine;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.FuzzRun;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Each device of the assembled PC under random traffic of its own, see {@link FuzzedMachine}.
 * {@code -Darclet.fuzz.seconds=N} sets for how long the slow test runs with each, {@code
 * -Darclet.fuzz.seed=N} where it starts, {@code -Darclet.fuzz.devices=REGEX} with which.
 */
class DeviceFuzzTest {
    private static final int EVERYDAY_STEPS = 5_000;
    private static final int PROGRAM_STEPS = 25_000;

    /**
     * What a machine and its tests keep on the heap: media of 14 MB, twice while one is restored.
     */
    private static final long HEAP_LIMIT = 192L << 20;

    /** A step that has taken so much of the processor hangs. */
    private static final long HANG_NANOS = 30_000_000_000L;

    @TempDir Path folder;

    private final Map<String, Long> accesses = new TreeMap<>();
    private long programs;
    private long steps;
    private long bytesMoved;
    private long interrupts;

    private void program(FuzzTarget target, long seed, int count) throws Exception {
        try (FuzzedMachine machine = new FuzzedMachine(target, folder, seed)) {
            FutureTask<Void> task =
                    new FutureTask<>(
                            () -> {
                                while (machine.steps() < count) {
                                    machine.step();
                                }
                                return null;
                            });
            Thread worker = Thread.ofPlatform().daemon().start(task);
            try {
                watch(machine, task, worker);
            } catch (ExecutionException | AssertionError e) {
                throw new AssertionError(
                        "%s, seed %d, step %d".formatted(target, seed, machine.steps()), e);
            }
            machine.accesses().forEach((name, n) -> accesses.merge(name, n, Long::sum));
            bytesMoved += machine.bytesMoved();
            interrupts += machine.interrupts();
            steps += count;
            programs++;
            System.gc();
            long used = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
            assertTrue(used < HEAP_LIMIT, () -> target + ": heap of " + (used >> 20) + " MiB");
        }
    }

    /** Waits for the worker; fails if a step does not end. */
    private static void watch(FuzzedMachine machine, FutureTask<Void> task, Thread worker)
            throws Exception {
        long step = -1;
        long since = 0;
        while (true) {
            try {
                task.get(1, TimeUnit.SECONDS);
                return;
            } catch (TimeoutException stillRunning) {
                long cpu = ManagementFactory.getThreadMXBean().getThreadCpuTime(worker.threadId());
                if (machine.steps() != step) {
                    step = machine.steps();
                    since = cpu;
                } else if (cpu - since > HANG_NANOS) {
                    AssertionError hang = new AssertionError("a step hangs");
                    hang.setStackTrace(worker.getStackTrace());
                    throw hang;
                }
            }
        }
    }

    private void assertReached(FuzzTarget target) {
        assertTrue(
                !accesses.isEmpty() && accesses.values().stream().allMatch(n -> n > 0),
                () -> target + " was never reached");
        assertTrue(
                !target.isPci() || accesses.containsKey("configuration"),
                () -> target + " was never configured");
        assertTrue(!target.isBusMaster() || bytesMoved > 0, () -> target + " has never moved data");
    }

    @ParameterizedTest
    @EnumSource(value = FuzzTarget.class, mode = EnumSource.Mode.EXCLUDE, names = "MACHINE")
    void whateverAGuestDoesWithItIsHarmless(FuzzTarget target) throws Exception {
        program(target, 1, EVERYDAY_STEPS);
        assertReached(target);
    }

    @ParameterizedTest
    @EnumSource(value = FuzzTarget.class, mode = EnumSource.Mode.EXCLUDE, names = "MACHINE")
    @Tag("slow")
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void fuzz(FuzzTarget target) throws Exception {
        String wanted = System.getProperty("arclet.fuzz.devices", ".*");
        Assumptions.assumeTrue(Pattern.matches(wanted, target.name()));
        long end = FuzzRun.end(10);
        long seed = FuzzRun.seed();
        do {
            program(target, seed++, PROGRAM_STEPS);
        } while (System.nanoTime() < end);
        assertReached(target);
        System.out.printf(
                "%s: %d programs, %d steps, %d bytes moved, %d interrupts, accesses %s%n",
                target, programs, steps, bytesMoved, interrupts, accesses);
    }
}
