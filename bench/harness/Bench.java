import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs one guest under several emulators in turn, and prints what came out. Started by {@code bench/run}, which prepares
 * the guests.
 */
public final class Bench {
    private Bench() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        if (arguments.length == 1 && arguments[0].equals("--help")) {
            System.out.println(Options.HELP);
            return;
        }
        Options options;
        try {
            options = Options.parse(arguments);
        } catch (Options.Misuse e) {
            System.err.println("bench: " + e.getMessage() + "; --help lists the options");
            System.exit(2);
            return;
        }
        if (options.plan()) {
            System.out.println(options.plannedItems());
            return;
        }
        System.exit(measure(options));
    }

    private static int measure(Options options) throws IOException, InterruptedException {
        Map<Contender, List<Run>> runs = new LinkedHashMap<>();
        for (int bits : options.bits()) {
            Contender.of(options, bits).forEach(c -> runs.put(c, new ArrayList<>()));
        }
        for (int i = 0; i < options.runs(); i++) {
            for (Map.Entry<Contender, List<Run>> entry : runs.entrySet()) {
                Contender c = entry.getKey();
                System.err.printf(
                        "run %d of %d: %s, %d-bit guest ...%n",
                        i + 1, options.runs(), c.name(), c.bits());
                entry.getValue().add(Run.of(c, options.timeoutSeconds()));
            }
        }
        Map<Integer, Double> warm = new LinkedHashMap<>();
        if (options.warmBoots() > 0) {
            for (int bits : options.bits()) {
                System.err.printf("starts in one JVM, %d-bit guest ...%n", bits);
                Double seconds = warmBoots(options, bits);
                if (seconds != null) {
                    warm.put(bits, seconds);
                }
            }
        }
        Report report = new Report(options, runs, warm);
        System.out.println(conditions(options));
        report.print();
        List<String> failures = report.failures();
        failures.forEach(failure -> System.out.println("\n**" + failure + "**"));
        return failures.isEmpty() ? 0 : 1;
    }

    /** The wall time of the last of several starts to the shell in one JVM; null if it failed. */
    private static Double warmBoots(Options options, int bits)
            throws IOException, InterruptedException {
        Path guest = options.work().resolve(Integer.toString(bits));
        Process process =
                new ProcessBuilder(
                                options.home().resolve("bench/inside").toString(),
                                "WarmBoots",
                                options.engines().getLast(),
                                guest.resolve("vmlinuz").toString(),
                                guest.resolve("bench.gz").toString(),
                                Integer.toString(options.warmBoots()),
                                Integer.toString(options.timeoutSeconds()))
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        String output =
                new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            return null;
        }
        String[] lines = output.strip().split("\n");
        System.err.println("  seconds: " + String.join(" ", lines));
        return Double.valueOf(lines[lines.length - 1]);
    }

    /** Where and what was measured. */
    private static String conditions(Options options) throws IOException, InterruptedException {
        String model =
                Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                        .filter(line -> line.startsWith("model name"))
                        .findFirst()
                        .map(line -> line.substring(line.indexOf(':') + 1).strip())
                        .orElse("unknown processor");
        List<String> parts = new ArrayList<>();
        parts.add(Runtime.getRuntime().availableProcessors() + " CPUs of " + model);
        parts.add("JDK " + Runtime.version());
        if (options.peers().contains("qemu")) {
            parts.add(output("qemu-system-i386", "--version").lines().findFirst().orElse("QEMU"));
        }
        if (options.peers().contains("v86")) {
            parts.add("v86 under Node " + output("node", "--version").strip());
        }
        parts.add(LocalDate.now(ZoneOffset.UTC).toString());
        String home = options.home().toString();
        String changed = output("git", "-C", home, "status", "--porcelain").isBlank() ? "" : " with changes";
        parts.add("at " + output("git", "-C", home, "rev-parse", "--short", "HEAD").strip() + changed);
        parts.add("median of " + options.runs() + ", " + options.rounds() + " rounds");
        return String.join("; ", parts) + ".";
    }

    private static String output(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return text;
    }
}
