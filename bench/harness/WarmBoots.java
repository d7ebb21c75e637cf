import dev.arclet.emulator.cpu.translate.Engines;
import dev.arclet.emulator.firmware.BootException;
import dev.arclet.emulator.machine.MachineConfig;
import dev.arclet.emulator.machine.PcMachine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Starts a guest to its shell several times in one JVM; prints the seconds of each start. */
public final class WarmBoots {
    private static final String GOAL = "BENCH shell begin";

    private WarmBoots() {}

    /** Arguments: engine, kernel, initial RAM disk, number of starts, seconds for each. */
    public static void main(String[] arguments) throws IOException, BootException {
        String engine = arguments[0];
        byte[] kernel = Files.readAllBytes(Path.of(arguments[1]));
        byte[] initrd = Files.readAllBytes(Path.of(arguments[2]));
        int starts = Integer.parseInt(arguments[3]);
        long limit = Long.parseLong(arguments[4]) * 1_000_000_000L;
        for (int i = 0; i < starts; i++) {
            long start = System.nanoTime();
            PcMachine[] machine = new PcMachine[1];
            StringBuilder line = new StringBuilder();
            boolean[] seen = new boolean[1];
            MachineConfig config =
                    MachineConfig.builder()
                            .memoryBytes(256L << 20)
                            .engine(Engines.named(engine).orElseThrow())
                            .kernel("vmlinuz", kernel, initrd, "console=ttyS0 quiet bench.only=none")
                            .serial(
                                    value -> {
                                        if (value != '\n') {
                                            line.append((char) value);
                                        } else {
                                            if (line.indexOf(GOAL) >= 0) {
                                                seen[0] = true;
                                                machine[0].stop();
                                            }
                                            line.setLength(0);
                                        }
                                    })
                            .build();
            try (PcMachine m = PcMachine.assemble(config)) {
                machine[0] = m;
                Thread guard =
                        Thread.startVirtualThread(
                                () -> {
                                    try {
                                        Thread.sleep(limit / 1_000_000);
                                        m.stop();
                                    } catch (InterruptedException e) {
                                        // the start was in time
                                    }
                                });
                m.run();
                guard.interrupt();
            }
            if (!seen[0]) {
                System.err.println("bench: start " + (i + 1) + " did not reach the shell");
                System.exit(1);
            }
            System.out.printf(Locale.ROOT, "%.2f%n", (System.nanoTime() - start) / 1e9);
        }
    }
}
