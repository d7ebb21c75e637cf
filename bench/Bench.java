import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Runs one guest under several emulators in turn and times what its console says, from outside and by one clock. Started
 * by {@code bench/run}, which prepares the guest.
 */
public final class Bench {
    private static final Pattern MARK = Pattern.compile("BENCH (\\w+) (begin|end)(?: ([0-9a-f]{8}))?");
    private static final Pattern INSTRUCTIONS =
            Pattern.compile("\"text\" : \"BENCH (\\w+) (begin|end)\"[^}]*?\"instructions\" : (\\d+)");

    /** Seconds and checksums by kernel name; "shell" is the time from process start to user space. */
    private record Run(Map<String, Double> seconds, Map<String, String> sums) {}

    private Bench() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        String arclet = args[0];
        String kernel = args[1];
        String initrd = args[2];
        int runs = Integer.parseInt(args[3]);
        String append = "console=ttyS0 quiet";
        Path stats = Files.createTempFile("arclet-bench", ".json");
        List<String> ours =
                new ArrayList<>(
                        List.of(
                                arclet, "boot", "--memory", "256M", "--kernel", kernel, "--initrd",
                                initrd, "--append", append, "--timeout", "600", "--stats",
                                stats.toString(), "--expect", "BENCH shell begin"));
        for (String name :
                List.of("sieve", "crc32", "sha256", "quicksort", "matrix", "fib", "chase")) {
            ours.addAll(List.of("--expect", "BENCH " + name + " begin"));
            ours.addAll(List.of("--expect", "BENCH " + name + " end"));
        }
        List<String> qemu =
                List.of(
                        "qemu-system-i386", "-accel", "tcg", "-m", "256", "-kernel", kernel,
                        "-initrd", initrd, "-append", append, "-display", "none", "-serial",
                        "stdio", "-monitor", "none", "-no-reboot");
        List<Run> ourRuns = new ArrayList<>();
        List<Run> qemuRuns = new ArrayList<>();
        for (int i = 0; i < runs; i++) {
            System.err.printf("run %d of %d: QEMU ...%n", i + 1, runs);
            qemuRuns.add(run(qemu));
            System.err.printf("run %d of %d: Arclet ...%n", i + 1, runs);
            ourRuns.add(run(ours));
        }
        Map<String, Long> instructions = instructions(Files.readString(stats));
        Files.delete(stats);
        print(ourRuns, qemuRuns, instructions);
    }

    private static Run run(List<String> command) throws IOException, InterruptedException {
        long start = System.nanoTime();
        Process process =
                new ProcessBuilder(command)
                        .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        Map<String, Double> seconds = new LinkedHashMap<>();
        Map<String, String> sums = new LinkedHashMap<>();
        Map<String, Long> begun = new LinkedHashMap<>();
        try (BufferedReader out = process.inputReader(StandardCharsets.ISO_8859_1)) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                Matcher mark = MARK.matcher(line);
                if (!mark.find()) {
                    continue;
                }
                long now = System.nanoTime();
                String name = mark.group(1);
                if (name.equals("shell")) {
                    seconds.put(name, (now - start) / 1e9);
                } else if (mark.group(2).equals("begin")) {
                    begun.put(name, now);
                } else if (begun.containsKey(name)) {
                    seconds.put(name, (now - begun.get(name)) / 1e9);
                    sums.put(name, mark.group(3));
                }
            }
        }
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
            process.destroy();
        }
        return new Run(seconds, sums);
    }

    private static Map<String, Long> instructions(String stats) {
        Map<String, Long> begun = new LinkedHashMap<>();
        Map<String, Long> counts = new LinkedHashMap<>();
        Matcher matcher = INSTRUCTIONS.matcher(stats);
        while (matcher.find()) {
            long count = Long.parseLong(matcher.group(3));
            if (matcher.group(2).equals("begin")) {
                begun.put(matcher.group(1), count);
            } else {
                counts.put(matcher.group(1), count - begun.get(matcher.group(1)));
            }
        }
        return counts;
    }

    private static double median(List<Run> runs, String name) {
        double[] values =
                runs.stream()
                        .filter(run -> run.seconds().containsKey(name))
                        .mapToDouble(run -> run.seconds().get(name))
                        .sorted()
                        .toArray();
        return values.length == 0 ? Double.NaN : values[values.length / 2];
    }

    private static void print(List<Run> ours, List<Run> qemu, Map<String, Long> instructions) {
        System.out.println("| kernel | QEMU TCG, s | Arclet, s | Arclet / QEMU time | Arclet, million instructions/s |");
        System.out.println("|---|---|---|---|---|");
        double product = 1;
        int kernels = 0;
        for (String name : ours.getFirst().seconds().keySet()) {
            double a = median(ours, name);
            double q = median(qemu, name);
            Long count = instructions.get(name);
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %.2f | %.2f | %.1f | %s |%n",
                    name.equals("shell") ? "start to shell" : name,
                    q,
                    a,
                    a / q,
                    count == null ? "" : String.format(Locale.ROOT, "%.0f", count / a / 1e6));
            String sum = ours.getFirst().sums().get(name);
            if (sum != null && !sum.equals(qemu.getFirst().sums().get(name))) {
                System.out.printf("**%s: checksums differ**%n", name);
            }
            if (!name.equals("shell")) {
                product *= a / q;
                kernels++;
            }
        }
        System.out.printf(
                Locale.ROOT,
                "| kernels, geometric mean | | | %.1f | |%n",
                Math.pow(product, 1.0 / kernels));
    }
}
