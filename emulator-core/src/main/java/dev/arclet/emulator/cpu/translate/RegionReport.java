package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.LazyFlags;
import dev.arclet.emulator.cpu.decode.Disassembler;
import dev.arclet.emulator.cpu.decode.Instruction;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.StringJoiner;

/** Tells developers of regions: what they execute, how they are left, and what they are made of. */
public final class RegionReport {
    /**
     * What to tell of.
     *
     * @param top regions at most: those that have executed most instructions
     * @param address linear address of an instruction that they must have, if any
     * @param bytecode whether the JVM's instructions are listed
     */
    public record Wish(int top, OptionalLong address, boolean bytecode) {}

    private static final String[] FLAG_KINDS = {
        "computed", "add", "sub", "sbb", "logic", "inc", "dec", "result"
    };

    private final StringBuilder text = new StringBuilder();
    private final long translated;

    private RegionReport(long translated) {
        this.translated = translated;
    }

    /**
     * The report, as lines of text.
     *
     * @param all regions with plans and class files
     * @param translated instructions that regions executed
     * @param executed instructions that were executed
     */
    static String of(List<Region> all, long translated, long executed, Wish wish) {
        RegionReport report = new RegionReport(translated);
        report.head(all, executed);
        List<Region> wanted = new ArrayList<>(all);
        wanted.removeIf(region -> wish.address.isPresent() && !has(region, wish.address));
        wanted.sort(Comparator.comparingLong((Region region) -> region.executed()).reversed());
        if (wanted.isEmpty()) {
            report.line(
                    wish.address.isPresent()
                            ? "No region has an instruction at that address."
                            : "There is none to tell of.");
        }
        int number = 1;
        for (Region region : wanted.subList(0, Math.min(wish.top, wanted.size()))) {
            report.region(number++, region, wish.bytecode);
        }
        return report.text.toString();
    }

    private static boolean has(Region region, OptionalLong address) {
        long rip = region.rip + (address.orElseThrow() - region.linear);
        return region.plan.nodes.stream()
                .flatMap(node -> node.steps.stream())
                .anyMatch(step -> step.rip == rip);
    }

    private void line(String format, Object... arguments) {
        text.append(format.formatted(arguments)).append('\n');
    }

    private void head(List<Region> all, long executed) {
        long live = all.stream().filter(region -> region.valid).count();
        line(
                "%,d regions got code, %,d of them are in use. They have executed %,d of %,d"
                        + " instructions (%s).",
                all.size(), live, translated, executed, percent(translated, executed));
    }

    private static String percent(long part, long all) {
        return "%.1f %%".formatted(100.0 * part / Math.max(1, all));
    }

    private void region(int number, Region region, boolean bytecode) {
        RegionPlan plan = region.plan;
        line("");
        line("Region %d at %x: %s", number, region.linear, Mode.text(region.mode));
        line(
                "  executed %,d instructions (%s of the translated), entered %,d times",
                region.executed(), percent(region.executed(), translated), region.entered());
        line(
                "  %s, %,d bytes of bytecode; %d instructions in %d blocks, %d of them on the"
                        + " longest way between looks at the budget",
                compiled(region),
                region.codeBytes,
                region.instructions,
                plan.nodes.size(),
                region.slack);
        StringJoiner pages = new StringJoiner(", ");
        for (int i = 0; i < region.linearPages.length; i++) {
            pages.add("%x at %x".formatted(region.linearPages[i], region.physicalPages[i]));
        }
        line("  pages: %s", pages);
        if (!region.valid) {
            line("  no longer in use: overwritten, replaced, or forgotten to make room");
        }
        exits(region);
        Map<Long, StringJoiner> notes = notes(region);
        for (RegionPlan.Node node : plan.nodes) {
            node(plan, node, notes);
        }
        if (bytecode) {
            line("  bytecode:");
            text.append(BytecodeListing.of(region.classFile, "run", "    "));
        }
    }

