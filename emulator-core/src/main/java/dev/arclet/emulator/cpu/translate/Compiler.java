package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.interp.Op;
import dev.arclet.emulator.mmu.Mmu;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;

/** Gives regions their code: at once, or on a background thread that warms it up, too. */
final class Compiler {
    /** Calls after which HotSpot has compiled a method, or is about to. */
    private static final int POKES = 300;

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
        make(region, plan, 0);
    }

    /** Makes the code of a region soon; it then appears in {@link Region#code}. */
    void submit(Region region, RegionPlan plan) {
        background.execute(() -> make(region, plan, POKES));
    }

    private void make(Region region, RegionPlan plan, int pokes) {
        long start = System.nanoTime();
        try {
            RegionEmitter.Result result = RegionEmitter.emit(plan, mmu, operations);
            for (int i = 0; i < pokes; i++) {
                result.code().run(null, -1);
            }
            region.exits = result.exits();
            region.links = new Region[result.exits().length];
            region.budget = plan.nodes.getFirst().longest;
            region.codeBytes = result.bytes();
            made.incrementAndGet();
            codeBytes.addAndGet(result.bytes());
            region.code = result.code();
        } catch (RegionEmitter.TooLargeException e) {
            tooLarge.incrementAndGet();
            region.tooLarge = true;
        } finally {
            nanos.addAndGet(System.nanoTime() - start);
        }
    }
}
