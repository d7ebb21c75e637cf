package dev.arclet.emulator.cpu.differential;

import dev.arclet.emulator.cpu.differential.Case.Setup;
import dev.arclet.emulator.cpu.differential.Case.Step;
import dev.arclet.emulator.cpu.differential.Draft.Item;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Runs cases on two machines, tells how they differ, and makes failing programs smaller. */
final class Fuzzer implements AutoCloseable {
    private static final int MAX_SHRINK_RUNS = 4000;

    /** How often a failed program runs again before it counts as one that fails by chance. */
    private static final int REPETITIONS = 20;

    private final FuzzMachine oracle;
    private final FuzzMachine subject;
    private final int allowed;
    private long programs;
    private long instructions;

    /** How often the subject runs each program. */
    private final int runs;

    /** Whether every run is told in detail, since a failed one may not be seen again. */
    private final boolean inDetail;

    /** For a subject that does the same each time. */
    Fuzzer(FuzzMachine oracle, FuzzMachine subject, int allowed) {
        this(oracle, subject, allowed, 2, false);
    }

    /** For a subject whose runs depend on how fast it is meanwhile. */
    static Fuzzer ofChance(FuzzMachine oracle, FuzzMachine subject, int allowed, int runs) {
        return new Fuzzer(oracle, subject, allowed, runs, true);
    }

    private Fuzzer(
            FuzzMachine oracle, FuzzMachine subject, int allowed, int runs, boolean inDetail) {
        this.oracle = oracle;
        this.subject = subject;
        this.allowed = allowed;
        this.runs = runs;
        this.inDetail = inDetail;
    }

    /** How many programs ran. */
    long programs() {
        return programs;
    }

    /** How many instructions the oracle has executed. */
    long instructions() {
        return instructions;
    }

    /** Share of the subject's instructions that ran as translated code. */
    double translatedShare() {
        return subject.translated() / ((double) runs * Math.max(1, instructions));
    }

    /** The subject's own figures. */
    Map<String, Long> counters() {
        return subject.counters();
    }

    /** Runs the program of a seed; a report of its smallest failing form if it fails, else null. */
    String tryProgram(long seed) {
        Draft draft = Generator.draft(seed, allowed);
        programs++;
        Case whole = draft.assemble();
        String first = compare(whole);
        if (first == null) {
            return null;
        }
        String title = "seed %d: %s and %s differ%n".formatted(seed, oracle.name(), subject.name());
        if (!failsAgain(draft)) {
            // Smaller ones would not either. What was seen is all that can be told.
            return title + first + "  not again in " + REPETITIONS + " runs\n\n" + whole.text();
        }
        Draft small = shrink(draft);
        Case c = small.assemble();
        return title
                + "%s%n%s%d of %d items"
                        .formatted(
                                explain(c), c.text(), small.items().size(), draft.items().size());
    }

    private boolean failsAgain(Draft draft) {
        for (int i = 0; i < REPETITIONS; i++) {
            if (fails(draft)) {
                return true;
            }
        }
        return false;
    }

    /** How two runs of a case differ; null if they do not. */
    String compare(Case c) {
        FuzzMachine.Outcome expected = oracle.run(c, inDetail);
        instructions += expected.counts.isEmpty() ? 0 : expected.counts.getLast();
        subject.forget();
        for (int i = 0; i < runs; i++) {
            FuzzMachine.Outcome actual = subject.run(c, inDetail);
            String difference = difference(expected, actual);
            if (difference != null) {
                return "  in run " + i + ", " + difference + "\n" + details(expected, actual);
            }
        }
        return null;
    }

