package dev.arclet.emulator.net;

import java.util.ArrayDeque;
import java.util.concurrent.Executor;

/**
 * An Ethernet cable between a card of the machine and whatever is at the other end. The card's end
 * belongs to the machine thread, the far end to a thread of its own: frames cross by two bounded
 * queues, so that neither waits for the other. A frame is an Ethernet II frame without preamble and
 * check sequence, 14..1514 bytes; who hands one over does not touch it again.
 */
public final class Cable {
    /** Largest frame: header and 1500 bytes. */
    public static final int MAX_FRAME = 1514;

    /** Smallest frame: a header. */
    public static final int MIN_FRAME = 14;

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
        boolean receive(byte[] frame);
    }

    private final ArrayDeque<byte[]> toCard = new ArrayDeque<>();
    private final ArrayDeque<byte[]> fromCard = new ArrayDeque<>();
    private Card card = frame -> true;
    private Executor machine;
    private Runnable wake = () -> {};
    private boolean scheduled;
    private boolean awaitsRoom;
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

    /** Sends a frame from the card; lost if the far end does not keep up. Machine thread. */
    public void send(byte[] frame) {
        Runnable tell;
        synchronized (this) {
            if (frame.length < MIN_FRAME || frame.length > MAX_FRAME || fromCard.size() >= QUEUE) {
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
    public synchronized byte[] take() {
        return fromCard.poll();
    }

    /** How many frames can be delivered now; after 0 the activity callback says when there is. */
    public synchronized int room() {
        int room = QUEUE - toCard.size();
        awaitsRoom |= room == 0;
        return room;
    }

    /** Delivers a frame to the card; lost if there is no {@link #room}. The far end's thread. */
    public synchronized void deliver(byte[] frame) {
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
            byte[] frame;
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
