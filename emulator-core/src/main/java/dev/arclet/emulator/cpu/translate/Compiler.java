package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.interp.Op;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiFunction;

/**
 * Gives regions their code: at once, or on a background thread that has HotSpot compile it before
 * it is used, the hottest region first.
 */
final class Compiler {
    /** Regions that HotSpot is given at a time: one to work at, and the next. */
    private static final int AT_ONCE = 2;

    /** Without {@link HotSpot}: calls after which a method is compiled, or about to be. */
    private static final int POKES = 300;

    /** Calls that are timed together. */
    private static final int BATCH = 16;

    /** A call that returns at once takes longer than this in HotSpot's interpreter only. */
    private static final long COMPILED_NANOS = 20;

    /** How long to wait for HotSpot; its interpreter is slower than ours. */
    private static final long PATIENCE_NANOS = 3_000_000_000L;

    /** Between two looks at what HotSpot has compiled. */
    private static final long PAUSE_NANOS = 100_000;

    /** A region that shall get code. */
    private record Job(Region region, RegionPlan plan, boolean optimise) {}

    /** Code that HotSpot is about to compile. */
    private record Warming(Job job, RegionEmitter.Result result, long latest) {}

    /** Guarded by itself. */
    private final List<Job> waiting = new ArrayList<>();

    private final List<Warming> warming = new ArrayList<>();
    private final CpuState cpu;
    private final BiFunction<Instruction, Op.Place, Op> operations;
    private final ThreadPoolExecutor background;
    private final AtomicLong nanos = new AtomicLong();
    private final AtomicLong made = new AtomicLong();
    private final AtomicLong optimised = new AtomicLong();
    private final AtomicLong codeBytes = new AtomicLong();
    private final AtomicLong tooLarge = new AtomicLong();

    /** All regions that got code since they are to be kept. Guarded by itself. */
    private final List<Region> kept = new ArrayList<>();

    private volatile boolean keeping;

    /** {@link Tiers#inStep}. */
    private final int inStep;

    private final long worthOptimising;
    private int asked;

    Compiler(CpuState cpu, BiFunction<Instruction, Op.Place, Op> operations, Tiers tiers) {
        this.cpu = cpu;
        worthOptimising = tiers.worthOptimising();
        this.operations = operations;
        inStep = tiers.inStep();
        background =
                new ThreadPoolExecutor(
                        1,
                        1,
                        2,
                        TimeUnit.SECONDS,
                        new LinkedBlockingQueue<>(),
                        task -> {
                            Thread thread = new Thread(task, "translator");
                            thread.setDaemon(true);
                            return thread;
                        });
        background.allowCoreThreadTimeOut(true);
    }

    /** Time spent in making code, in nanoseconds, on any thread. */
    long nanos() {
        return nanos.get();
    }

    /** Regions that got code. */
    long made() {
        return made.get();
    }

    /** Bytes of bytecode made. */
    long codeBytes() {
        return codeBytes.get();
    }

    /** Plans that were too large for a method. */
    long tooLarge() {
        return tooLarge.get();
    }

    /** Regions that C2 was asked to compile. */
    long optimised() {
        return optimised.get();
    }

    /** Keeps all regions that get code from now on, and what they were made of. */
    void keepAll() {
        keeping = true;
    }

    /** The regions kept, in the order in which they got code; none unless they were to be kept. */
    List<Region> kept() {
        synchronized (kept) {
            return List.copyOf(kept);
        }
    }

    /** Regions waiting for code. */
    int waiting() {
        synchronized (waiting) {
            return waiting.size();
        }
    }

    /** Makes the code of a region now; if its plan was too large, that is noted in the region. */
    void compile(Region region, RegionPlan plan) {
        long start = System.nanoTime();
        RegionEmitter.Result result = emit(region, plan, false);
        if (result != null) {
            publish(region, plan, result);
        }
        nanos.addAndGet(System.nanoTime() - start);
    }

    /**
     * Makes the code of a region soon; it then appears in {@link Region#code()}.
     *
     * @param optimise whether C2 is to compile it, which is worth its time for the hottest only
     */
    void submit(Region region, RegionPlan plan, boolean optimise) {
        synchronized (waiting) {
            waiting.add(new Job(region, plan, optimise));
        }
        if (inStep == 0) {
            background.execute(this::prepareHottest);
        }
    }

    /** Whether anything comes of asking for optimised code. */
    boolean optimises() {
        return HotSpot.AVAILABLE || inStep != 0;
    }

