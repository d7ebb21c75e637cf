package dev.arclet.launcher.fetch;

import java.time.Duration;

/**
 * Bounds on what a source may cost.
 *
 * @param parallel most transfers at a time
 * @param attempts failures in a row without a new byte before a blob is given up
 * @param connect to reach a server
 * @param headers to get an answer's first line and headers
 * @param window a transfer must bring {@code windowBytes} in every window of this length
 * @param windowBytes see {@code window}; defeats servers that drip bytes
 * @param firstPause pause before the first retry; each further one doubles
 * @param longestPause the doubling ends here
 * @param redirects most redirects followed for one request
 */
public record FetchLimits(
        int parallel,
        int attempts,
        Duration connect,
        Duration headers,
        Duration window,
        long windowBytes,
        Duration firstPause,
        Duration longestPause,
        int redirects) {
    /** What the launcher uses. */
    public static final FetchLimits STANDARD =
            new FetchLimits(
                    8,
                    6,
                    Duration.ofSeconds(15),
                    Duration.ofSeconds(30),
                    Duration.ofSeconds(20),
                    16 << 10,
                    Duration.ofMillis(300),
                    Duration.ofSeconds(10),
                    5);
}
