import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One process of an emulator, measured from outside: by the host's clock, and by what the host's kernel accounts to the
 * process. The guest's console says what begins and ends.
 */
final class Run {
    /** From the first instruction of the process to user space. */
    static final String SHELL = "shell begin";

    /** The whole process. */
    static final String WHOLE = "whole";

    private static final Pattern MARK =
            Pattern.compile("BENCH (\\w+) (begin|end)(?: ([0-9a-f]{8}) (\\d+))?");
    private static final Pattern EXPECTED =
            Pattern.compile(
                    "\"text\" : \"BENCH (\\w+) (begin|end)\"[^}]*?\"instructions\" : (\\d+)");
    private static final double TICKS_PER_SECOND = 100;

    /** Seconds by the host's clock. */
    final Map<String, Double> wall = new LinkedHashMap<>();

    /** Seconds of processor time of all the process's threads. */
    final Map<String, Double> cpu = new LinkedHashMap<>();

    /** Seconds by the guest's clock. */
    final Map<String, Double> guest = new LinkedHashMap<>();

    /** Checksums. */
    final Map<String, String> sums = new LinkedHashMap<>();

    /** Guest instructions, where known. */
    final Map<String, Long> instructions = new LinkedHashMap<>();

    /** Largest resident set, in bytes. */
    long peakBytes;

    /** What the guest complained of, or how the process ended if it was incomplete; null if all went well. */
    String failure;

    private Run() {}

    static Run of(Contender contender, int timeoutSeconds) throws IOException, InterruptedException {
        Run run = new Run();
        if (contender.statistics() != null) {
            Files.deleteIfExists(contender.statistics());
        }
        long start = System.nanoTime();
        Process process =
                new ProcessBuilder(contender.command())
                        .redirectInput(Path.of("/dev/null").toFile())
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        Thread limit =
                Thread.startVirtualThread(
                        () -> {
                            try {
                                if (!process.waitFor(timeoutSeconds, TimeUnit.SECONDS)) {
                                    process.destroyForcibly();
                                }
                            } catch (InterruptedException e) {
                                process.destroyForcibly();
                            }
                        });
        boolean complete = run.read(process, start);
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
        limit.join();
        if (!complete && run.failure == null) {
            run.failure = "ended early, status " + process.exitValue();
        }
        if (contender.statistics() != null && Files.exists(contender.statistics())) {
            run.readInstructions(Files.readString(contender.statistics()));
        }
        return run;
    }

    private boolean read(Process process, long start) throws IOException {
        Map<String, double[]> begun = new LinkedHashMap<>();
        try (BufferedReader out = process.inputReader(StandardCharsets.ISO_8859_1)) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                if (line.contains("BENCH failed")) {
                    failure = line.strip();
                }
                Matcher mark = MARK.matcher(line);
                if (!mark.find()) {
                    continue;
                }
                double now = (System.nanoTime() - start) / 1e9;
                double used = cpuSeconds(process.pid());
                String name = mark.group(1);
                if (name.equals("all")) {
                    wall.put(WHOLE, now);
                    cpu.put(WHOLE, used);
                    peakBytes = peakBytes(process.pid());
                    return true;
                }
                if (name.equals("shell") && mark.group(2).equals("begin") && wall.isEmpty()) {
                    wall.put(SHELL, now);
                    cpu.put(SHELL, used);
                } else if (mark.group(2).equals("begin")) {
                    begun.put(name, new double[] {now, used});
                } else if (begun.containsKey(name) && mark.group(3) != null) {
                    wall.put(name, now - begun.get(name)[0]);
                    cpu.put(name, used - begun.get(name)[1]);
                    sums.put(name, mark.group(3));
                    guest.put(name, Long.parseLong(mark.group(4)) / 1e6);
                }
            }
        }
        return false;
    }

    /** User and system time of a process (proc(5), fields 14 and 15 of stat). */
    private static double cpuSeconds(long pid) throws IOException {
        String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS_PER_SECOND;
    }

    private static long peakBytes(long pid) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
            if (line.startsWith("VmHWM:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) << 10;
            }
        }
        return 0;
    }

    private void readInstructions(String statistics) {
        Map<String, Long> begun = new LinkedHashMap<>();
        Matcher matcher = EXPECTED.matcher(statistics);
        while (matcher.find()) {
            String name = matcher.group(1);
            long count = Long.parseLong(matcher.group(3));
            if (matcher.group(2).equals("begin")) {
                if (begun.isEmpty()) {
                    instructions.put(SHELL, count);
                }
                begun.put(name, count);
            } else if (begun.containsKey(name)) {
                instructions.put(name, count - begun.get(name));
            }
        }
    }
}
