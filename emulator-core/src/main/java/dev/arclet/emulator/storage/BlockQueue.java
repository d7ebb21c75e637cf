package dev.arclet.emulator.storage;

import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What a controller uses a disk through: requests go out here, and each comes back by the event
 * queue as a call of the {@link Client}. See the package's description for how.
 *
 * <p>A request is known by its token, a number of the controller's choice; tokens under way at one
 * time need not differ. Completions come in the order of the requests. Machine thread only.
 *
 * <p>A part of the controller's own snapshot section: the controller calls {@link #save} and {@link
 * #restore}, after the machine has settled its {@link HostWork}. A completion that waits keeps its
 * token, result and deadline; data that was read is already in the buffer, which the controller
 * saves if it has not used it yet.
 */
public final class BlockQueue implements Resettable {
    private static final System.Logger LOG = System.getLogger(BlockQueue.class.getName());

    /** Requests that may wait for their completion, a bound for snapshots. */
    private static final int MAX_WAITING = 8192;

    /** Told of completions, on the machine thread. */
    @FunctionalInterface
    public interface Client {
        /**
         * A request has been carried out, or has failed.
         *
         * @param token what the request was submitted with
         * @param ok false if the medium failed; a buffer that was to be filled is then undefined
         */
        void completed(long token, boolean ok);
    }

    /** One operation on the disk. */
    private interface Operation {
        void run(BlockDevice disk) throws StorageException;
    }

    private record Waiting(long token, boolean ok, long deadline) {}

    private final String name;
    private final EventQueue events;
    private final HostWork host;
    private final long latencyNanos;
    private final Client client;
    private final EventQueue.Timer timer;
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private final AtomicInteger failures = new AtomicInteger();
    private BlockDevice disk;
    private int generation;
    private int underWay;

    /**
     * A queue in front of a disk.
     *
     * @param name for diagnostics, such as {@code "ide0.master"}
     * @param latencyNanos virtual time that every request takes at least; 0 completes as soon as
     *     the run loop comes round
     */
    public BlockQueue(
            String name,
            EventQueue events,
            HostWork host,
            BlockDevice disk,
            long latencyNanos,
            Client client) {
        this.name = name;
        this.events = events;
        this.host = host;
        this.disk = disk;
        this.latencyNanos = latencyNanos;
        this.client = client;
        timer = events.timer(name + ".completion", this::complete);
    }

    /** The disk, for its size and whether it can be written. */
    public BlockDevice disk() {
        return disk;
    }

    /**
     * Puts another medium in. What is under way is waited for first; its completions come as usual.
     */
    public void change(BlockDevice medium) {
        host.settle();
        disk = medium;
    }

    /** Whether a request has not completed yet. */
    public boolean busy() {
        return underWay > 0 || !waiting.isEmpty();
    }

    /**
     * Reads into a buffer, which belongs to this queue until the completion.
     *
     * @param offset bytes; the range must lie within the disk
     */
    public void read(long token, long offset, byte[] target, int from, int length) {
        disk.checkRange(offset, length);
        submit(token, true, disk -> disk.read(offset, target, from, length));
    }

    /** Writes from a buffer, which must not change until the completion. */
    public void write(long token, long offset, byte[] source, int from, int length) {
        disk.checkRange(offset, length);
        submit(token, true, disk -> disk.write(offset, source, from, length));
    }

    /** Brings what was written to stable storage. */
    public void flush(long token) {
        submit(token, false, BlockDevice::flush);
    }

    /** See {@link BlockDevice#zero}. */
    public void zero(long token, long offset, long length) {
        disk.checkRange(offset, length);
        submit(token, false, disk -> disk.zero(offset, length));
    }

    /** See {@link BlockDevice#discard}. */
    public void discard(long token, long offset, long length) {
        disk.checkRange(offset, length);
        submit(token, false, disk -> disk.discard(offset, length));
    }

    private void submit(long token, boolean prompt, Operation operation) {
        BlockDevice target = disk;
        int submittedIn = generation;
        long earliest = events.clock().nanos() + latencyNanos;
        boolean[] ok = new boolean[1];
        underWay++;
        Runnable work =
                () -> {
                    try {
                        operation.run(target);
                        ok[0] = true;
                    } catch (StorageException e) {
                        report(e);
                    }
                };
        Runnable done =
                () -> {
                    if (submittedIn == generation) {
                        underWay--;
                        waiting.add(
                                new Waiting(
                                        token, ok[0], Math.max(earliest, events.clock().nanos())));
                        arm();
                    }
                };
        if (prompt) {
            host.submitPrompt(work, done);
        } else {
            host.submit(work, done);
        }
    }

    /** A broken medium fails at every request: the 1st, 2nd, 4th, 8th... failure is logged. */
    private void report(StorageException e) {
        int count = failures.incrementAndGet();
        if (Integer.bitCount(count) == 1) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "{0}: failure {1}: {2}",
                    name,
                    count,
                    e.getMessage());
        }
    }

    private void arm() {
        timer.arm(waiting.isEmpty() ? EventQueue.NEVER : waiting.getFirst().deadline());
    }

    private void complete() {
        long now = events.clock().nanos();
        while (!waiting.isEmpty() && waiting.getFirst().deadline() <= now) {
            Waiting next = waiting.remove();
            client.completed(next.token(), next.ok());
        }
        arm();
    }

    /**
     * Forgets every request: none completes any more. Returns when the host has stopped using their
     * buffers.
     */
    @Override
    public void reset() {
        generation++;
        underWay = 0;
        host.settle();
        waiting.clear();
        arm();
    }

    /**
     * Writes the completions that wait.
     *
     * @throws IllegalStateException if the machine has not settled its host work
     */
    public void save(SnapshotWriter out) {
        if (underWay > 0) {
            throw new IllegalStateException(name + " has requests under way on the host");
        }
        out.putInt("completions", waiting.size());
        for (Waiting w : waiting) {
            out.putLong("token", w.token());
            out.putBoolean("ok", w.ok());
            out.putLong("deadline", w.deadline());
        }
    }

    /** Replaces what waits by what {@link #save} wrote. Tokens are as given: check them. */
    public void restore(SnapshotReader in) throws SnapshotException {
        int count = in.getInt("completions", 0, MAX_WAITING);
        List<Waiting> restored = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            restored.add(
                    new Waiting(in.getLong("token"), in.getBoolean("ok"), in.getLong("deadline")));
        }
        reset();
        waiting.addAll(restored);
        arm();
    }
}