    private static String difference(FuzzMachine.Outcome a, FuzzMachine.Outcome b) {
        if (b.failure != null || a.failure != null) {
            return Objects.toString(a.failure) + " and " + b.failure;
        }
        int events = Math.min(a.events.size(), b.events.size());
        for (int i = 0; i < events; i++) {
            if (!a.events.get(i).equals(b.events.get(i))) {
                return "event " + i + ": " + a.events.get(i) + "; " + b.events.get(i);
            }
        }
        for (int i = 0; i < Math.min(a.states.size(), b.states.size()); i++) {
            if (!a.counts.get(i).equals(b.counts.get(i))
                    || !a.states.get(i).equals(b.states.get(i))) {
                return "piece " + i;
            }
        }
        if (a.events.size() != b.events.size()) {
            boolean more = a.events.size() > events;
            return "one event more in the "
                    + (more ? "first: " + a.events.get(events) : "second: " + b.events.get(events));
        }
        if (a.states.size() != b.states.size()) {
            return "pieces: " + a.states.size() + " and " + b.states.size();
        }
        int at = Arrays.mismatch(a.memory, b.memory);
        return at < 0
                ? null
                : "memory at %x: %02x and %02x".formatted(at, a.memory[at], b.memory[at]);
    }

    /** What differs, in many words. */
    String explain(Case c) {
        FuzzMachine.Outcome expected = oracle.run(c, true);
        subject.forget();
        for (int i = 0; i < runs; i++) {
            FuzzMachine.Outcome actual = subject.run(c, true);
            String difference = difference(expected, actual);
            if (difference != null) {
                return "  in run " + i + ", " + difference + "\n" + details(expected, actual);
            }
        }
        return "  no difference the next time\n";
    }

    /** What escaped from the second, and how the first piece ends that ends differently. */
    private static String details(FuzzMachine.Outcome a, FuzzMachine.Outcome b) {
        StringBuilder out = new StringBuilder();
        if (b.failure != null) {
            for (StackTraceElement element : b.failure.getStackTrace()) {
                out.append("    at ").append(element).append('\n');
            }
        }
        for (int i = 0; i < Math.max(a.described.size(), b.described.size()); i++) {
            String x = i < a.described.size() ? a.described.get(i) : "-";
            String y = i < b.described.size() ? b.described.get(i) : "-";
            if (!x.equals(y)) {
                out.append("  piece ").append(i).append(":\n    ").append(x).append("\n    ");
                out.append(y).append('\n');
                break;
            }
        }
        return out.toString();
    }

    /** The smallest program found that still fails. */
    private Draft shrink(Draft draft) {
        Draft best = draft;
        int runs = 0;
        boolean smaller = true;
        while (smaller && runs < MAX_SHRINK_RUNS) {
            smaller = false;
            for (int size = Math.max(1, best.items().size() / 2); size >= 1; size /= 2) {
                for (int at = 0; at + size <= best.items().size() && runs < MAX_SHRINK_RUNS; ) {
                    Draft candidate = without(best, at, size);
                    runs++;
                    if (fails(candidate)) {
                        best = candidate;
                        smaller = true;
                    } else {
                        at += size;
                    }
                }
            }
        }
        for (Case frame : simplerFrames(best.frame())) {
            Draft candidate = best.with(merge(best.frame(), frame));
            if (fails(candidate)) {
                best = candidate;
            }
        }
        best = shrinkSteps(best);
        return shrinkRegisters(best);
    }

    /** A program without some items; what DMA writes to in the others stays the same. */
    private static Draft without(Draft draft, int at, int size) {
        List<Item> items = new ArrayList<>(draft.items());
        List<Item> removed = items.subList(at, at + size);
        int first = bytes(draft.items().subList(0, at));
        int length = bytes(removed);
        removed.clear();
        int before = bytes(draft.items()) + 1;
        List<Step> steps = new ArrayList<>();
        for (Step step : draft.frame().steps()) {
            int target = Math.floorMod(step.argument(), before);
            if (step.event() == Case.Event.DMA_CODE && target >= first + length) {
                target -= length;
            }
            boolean code = step.event() == Case.Event.DMA_CODE;
            steps.add(new Step(step.event(), code ? target : step.argument(), step.instructions()));
        }
        return new Draft(withSteps(draft.frame(), steps), items);
    }

