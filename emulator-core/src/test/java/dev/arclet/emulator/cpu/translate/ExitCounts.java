package dev.arclet.emulator.cpu.translate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;

/** What a translator's counters have to fulfil. */
public final class ExitCounts {
    private ExitCounts() {}

    /** Asserts that each time a region was entered is counted under one cause for leaving. */
    public static void check(Map<String, Long> counters) {
        long exits =
                counters.entrySet().stream()
                        .filter(counter -> counter.getKey().startsWith("regions.exits."))
                        .mapToLong(Map.Entry::getValue)
                        .sum();
        assertEquals(counters.getOrDefault("regions.entries", 0L), exits, counters::toString);
    }
}
