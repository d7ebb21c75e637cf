package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.Eflags;
import dev.arclet.emulator.cpu.ExecutionEngine;
import dev.arclet.emulator.cpu.interp.BlockExit;
import dev.arclet.emulator.cpu.interp.Interpreter;
import dev.arclet.emulator.fault.GuestFault;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Executes regions of guest code that were translated to JVM bytecode, and leaves the rest to the
 * interpreter: what is cold, what ends regions, what misses the TLB or faults.
 *
 * <p>Both count instructions exactly and heed attention at the same ones, so that a run with a
 * clock made of instructions is the same on either.
 */
public final class Translator implements ExecutionEngine {
    /** Guest instructions of a region at most, tried in this order until the bytecode fits. */
    private static final int[] SIZES = {120, 60, 30, 12};

    /** Regions kept; when there are more, a quarter is forgotten: the least used of late. */
    private static final int MAX_REGIONS = 6_000;

    /** Regions left when the least used have been forgotten. */
    private static final int AFTER_EVICTION = MAX_REGIONS * 3 / 4;

    /** How often a hot place asks for a region once regions are being forgotten. */
    private static final int ASKED_WHEN_FULL = 8;

    /** Executions of a block until it asks again for a region that was not formed. */
    private static final int LATER = 2_000;

    private static final int TABLE_SIZE = 1 << 14;

    /** What happens in more than one of so many runs of a region happens often. */
    private static final int OFTEN = 16;

    /** Places noted at which regions are to be formed otherwise; beyond, all are forgotten. */
    private static final int MAX_NOTED = 16_384;

    /** Budgets are passed as ints. */
    private static final long MAX_BUDGET = 1 << 30;

    private final CpuState cpu;
    private final Interpreter interpreter;
    private final RegionCache cache;
    private final RegionFormer former;
    private final Compiler compiler;
    private final boolean eager;
    private final Tiers tiers;
    private final Region.Entry[] table = new Region.Entry[TABLE_SIZE];

    /**
     * Addresses, each with its mode, that had no entry, and what the MMU and the cache counted
     * then: most that is looked up in a start are such.
     */
    private final long[] absent = new long[TABLE_SIZE];

    private final long[] absentSince = new long[TABLE_SIZE];
    private final Interpreter.HotCode hotCode = this::reached;
    private final IndirectTargets indirect = new IndirectTargets();

    /** Physical addresses of regions whose accesses are not to be looked up together. */
    private final Set<Long> ungrouped = new HashSet<>();

    /** Physical addresses of regions that have the TLB filled. */
    private final Set<Long> filling = new HashSet<>();

    private long mode;

    private long translated;
    private long entries;
    private long asked;

    /** How often regions were left, by kind of exit; {@link #attentions} are among them. */
    private final long[] exits = new long[Region.Exit.Kind.values().length];

    private long attentions;
    private long faults;
    private long repetitions;

    /**
     * A translator, with an interpreter of its own.
     *
     * @param eager whether everything is translated at first sight, before it runs
     */
    public Translator(CpuState cpu, boolean eager) {
        this(cpu, eager, Tiers.USUAL);
    }

    /** One that does not wait as long as usual, or longer. */
    Translator(CpuState cpu, boolean eager, Tiers tiers) {
        this.cpu = cpu;
        this.eager = eager;
        this.tiers = tiers;
        interpreter = new Interpreter(cpu);
        interpreter.cache().setPatience(tiers.hot());
        cache = new RegionCache(cpu.mmu, interpreter.cache(), interpreter.cache());
        cpu.mmu.setCodeGuard(cache);
        cpu.mmu.physical().onExternalWrite(cache);
        former =
                new RegionFormer(
                        cpu,
                        eager
                                ? physical -> 1
                                : physical -> interpreter.cache().runs(physical, cpu.codeSize),
                        cache::covers,
                        indirect);
        compiler = new Compiler(cpu.mmu, interpreter::operation, tiers.inStep());
    }

