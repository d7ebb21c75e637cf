import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** The tables. Speeds are quotients of medians: a peer's time divided by ours, so that more is better. */
final class Report {
    /** A goal of the first table: a name, the value to reach and what is measured. */
    private record Goal(String name, String least, Function<Pair, Double> value) {}

    /** Ours beside a peer, by wall time or CPU time. */
    private final class Pair {
        private final Contender ours;
        private final Contender peer;
        private final Function<Run, Map<String, Double>> time;

        Pair(Contender ours, Contender peer, Function<Run, Map<String, Double>> time) {
            this.ours = ours;
            this.peer = peer;
            this.time = time;
        }

        double speed(String name) {
            return median(peer, name, time) / median(ours, name, time);
        }

        Double mean(List<String> names) {
            double sum = 0;
            int count = 0;
            for (String name : names) {
                double speed = speed(name);
                if (speed > 0 && Double.isFinite(speed)) {
                    sum += Math.log(speed);
                    count++;
                }
            }
            return count == 0 ? null : Math.exp(sum / count);
        }

        Double worst() {
            return Kernels.ALL.stream()
                    .map(this::speed)
                    .filter(speed -> speed > 0)
                    .min(Double::compare)
                    .orElse(null);
        }
    }

    private final Options options;
    private final Map<Contender, List<Run>> runs;
    private final Map<Integer, Double> warm;

    Report(Options options, Map<Contender, List<Run>> runs, Map<Integer, Double> warm) {
        this.options = options;
        this.runs = runs;
        this.warm = warm;
    }

    private double median(
            Contender contender, String name, Function<Run, Map<String, Double>> time) {
        return middle(
                runs.get(contender).stream()
                        .map(run -> time.apply(run).get(name))
                        .filter(value -> value != null)
                        .toList());
    }

