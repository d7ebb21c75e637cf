package dev.arclet.emulator.device.virtio;

import dev.arclet.emulator.bus.DmaMemory;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;

/**
 * The device's side of a split virtqueue (section 2.7): takes chains from the available ring,
 * returns them by the used ring. Indirect descriptors (2.7.5.3) and event indexes (2.7.10).
 */
public final class VirtQueue {
    /** Largest queue, in descriptors. */
    public static final int MAX_SIZE = 1024;

    private static final int DESCRIPTOR_BYTES = 16;
    private static final int FLAG_NEXT = 1;
    private static final int FLAG_WRITE = 2;
    private static final int FLAG_INDIRECT = 4;
    private static final int AVAIL_NO_INTERRUPT = 1;

    /** Descriptors in a chain at most, those of an indirect table included. */
    private static final int MAX_CHAIN = 1024;

    private static final int LEGACY_ALIGNMENT = 4096;

    private final DmaMemory memory;
    private final int maxSize;
    private final byte[] scratch = new byte[DESCRIPTOR_BYTES];

    private int size;
    private boolean ready;
    private long descriptors;
    private long available;
    private long used;
    private int nextAvailable;
    private int nextUsed;
    private int signalled;
    private boolean eventIndex;
    private boolean indirect;

    VirtQueue(DmaMemory memory, int maxSize) {
        if (maxSize > MAX_SIZE || Integer.bitCount(maxSize) != 1) {
            throw new IllegalArgumentException("queue of " + maxSize);
        }
        this.memory = memory;
        this.maxSize = maxSize;
        reset();
    }

    void reset() {
        size = maxSize;
        ready = false;
        descriptors = 0;
        available = 0;
        used = 0;
        nextAvailable = 0;
        nextUsed = 0;
        signalled = 0;
        eventIndex = false;
        indirect = false;
    }

    /** The number of descriptors. */
    public int size() {
        return size;
    }

    /** Sets the number of descriptors; what is no power of two in 1..maximum is ignored. */
    public void setSize(int descriptorCount) {
        if (!ready && Integer.bitCount(descriptorCount) == 1 && descriptorCount <= maxSize) {
            size = descriptorCount;
        }
    }

    /** Whether the driver has set the queue up. */
    public boolean ready() {
        return ready;
    }

    /** Starts the queue at the addresses set. */
    public void enable() {
        ready = true;
    }

    /** Guest-physical address of the descriptor table. */
    public long descriptors() {
        return descriptors;
    }

    /** Guest-physical address of the available ring. */
    public long available() {
        return available;
    }

    /** Guest-physical address of the used ring. */
    public long used() {
        return used;
    }

    /** Places the descriptor table, available ring and used ring; not while the queue is ready. */
    public void place(long descriptorTable, long availableRing, long usedRing) {
        if (!ready) {
            descriptors = descriptorTable;
            available = availableRing;
            used = usedRing;
        }
    }

    /** Places all three as a legacy driver does (2.7.2), and starts; page 0 stops the queue. */
    public void placeLegacy(int pageFrame) {
        long base = (pageFrame & 0xFFFFFFFFL) * LEGACY_ALIGNMENT;
        if (base == 0) {
            reset();
            return;
        }
        ready = false;
        long availableRing = base + (long) DESCRIPTOR_BYTES * size;
        long end = availableRing + 6 + 2L * size;
        place(base, availableRing, (end + LEGACY_ALIGNMENT - 1) & -LEGACY_ALIGNMENT);
        ready = true;
    }

    /** The page that a legacy driver has placed the queue at; 0 if none. */
    public int legacyPage() {
        return ready ? (int) (descriptors / LEGACY_ALIGNMENT) : 0;
    }

    /** Takes over what the driver has negotiated. */
    void negotiated(boolean eventIndexes, boolean indirectDescriptors) {
        eventIndex = eventIndexes;
        indirect = indirectDescriptors;
    }

    private int read16(long address) {
        memory.readExternal(address, scratch, 0, 2);
        return le(0, 2);
    }

