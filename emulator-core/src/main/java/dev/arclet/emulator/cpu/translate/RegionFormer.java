package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.decode.CodeReader;
import dev.arclet.emulator.cpu.decode.Decoder;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;
import dev.arclet.emulator.cpu.interp.BlockEnd;
import dev.arclet.emulator.fault.GuestFault;
import dev.arclet.emulator.memory.GuestMemory;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.TreeMap;
import java.util.function.LongToIntFunction;

/**
 * Finds the guest instructions of a region, on the machine thread: decodes from an entry along
 * direct branches, calls and their returns, what has run most often first, as far as pages are
 * known to be mapped for execution and there is room.
 */
final class RegionFormer {
    private static final int PAGE_SIZE = GuestMemory.PAGE_SIZE;
    private static final int MAX_PAGES = 8;

    /** Code that has run by this factor less often than the region's entry is left out. */
    private static final int RARE = 64;

    /** Targets of one indirect jump that are included, and how rare one may be: one in so many. */
    private static final int MAX_JUMP_TARGETS = 24, LEAST_JUMP_SHARE = 128;

    /** The same of an indirect call, or of a return to what is not known to have called. */
    private static final int MAX_CALL_TARGETS = 3, LEAST_CALL_SHARE = 8;

    /** No address of an instruction: none is called. */
    private static final long NONE = Long.MIN_VALUE + 1;

    /** Places of a region at most where control may enter it, without those that were wanted. */
    private static final int MAX_ENTRIES = 16;

    /** The same with them. */
    private static final int MAX_WANTED_ENTRIES = 64;

    private final CpuState cpu;
    private final Decoder decoder = new Decoder();
    private final Reader reader = new Reader();

    private RegionPlan plan = new RegionPlan(0, 0, 0, 0);
    private final Map<Long, RegionPlan.Step> steps = new HashMap<>();
    private final Map<Long, Boolean> leaders = new LinkedHashMap<>();
    private final Map<Long, Long> pages = new LinkedHashMap<>();
    private final PriorityQueue<Lead> work = new PriorityQueue<>();

    /** Addresses behind calls, and what those call; of indirect ones, most often. */
    private final Map<Long, Long> returnSites = new LinkedHashMap<>();

    /** Where the indirect branches looked at went, by their addresses. */
    private final Map<Long, List<IndirectTargets.Target>> targets = new HashMap<>();

    private long base;
    private long lastByte;
    private long ripMask;
    private int room;

    /** How often the code at a physical address has run. */
    private final LongToIntFunction runs;

    /** What has run less often is left out. */
    private int fewestRuns;

    /** Where decoding goes on: of what has run equally often, what was found first is first. */
    private record Lead(long rip, int runs, int number) implements Comparable<Lead> {
        @Override
        public int compareTo(Lead other) {
            int byRuns = Integer.compare(other.runs, runs);
            return byRuns != 0 ? byRuns : Integer.compare(number, other.number);
        }
    }

    private final RegionCache cache;

    private boolean leavesCovered;

    /** What the new region is to take the place of; null if nothing. */
    private Region former;

    private final IndirectTargets indirect;

    RegionFormer(
            CpuState cpu, LongToIntFunction runs, RegionCache cache, IndirectTargets indirect) {
        this.cpu = cpu;
        this.runs = runs;
        this.cache = cache;
        this.indirect = indirect;
    }

    /**
     * Forms the region that starts at an address, in the current mode.
     *
     * @param linear linear address of the entry
     * @param physical where it is
     * @param rip its offset in the code segment
     * @param maxInstructions guest instructions at most
     * @param leaveCovered whether places where control enters other regions are left to those
     * @return its plan; without instructions if the first one is the interpreter's affair
     */
    RegionPlan form(
            long linear,
            long physical,
            long rip,
            long mode,
            int maxInstructions,
            boolean leaveCovered) {
        former = null;
        return form(linear, physical, rip, mode, maxInstructions, leaveCovered, List.of());
    }

    /**
     * Forms a region anew, so that control can also enter it where it was {@link Region#wanted}.
     * What other regions have is left to those.
     *
     * @return its plan; not all of the wanted places need be among its entries
     */
    RegionPlan widen(Region region, int maxInstructions) {
        former = region;
        return form(
                region.linear,
                region.physical,
                region.rip,
                region.mode,
                maxInstructions,
                true,
                region.wanted);
    }

