import dev.arclet.emulator.cpu.translate.Engines;
import dev.arclet.emulator.firmware.BootException;
import dev.arclet.emulator.machine.Exit;
import dev.arclet.emulator.machine.MachineConfig;
import dev.arclet.emulator.machine.PcMachine;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;

/** Runs guests one after another in one JVM, and prints what it keeps over time. */
public final class Soak {
    /** What guests do, in turn, and for how many rounds. */
    private static final List<String> WORK =
            List.of(
                    "soak.work=start", "soak.work=shell soak.rounds=6",
                    "soak.work=compile soak.rounds=40", "soak.work=shell soak.rounds=2");

    private static final double MEBI = 1 << 20;
    private static final long GUEST_LIMIT_NANOS = 1_200_000_000_000L;

    private final AtomicReference<PcMachine> current = new AtomicReference<>();
    private final List<Map<String, Object>> samples = new ArrayList<>();
    private volatile int guests;
    private volatile long instructions;

    private Soak() {}

    /** Arguments: engine, kernel, initial RAM disk, minutes, samples. */
    public static void main(String[] arguments)
            throws IOException, BootException, InterruptedException {
        Engines engine = Engines.named(arguments[0]).orElseThrow();
        byte[] kernel = Files.readAllBytes(Path.of(arguments[1]));
        byte[] initrd = Files.readAllBytes(Path.of(arguments[2]));
        long nanos = (long) (Double.parseDouble(arguments[3]) * 60e9);
        int samples = Integer.parseInt(arguments[4]);
        System.exit(new Soak().run(engine, kernel, initrd, nanos, samples) ? 0 : 1);
    }

    private boolean run(Engines engine, byte[] kernel, byte[] initrd, long nanos, int count)
            throws BootException, InterruptedException {
        long start = System.nanoTime();
        long end = start + nanos;
        Thread sampler =
                Thread.ofPlatform()
                        .daemon()
                        .start(
                                () -> {
                                    try {
                                        for (int i = 1; i <= count; i++) {
                                            long at = start + nanos / count * i;
                                            Thread.sleep(
                                                    Math.max(0, (at - System.nanoTime()) / 1_000_000));
                                            sample((System.nanoTime() - start) / 60e9);
                                        }
                                    } catch (InterruptedException e) {
                                        // the soak failed
                                    }
                                });
        boolean well = true;
        while (well && System.nanoTime() < end) {
            well = guest(engine, kernel, initrd, WORK.get(guests % WORK.size()), end);
        }
        if (!well) {
            sampler.interrupt();
        }
        sampler.join();
        print();
        System.out.printf(
                Locale.ROOT,
                "%n%d guests, %.1f thousand million instructions, engine %s, JDK %s.%n",
                guests,
                instructions / 1e9,
                engine.optionName(),
                Runtime.version());
        return well;
    }

    /** One guest to its end, or to the soak's; false if it went wrong. */
    private boolean guest(
            Engines engine, byte[] kernel, byte[] initrd, String work, long endNanos)
            throws BootException {
        StringBuilder console = new StringBuilder();
        MachineConfig config =
                MachineConfig.builder()
                        .memoryBytes(256L << 20)
                        .engine(engine)
                        .kernel("vmlinuz", kernel, initrd, "console=ttyS0 quiet panic=-1 " + work)
                        .serial(value -> console.append((char) value))
                        .build();
        long limit = Math.min(endNanos, System.nanoTime() + GUEST_LIMIT_NANOS);
        try (PcMachine machine = PcMachine.assemble(config)) {
            current.set(machine);
            Thread guard =
                    Thread.startVirtualThread(
                            () -> {
                                try {
                                    Thread.sleep(
                                            Math.max(0, (limit - System.nanoTime()) / 1_000_000));
                                    machine.stop();
                                } catch (InterruptedException e) {
                                    // the guest was faster
                                }
                            });
            Exit exit = machine.run();
            guard.interrupt();
            current.set(null);
            guests++;
            instructions += machine.statistics().instructions();
            boolean stopped = exit.reason() == Exit.Reason.STOPPED && limit == endNanos;
            boolean done =
                    exit.reason() == Exit.Reason.POWER_OFF && console.indexOf("SOAK done") >= 0;
            if (!(stopped || done) || console.indexOf("SOAK failed") >= 0) {
                System.err.println("soak: guest with " + work + " ended by " + exit + ":");
                System.err.println(console);
                return false;
            }
            System.err.printf("soak: guest %d, %s%n", guests, work);
            return true;
        }
    }

    private void sample(double minutes) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("minute", String.format(Locale.ROOT, "%.1f", minutes));
        row.put("guests", guests);
        System.gc();
        double metaspace = 0;
        double code = 0;
        double heap = 0;
        for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
            double used = pool.getUsage().getUsed() / MEBI;
            if (pool.getType() == MemoryType.HEAP) {
                heap += used;
            } else if (pool.getName().startsWith("Code")) {
                code += used;
            } else {
                metaspace += used;
            }
        }
        row.put("metaspace, MiB", number(metaspace));
        row.put("code cache, MiB", number(code));
        row.put("heap after GC, MiB", number(heap));
        row.put("resident, MiB", resident());
        row.put(
                "classes loaded",
                ManagementFactory.getClassLoadingMXBean().getLoadedClassCount());
        row.put(
                "classes unloaded",
                ManagementFactory.getClassLoadingMXBean().getUnloadedClassCount());
        PcMachine machine = current.get();
        if (machine != null) {
            row.putAll(machine.statistics().engineCounters());
        }
        samples.add(row);
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }

    private static String resident() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                if (line.startsWith("VmRSS:")) {
                    return number(Long.parseLong(line.replaceAll("\\D", "")) / 1024.0);
                }
            }
        } catch (IOException e) {
            return ""; // not on this system
        }
        return "";
    }

    private void print() {
        List<String> columns = new ArrayList<>(samples.getFirst().keySet().stream().limit(8).toList());
        // Of the engine's counters those of what lives: the rest is per guest and starts anew.
        TreeSet<String> counters = new TreeSet<>();
        for (Map<String, Object> row : samples) {
            row.keySet().stream().filter(k -> k.contains("live")).forEach(counters::add);
        }
        columns.addAll(counters);
        System.out.println("| " + String.join(" | ", columns) + " |");
        System.out.println("|---".repeat(columns.size()) + "|");
        for (Map<String, Object> row : samples) {
            StringBuilder line = new StringBuilder("|");
            for (String column : columns) {
                line.append(' ').append(row.getOrDefault(column, "")).append(" |");
            }
            System.out.println(line);
        }
    }
}