    private int le(int at, int bytes) {
        int value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= (scratch[at + i] & 0xFF) << 8 * i;
        }
        return value;
    }

    private void write(long address, long value, int bytes) {
        for (int i = 0; i < bytes; i++) {
            scratch[i] = (byte) (value >>> 8 * i);
        }
        memory.writeExternal(address, scratch, 0, bytes);
    }

    /** Whether the driver has made something available. */
    boolean hasNext() {
        return ready && read16(available + 2) != nextAvailable;
    }

    /**
     * Takes the next chain, or null if there is none.
     *
     * @throws VirtioException if the rings or the chain break the rules
     */
    DescriptorChain next() throws VirtioException {
        if (!ready) {
            return null;
        }
        int index = read16(available + 2);
        int waiting = (index - nextAvailable) & 0xFFFF;
        if (waiting == 0) {
            if (eventIndex) {
                // Tell the driver to notify of the next one (2.7.10.1).
                write(used + 4 + 8L * size, nextAvailable, 2);
            }
            return null;
        }
        if (waiting > size) {
            throw new VirtioException("the available index runs ahead by " + waiting);
        }
        int head = read16(available + 4 + 2L * (nextAvailable & size - 1));
        nextAvailable = (nextAvailable + 1) & 0xFFFF;
        return chain(head);
    }

    /** Puts the chains taken last back, as if they had not been taken. */
    void putBack(int count) {
        nextAvailable = nextAvailable - count & 0xFFFF;
    }

    /** Reads the chain that starts at a descriptor. */
    DescriptorChain chain(int head) throws VirtioException {
        DescriptorChain chain = new DescriptorChain(memory, head);
        collect(chain, head, descriptors, size, true);
        return chain;
    }

    private void collect(
            DescriptorChain chain, int first, long table, int entries, boolean mayBeIndirect)
            throws VirtioException {
        int index = first;
        for (int steps = 0; ; steps++) {
            if (index >= entries || steps >= entries || chain.count() >= MAX_CHAIN) {
                throw new VirtioException(
                        "a chain leaves its table of " + entries + ", or is endless");
            }
            memory.readExternal(
                    table + (long) DESCRIPTOR_BYTES * index, scratch, 0, DESCRIPTOR_BYTES);
            long address = le(0, 4) & 0xFFFFFFFFL | (long) le(4, 4) << 32;
            long length = le(8, 4) & 0xFFFFFFFFL;
            int flags = le(12, 2);
            int next = le(14, 2);
            if ((flags & FLAG_INDIRECT) != 0) {
                boolean proper =
                        indirect
                                && mayBeIndirect
                                && (flags & FLAG_NEXT) == 0
                                && length > 0
                                && length % DESCRIPTOR_BYTES == 0
                                && length / DESCRIPTOR_BYTES <= MAX_CHAIN;
                if (!proper) {
                    throw new VirtioException("an indirect descriptor of " + length + " bytes");
                }
                collect(chain, 0, address, (int) (length / DESCRIPTOR_BYTES), false);
                return;
            }
            chain.add(address, length, (flags & FLAG_WRITE) != 0);
            if ((flags & FLAG_NEXT) == 0) {
                return;
            }
            index = next;
        }
    }

    /**
     * Returns a chain to the driver.
     *
     * @param head its first descriptor
     * @param written bytes written to it, from its first writable byte on
     */
    void giveBack(int head, long written) {
        long entry = used + 4 + 8L * (nextUsed & size - 1);
        write(entry, head & 0xFFFFL | written << 32, 8);
        nextUsed = (nextUsed + 1) & 0xFFFF;
        write(used + 2, nextUsed, 2);
    }

    /** Whether the driver wants to be interrupted for what was given back since last asked. */
    boolean wantsInterrupt() {
        if (!ready || signalled == nextUsed) {
            return false;
        }
        int before = signalled;
        signalled = nextUsed;
        if (!eventIndex) {
            return (read16(available) & AVAIL_NO_INTERRUPT) == 0;
        }
        int event = read16(available + 4 + 2L * size);
        // 2.7.10: the index that the event names was passed.
        return (nextUsed - event - 1 & 0xFFFF) < (nextUsed - before & 0xFFFF);
    }

    void save(SnapshotWriter out) {
        out.putInt("size", size);
        out.putBoolean("ready", ready);
        out.putLong("descriptors", descriptors);
        out.putLong("available", available);
        out.putLong("used", used);
        out.putInt("nextAvailable", nextAvailable);
        out.putInt("nextUsed", nextUsed);
        out.putInt("signalled", signalled);
        out.putBoolean("eventIndex", eventIndex);
        out.putBoolean("indirect", indirect);
    }

    void restore(SnapshotReader in) throws SnapshotException {
        int count = in.getInt("size", 1, maxSize);
        size = Integer.highestOneBit(count);
        ready = in.getBoolean("ready");
        descriptors = in.getLong("descriptors");
        available = in.getLong("available");
        used = in.getLong("used");
        nextAvailable = in.getInt("nextAvailable", 0, 0xFFFF);
        nextUsed = in.getInt("nextUsed", 0, 0xFFFF);
        signalled = in.getInt("signalled", 0, 0xFFFF);
        eventIndex = in.getBoolean("eventIndex");
        indirect = in.getBoolean("indirect");
    }
}