    @Override
    public void run(long instructionLimit) {
        CpuState cpu = this.cpu;
        interpreter.setAtTransfer(true);
        while (!(interpreter.atTransfer() && cpu.attention)) {
            if (interpreter.mustLeave(instructionLimit)) {
                return;
            }
            if (cpu.attention) {
                // Heeded behind the next control transfer, which a region would run past.
                interpreter.step(instructionLimit);
                continue;
            }
            if (!interpreter.needsCare()) {
                enterMode();
                Region.Entry entry = eager ? findOrTranslate() : find(cpu.rip());
                if (entry != null && instructionLimit - cpu.instructions >= entry.region.slack) {
                    cpu.systemFlags &= ~Eflags.RF;
                    execute(entry, instructionLimit);
                    continue;
                }
            }
            if (eager) {
                interpreter.step(instructionLimit);
            } else {
                interpreter.run(instructionLimit, hotCode);
            }
        }
    }

    /** Notes the processor's mode. */
    private void enterMode() {
        long now = Mode.of(cpu);
        if (now != mode) {
            mode = now;
            // Flags of 64-bit operations do not fit into what other code keeps of flags.
            cpu.setArithmeticFlags(cpu.eflags());
        }
    }

    /** Executes regions, from the one at RIP on, until the interpreter has to do something. */
    private void execute(Region.Entry first, long instructionLimit) {
        CpuState cpu = this.cpu;
        Region.Entry entry = first;
        long left = Math.min(instructionLimit - cpu.instructions, MAX_BUDGET);
        while (true) {
            Region region = entry.region;
            if (region.executed + tiers.entryCost() * region.entered > tiers.worthOptimising()) {
                Region better = optimise(entry);
                if (better != null) {
                    entry = better.entries[0];
                    region = better;
                    if (left < region.slack) {
                        return;
                    }
                }
            }
            entries++;
            region.entered++;
            long result;
            int room = (int) left - region.slack;
            RegionCode code = region.code;
            if (code.generation != cpu.mmu.generation() || !code.started) {
                lookAtPages(region, code);
            }
            cpu.setRip(region.rip); // what it calls counts from there
            try {
                result = code.run(cpu, room, entry.number);
            } catch (GuestFault fault) {
                faults++;
                leaveCalling(region, code, room);
                interpreter.deliver(fault);
                return;
            } catch (BlockExit exit) {
                repetitions++;
                leaveCalling(region, code, room);
                cpu.systemFlags |= Eflags.RF;
                interpreter.setAtTransfer(true);
                return;
            }
            int number = (int) result;
            Region.Exit exit = region.exits[number];
            exit.taken++;
            exits[exit.kind().number]++;
            long done = room - (result >> 32) + exit.done();
            cpu.instructions += done;
            translated += done;
            left -= done;
            region.executed += done;
            if (exit.flags() >= 0) {
                FlagCode.settle(cpu, exit.flags());
            } else if (exit.flags() == FlagCode.DYNAMIC) {
                FlagCode.settle(cpu, cpu.flagKind);
            }
            Region.Entry next;
            switch (exit.kind()) {
                case STEP, MISS, UNUSUAL, APART, DISTURBED -> {
                    cpu.setRip(exit.rip());
                    if (exit.kind() == Region.Exit.Kind.DISTURBED && !code.stop) {
                        attentions++;
                    } else if (exit.kind() == Region.Exit.Kind.APART) {
                        noteApart(region);
                    } else if (exit.kind() == Region.Exit.Kind.MISS) {
                        noteMiss(region);
                    }
                    interpreter.setAtTransfer(false);
                    interpreter.step(instructionLimit);
                    return;
                }
                case CALLED -> {
                    interpreter.setAtTransfer(true);
                    return;
                }
                case GO, BUDGET, PAGE -> {
                    if (exit.kind() == Region.Exit.Kind.PAGE) {
                        lookAtPages(region, code);
                    }
                    cpu.setRip(exit.rip());
                    next = region.links[number];
                    if (next == null || !isCurrent(next.region)) {
                        next = find(exit.rip());
                        region.links[number] = next;
                    }
                }
                default -> {
                    if (!region.optimised) {
                        noteTarget(region, number, exit.rip());
                    }
                    next = find(cpu.rip());
                }
            }
            interpreter.setAtTransfer(true);
            if (next == null || left < next.region.slack) {
                return;
            }
            entry = next;
        }
    }

