package dev.arclet.emulator.cpu.translate;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Where indirect jumps, calls and returns went that led out of regions: what a region that is
 * formed anew may include. Hints only: nothing depends on their being true.
 */
final class IndirectTargets {
    /** Branches of which targets are kept; beyond, all is forgotten. */
    private static final int MAX_SITES = 16_384;

    private final Map<Long, Site> sites = new HashMap<>();

    /** A target, and how often control went there. */
    record Target(long rip, int times) {}

    /** One branch instruction. */
    static final class Site {
        /** Targets told apart; power of two. */
        private static final int SLOTS = 32;

        /** Slots looked at for one target. */
        private static final int PROBES = 4;

        private final long[] rips = new long[SLOTS];
        private final int[] times = new int[SLOTS];
        private int total;

        /** Control went to {@code rip}. */
        void note(long rip) {
            total++;
            int slot = (int) (rip ^ rip >>> 5 ^ rip >>> 11) & SLOTS - 1;
            for (int i = 0; i < PROBES; i++) {
                if (times[slot] == 0 || rips[slot] == rip) {
                    rips[slot] = rip;
                    times[slot]++;
                    return;
                }
                slot = slot + 1 & SLOTS - 1;
            }
        }

        /**
         * The most frequent targets.
         *
         * @param most how many at most
         * @param share none that is not at least one in so many
         */
        List<Target> frequent(int most, int share) {
            List<Target> all = new ArrayList<>();
            for (int i = 0; i < SLOTS; i++) {
                if (times[i] > total / share) {
                    all.add(new Target(rips[i], times[i]));
                }
            }
            all.sort(Comparator.comparingInt(Target::times).reversed().thenComparing(Target::rip));
            return all.size() > most ? all.subList(0, most) : all;
        }
    }

    /** What is known of the branch at a physical address, to be added to. */
    Site at(long physical) {
        if (sites.size() >= MAX_SITES) {
            sites.clear();
        }
        return sites.computeIfAbsent(physical, key -> new Site());
    }

    /** The most frequent targets of the branch at a physical address; see {@link Site#frequent}. */
    List<Target> of(long physical, int most, int share) {
        Site site = sites.get(physical);
        return site == null ? List.of() : site.frequent(most, share);
    }

    /** Forgets all. */
    void clear() {
        sites.clear();
    }
}