    private RegionPlan form(
            long linear,
            long physical,
            long rip,
            long mode,
            int maxInstructions,
            boolean leaveCovered,
            Collection<Long> wanted) {
        leavesCovered = leaveCovered;
        plan = new RegionPlan(linear, physical, rip, mode);
        plan.wide = former != null;
        steps.clear();
        leaders.clear();
        pages.clear();
        work.clear();
        returnSites.clear();
        targets.clear();
        base = linear - rip;
        lastByte = Mode.lastByte(mode);
        ripMask = cpu.ripMask();
        room = maxInstructions;
        pages.put(linear & -PAGE_SIZE, physical & -PAGE_SIZE);
        leaders.put(rip, true);
        fewestRuns = Math.max(1, runs.applyAsInt(physical) / RARE);
        wanted.forEach(this::lead);
        decodeFrom(rip);
        while (!work.isEmpty() && room > 0) {
            decodeFrom(work.poll().rip);
        }
        if (steps.containsKey(rip)) {
            buildNodes(rip, wanted);
        }
        finish();
        return plan;
    }

    private void lead(long rip) {
        if (leaders.putIfAbsent(rip, true) == null) {
            long physical = physical(rip);
            if (physical == -1) {
                return;
            }
            if (isLeft(physical)) {
                return;
            }
            boolean elsewhere = cache.covers(physical);
            int times = elsewhere ? Integer.MAX_VALUE : runs.applyAsInt(physical);
            if (times >= fewestRuns) {
                work.add(new Lead(rip, times, leaders.size()));
            }
        }
    }

    /** Whether another region is entered at a physical address, which is left to that. */
    private boolean isLeft(long physical) {
        return leavesCovered && cache.isEntered(physical, former);
    }

    /** Host address of the code at an address, or 0 if it may not be looked at. */
    private long host(long rip) {
        long physical = physical(rip);
        long host = physical == -1 ? 0 : cpu.mmu.physical().readablePage(physical);
        return host == 0 ? 0 : host + (physical & PAGE_SIZE - 1);
    }

    /** Physical address of the code at an address, or -1 if it may not be looked at. */
    private long physical(long rip) {
        long linear = base + rip & cpu.linearMask;
        long page = linear & -PAGE_SIZE;
        Long physical = pages.get(page);
        if (physical == null) {
            if (pages.size() >= MAX_PAGES) {
                return -1;
            }
            long found = cpu.mmu.peekFetch(linear);
            if (found == -1) {
                return -1;
            }
            physical = found & -PAGE_SIZE;
            pages.put(page, physical);
        }
        return physical + (linear & PAGE_SIZE - 1);
    }

    private void decodeFrom(long start) {
        long rip = start;
        while (room > 0 && !steps.containsKey(rip)) {
            if (rip != start && isLeft(physical(rip))) {
                return;
            }
            Instruction instruction = decode(rip);
            if (instruction == null) {
                return;
            }
            boolean transfer = BlockEnd.ends(instruction);
            if (BlockEnd.standsAlone(instruction)) {
                return;
            }
            long next = rip + instruction.length() & ripMask;
            boolean emitted = Emission.handles(instruction, next, plan.mode);
            steps.put(rip, new RegionPlan.Step(instruction, rip, next, emitted));
            room--;
            if (transfer && !Emission.goesOn(instruction)) {
                if (emitted) {
                    follow(instruction, rip, next);
                }
                return;
            }
            rip = next;
        }
    }

    /** Null if the instruction is not to be translated. */
    private Instruction decode(long rip) {
        long host = host(rip);
        boolean wide = Mode.wide(plan.mode);
        if (host == 0 || !wide && rip > lastByte) {
            return null;
        }
        int inPage = PAGE_SIZE - (int) (base + rip & PAGE_SIZE - 1);
        // 64-bit code has no limit, and addresses that are negative here.
        long allowed = wide ? Decoder.MAX_LENGTH : lastByte - rip + 1;
        // The region's first page is the only one that is in place without a look.
        boolean goesOn = inPage < Math.min(allowed, Decoder.MAX_LENGTH) && rip != plan.rip;
        reader.start(host, inPage, goesOn ? rip + inPage : NONE, allowed);
        try {
            return decoder.decode(reader, cpu.codeSize);
        } catch (GuestFault | IndexOutOfBoundsException e) {
            return null;
        }
    }

    /** Whether an instruction goes over the end of its page. */
    private boolean straddles(RegionPlan.Step step) {
        return (base + step.rip & PAGE_SIZE - 1) + step.instruction.length() > PAGE_SIZE;
    }

    private static boolean isDirect(Instruction instruction) {
        return !instruction.operands().isEmpty()
                && instruction.operand(0) instanceof Operand.Relative;
    }

