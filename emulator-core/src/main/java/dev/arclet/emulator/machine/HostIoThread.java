package dev.arclet.emulator.machine;

import dev.arclet.emulator.storage.HostWork;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;

/**
 * Carries the host's part of block requests out on a thread of its own, so that a slow disk of the
 * host does not hold the processor up. The thread starts with the first request.
 */
final class HostIoThread implements HostWork, AutoCloseable {
    private record Job(Runnable work, Runnable done) {}

    /** Longer than this, and the processor should not have waited. */
    private static final long SLOW_NANOS = 1_000_000;

    /** So many requests go to the thread after a slow one. */
    private static final int DISTRUST_AFTER_SLOW = 32;

    private final Consumer<Runnable> post;
    private final BlockingQueue<Job> jobs = new LinkedBlockingQueue<>();
    private final Queue<Runnable> finished = new ConcurrentLinkedQueue<>();
    private final Object progress = new Object();
    private Thread thread;
    private int distrust;
    private long submitted;
    private long carriedOut;
    private volatile boolean closed;

    /**
     * A thread that has not started.
     *
     * @param post hands a command to the machine thread; callable by any thread
     */
    HostIoThread(Consumer<Runnable> post) {
        this.post = post;
    }

    /**
     * {@inheritDoc} Runs it here and now if nothing is under way and the host has been quick
     * lately: waking a thread and being woken by it costs more than a read from the host's cache.
     */
    @Override
    public void submitPrompt(Runnable work, Runnable done) {
        boolean idle;
        synchronized (progress) {
            idle = carriedOut == submitted;
        }
        if (!idle || distrust > 0) {
            distrust = Math.max(0, distrust - 1);
            submit(work, done);
            return;
        }
        drain(); // what has been carried out before comes first
        long start = System.nanoTime();
        work.run();
        if (System.nanoTime() - start > SLOW_NANOS) {
            distrust = DISTRUST_AFTER_SLOW;
        }
        done.run();
    }

    @Override
    public void submit(Runnable work, Runnable done) {
        if (thread == null) {
            thread = Thread.ofPlatform().daemon().name("arclet-host-io").start(this::serve);
        }
        submitted++;
        jobs.add(new Job(work, done));
    }

    private void serve() {
        try {
            while (!closed) {
                Job job = jobs.take();
                job.work().run();
                finished.add(job.done());
                synchronized (progress) {
                    carriedOut++;
                    progress.notifyAll();
                }
                post.accept(this::drain);
            }
        } catch (InterruptedException e) {
            // closed while waiting
        }
    }

    /** Machine thread. */
    private void drain() {
        for (Runnable done = finished.poll(); done != null; done = finished.poll()) {
            done.run();
        }
    }

    @Override
    public void settle() {
        boolean interrupted = false;
        synchronized (progress) {
            while (carriedOut < submitted && !closed) {
                try {
                    progress.wait();
                } catch (InterruptedException e) {
                    interrupted = true; // the disk's work is bounded; finish it first
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        drain();
    }

    /** Ends the thread after all that was submitted; the machine must not be running. */
    @Override
    public void close() {
        settle();
        closed = true;
        if (thread != null) {
            thread.interrupt();
        }
    }
}
