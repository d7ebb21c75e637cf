import java.util.ArrayList;
import java.util.List;

/** The names of the guest's kernels, in the order in which it runs them, by what they load. */
final class Kernels {
    /** Plain integer work. */
    static final List<String> INTEGER =
            List.of(
                    "sieve", "crc32", "sha256", "quicksort", "matrix", "fib", "records", "muldiv",
                    "switch", "chase");

    /** What goes through the guest's kernel. */
    static final List<String> SYSTEM = List.of("faults", "syscalls", "fork_exec", "ping_pong");

    /** All of them. */
    static final List<String> ALL =
            join(
                    INTEGER,
                    List.of(
                            "rep_small", "rep_large", "stride", "nbody_x87", "nbody_sse2",
                            "self_modify"),
                    SYSTEM,
                    List.of("gzip", "sha256sum", "awk", "shell"));

    /** Those that load the processor only: all but {@link #SYSTEM}. */
    static final List<String> CPU = ALL.stream().filter(name -> !SYSTEM.contains(name)).toList();

    private Kernels() {}

    @SafeVarargs
    private static List<String> join(List<String>... lists) {
        List<String> all = new ArrayList<>();
        for (List<String> list : lists) {
            all.addAll(list);
        }
        return List.copyOf(all);
    }
}
