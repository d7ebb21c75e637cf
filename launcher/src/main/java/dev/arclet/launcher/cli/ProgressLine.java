package dev.arclet.launcher.cli;

import dev.arclet.launcher.policy.CapabilityText;
import dev.arclet.launcher.run.VmInstance;
import java.io.PrintWriter;

/** Shows fetch progress in a terminal: one line that grows, or a line now and then in a log. */
final class ProgressLine {
    private static final long PERIOD_NANOS = 200_000_000;
    private static final int STEP_PERCENT = 10;

    private final PrintWriter out;
    private final boolean terminal;
    private long lastNanos = Long.MIN_VALUE / 2;
    private int lastPercent = -STEP_PERCENT;
    private boolean open;

    /**
     * @param terminal whether a line can be written over
     */
    ProgressLine(PrintWriter out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    synchronized void changed(VmInstance.Status status) {
        switch (status.state()) {
            case FETCHING -> fetching(status);
            case STARTING -> {
                finishLine();
                out.println("starting");
            }
            default -> finishLine();
        }
        out.flush();
    }

    private void fetching(VmInstance.Status status) {
        if (status.toFetch() == 0) {
            return;
        }
        int percent = (int) (100.0 * status.fetched() / status.toFetch());
        String text =
                "fetched "
                        + CapabilityText.bytes(status.fetched())
                        + " of "
                        + CapabilityText.bytes(status.toFetch())
                        + " ("
                        + percent
                        + " %)";
        long now = System.nanoTime();
        boolean all = status.fetched() == status.toFetch();
        if (all && lastPercent < 0 && !open) {
            return; // it was all here
        }
        if (terminal && (all || now - lastNanos >= PERIOD_NANOS)) {
            out.print("\r\u001b[K" + text);
            open = true;
            lastNanos = now;
        } else if (!terminal && percent >= lastPercent + STEP_PERCENT) {
            out.println(text);
            lastPercent = percent;
        }
    }

    private void finishLine() {
        if (open) {
            out.println();
            open = false;
        }
    }
}
