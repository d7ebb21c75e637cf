package dev.arclet.launcher.run;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * How long a user waits, from the consent to a machine: until it runs, until its screen changes for
 * the first time, until its serial line shows a prompt (text without an end of line that ends in
 * {@code #}, {@code $}, {@code >}, {@code %} or {@code login:} and a blank). Reports once, at the
 * prompt or at the machine's end.
 */
final class StartTimes {
    private static final int LINE = 256;

    /** What terminals do rather than show. */
    private static final Pattern CONTROL = Pattern.compile("\u001b\\[[0-9;?]*[A-Za-z]|\\p{Cntrl}");

    private static final Pattern PROMPT = Pattern.compile(".*([#$>%]|login:) ");

    private final VmInstance vm;
    private final long consent = System.nanoTime();
    private final Consumer<String> report;
    private final Consumer<byte[]> serial = this::said;
    private final VmInstance.Listener listener = this::changed;
    private final StringBuilder line = new StringBuilder();
    private double runs = -1;
    private double picture = -1;
    private boolean reported;

    private StartTimes(VmInstance vm, Consumer<String> report) {
        this.vm = vm;
        this.report = report;
    }

    /** Measures from now on. */
    static void from(VmInstance vm, Consumer<String> report) {
        StartTimes times = new StartTimes(vm, report);
        vm.listen(times.listener);
        vm.serial().follow(times.serial);
        var unused = vm.over().thenRun(() -> times.report(-1));
    }

    private double now() {
        return (System.nanoTime() - consent) / 1e9;
    }

    private synchronized void changed(VmInstance.Status status) {
        if (status.state() == VmState.RUNNING && runs < 0) {
            runs = now();
            vm.guest().ifPresent(g -> g.firstPicture().thenRun(this::painted));
        }
    }

    private synchronized void painted() {
        picture = now();
    }

    private synchronized void said(byte[] bytes) {
        line.append(new String(bytes, StandardCharsets.ISO_8859_1));
        line.delete(0, Math.max(line.lastIndexOf("\n") + 1, line.length() - LINE));
        if (PROMPT.matcher(CONTROL.matcher(line).replaceAll("")).matches()) {
            report(now());
        }
    }

    private synchronized void report(double prompt) {
        if (reported) {
            return;
        }
        reported = true;
        vm.unlisten(listener);
        vm.serial().unfollow(serial);
        if (runs >= 0) {
            report.accept(
                    vm.about().name()
                            + ": from consent "
                            + seconds(runs)
                            + " to its start, "
                            + seconds(picture)
                            + " to its first picture, "
                            + seconds(prompt)
                            + " to its prompt");
        }
    }

    private static String seconds(double time) {
        return time < 0 ? "never" : String.format(Locale.ROOT, "%.1f s", time);
    }
}
