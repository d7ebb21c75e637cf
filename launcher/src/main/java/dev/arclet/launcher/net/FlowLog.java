package dev.arclet.launcher.net;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Says what was decided about a guest's flows, one line each. What repeats is said at the 1st, 2nd,
 * 4th, 8th... time, so that a guest cannot fill a disk. One thread at a time.
 */
public final class FlowLog {
    private static final int MAX_KNOWN = 1024;

    /** Lines of one machine; beyond there is silence. */
    private static final int MAX_LINES = 20_000;

    private final Consumer<String> out;
    private final Map<String, Integer> seen =
            new LinkedHashMap<>(16, 0.75f, true) {
                private static final long serialVersionUID = 1;

                @Override
                protected boolean removeEldestEntry(Map.Entry<String, Integer> eldest) {
                    return size() > MAX_KNOWN;
                }
            };
    private int lines;

    /** A log that gives its lines, without their ends, to {@code out}. */
    public FlowLog(Consumer<String> out) {
        this.out = out;
    }

    /** Notes a line. */
    public void note(String line) {
        int count = seen.merge(line, 1, Integer::sum);
        if (Integer.bitCount(count) != 1 || lines >= MAX_LINES) {
            return;
        }
        lines++;
        out.accept("network: " + line + (count > 1 ? " (" + count + " times)" : ""));
        if (lines == MAX_LINES) {
            out.accept("network: no more is noted");
        }
    }
}
