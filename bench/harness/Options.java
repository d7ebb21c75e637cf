import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What the person at the command line wants. */
record Options(
        int runs,
        List<Integer> bits,
        List<String> engines,
        List<String> peers,
        int rounds,
        List<String> only,
        int warmBoots,
        int timeoutSeconds,
        boolean plan,
        Path home,
        Path work) {
    static final String HELP =
            """
            bench/run [OPTIONS] [RUNS]   measures and prints Markdown tables
              RUNS, --runs N       how often each emulator runs; the median counts (5)
              --bits 32|64|both    guests (both)
              --engine A[,B]       engines of Arclet: auto, interpreter, translator, translator-eager (auto)
              --peers A[,B]|none   qemu, v86 (both); v86 has 32-bit guests only
              --rounds N           work of each kernel; one round is some tens of milliseconds of TCG (10)
              --only K[,K]         these kernels only; shell, the start to user space, is always measured
              --warm-boots N       starts in one JVM, of which the last counts as warm; 0 for none (4)
              --timeout SECONDS    for each process (600)
            Exit status: 0 measured; 1 a checksum was wrong or a run incomplete; 2 bad usage; 3 something is missing.""";

    /** Thrown for what is no option or no value of one. */
    static final class Misuse extends Exception {
        private static final long serialVersionUID = 1;

        Misuse(String message) {
            super(message);
        }
    }

    static Options parse(String[] arguments) throws Misuse {
        int runs = 5;
        List<Integer> bits = List.of(32, 64);
        List<String> engines = List.of("auto");
        List<String> peers = List.of("qemu", "v86");
        int rounds = 10;
        List<String> only = List.of();
        int warmBoots = 4;
        int timeout = 600;
        boolean plan = false;
        Path home = Path.of(".");
        Path work = Path.of(".");
        List<String> rest = new ArrayList<>(Arrays.asList(arguments));
        while (!rest.isEmpty()) {
            String option = rest.removeFirst();
            if (option.equals("--plan")) {
                plan = true;
                continue;
            }
            if (option.matches("\\d+")) {
                runs = number(option, 1, 100);
                continue;
            }
            if (rest.isEmpty()) {
                throw new Misuse(option + " is no option, or its value is missing");
            }
            String value = rest.removeFirst();
            switch (option) {
                case "--runs" -> runs = number(value, 1, 100);
                case "--bits" ->
                        bits =
                                switch (value) {
                                    case "32" -> List.of(32);
                                    case "64" -> List.of(64);
                                    case "both" -> List.of(32, 64);
                                    default -> throw new Misuse("--bits is 32, 64 or both");
                                };
                case "--engine" -> engines = List.of(value.split(","));
                case "--peers" -> {
                    peers = value.equals("none") ? List.of() : List.of(value.split(","));
                    if (!List.of("qemu", "v86").containsAll(peers)) {
                        throw new Misuse("--peers are qemu, v86 or none");
                    }
                }
                case "--rounds" -> rounds = number(value, 1, 1000);
                case "--only" -> {
                    only = value.equals("shell") ? List.of("none") : List.of(value.split(","));
                    for (String name : only) {
                        if (!name.equals("none") && !Kernels.ALL.contains(name)) {
                            throw new Misuse(name + " is none of the kernels " + Kernels.ALL);
                        }
                    }
                }
                case "--warm-boots" -> warmBoots = number(value, 0, 100);
                case "--timeout" -> timeout = number(value, 1, 36_000);
                case "--home" -> home = Path.of(value);
                case "--work" -> work = Path.of(value);
                default -> throw new Misuse(option + " is no option");
            }
        }
        return new Options(
                runs, bits, engines, peers, rounds, only, warmBoots, timeout, plan, home, work);
    }

    private static int number(String text, int least, int most) throws Misuse {
        try {
            int value = Integer.parseInt(text);
            if (value >= least && value <= most) {
                return value;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new Misuse(text + " is no number from " + least + " to " + most);
    }

    /** What the script has to prepare: guests by bits, and programs. */
    String plannedItems() {
        List<String> items = new ArrayList<>();
        bits.forEach(b -> items.add(b.toString()));
        items.addAll(peers);
        items.add("arclet");
        return String.join(" ", items);
    }

    /** The kernels to run, in the order in which the guest runs them. */
    List<String> kernels() {
        return only.isEmpty() ? Kernels.ALL : Kernels.ALL.stream().filter(only::contains).toList();
    }
}