    private void follow(Instruction instruction, long rip, long next) {
        switch (instruction.mnemonic()) {
            case JMP, CALL -> {
                long called = NONE;
                if (isDirect(instruction)) {
                    called = target(instruction, next);
                    lead(called);
                } else {
                    List<IndirectTargets.Target> known =
                            instruction.mnemonic() == Mnemonic.JMP
                                    ? leadToKnown(rip, MAX_JUMP_TARGETS, LEAST_JUMP_SHARE)
                                    : leadToKnown(rip, MAX_CALL_TARGETS, LEAST_CALL_SHARE);
                    if (!known.isEmpty()) {
                        called = known.getFirst().rip();
                    }
                }
                if (instruction.mnemonic() == Mnemonic.CALL) {
                    returnSites.put(next, called);
                    lead(next);
                }
            }
            case RET -> leadToKnown(rip, MAX_CALL_TARGETS, LEAST_CALL_SHARE);
            case JMP_FAR, RET_FAR -> {}
            case CALL_FAR -> {
                returnSites.put(next, NONE);
                lead(next);
            }
            default -> {
                lead(next);
                lead(target(instruction, next));
            }
        }
    }

    /** Leads to where an indirect branch went before, as far as that is known. */
    private List<IndirectTargets.Target> leadToKnown(long rip, int most, int share) {
        List<IndirectTargets.Target> known = indirect.of(physical(rip), most, share);
        for (IndirectTargets.Target target : known) {
            lead(target.rip());
        }
        targets.put(rip, known);
        return known;
    }

    /** Where a direct branch goes; {@code next} is the address behind it. */
    static long target(Instruction instruction, long next) {
        long target = next + ((Operand.Relative) instruction.operand(0)).displacement();
        return switch (instruction.operandSize()) {
            case 2 -> target & 0xFFFF;
            case 4 -> target & 0xFFFF_FFFFL;
            default -> target;
        };
    }

    private void buildNodes(long entry, Collection<Long> wanted) {
        Map<Long, RegionPlan.Node> nodes = new HashMap<>();
        ArrayDeque<RegionPlan.Node> open = new ArrayDeque<>();
        RegionPlan.Node first = node(entry, nodes, open);
        wanted.forEach(rip -> node(rip, nodes, open));
        while (!open.isEmpty()) {
            build(open.poll(), nodes, open);
        }
        for (Map.Entry<Long, Long> site : returnSites.entrySet()) {
            RegionPlan.Node node = nodes.get(site.getKey());
            if (node != null && nodes.containsKey(site.getValue())) {
                plan.returnSites.add(node);
            }
        }
        order(first, nodes, wanted);
    }

    private RegionPlan.Node node(
            long rip, Map<Long, RegionPlan.Node> nodes, ArrayDeque<RegionPlan.Node> open) {
        if (!steps.containsKey(rip)) {
            return null;
        }
        RegionPlan.Node node = nodes.get(rip);
        if (node == null) {
            node = new RegionPlan.Node(rip);
            node.runs = runs.applyAsInt(physical(rip));
            nodes.put(rip, node);
            open.add(node);
        }
        return node;
    }

    private void build(
            RegionPlan.Node node,
            Map<Long, RegionPlan.Node> nodes,
            ArrayDeque<RegionPlan.Node> open) {
        long rip = node.rip;
        while (true) {
            RegionPlan.Step step = steps.get(rip);
            if (step == null) {
                node.fallRip = rip;
                node.interpreted = decode(rip);
                node.interpretNext =
                        node.interpreted == null || BlockEnd.standsAlone(node.interpreted);
                return;
            }
            boolean otherPage = (base + rip & -PAGE_SIZE) != (base + node.rip & -PAGE_SIZE);
            boolean straddles = straddles(step);
            if (rip != node.rip && (otherPage || straddles || leaders.containsKey(rip))) {
                node.fallRip = rip;
                node.fall = node(rip, nodes, open);
                return;
            }
            node.straddles |= straddles;
            // Code that overlaps itself has an instruction in several nodes, where it differs.
            node.steps.add(step.copy());
            if (BlockEnd.ends(step.instruction) && !Emission.goesOn(step.instruction)) {
                if (step.emitted) {
                    branch(node, step, nodes, open);
                } else {
                    node.leaves = true;
                }
                return;
            }
            rip = step.next;
        }
    }

