package dev.arclet.emulator.net;

import java.util.ArrayDeque;
import java.util.concurrent.Executor;

/**
 * An Ethernet cable between a card of the machine and whatever is at the other end. The card's end
 * belongs to the machine thread, the far end to a thread of its own: frames cross by two bounded
 * queues, so that neither waits for the other. The far end takes every {@link Frame}; what the card
 * takes beyond ordinary ones, it says by {@link #cardTakes}.
 */
public final class Cable {
    /** Frames that may be under way in either direction. */
    public static final int QUEUE = 256;

    /** The card at this end. */
    @FunctionalInterface
    public interface Card {
        /**
         * Takes a frame from the network, on the machine thread.
         *
         * @return false if there is no room for it now; the card then calls {@link #cardReady} when
         *     there is. A card that is not listening takes frames and forgets them
         */
        boolean receive(Frame frame);
    }

    private final ArrayDeque<Frame> toCard = new ArrayDeque<>();
    private final ArrayDeque<Frame> fromCard = new ArrayDeque<>();
    private Card card = frame -> true;
    private Executor machine;
    private Runnable wake = () -> {};
    private boolean scheduled;
    private boolean awaitsRoom;
    private volatile boolean unsummed;
    private volatile boolean large;
    private long lost;

    /**
     * Plugs the card in.
     *
     * @param machineThread runs what it is given on the machine thread soon; any thread may call it
     */
    public synchronized void plugCard(Card plugged, Executor machineThread) {
        card = plugged;
        machine = machineThread;
        if (!toCard.isEmpty()) {
            schedule();
        }
    }

    /**
     * Plugs the far end in.
     *
     * @param activity told, on the machine thread, when frames have come or room has been made;
     *     must not block
     */
    public synchronized void plugNetwork(Runnable activity) {
        wake = activity;
    }

    /**
     * Says what the card takes from now on, beyond ordinary frames; others may still be under way.
     * Machine thread.
     *
     * @param withoutSums TCP segments without a check sum
     * @param segments those that are larger than a frame, too
     */
    public void cardTakes(boolean withoutSums, boolean segments) {
        unsummed = withoutSums;
        large = withoutSums && segments;
    }

    /** Whether the card completes check sums. */
    boolean takesUnsummed() {
        return unsummed;
    }

    /** Whether the card takes large segments. */
    boolean takesLarge() {
        return large;
    }

    /** Sends a frame from the card; lost if the far end does not keep up. Machine thread. */
    public void send(Frame frame) {
        Runnable tell;
        synchronized (this) {
            if (!frame.isProper() || fromCard.size() >= QUEUE) {
                lost++;
                return;
            }
            tell = fromCard.isEmpty() ? wake : () -> {};
            fromCard.add(frame);
        }
        tell.run();
    }

    /** The card has room again. Machine thread. */
    public void cardReady() {
        drain();
    }

    /** The same, a moment later: for a card whose driver is in the midst of its registers. */
    public synchronized void cardReadySoon() {
        if (!toCard.isEmpty()) {
            schedule();
        }
    }

    /** Takes the next frame that the card has sent; null if there is none. The far end's thread. */
    public synchronized Frame take() {
        return fromCard.poll();
    }

    /** How many frames can be delivered now; after 0 the activity callback says when there is. */
    public synchronized int room() {
        int room = QUEUE - toCard.size();
        awaitsRoom |= room == 0;
        return room;
    }

    /** Delivers a frame to the card; lost if there is no {@link #room}. The far end's thread. */
    public synchronized void deliver(Frame frame) {
        if (toCard.size() >= QUEUE) {
            lost++;
            return;
        }
        toCard.add(frame);
        schedule();
    }

    private void schedule() {
        if (machine != null && !scheduled) {
            scheduled = true;
            machine.execute(this::drain);
        }
    }

    private void drain() {
        synchronized (this) {
            scheduled = false;
        }
        while (true) {
            Frame frame;
            synchronized (this) {
                frame = toCard.peek();
            }
            if (frame == null || !card.receive(frame)) {
                break;
            }
            synchronized (this) {
                toCard.remove();
            }
        }
        boolean tell;
        synchronized (this) {
            tell = awaitsRoom && toCard.size() < QUEUE;
            awaitsRoom &= !tell;
        }
        if (tell) {
            wake.run();
        }
    }

    /** Drops what is under way, as when the machine is restored to another moment. */
    public synchronized void clear() {
        toCard.clear();
        fromCard.clear();
    }

    /** Frames lost in either direction so far. */
    public synchronized long lost() {
        return lost;
    }
}