    /** Gives up what is under way, if code is made in step: a run can then be repeated. */
    void forget() {
        if (inStep != 0) {
            synchronized (waiting) {
                waiting.clear();
            }
            asked = 0;
        }
    }

    /** Control has come to where code is under way. Makes it, if that is done in step. */
    void askedFor() {
        if (inStep == 0 || waiting() == 0 || ++asked % inStep != 0) {
            return;
        }
        Job job = takeHottest();
        if (job.region.valid) {
            compile(job.region, job.plan);
            if (job.optimise) {
                optimised.incrementAndGet();
            }
        }
    }

    private RegionEmitter.Result emit(Region region, RegionPlan plan, boolean optimise) {
        try {
            return RegionEmitter.emit(plan, optimise, cpu, operations);
        } catch (RegionEmitter.TooLargeException e) {
            tooLarge.incrementAndGet();
            region.tooLarge = true;
            return null;
        }
    }

    private void publish(Region region, RegionPlan plan, RegionEmitter.Result result) {
        RegionCode code = result.code();
        code.exits = result.exits();
        code.links = new Region.Entry[result.exits().length];
        code.sites = new IndirectTargets.Site[result.exits().length];
        code.worth = region.optimised ? Long.MAX_VALUE : worthOptimising;
        region.exits = result.exits();
        region.codeBytes = result.bytes();
        region.method = result.method();
        made.incrementAndGet();
        codeBytes.addAndGet(result.bytes());
        if (keeping) {
            region.plan = plan;
            region.classFile = result.classFile();
            synchronized (kept) {
                kept.add(region);
            }
        }
        region.open(code);
    }

    // In the background

    private void prepareHottest() {
        Job job = takeHottest();
        if (job.region.valid) {
            long start = System.nanoTime();
            RegionEmitter.Result result = emit(job.region, job.plan, job.optimise);
            nanos.addAndGet(System.nanoTime() - start);
            if (result != null) {
                warm(job, result);
                warming.add(new Warming(job, result, System.nanoTime() + PATIENCE_NANOS));
            }
        }
        publishWarm();
        while (!warming.isEmpty() && (background.getQueue().isEmpty() || quickOnes() >= AT_ONCE)) {
            LockSupport.parkNanos(this, PAUSE_NANOS);
            publishWarm();
        }
    }

    /** How many regions C1 has to compile. */
    private int quickOnes() {
        int count = 0;
        for (Warming one : warming) {
            if (!one.job.optimise) {
                count++;
            }
        }
        return count;
    }

    private Job takeHottest() {
        synchronized (waiting) {
            int hottest = 0;
            for (int i = 1; i < waiting.size(); i++) {
                if (waiting.get(i).region.heat > waiting.get(hottest).region.heat) {
                    hottest = i;
                }
            }
            return waiting.remove(hottest);
        }
    }

    /** Publishes what HotSpot has compiled by now. */
    private void publishWarm() {
        for (Iterator<Warming> all = warming.iterator(); all.hasNext(); ) {
            Warming next = all.next();
            if (!next.job.region.valid) {
                all.remove();
            } else if (isWarm(next.result)
                    || !next.job.optimise && System.nanoTime() - next.latest > 0) {
                publish(next.job.region, next.job.plan, next.result);
                all.remove();
            }
        }
    }

    /** Has HotSpot compile new code. */
    private void warm(Job job, RegionEmitter.Result result) {
        if (!HotSpot.AVAILABLE) {
            poke(result.code(), POKES);
            return;
        }
        poke(result.code(), 1); // A method that never ran is not compiled.
        HotSpot.compile(result.method(), job.optimise ? HotSpot.C2 : HotSpot.C1);
        if (job.optimise) {
            optimised.incrementAndGet();
        }
    }

    /** Whether code is compiled; without {@link HotSpot} that shows in how long a call takes. */
    private static boolean isWarm(RegionEmitter.Result result) {
        if (HotSpot.AVAILABLE) {
            return HotSpot.level(result.method()) != 0;
        }
        long fastest = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            long start = System.nanoTime();
            poke(result.code(), BATCH);
            fastest = Math.min(fastest, System.nanoTime() - start);
        }
        return fastest < COMPILED_NANOS * BATCH;
    }

    private static void poke(RegionCode code, int times) {
        for (int i = 0; i < times; i++) {
            code.run(null, -1, 0);
        }
    }
}