    private void branch(
            RegionPlan.Node node,
            RegionPlan.Step step,
            Map<Long, RegionPlan.Node> nodes,
            ArrayDeque<RegionPlan.Node> open) {
        node.branches = true;
        Instruction instruction = step.instruction;
        node.fallRip = step.next;
        if (isDirect(instruction)) {
            node.taken = node(target(instruction, step.next), nodes, open);
        } else {
            node.targets = known(step.rip, nodes, open);
        }
        switch (instruction.mnemonic()) {
            case JMP, RET, JMP_FAR, RET_FAR -> {}
            // Reached by returns only, if any inside the region leads there.
            case CALL, CALL_FAR -> node(step.next, nodes, open);
            default -> node.fall = node(step.next, nodes, open);
        }
    }

    /** The nodes at which an indirect branch is known to arrive. */
    private List<RegionPlan.Target> known(
            long rip, Map<Long, RegionPlan.Node> nodes, ArrayDeque<RegionPlan.Node> open) {
        List<IndirectTargets.Target> known = targets.getOrDefault(rip, List.of());
        int total = known.stream().mapToInt(IndirectTargets.Target::times).sum();
        List<RegionPlan.Target> inside = new ArrayList<>();
        for (IndirectTargets.Target target : known) {
            RegionPlan.Node node = node(target.rip(), nodes, open);
            if (node != null) {
                inside.add(
                        new RegionPlan.Target(
                                node, Math.max(1, (int) (64L * target.times() / total))));
            }
        }
        return inside;
    }

    /** Successors inside the region. */
    static List<RegionPlan.Node> successors(RegionPlan plan, RegionPlan.Node node) {
        List<RegionPlan.Node> all = new ArrayList<>();
        if (node.fall != null) {
            all.add(node.fall);
        }
        if (node.taken != null) {
            all.add(node.taken);
        }
        if (node.branches && node.last().instruction.mnemonic() == Mnemonic.RET) {
            all.addAll(plan.returnSites);
        }
        for (RegionPlan.Target target : node.targets) {
            all.add(target.node());
        }
        return all;
    }

    /** Orders the nodes that can be reached, and finds the targets of edges back. */
    private void order(
            RegionPlan.Node entry, Map<Long, RegionPlan.Node> nodes, Collection<Long> wanted) {
        Map<RegionPlan.Node, Integer> state = new HashMap<>();
        plan.nodes = new ArrayList<>();
        plan.entries.add(entry);
        visit(entry, state);
        // What is called outside comes back here.
        enter(returnSites.keySet(), nodes, state, MAX_ENTRIES);
        enter(wanted, nodes, state, MAX_WANTED_ENTRIES);
        // Loops are left when the budget ends, and gone on with.
        for (RegionPlan.Node node : plan.nodes) {
            if (node.polled
                    && mayEnter(node)
                    && !plan.entries.contains(node)
                    && plan.entries.size() < MAX_ENTRIES) {
                plan.entries.add(node);
            }
        }
        int number = 0;
        for (RegionPlan.Node node : plan.nodes) {
            node.order = number++;
        }
        plan.returnSites.removeIf(site -> site.order < 0);
    }

    /** Has control enter at addresses, as far as that is possible and there are not too many. */
    private void enter(
            Collection<Long> rips,
            Map<Long, RegionPlan.Node> nodes,
            Map<RegionPlan.Node, Integer> state,
            int most) {
        for (long rip : rips) {
            RegionPlan.Node node = nodes.get(rip);
            if (node != null
                    && mayEnter(node)
                    && plan.entries.size() < most
                    && !plan.entries.contains(node)) {
                plan.entries.add(node);
                if (!state.containsKey(node)) {
                    visit(node, state);
                }
            }
        }
    }

    /** Whether a node is in one page, which is the first entry's if the region is not wide. */
    private boolean mayEnter(RegionPlan.Node node) {
        return !node.straddles
                && (plan.wide
                        || (base + node.rip ^ base + plan.rip) >>> GuestMemory.PAGE_SHIFT == 0);
    }

