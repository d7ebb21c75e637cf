package dev.arclet.emulator.debug;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Results of a run of {@link VectorSuite}. */
public final class VectorReport {
    private static final int EXAMPLES_PER_FORM = 2;

    /** Counts of a group in a mode, or of one of its forms. */
    public static final class Tally {
        private int tests;
        private int mismatches;
        private int tolerated;
        private final List<String> examples = new ArrayList<>();

        /** Tests run. */
        public int tests() {
            return tests;
        }

        /** Tests whose outcome differs. */
        public int mismatches() {
            return mismatches;
        }

        /** Tests that match only within the tolerance that the vectors allow. */
        public int tolerated() {
            return tolerated;
        }

        /** The first mismatches: test, then what differs. */
        public List<String> examples() {
            return Collections.unmodifiableList(examples);
        }
    }

    private final Map<String, Map<String, Tally>> groups = new TreeMap<>();
    private double seconds;

    void add(String group, VectorTest test, List<String> differences, boolean tolerated) {
        Tally tally =
                groups.computeIfAbsent(group, key -> new LinkedHashMap<>())
                        .computeIfAbsent(test.form(), key -> new Tally());
        tally.tests++;
        if (!differences.isEmpty()) {
            tally.mismatches++;
            if (tally.examples.size() < EXAMPLES_PER_FORM) {
                tally.examples.add(
                        "line "
                                + test.line()
                                + ": "
                                + String.join("; ", differences)
                                + "\n      "
                                + test.text());
            }
        } else if (tolerated) {
            tally.tolerated++;
        }
    }

    void finished(double newSeconds) {
        seconds = newSeconds;
    }

    /** Groups in modes, as {@code int-alu.prot16}; each with its forms in the order of the file. */
    public Map<String, Map<String, Tally>> groups() {
        return Collections.unmodifiableMap(groups);
    }

    /** The sum over the forms of a group in a mode; zeros if it was not run. */
    public Tally sum(String group) {
        Tally sum = new Tally();
        for (Tally tally : groups.getOrDefault(group, Map.of()).values()) {
            add(sum, tally);
        }
        return sum;
    }

    /** The sum of everything. */
    public Tally total() {
        Tally sum = new Tally();
        for (String group : groups.keySet()) {
            add(sum, sum(group));
        }
        return sum;
    }

    private static void add(Tally sum, Tally tally) {
        sum.tests += tally.tests;
        sum.mismatches += tally.mismatches;
        sum.tolerated += tally.tolerated;
    }

    /** A table of groups, and below it the first mismatches of each form. */
    public String format(boolean withExamples) {
        StringBuilder text = new StringBuilder();
        text.append(
                "%-24s %8s %10s %10s%n"
                        .formatted("group.mode", "tests", "mismatches", "tolerated"));
        for (String group : groups.keySet()) {
            appendRow(text, group, sum(group));
        }
        appendRow(text, "total", total());
        text.append(
                "%.1f s. Tolerated: x87-trans one unit in the last place and C1; sse-approx twice 1.5 * 2^-12, relative.%n"
                        .formatted(seconds));
        if (withExamples) {
            groups.forEach((group, forms) -> appendExamples(text, group, forms));
        }
        return text.toString();
    }

    private static void appendRow(StringBuilder text, String name, Tally tally) {
        text.append(
                "%-24s %8d %10d %10d%n"
                        .formatted(name, tally.tests, tally.mismatches, tally.tolerated));
    }

    private static void appendExamples(StringBuilder text, String group, Map<String, Tally> forms) {
        forms.forEach(
                (form, tally) -> {
                    if (tally.mismatches > 0) {
                        text.append(
                                "%n%s %s: %d of %d%n"
                                        .formatted(group, form, tally.mismatches, tally.tests));
                        for (String example : tally.examples) {
                            text.append("  ").append(example).append(System.lineSeparator());
                        }
                    }
                });
    }
}
