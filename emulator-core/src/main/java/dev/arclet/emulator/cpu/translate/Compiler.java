package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.interp.Op;
import dev.arclet.emulator.mmu.Mmu;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiFunction;

/** Gives regions their code: at once, or on a background thread that warms it up, too. */
final class Compiler {
    /** Calls after which HotSpot has compiled a method, or is about to. */
    private static final int POKES = 300;

    /** Calls that are timed together. */
    private static final int BATCH = 16;

    /** A call that returns at once takes longer than this in HotSpot's interpreter only. */
    private static final long COMPILED_NANOS = 20;

    /** How long to wait for HotSpot; its interpreter is slower than ours. */
    private static final long PATIENCE_NANOS = 3_000_000_000L;

    /** Between two looks at what HotSpot has compiled. */
    private static final long PAUSE_NANOS = 1_000_000;

    /** Code that HotSpot is about to compile. */
    private record Warming(
            Region region, RegionPlan plan, RegionEmitter.Result result, long latest) {}

    private final List<Warming> warming = new ArrayList<>();
    private final Mmu mmu;
    private final BiFunction<Instruction, Op.Place, Op> operations;
    private final ThreadPoolExecutor background;
    private final AtomicLong nanos = new AtomicLong();
    private final AtomicLong made = new AtomicLong();
    private final AtomicLong codeBytes = new AtomicLong();
    private final AtomicLong tooLarge = new AtomicLong();

    Compiler(Mmu mmu, BiFunction<Instruction, Op.Place, Op> operations) {
        this.mmu = mmu;
        this.operations = operations;
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

    /** Regions waiting for code. */
    int waiting() {
        return background.getQueue().size();
    }

    /** Makes the code of a region now; if its plan was too large, that is noted in the region. */
    void compile(Region region, RegionPlan plan) {
        long start = System.nanoTime();
        RegionEmitter.Result result = emit(region, plan);
        if (result != null) {
            publish(region, plan, result);
        }
        nanos.addAndGet(System.nanoTime() - start);
    }

    /** Makes the code of a region soon; it then appears in {@link Region#code}. */
    void submit(Region region, RegionPlan plan) {
        background.execute(() -> prepare(region, plan));
    }

    private RegionEmitter.Result emit(Region region, RegionPlan plan) {
        try {
            return RegionEmitter.emit(plan, mmu, operations);
        } catch (RegionEmitter.TooLargeException e) {
            tooLarge.incrementAndGet();
            region.tooLarge = true;
            return null;
        }
    }

    private void publish(Region region, RegionPlan plan, RegionEmitter.Result result) {
        region.exits = result.exits();
        region.links = new Region[result.exits().length];
        region.budget = plan.nodes.getFirst().longest;
        region.codeBytes = result.bytes();
        made.incrementAndGet();
        codeBytes.addAndGet(result.bytes());
        region.code = result.code();
    }

    // In the background

    private void prepare(Region region, RegionPlan plan) {
        if (!region.valid) {
            return;
        }
        long start = System.nanoTime();
        RegionEmitter.Result result = emit(region, plan);
        if (result != null) {
            poke(result.code(), POKES);
            warming.add(new Warming(region, plan, result, System.nanoTime() + PATIENCE_NANOS));
        }
        nanos.addAndGet(System.nanoTime() - start);
        while (!warming.isEmpty() && background.getQueue().isEmpty()) {
            publishWarm();
            LockSupport.parkNanos(this, PAUSE_NANOS);
        }
        publishWarm();
    }

    /** Publishes what HotSpot has compiled by now, which shows in how long a call takes. */
    private void publishWarm() {
        for (Iterator<Warming> all = warming.iterator(); all.hasNext(); ) {
            Warming next = all.next();
            if (!next.region.valid) {
                all.remove();
                continue;
            }
            RegionCode code = next.result.code();
            long fastest = Long.MAX_VALUE;
            for (int i = 0; i < 3; i++) {
                long start = System.nanoTime();
                poke(code, BATCH);
                fastest = Math.min(fastest, System.nanoTime() - start);
            }
            if (fastest < COMPILED_NANOS * BATCH || System.nanoTime() - next.latest > 0) {
                publish(next.region, next.plan, next.result);
                all.remove();
            }
        }
    }

    private static void poke(RegionCode code, int times) {
        for (int i = 0; i < times; i++) {
            code.run(null, -1);
        }
    }
}