    /** Visits nodes depth first, without recursion. */
    private void visit(RegionPlan.Node entry, Map<RegionPlan.Node, Integer> state) {
        List<RegionPlan.Node> postorder = new ArrayList<>();
        ArrayDeque<RegionPlan.Node> path = new ArrayDeque<>();
        Map<RegionPlan.Node, ArrayDeque<RegionPlan.Node>> rest = new HashMap<>();
        path.push(entry);
        while (!path.isEmpty()) {
            RegionPlan.Node node = path.peek();
            if (state.putIfAbsent(node, 1) == null) {
                rest.put(node, new ArrayDeque<>(successors(plan, node)));
            }
            RegionPlan.Node next = rest.get(node).pollLast();
            if (next == null) {
                path.pop();
                state.put(node, 2);
                postorder.add(node);
            } else if (!state.containsKey(next)) {
                path.push(next);
            } else if (state.get(next) == 1) {
                next.polled = true;
            }
        }
        for (RegionPlan.Node node : postorder) {
            int longest = 0;
            for (RegionPlan.Node next : successors(plan, node)) {
                if (!next.polled) {
                    longest = Math.max(longest, next.longest);
                }
            }
            node.longest = node.steps.size() + longest;
        }
        plan.nodes.addAll(postorder.reversed());
    }

    /** Notes what was looked at, also what was not kept, so that a change of it is noticed. */
    private void finish() {
        TreeMap<Long, Integer> bytes = new TreeMap<>();
        for (RegionPlan.Node node : plan.nodes) {
            for (RegionPlan.Step step : node.steps) {
                int length = step.instruction.length();
                int inPage = PAGE_SIZE - (int) (base + step.rip & PAGE_SIZE - 1);
                bytes.merge(step.rip, Math.min(length, inPage), Math::max);
                if (length > inPage) {
                    bytes.merge(step.rip + inPage, length - inPage, Math::max);
                }
                plan.instructions++;
            }
            if (node.interpretNext) {
                note(bytes, node.fallRip);
            }
        }
        if (bytes.isEmpty()) {
            note(bytes, plan.rip);
        }
        if (bytes.isEmpty()) {
            return; // in no memory that could be looked at
        }
        List<Region.Span> spans = new ArrayList<>();
        long start = bytes.firstKey(); // Addresses of 64-bit kernels are negative.
        long end = start;
        for (Map.Entry<Long, Integer> entry : bytes.entrySet()) {
            long rip = entry.getKey();
            if (rip > end || (base + rip & PAGE_SIZE - 1) == 0) {
                addSpan(spans, start, end);
                start = rip;
                end = rip;
            }
            end = Math.max(end, rip + entry.getValue());
        }
        addSpan(spans, start, end);
        plan.spans = spans.toArray(new Region.Span[0]);
        int count = 0;
        plan.linearPages = new long[pages.size()];
        plan.physicalPages = new long[pages.size()];
        for (Map.Entry<Long, Long> page : pages.entrySet()) {
            boolean needed = count == 0;
            for (Region.Span span : plan.spans) {
                needed |= (span.physical() & -PAGE_SIZE) == page.getValue();
            }
            if (needed) {
                plan.linearPages[count] = page.getKey();
                plan.physicalPages[count++] = page.getValue();
            }
        }
        plan.starts = plan.nodes.stream().mapToLong(node -> physical(node.rip)).toArray();
        plan.linearPages = Arrays.copyOf(plan.linearPages, count);
        plan.physicalPages = Arrays.copyOf(plan.physicalPages, count);
    }

    private void note(Map<Long, Integer> bytes, long rip) {
        if (host(rip) != 0) {
            int inPage = PAGE_SIZE - (int) (base + rip & PAGE_SIZE - 1);
            bytes.putIfAbsent(rip, Math.min(inPage, Decoder.MAX_LENGTH));
        }
    }

    private void addSpan(List<Region.Span> spans, long start, long end) {
        if (end > start) {
            long linear = base + start & cpu.linearMask;
            Long page = pages.get(linear & -PAGE_SIZE);
            spans.add(new Region.Span(page + (linear & PAGE_SIZE - 1), (int) (end - start)));
        }
    }

    /** Reads instruction bytes up to the end of a segment, or of what may be looked at. */
    private final class Reader implements CodeReader {
        private long host;
        private int inPage;
        private long nextPage;
        private long left;

        /**
         * @param bytes bytes up to the page's end
         * @param next address of the page behind, or {@link #NONE}
         * @param allowed bytes up to the segment's end
         */
        void start(long newHost, int bytes, long next, long allowed) {
            host = newHost;
            inPage = bytes;
            nextPage = next;
            left = allowed;
        }

        @Override
        public int next() {
            if (--left < 0) {
                throw new IndexOutOfBoundsException("end of segment");
            }
            if (--inPage < 0) {
                host = nextPage == NONE ? 0 : host(nextPage);
                if (host == 0) {
                    throw new IndexOutOfBoundsException("end of page");
                }
                inPage = PAGE_SIZE - 1;
            }
            return GuestMemory.load8(host++) & 0xFF;
        }
    }
}