    /** Has a region formed anew in which accesses looked up together often are in two pages. */
    private void noteApart(Region region) {
        if (isOften(++region.apart, region)) {
            formAnew(region, ungrouped);
        }
    }

    /** Has a region formed anew that often misses the TLB. */
    private void noteMiss(Region region) {
        if (isOften(++region.misses, region) && !filling.contains(region.physical)) {
            formAnew(region, filling);
        }
    }

    private boolean isOften(long times, Region region) {
        return times >= tiers.many() && times > region.entered / OFTEN;
    }

    /** Forgets a region, and notes how it is to be formed the next time. */
    private void formAnew(Region region, Set<Long> how) {
        cache.remove(region);
        if (how.size() >= MAX_NOTED) {
            how.clear();
        }
        how.add(region.physical);
    }

    /** Forms the plan of a region; see {@link RegionFormer#form}. */
    private RegionPlan plan(long linear, long physical, int sizeClass, boolean leaveCovered) {
        RegionPlan plan = former.form(linear, physical, mode, SIZES[sizeClass], leaveCovered);
        plan.grouped = !ungrouped.contains(physical);
        plan.filling = filling.contains(physical);
        return plan;
    }

    /** Control has left by an indirect branch, to RIP. */
    private void noteTarget(Region region, int exit, long branch) {
        IndirectTargets.Site site = region.sites[exit];
        if (site == null) {
            site = indirect.at(region.physical(branch));
            region.sites[exit] = site;
        }
        site.note(cpu.rip());
    }

    /**
     * Has the region at RIP formed anew, with all that is reached from there although other regions
     * have it, and compiled by C2. The old region is used until then.
     *
     * @return the new region, once it has code
     */
    private Region optimise(Region.Entry entry) {
        Region region = entry.region;
        if (region.optimised || !compiler.optimises()) {
            return null;
        }
        Region better = region.replacement;
        if (better == null || better.tooLarge) {
            int sizeClass = better == null ? 0 : better.sizeClass + 1;
            if (sizeClass == SIZES.length) {
                region.optimised = true;
                return null;
            }
            RegionPlan plan = plan(entry.linear, entry.physical, sizeClass, false);
            if (better != null) {
                cache.remove(better);
            }
            if (plan.instructions == 0) {
                region.optimised = true;
                return null;
            }
            better = new Region(plan, sizeClass);
            better.optimised = true;
            region.replacement = better;
            cache.keep(better);
            compiler.submit(better, plan, true);
            return null;
        }
        if (better.code == null) {
            compiler.askedFor();
        }
        if (better.valid && (better.code == null || better.linear != entry.linear)) {
            return null;
        }
        region.replacement = null;
        region.optimised = true; // once only
        if (!better.valid) {
            return null;
        }
        cache.remove(region);
        cache.open(better);
        check(better);
        table[slot(better.linear, mode)] = better.entries[0];
        return better;
    }

    /** Makes the state exact behind an operation that did not end. */
    private void leaveCalling(Region region, RegionCode code, int room) {
        Region.Exit exit = region.exits[code.at];
        exit.taken++;
        long done = room - code.left + exit.done();
        cpu.instructions += done;
        translated += done;
        region.executed += done;
        cpu.setRip(exit.rip());
    }

    private boolean isCurrent(Region region) {
        return region.valid
                && region.checked
                && region.generation == cpu.mmu.generation(region.global);
    }

    /**
     * The same code may run in several modes: those of a kernel's entry, before it loads segments.
     */
    private static int slot(long linear, long mode) {
        return (int) (linear ^ linear >>> 14 ^ Mode.hash(mode)) & TABLE_SIZE - 1;
    }

    private long linear(long rip) {
        return cpu.segments[CpuState.CS].effectiveBase + rip & cpu.linearMask;
    }

