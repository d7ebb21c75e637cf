package dev.arclet.launcher.fetch;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Pauses between attempts: doubling, capped, and drawn at random between half and all of that, so
 * that many clients of a server that comes back do not return at one moment.
 */
public final class Backoff {
    private final Duration first;
    private final Duration longest;
    private final RandomGenerator random;

    public Backoff(FetchLimits limits, RandomGenerator random) {
        this.first = limits.firstPause();
        this.longest = limits.longestPause();
        this.random = random;
    }

    /** Waits before the next attempt, after {@code failures} (at least 1) failures in a row. */
    void pause(int failures) throws InterruptedException {
        Thread.sleep(next(failures));
    }

    Duration next(int failures) {
        long full = Math.min(longest.toMillis(), first.toMillis() << Math.min(failures - 1, 20));
        return Duration.ofMillis(full / 2 + (full < 2 ? 0 : random.nextLong(full / 2 + 1)));
    }
}
