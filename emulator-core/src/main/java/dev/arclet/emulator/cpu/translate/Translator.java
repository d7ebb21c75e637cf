package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.Eflags;
import dev.arclet.emulator.cpu.ExecutionEngine;
import dev.arclet.emulator.cpu.interp.BlockExit;
import dev.arclet.emulator.cpu.interp.Interpreter;
import dev.arclet.emulator.fault.GuestFault;
import dev.arclet.emulator.mmu.Mmu;
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
    private static final int MAX_REGIONS = 8_000;

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

    /** Executions of a region in which all is noted of its indirect branches, and what then. */
    private static final int ALWAYS_NOTED = 256, SELDOM_NOTED = 15;

    /** {@link Region.Exit.Kind} by its number. */
    private static final int PAGE = Region.Exit.Kind.PAGE.number,
            DYNAMIC = Region.Exit.Kind.DYNAMIC.number,
            LAST_LINKED = PAGE;

    /** Budgets are passed as ints. */
    private static final long MAX_BUDGET = 1 << 30;

    private final CpuState cpu;
    private final Interpreter interpreter;
    private final RegionCache cache;
    private final RegionFormer former;
    private final Compiler compiler;
    private final boolean eager;
    private final Tiers tiers;

    /** {@link Tiers#entryCost}. */
    private final long entryCost;

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

    /** Whether it is counted how often each exit is taken. */
    private boolean counting;

    private long translated;
    private long entries;
    private long asked;

    /** Regions that can be entered in more places than at first. */
    private long widened;

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
        entryCost = tiers.entryCost();
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
                        cache,
                        indirect);
        compiler = new Compiler(cpu, interpreter::operation, tiers);
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
                RegionCode code = entry == null ? null : entry.code;
                if (code != null && instructionLimit - cpu.instructions >= entry.slack) {
                    cpu.systemFlags &= ~Eflags.RF;
                    execute(entry, code, instructionLimit);
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
    private void execute(Region.Entry first, RegionCode firstCode, long instructionLimit) {
        CpuState cpu = this.cpu;
        Mmu mmu = cpu.mmu;
        Region.Entry entry = first;
        RegionCode code = firstCode;
        long left = Math.min(instructionLimit - cpu.instructions, MAX_BUDGET);
        while (true) {
            if (code.executed + entryCost * code.entered > code.worth) {
                Region.Entry better = optimise(entry);
                if (better != null) {
                    if (left < better.slack) {
                        settle(better.rip);
                        return;
                    }
                    entry = better;
                    code = better.code;
                }
            }
            entries++;
            code.entered++;
            if (code.paged && code.generation != mmu.generation()) {
                lookAtPages(entry.region, code);
            }
            int room = (int) left - entry.slack;
            long result;
            try {
                result = code.run(cpu, room, entry.number);
            } catch (GuestFault fault) {
                faults++;
                leaveCalling(code, room);
                interpreter.deliver(fault);
                return;
            } catch (BlockExit exit) {
                repetitions++;
                leaveCalling(code, room);
                cpu.systemFlags |= Eflags.RF;
                interpreter.setAtTransfer(true);
                return;
            }
            int word = (int) result;
            int number = RegionCode.exitNumber(word);
            int kind = RegionCode.exitKind(word);
            exits[kind]++;
            if (counting) {
                code.exits[number].taken++;
            }
            long done = room - (result >> 32);
            cpu.instructions += done;
            translated += done;
            left -= done;
            code.executed += done;
            int flags = RegionCode.exitFlags(word);
            if (flags >= 0) {
                cpu.flagKind = flags;
            }
            Region.Entry next;
            if (kind <= LAST_LINKED) {
                if (kind == PAGE) {
                    lookAtPages(entry.region, code);
                }
                next = code.links[number];
                if (next == null || next.code == null || !isInPlace(next)) {
                    next = relink(code, number);
                }
            } else if (kind == DYNAMIC) {
                if (code.worth != Long.MAX_VALUE && mayNote(code)) {
                    noteTarget(entry.region, code, number);
                }
                next = find(cpu.rip());
            } else {
                leave(entry.region, code, code.exits[number], instructionLimit);
                return;
            }
            interpreter.setAtTransfer(true);
            RegionCode nextCode = next == null ? null : next.code;
            if (nextCode == null || left < next.slack) {
                settle(kind == DYNAMIC ? cpu.rip() : code.exits[number].rip());
                return;
            }
            entry = next;
            code = nextCode;
        }
    }

    /** The entry that a direct exit leads to now; null if there is none. */
    private Region.Entry relink(RegionCode code, int number) {
        Region.Entry next = find(code.exits[number].rip());
        code.links[number] = next;
        return next;
    }

    /** Makes what regions leave between them what it is for all others. */
    private void settle(long rip) {
        FlagCode.settle(cpu, cpu.flagKind);
        cpu.setRip(rip);
    }

    /** Leaves regions by an exit behind which the interpreter has something to do. */
    private void leave(Region region, RegionCode code, Region.Exit exit, long instructionLimit) {
        cpu.instructions += exit.done();
        translated += exit.done();
        code.executed += exit.done();
        if (exit.kind() == Region.Exit.Kind.CALLED) {
            interpreter.setAtTransfer(true);
            return;
        }
        settle(exit.rip());
        if (exit.kind() == Region.Exit.Kind.DISTURBED && !code.stop) {
            attentions++;
        } else if (exit.kind() == Region.Exit.Kind.APART) {
            noteApart(region);
        } else if (exit.kind() == Region.Exit.Kind.MISS) {
            noteMiss(region);
        }
        interpreter.setAtTransfer(false);
        interpreter.step(instructionLimit);
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
        return times >= tiers.many() && times > region.entered() / OFTEN;
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
    private RegionPlan plan(
            long linear, long physical, long rip, int sizeClass, boolean leaveCovered) {
        RegionPlan plan = former.form(linear, physical, rip, mode, SIZES[sizeClass], leaveCovered);
        plan.grouped = !ungrouped.contains(physical);
        plan.filling = filling.contains(physical);
        return plan;
    }

    /** Whether to look where an indirect branch goes: always at first, then now and then. */
    private static boolean mayNote(RegionCode code) {
        return code.entered < ALWAYS_NOTED || (code.entered & SELDOM_NOTED) == 0;
    }

    /** Control has left by an indirect branch, to RIP. */
    private void noteTarget(Region region, RegionCode code, int exit) {
        IndirectTargets.Site site = code.sites[exit];
        if (site == null) {
            site = indirect.at(region.physical(code.exits[exit].rip()));
            code.sites[exit] = site;
        }
        site.note(cpu.rip());
    }

    /**
     * Has the region at RIP formed anew, with all that is reached from there although other regions
     * have it, and compiled by C2. The old region is used until then.
     *
     * @return the entry of the new region, once that has code
     */
    private Region.Entry optimise(Region.Entry entry) {
        Region region = entry.region;
        if (!compiler.optimises()) {
            return null;
        }
        Region better = region.replacement;
        if (better == null || better.tooLarge) {
            int sizeClass = better == null ? 0 : better.sizeClass + 1;
            if (sizeClass == SIZES.length) {
                return isAsGoodAsItGets(region);
            }
            RegionPlan plan = plan(entry.linear, entry.physical, entry.rip, sizeClass, false);
            if (better != null) {
                cache.remove(better);
            }
            if (plan.instructions == 0) {
                return isAsGoodAsItGets(region);
            }
            better = new Region(plan, sizeClass);
            better.optimised = true;
            region.replacement = better;
            cache.keep(better);
            compiler.submit(better, plan, true);
            return null;
        }
        Region.Entry first = better.entries[0];
        if (first.code == null) {
            compiler.askedFor();
        }
        if (better.valid && (first.code == null || first.linear != entry.linear)) {
            return null;
        }
        region.replacement = null;
        if (!better.valid) {
            return isAsGoodAsItGets(region);
        }
        forget(region);
        cache.open(better);
        check(first);
        table[slot(first.linear, mode)] = first;
        return first;
    }

    /** Forgets a region whose place another takes, and what else was to take it. */
    private void forget(Region region) {
        cache.remove(region);
        for (Region other : Arrays.asList(region.replacement, region.wider)) {
            if (other != null) {
                cache.remove(other);
            }
        }
        region.replacement = null;
        region.wider = null;
    }

    /** Has a region never formed anew. */
    private static Region.Entry isAsGoodAsItGets(Region region) {
        region.optimised = true;
        region.code().worth = Long.MAX_VALUE;
        return null;
    }

    /** Makes the state exact behind an operation that did not end. */
    private void leaveCalling(RegionCode code, int room) {
        Region.Exit exit = code.exits[code.at];
        if (counting) {
            exit.taken++;
        }
        long done = room - code.left + exit.done();
        cpu.instructions += done;
        translated += done;
        code.executed += done;
        cpu.setRip(exit.rip());
    }

    /** Whether an entry is where it was, found out anew if its page may have moved. */
    private boolean isInPlace(Region.Entry entry) {
        if (entry.generation == cpu.mmu.generation(entry.global)) {
            return true;
        }
        if (cpu.mmu.peekFetch(entry.linear) != entry.physical) {
            return false;
        }
        check(entry);
        return true;
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
        return entry != null && entry.code != null ? entry : null;
    }

    /** The entry at an address in the current mode, with code or without; null if none. */
    private Region.Entry lookup(long linear, long rip) {
        int slot = slot(linear, mode);
        Region.Entry entry = table[slot];
        if (entry != null
                && entry.linear == linear
                && entry.rip == rip
                && entry.mode == mode
                && (entry.code != null || entry.region.valid)
                && isInPlace(entry)) {
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
        check(entry);
        table[slot] = entry;
        return entry;
    }

    /** Notes that an entry is where it was. */
    private void check(Region.Entry entry) {
        entry.global = cpu.mmu.fetchesGlobal(entry.linear);
        entry.generation = cpu.mmu.generation(entry.global);
    }

    /** Finds out which of a region's pages are where they were, as far as is known. */
    private void lookAtPages(Region region, RegionCode code) {
        int now = cpu.mmu.generation();
        code.generation = now;
        code.page0 = seen(region, 0, now);
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
        return entry;
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
            RegionPlan plan = plan(linear, physical, rip, i, !now);
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
        check(region.entries[0]);
        table[slot(linear, mode)] = region.entries[0];
        return region;
    }

    /** The region that has code at an address but cannot be entered there, if that may change. */
    private Region covering(long linear) {
        long physical = cpu.mmu.peekFetch(linear);
        Region region = physical == -1 ? null : cache.covering(physical, linear, mode);
        boolean fixed =
                region == null
                        || region.widest
                        || region.tooLarge
                        || region.optimised
                        || region.replacement != null;
        return fixed ? null : region;
    }

    /**
     * Has a region formed anew so that it can be entered where that was wanted. The old one is used
     * until then.
     *
     * @return the entry at an address, once there is code; null meanwhile, and when there will be
     *     none as the region is {@link Region#widest}
     */
    private Region.Entry widen(Region region, long rip) {
        if (region.code() == null) {
            region.heat++;
            compiler.askedFor();
            return null;
        }
        Region wider = region.wider;
        if (wider == null || !wider.valid) {
            RegionPlan plan = former.widen(region, SIZES[region.sizeClass]);
            plan.grouped = !ungrouped.contains(region.physical);
            plan.filling = filling.contains(region.physical);
            wider = new Region(plan, region.sizeClass);
            if (wider.entryAt(rip) == null) {
                region.widest = true;
                return null;
            }
            region.wider = wider;
            cache.keep(wider);
            compiler.submit(wider, plan, false);
            return null;
        }
        if (wider.tooLarge) {
            region.wider = null;
            region.widest = true;
            cache.remove(wider);
            return null;
        }
        RegionCode code = wider.code();
        if (code == null) {
            wider.heat++;
            compiler.askedFor();
            return null;
        }
        code.worth = Math.max(1, code.worth - region.work(entryCost));
        wider.wanted.addAll(region.wanted);
        region.wider = null;
        forget(region);
        cache.open(wider);
        widened++;
        Region.Entry entry = wider.entryAt(rip);
        if (entry != null) {
            check(entry);
            table[slot(entry.linear, mode)] = entry;
        }
        return entry;
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
            Region inside = entry == null ? covering(linear) : null;
            if (inside != null) {
                if (inside.wanted.add(rip)) {
                    return tiers.wanted();
                }
                Region.Entry widened = widen(inside, rip);
                if (widened == null && !inside.widest) {
                    return tiers.patience();
                }
                entry = widened;
            }
            if (entry == null || entry.region.tooLarge) {
                Region formed =
                        form(linear, rip, false, entry == null ? 0 : entry.region.sizeClass + 1);
                if (formed == null) {
                    return tiers.patience();
                }
                entry = formed.entries[0];
            }
        }
        Region region = entry.region;
        if (region.instructions == 0) {
            return Integer.MAX_VALUE;
        }
        if (entry.code == null) {
            region.heat++;
            compiler.askedFor();
            return tiers.patience();
        }
        return instructionsLeft >= entry.slack ? 0 : 1;
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
    public long waitedNanos() {
        return eager ? compiler.nanos() : 0;
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
        counting = true;
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
        counters.put("regions.widened", widened);
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