    private static int bytes(List<Item> items) {
        return items.stream().mapToInt(item -> item.bytes().length).sum();
    }

    private boolean fails(Draft draft) {
        return compare(draft.assemble()) != null;
    }

    /** Frames with one thing less each. */
    private static List<Case> simplerFrames(Case frame) {
        List<Case> simpler = new ArrayList<>();
        simpler.add(frame.with(frame.registers(), frame.setup(), 0, frame.steps()));
        for (int bit :
                new int[] {
                    Setup.ATTENTION,
                    Setup.HOLES,
                    Setup.USER,
                    Setup.BASES,
                    Setup.DELIVER,
                    Setup.KEYS,
                    Setup.VM86,
                    Setup.LIMITS,
                    Setup.OTHER_STACK
                }) {
            simpler.add(
                    frame.with(
                            frame.registers(),
                            frame.setup() & ~bit,
                            frame.dataSeed(),
                            frame.steps()));
        }
        simpler.add(frame.withFlags(frame.flags() & ~0x100));
        simpler.add(frame.withFlags(2));
        return simpler;
    }

    /** What both frames have agreed to do without. */
    private static Case merge(Case a, Case b) {
        Case both =
                a.with(
                        a.registers(),
                        a.setup() & b.setup(),
                        b.dataSeed() == 0 ? 0 : a.dataSeed(),
                        a.steps());
        return both.withFlags(a.flags() & b.flags());
    }

    private Draft shrinkSteps(Draft draft) {
        Draft best = draft;
        List<Step> plain = new ArrayList<>();
        int sum = best.frame().steps().stream().mapToInt(Step::instructions).sum();
        plain.add(new Step(Case.Event.NONE, 0, sum));
        Draft whole = best.with(withSteps(best.frame(), plain));
        if (fails(whole)) {
            best = whole;
        }
        for (int i = best.frame().steps().size() - 1; i >= 0; i--) {
            List<Step> fewer = new ArrayList<>(best.frame().steps());
            if (fewer.size() == 1) {
                break;
            }
            fewer.remove(i);
            Draft candidate = best.with(withSteps(best.frame(), fewer));
            if (fails(candidate)) {
                best = candidate;
                continue;
            }
            Step step = best.frame().steps().get(i);
            fewer = new ArrayList<>(best.frame().steps());
            fewer.set(i, new Step(Case.Event.NONE, 0, step.instructions()));
            candidate = best.with(withSteps(best.frame(), fewer));
            if (fails(candidate)) {
                best = candidate;
            }
        }
        // The last piece need not be longer than it takes.
        for (int length = 1; length <= 64; length *= 2) {
            List<Step> shorter = new ArrayList<>(best.frame().steps());
            Step last = shorter.removeLast();
            if (length >= last.instructions()) {
                break;
            }
            shorter.add(new Step(last.event(), last.argument(), length));
            Draft candidate = best.with(withSteps(best.frame(), shorter));
            if (fails(candidate)) {
                best = candidate;
                break;
            }
        }
        return best;
    }

    private static Case withSteps(Case frame, List<Step> steps) {
        return frame.with(frame.registers(), frame.setup(), frame.dataSeed(), List.copyOf(steps));
    }

    private Draft shrinkRegisters(Draft draft) {
        Draft best = draft;
        for (int i = 0; i < 16; i++) {
            if (i == 4 || best.frame().registers()[i] == 0) {
                continue;
            }
            long[] registers = best.frame().registers().clone();
            registers[i] = 0;
            Case frame = best.frame();
            Draft candidate =
                    best.with(
                            frame.with(registers, frame.setup(), frame.dataSeed(), frame.steps()));
            if (fails(candidate)) {
                best = candidate;
            }
        }
        return best;
    }

    @Override
    public void close() {
        oracle.close();
        subject.close();
    }
}