    /** The entry with code at an address in the current mode; null if there is none. */
    private Region.Entry find(long rip) {
        Region.Entry entry = lookup(linear(rip), rip);
        return entry != null && entry.region.code != null ? entry : null;
    }

    /** The entry at an address in the current mode, with code or without; null if none. */
    private Region.Entry lookup(long linear, long rip) {
        int slot = slot(linear, mode);
        Region.Entry entry = table[slot];
        if (entry != null
                && entry.linear == linear
                && entry.rip == rip
                && entry.region.mode == mode
                && isCurrent(entry.region)) {
            return entry;
        }
        long key = 31 * linear + rip ^ Mode.hash(mode) << 48;
        long since = (long) cpu.mmu.generation() << 32 | cache.opened() & Bytecode.MASK32;
        if (absent[slot] == key && absentSince[slot] == since) {
            return null;
        }
        long physical = cpu.mmu.peekFetch(linear);
        if (physical == -1) {
            return null;
        }
        entry = cache.find(physical, linear, rip, mode);
        if (entry == null) {
            absent[slot] = key;
            absentSince[slot] = since;
            return null;
        }
        check(entry.region);
        table[slot] = entry;
        return entry;
    }

    /** Notes that a region's first page is where it was. */
    private void check(Region region) {
        region.global = cpu.mmu.fetchesGlobal(region.linear);
        region.generation = cpu.mmu.generation(region.global);
        region.checked = true;
    }

    /** Finds out which of a region's other pages are where they were, as far as is known. */
    private void lookAtPages(Region region, RegionCode code) {
        int now = cpu.mmu.generation();
        code.generation = now;
        code.started = true;
        code.page1 = seen(region, 1, now);
        code.page2 = seen(region, 2, now);
        code.page3 = seen(region, 3, now);
        code.page4 = seen(region, 4, now);
        code.page5 = seen(region, 5, now);
        code.page6 = seen(region, 6, now);
        code.page7 = seen(region, 7, now);
    }

    /** The generation in which a region's page is in place: the current one, or another. */
    private int seen(Region region, int page, int now) {
        boolean inPlace =
                page < region.linearPages.length
                        && cpu.mmu.peekFetch(region.linearPages[page])
                                == region.physicalPages[page];
        return inPlace ? now : now - 1;
    }

    private Region.Entry findOrTranslate() {
        long rip = cpu.rip();
        long linear = linear(rip);
        Region.Entry entry = lookup(linear, rip);
        if (entry == null) {
            Region region = form(linear, rip, true, 0);
            entry = region == null ? null : region.entries[0];
        }
        return entry != null && entry.region.code != null ? entry : null;
    }

    /** Forms the region at RIP, and has it translated; null if its page is not mapped. */
    private Region form(long linear, long rip, boolean now, int sizeClass) {
        long physical = cpu.mmu.peekFetch(linear);
        if (physical == -1) {
            return null;
        }
        Region.Entry old = cache.find(physical, linear, rip, mode);
        if (old != null) {
            cache.remove(old.region);
        }
        if (cache.count() >= MAX_REGIONS) {
            cache.evictLeastUsed(AFTER_EVICTION);
        }
        Region region = null;
        for (int i = sizeClass; i < SIZES.length; i++) {
            RegionPlan plan = plan(linear, physical, i, !now);
            region = new Region(plan, i);
            if (plan.instructions == 0) {
                break;
            }
            if (!now) {
                compiler.submit(region, plan, false);
                break;
            }
            compiler.compile(region, plan);
            if (!region.tooLarge) {
                break;
            }
        }
        if (region == null) {
            return null;
        }
        cache.add(region);
        check(region);
        table[slot(linear, mode)] = region.entries[0];
        return region;
    }

    /**
     * Whether no region is to be formed now: too many wait for code, or there are so many that each
     * new one has another forgotten, which will be hot again at once. Then what runs most is to
     * have the room, so that hot places get a region at one of several times they ask only.
     */
    private boolean mustWait() {
        if (compiler.waiting() >= tiers.waiting()) {
            return true;
        }
        return cache.evicted() > 0
                && cache.count() >= AFTER_EVICTION
                && ++asked % ASKED_WHEN_FULL != 0;
    }

