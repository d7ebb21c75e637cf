package dev.arclet.emulator.cpu.differential;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.arclet.emulator.FuzzRun;
import dev.arclet.emulator.cpu.differential.Case.Setup;
import dev.arclet.emulator.cpu.interp.Interpreter;
import dev.arclet.emulator.cpu.translate.Engines;
import dev.arclet.emulator.cpu.translate.ExitCounts;
import dev.arclet.emulator.cpu.translate.ImpatientEngines;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Random programs on two engines, which must agree on all of the processor's state, on memory, on
 * the number of instructions, on where they come back, and on what devices see.
 *
 * <p>{@code -Darclet.fuzz.seconds=N} sets for how long the slow test runs (60), {@code
 * -Darclet.fuzz.seed=S} with which program it begins. A failure tells its seed and a smaller
 * program; that, put into {@code src/test/resources/differential}, is a regression test.
 */
class DifferentialFuzzTest {
    private static final long SEED = 1_000_000;

    /** Programs that run however long they take. */
    private static final int LEAST_PROGRAMS = 20;

    /** Share of the instructions that must have been translated for a run to mean something. */
    private static final double LEAST_TRANSLATED = 0.3;

    /** The same where code has to become hot first. */
    private static final double LEAST_TIERED = 0.1;

    /** How often each program runs where its code comes some time. */
    private static final int BACKGROUND_RUNS = 6;

    private static Fuzzer steppedAndWhole() {
        // Attention in the middle of a block is heeded at its end only, which stepping cannot know.
        return new Fuzzer(
                new FuzzMachine("interpreter by steps", SteppingEngine::new),
                new FuzzMachine("interpreter", Interpreter::new),
                Setup.ALL & ~Setup.ATTENTION);
    }

    private static Fuzzer interpretedAndTranslated() {
        return new Fuzzer(
                new FuzzMachine("interpreter", Interpreter::new),
                new FuzzMachine("translator-eager", Engines.TRANSLATOR_EAGER::create),
                Setup.ALL);
    }

    /** Code becomes hot, gets regions, and those their successors, within a program's run. */
    private static Fuzzer interpretedAndTiered() {
        return new Fuzzer(
                new FuzzMachine("interpreter", Interpreter::new),
                new FuzzMachine("translator in step", ImpatientEngines::inStep),
                Setup.ALL);
    }

    /** The same with HotSpot at work meanwhile: what happens when is not to be repeated. */
    private static Fuzzer interpretedAndBackground() {
        return Fuzzer.ofChance(
                new FuzzMachine("interpreter", Interpreter::new),
                new FuzzMachine("translator in a hurry", ImpatientEngines::inBackground),
                Setup.ALL,
                BACKGROUND_RUNS);
    }

    @Test
    void interpreterAgreesWithItselfByTheStep() {
        run(steppedAndWhole(), SEED, 3);
    }

    @Test
    @Tag("slow")
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void interpreterAgreesWithItselfByTheStepForLong() {
        run(steppedAndWhole(), FuzzRun.seed(), FuzzRun.seconds(60));
    }

    @Test
    void translatorAgrees() {
        Fuzzer fuzzer = interpretedAndTranslated();
        run(fuzzer, SEED, 5);
        assertTrue(fuzzer.translatedShare() > LEAST_TRANSLATED);
    }

    @Test
    @Tag("slow")
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void translatorAgreesForLong() {
        Fuzzer fuzzer = interpretedAndTranslated();
        run(fuzzer, FuzzRun.seed(), FuzzRun.seconds(60));
        assertTrue(fuzzer.translatedShare() > LEAST_TRANSLATED);
        System.out.printf("%.0f %% translated%n", 100 * fuzzer.translatedShare());
    }

    private static void assertUsedAllTiers(Fuzzer fuzzer) {
        Map<String, Long> counters = fuzzer.counters();
        assertTrue(fuzzer.translatedShare() > LEAST_TIERED, () -> fuzzer.translatedShare() + "");
        assertTrue(counters.get("regions.optimised") > fuzzer.programs(), counters::toString);
    }

    @Test
    void tiersAgree() {
        Fuzzer fuzzer = interpretedAndTiered();
        run(fuzzer, SEED, 5);
        assertUsedAllTiers(fuzzer);
    }

    @Test
    @Tag("slow")
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void tiersAgreeForLong() {
        Fuzzer fuzzer = interpretedAndTiered();
        run(fuzzer, FuzzRun.seed(), FuzzRun.seconds(60));
        assertUsedAllTiers(fuzzer);
        System.out.printf(
                "%.0f %% translated, %s%n", 100 * fuzzer.translatedShare(), fuzzer.counters());
    }

    @Test
    @Tag("slow")
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void backgroundAgreesForLong() {
        Fuzzer fuzzer = interpretedAndBackground();
        run(fuzzer, FuzzRun.seed(), FuzzRun.seconds(60));
        System.out.printf(
                "%.0f %% translated, %s%n", 100 * fuzzer.translatedShare(), fuzzer.counters());
        assertTrue(fuzzer.translatedShare() > 0);
    }

    private static void run(Fuzzer fuzzer, long seed, long seconds) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        try (fuzzer) {
            for (long next = seed;
                    System.nanoTime() < end || next < seed + LEAST_PROGRAMS;
                    next++) {
                String report = fuzzer.tryProgram(next);
                if (report != null) {
                    fail(report);
                }
            }
            assertTrue(fuzzer.instructions() > 0);
            ExitCounts.check(fuzzer.counters());
            System.out.printf(
                    "%d programs, %d instructions from seed %d%n",
                    fuzzer.programs(), fuzzer.instructions(), seed);
        }
    }
}
