package dev.arclet.emulator;

import java.util.concurrent.TimeUnit;

/**
 * How long the slow tests with random input run, and where they begin: {@code
 * -Darclet.fuzz.seconds=N} and {@code -Darclet.fuzz.seed=N}. Without a seed they begin at the same
 * place each time, so that they judge a change by what it changes; new ground is for runs with
 * another one.
 */
public final class FuzzRun {
    private static final long USUAL_SEED = 1_000_000_000;

    private FuzzRun() {}

    /** The number with which the first program is made; the next have the next. */
    public static long seed() {
        return Long.getLong("arclet.fuzz.seed", USUAL_SEED);
    }

    /** {@link System#nanoTime} at which a test is over that runs for some seconds if not told. */
    public static long end(long usualSeconds) {
        return System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds(usualSeconds));
    }

    /** For how many seconds to run. */
    public static long seconds(long usual) {
        return Long.getLong("arclet.fuzz.seconds", usual);
    }
}