    /** {@link Interpreter.HotCode#reached}. */
    private int reached(long rip, long instructionsLeft) {
        enterMode();
        long linear = linear(rip);
        Region.Entry entry = lookup(linear, rip);
        if (entry == null || entry.region.tooLarge) {
            if (mustWait()) {
                return LATER;
            }
            Region formed =
                    form(linear, rip, false, entry == null ? 0 : entry.region.sizeClass + 1);
            if (formed == null) {
                return tiers.patience();
            }
            entry = formed.entries[0];
        }
        Region region = entry.region;
        if (region.instructions == 0) {
            return Integer.MAX_VALUE;
        }
        if (region.code == null) {
            region.heat++;
            compiler.askedFor();
            return tiers.patience();
        }
        return instructionsLeft >= entry.region.slack ? 0 : 1;
    }

    RegionCache cache() {
        return cache;
    }

    /** The regions kept, with code or without. */
    List<Region> regions() {
        return cache.all();
    }

    @Override
    public void invalidateCode(long physical, long length) {
        interpreter.invalidateCode(physical, length);
        cache.invalidate(physical, length);
    }

    @Override
    public void invalidateAllCode() {
        interpreter.invalidateAllCode();
        cache.clear();
        compiler.forget();
        indirect.clear();
        ungrouped.clear();
        filling.clear();
        Arrays.fill(table, null);
    }

    @Override
    public long translatedInstructions() {
        return translated;
    }

    /**
     * Keeps from now on what {@link #report} tells, which takes some ten kilobytes a region. To be
     * called before anything runs.
     */
    public void keepRegions() {
        compiler.keepAll();
    }

    /**
     * Tells of regions since {@link #keepRegions}; on the machine thread.
     *
     * @return lines of text
     */
    public String report(RegionReport.Wish wish) {
        return RegionReport.of(compiler.kept(), translated, cpu.instructions, wish);
    }

    private long left(Region.Exit.Kind kind) {
        return exits[kind.number];
    }

    @Override
    public Map<String, Long> counters() {
        Map<String, Long> counters = new LinkedHashMap<>(interpreter.counters());
        counters.put("regions.translated", compiler.made());
        counters.put("regions.optimised", compiler.optimised());
        counters.put("regions.live", (long) cache.count());
        counters.put("regions.invalidated", cache.invalidated());
        counters.put("regions.evicted", cache.evicted());
        counters.put("regions.tooLarge", compiler.tooLarge());
        counters.put("regions.waiting", (long) compiler.waiting());
        counters.put("regions.bytecode", compiler.codeBytes());
        counters.put("regions.translationMicros", compiler.nanos() / 1000);
        counters.put("regions.ungrouped", (long) ungrouped.size());
        counters.put("regions.filling", (long) filling.size());
        counters.put("regions.entries", entries);
        // Each entry ends by one of these; exceptions have no return value, hence their own.
        counters.put("regions.exits.go", left(Region.Exit.Kind.GO));
        counters.put("regions.exits.budget", left(Region.Exit.Kind.BUDGET));
        counters.put("regions.exits.page", left(Region.Exit.Kind.PAGE));
        counters.put("regions.exits.indirect", left(Region.Exit.Kind.DYNAMIC));
        counters.put("regions.exits.called", left(Region.Exit.Kind.CALLED));
        counters.put("regions.exits.interpret", left(Region.Exit.Kind.STEP));
        counters.put("regions.exits.tlbMiss", left(Region.Exit.Kind.MISS));
        counters.put("regions.exits.unusual", left(Region.Exit.Kind.UNUSUAL));
        counters.put("regions.exits.attention", attentions);
        counters.put("regions.exits.overwritten", left(Region.Exit.Kind.DISTURBED) - attentions);
        counters.put("regions.exits.apart", left(Region.Exit.Kind.APART));
        counters.put("regions.exits.fault", faults);
        counters.put("regions.exits.repetition", repetitions);
        return counters;
    }
}