    private static double middle(List<Double> values) {
        double[] sorted = values.stream().mapToDouble(v -> v).sorted().toArray();
        int n = sorted.length;
        return n == 0 ? Double.NaN : (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
    }

    /** Wrong checksums and incomplete runs, one a line. */
    List<String> failures() {
        List<String> failures = new ArrayList<>();
        for (int bits : options.bits()) {
            Map<String, String> expected = new LinkedHashMap<>();
            Map<String, String> from = new LinkedHashMap<>();
            runs.forEach(
                    (contender, all) -> {
                        if (contender.bits() != bits) {
                            return;
                        }
                        String who = contender.name() + ", " + bits + "-bit guest";
                        for (Run run : all) {
                            if (run.failure != null) {
                                failures.add(who + ": " + run.failure);
                            }
                            run.sums.forEach(
                                    (name, sum) -> {
                                        String first = expected.putIfAbsent(name, sum);
                                        from.putIfAbsent(name, contender.name());
                                        if (first != null && !first.equals(sum)) {
                                            failures.add(
                                                    "%s: checksum of %s is %s, that of %s %s"
                                                            .formatted(
                                                                    who,
                                                                    name,
                                                                    sum,
                                                                    from.get(name),
                                                                    first));
                                        }
                                    });
                        }
                    });
        }
        return failures;
    }

    void print() {
        for (int bits : options.bits()) {
            List<Contender> contenders =
                    runs.keySet().stream().filter(c -> c.bits() == bits).toList();
            Contender qemu = named(contenders, "QEMU TCG");
            Contender v86 = named(contenders, "v86");
            for (Contender ours : contenders) {
                if (ours.isArclet()) {
                    if (qemu != null) {
                        printGoals(bits, ours, qemu, v86);
                    }
                }
            }
            printKernels(bits, contenders, qemu);
        }
    }

    private static Contender named(List<Contender> contenders, String name) {
        return contenders.stream().filter(c -> c.name().equals(name)).findFirst().orElse(null);
    }

    private void printGoals(int bits, Contender ours, Contender qemu, Contender v86) {
        boolean narrow = bits == 32;
        System.out.printf("%n### %s, %d-bit guest: goals%n%n", ours.name(), bits);
        System.out.println("| goal | to reach | by wall time | by CPU time |");
        System.out.println("|---|---|---|---|");
        List<Goal> goals = new ArrayList<>();
        String least = narrow ? ">= 1.5" : ">= 1.3";
        goals.add(new Goal("speed / TCG, all CPU kernels", least, p -> p.mean(Kernels.CPU)));
        goals.add(new Goal("speed / TCG, plain integer", least, p -> p.mean(Kernels.INTEGER)));
        goals.add(
                new Goal(
                        "speed / TCG, worst single kernel",
                        narrow ? ">= 0.6" : ">= 0.5",
                        Pair::worst));
        goals.add(new Goal("speed / TCG, system kernels", ">= 0.7", p -> p.mean(Kernels.SYSTEM)));
        goals.add(
                new Goal("start to shell, cold JVM, time / TCG's", "<= 2.0", p -> 1 / p.speed(Run.SHELL)));
        row(goals, new Pair(ours, qemu, r -> r.wall), new Pair(ours, qemu, r -> r.cpu));
        if (warm.containsKey(bits)) {
            System.out.printf(
                    Locale.ROOT,
                    "| start to shell, warm JVM, time / TCG's | <= 1.3 | %.2f | |%n",
                    warm.get(bits) / median(qemu, Run.SHELL, r -> r.wall));
        }
        System.out.printf(
                Locale.ROOT,
                "| peak RSS after the whole run, ours / TCG's | <= 2.5 | %.2f (%.0f / %.0f MiB) | |%n",
                peak(ours) / peak(qemu),
                peak(ours) / (1 << 20),
                peak(qemu) / (1 << 20));
        if (v86 != null) {
            row(
                    List.of(
                            new Goal(
                                    "speed / v86, all CPU kernels",
                                    ">= 2.5",
                                    p -> p.mean(Kernels.CPU))),
                    new Pair(ours, v86, r -> r.wall),
                    new Pair(ours, v86, r -> r.cpu));
        }
    }

    private double peak(Contender contender) {
        return middle(runs.get(contender).stream().map(run -> (double) run.peakBytes).toList());
    }

    private static void row(List<Goal> goals, Pair wall, Pair cpu) {
        for (Goal goal : goals) {
            System.out.printf(
                    "| %s | %s | %s | %s |%n",
                    goal.name(),
                    goal.least(),
                    number(goal.value().apply(wall)),
                    number(goal.value().apply(cpu)));
        }
    }

    private static String number(Double value) {
        return value == null || value.isNaN() ? "" : String.format(Locale.ROOT, "%.2f", value);
    }

    private void printKernels(int bits, List<Contender> contenders, Contender qemu) {
        System.out.printf("%n### %d-bit guest, seconds (CPU seconds)%n%n", bits);
        StringBuilder head = new StringBuilder("| kernel |");
        StringBuilder line = new StringBuilder("|---|");
        for (Contender c : contenders) {
            head.append(' ').append(c.name()).append(" |");
            line.append("---|");
            if (c.isArclet()) {
                head.append(" million instructions/s |");
                line.append("---|");
                if (qemu != null) {
                    head.append(" speed / TCG |");
                    line.append("---|");
                }
            }
        }
        System.out.println(head);
        System.out.println(line);
        List<String> names = new ArrayList<>();
        names.add(Run.SHELL);
        names.addAll(options.kernels());
        names.add(Run.WHOLE);
        for (String name : names) {
            StringBuilder row = new StringBuilder("| " + label(name) + " |");
            for (Contender c : contenders) {
                double wall = median(c, name, r -> r.wall);
                row.append(
                        String.format(
                                Locale.ROOT, " %.2f (%.2f) |", wall, median(c, name, r -> r.cpu)));
                if (c.isArclet()) {
                    Long count = runs.get(c).getLast().instructions.get(name);
                    row.append(
                            count == null
                                    ? " |"
                                    : String.format(Locale.ROOT, " %.0f |", count / wall / 1e6));
                    if (qemu != null) {
                        row.append(
                                String.format(
                                        Locale.ROOT,
                                        " %.2f |",
                                        new Pair(c, qemu, r -> r.wall).speed(name)));
                    }
                }
            }
            System.out.println(row.toString().replace("NaN (NaN)", ""));
        }
        printClocks(contenders);
    }

    private static String label(String name) {
        return switch (name) {
            case Run.SHELL -> "start to shell";
            case Run.WHOLE -> "whole process";
            default -> name;
        };
    }

    /** A guest whose clock runs unlike the host's is worth knowing of. */
    private void printClocks(List<Contender> contenders) {
        for (Contender c : contenders) {
            List<Double> ratios =
                    runs.get(c).stream()
                            .flatMap(
                                    run ->
                                            run.guest.entrySet().stream()
                                                    .filter(e -> run.wall.get(e.getKey()) > 0.1)
                                                    .map(e -> e.getValue() / run.wall.get(e.getKey())))
                            .toList();
            if (!ratios.isEmpty()) {
                System.out.printf(
                        Locale.ROOT,
                        "%s%s: a guest's second is %.3f of the host's (median over kernels)%s%n",
                        c == contenders.getFirst() ? "\n" : "",
                        c.name(),
                        middle(ratios),
                        c == contenders.getLast() ? "." : ";");
            }
        }
    }
}
