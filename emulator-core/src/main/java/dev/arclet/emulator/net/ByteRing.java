package dev.arclet.emulator.net;

/**
 * A queue of bytes with a bound. It starts small and grows as it is used, so that many idle
 * connections cost little.
 */
final class ByteRing {
    private static final int SMALL = 8 << 10;

    private final int capacity;
    private byte[] data = new byte[0];
    private int head;
    private int size;

    /** An empty queue of at most {@code capacity} bytes, a power of two from 8 KiB. */
    ByteRing(int capacity) {
        this.capacity = capacity;
    }

    int size() {
        return size;
    }

    int free() {
        return capacity - size;
    }

    private void grow(int needed) {
        if (needed <= data.length) {
            return;
        }
        int length = Math.max(SMALL, data.length);
        while (length < needed) {
            length *= 2;
        }
        byte[] larger = new byte[length];
        copy(0, larger, 0, size);
        data = larger;
        head = 0;
    }

    /** Appends; there must be room. */
    void add(byte[] source, int from, int length) {
        if (length > free()) {
            throw new IllegalArgumentException(length + " bytes into " + free());
        }
        grow(size + length);
        int at = head + size & data.length - 1;
        int first = Math.min(length, data.length - at);
        System.arraycopy(source, from, data, at, first);
        System.arraycopy(source, from + first, data, 0, length - first);
        size += length;
    }

    /** Copies bytes that stay, the first of them {@code offset} bytes behind the head. */
    void copy(int offset, byte[] target, int to, int length) {
        if (length == 0) {
            return;
        }
        int at = head + offset & data.length - 1;
        int first = Math.min(length, data.length - at);
        System.arraycopy(data, at, target, to, first);
        System.arraycopy(data, 0, target, to + first, length - first);
    }

    /** Drops bytes from the head. */
    void remove(int length) {
        head = data.length == 0 ? 0 : head + length & data.length - 1;
        size -= length;
    }

    /** Takes bytes from outside. */
    interface Sink {
        int take(byte[] source, int from, int length);
    }

    /** Offers the bytes to a sink until it takes no more; they are dropped as it does. */
    int drainTo(Sink sink) {
        int total = 0;
        while (size > 0) {
            int run = Math.min(size, data.length - head);
            int taken = sink.take(data, head, run);
            remove(taken);
            total += taken;
            if (taken < run) {
                break;
            }
        }
        return total;
    }

    /**
     * Reads from outside into the free room.
     *
     * @return bytes added; -1 if the source has ended and none were
     */
    int fillFrom(Sink source, int most) {
        int total = 0;
        while (free() > 0 && total < most) {
            grow(Math.min(capacity, Math.max(SMALL, size == data.length ? 2 * size : size + 1)));
            int at = head + size & data.length - 1;
            int run = Math.min(data.length - size, data.length - at);
            int n = source.take(data, at, run);
            if (n < 0) {
                return total > 0 ? total : -1;
            }
            size += n;
            total += n;
            if (n < run) {
                break;
            }
        }
        return total;
    }

    void clear() {
        data = new byte[0];
        head = 0;
        size = 0;
    }
}