    private static String compiled(Region region) {
        String asked = region.optimised ? "second form" : "first form";
        if (!HotSpot.AVAILABLE) {
            return asked + ", compiled as HotSpot likes";
        }
        return asked
                + switch (HotSpot.level(region.method)) {
                    case 0 -> ", not compiled";
                    case HotSpot.C2 -> ", compiled by C2";
                    default -> ", compiled by C1";
                };
    }

    private void exits(Region region) {
        List<Region.Exit> taken = new ArrayList<>(Arrays.asList(region.exits));
        taken.removeIf(exit -> exit.taken == 0);
        taken.sort(Comparator.comparingLong((Region.Exit exit) -> exit.taken).reversed());
        line("  left by %d of its %d exits:", taken.size(), region.exits.length);
        for (Region.Exit exit : taken) {
            line("    %,15d  %-9s %s", exit.taken, exit.kind().text, place(region, exit));
        }
    }

    private static String place(Region region, Region.Exit exit) {
        long linear = region.linear + (exit.rip() - region.rip);
        return switch (exit.kind()) {
            case GO, BUDGET, PAGE -> "to %x".formatted(linear);
            case CALLED -> "";
            default -> "at %x".formatted(linear);
        };
    }

    /** What is noted of instructions by their addresses: how often each left the region. */
    private static Map<Long, StringJoiner> notes(Region region) {
        Map<Long, StringJoiner> notes = new HashMap<>();
        for (Region.Exit exit : region.exits) {
            switch (exit.kind()) {
                case GO, BUDGET, PAGE, CALLED -> {}
                default -> {
                    if (exit.taken != 0) {
                        notes.computeIfAbsent(exit.rip(), rip -> new StringJoiner(", ", "  ; ", ""))
                                .add("%s %,d".formatted(exit.kind().text, exit.taken));
                    }
                }
            }
        }
        return notes;
    }

    private void node(RegionPlan plan, RegionPlan.Node node, Map<Long, StringJoiner> notes) {
        StringJoiner about = new StringJoiner(", ");
        int entry = plan.entries.indexOf(node);
        if (entry >= 0) {
            about.add("entry " + entry);
        }
        if (node.polled) {
            about.add("looks at the budget");
        }
        if (plan.returnSites.contains(node)) {
            about.add("returned to");
        }
        about.add("had run %,d times".formatted(node.runs));
        about.add("flags in: " + flags(node.flagsIn));
        line("  block %d: %s", node.order, about);
        for (RegionPlan.Step step : node.steps) {
            instruction(plan, step.instruction, step.rip, step.emitted ? "" : "call", notes);
        }
        if (node.interpreted != null) {
            instruction(plan, node.interpreted, node.fallRip, "leave", notes);
        }
        List<RegionPlan.Node> next = RegionFormer.successors(plan, node);
        if (!next.isEmpty()) {
            StringJoiner numbers = new StringJoiner(", ");
            next.stream().distinct().forEach(one -> numbers.add(Integer.toString(one.order)));
            line("    goes to block %s; flags out: %s", numbers, flags(node.flagsOut));
        }
    }

    private void instruction(
            RegionPlan plan,
            Instruction instruction,
            long rip,
            String how,
            Map<Long, StringJoiner> notes) {
        StringJoiner note = notes.get(rip);
        line(
                "    %-5s %8x  %s%s",
                how,
                plan.linear + (rip - plan.rip),
                Disassembler.format(instruction, rip),
                note == null ? "" : note);
    }

    private static String flags(int code) {
        return switch (code) {
            case FlagCode.DEAD -> "unused";
            case FlagCode.PROCESSOR -> "the processor's";
            case FlagCode.DYNAMIC -> "as the local says";
            default -> {
                int kind = FlagCode.kind(code);
                yield FLAG_KINDS[kind]
                        + (kind == LazyFlags.EXPLICIT ? "" : " " + 8 * FlagCode.bytes(code))
                        + (FlagCode.isFull(code) ? " with result" : "");
            }
        };
    }
}
