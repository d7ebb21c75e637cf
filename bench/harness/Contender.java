import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * One emulator with one guest, as a command.
 *
 * @param name of the column
 * @param bits of the guest
 * @param command to run; what the guest writes on its first serial port is its standard output
 * @param statistics the file that the command writes counts of instructions to; null if none
 */
record Contender(String name, int bits, List<String> command, Path statistics) {
    private static final String SEABIOS = "/usr/share/seabios/";

    /** Everything that is to run with a guest; the first is the yardstick if it is QEMU. */
    static List<Contender> of(Options options, int bits) {
        Path guest = options.work().resolve(Integer.toString(bits));
        String kernel = guest.resolve("vmlinuz").toString();
        String initrd = guest.resolve("bench.gz").toString();
        String append = "console=ttyS0 quiet bench.rounds=" + options.rounds();
        if (!options.only().isEmpty()) {
            append += " bench.only=" + String.join(",", options.only());
        }
        List<Contender> all = new ArrayList<>();
        if (options.peers().contains("qemu")) {
            all.add(
                    new Contender(
                            "QEMU TCG",
                            bits,
                            List.of(
                                    bits == 32 ? "qemu-system-i386" : "qemu-system-x86_64",
                                    "-accel", "tcg", "-m", "256", "-kernel", kernel,
                                    "-initrd", initrd, "-append", append, "-display", "none",
                                    "-serial", "stdio", "-monitor", "none", "-no-reboot"),
                            null));
        }
        if (options.peers().contains("v86") && bits == 32) {
            all.add(
                    new Contender(
                            "v86",
                            bits,
                            List.of(
                                    "node",
                                    options.home().resolve("bench/peers/v86.mjs").toString(),
                                    options.work().resolve("npm").toString(),
                                    SEABIOS + "bios.bin", SEABIOS + "vgabios-stdvga.bin",
                                    kernel, initrd, append),
                            null));
        }
        for (String engine : options.engines()) {
            all.add(arclet(options, bits, engine, kernel, initrd, append));
        }
        return all;
    }

    private static Contender arclet(
            Options options,
            int bits,
            String engine,
            String kernel,
            String initrd,
            String append) {
        Path statistics = options.work().resolve("statistics-" + bits + "-" + engine + ".json");
        List<String> command =
                new ArrayList<>(
                        List.of(
                                options.home().resolve("arclet").toString(), "boot", "--engine",
                                engine, "--memory", "256M", "--kernel", kernel, "--initrd", initrd,
                                "--append", append, "--timeout",
                                Integer.toString(options.timeoutSeconds()), "--stats",
                                statistics.toString(), "--expect", "BENCH shell begin"));
        for (String name : options.kernels()) {
            command.addAll(List.of("--expect", "BENCH " + name + " begin"));
            command.addAll(List.of("--expect", "BENCH " + name + " end"));
        }
        command.addAll(List.of("--expect", "BENCH over"));
        return new Contender("Arclet " + engine, bits, List.copyOf(command), statistics);
    }

    boolean isArclet() {
        return statistics != null;
    }
}
