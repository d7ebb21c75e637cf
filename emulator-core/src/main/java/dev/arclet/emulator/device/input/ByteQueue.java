package dev.arclet.emulator.device.input;

import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import java.util.Arrays;

/** A bounded first-in first-out queue of bytes. */
final class ByteQueue {
    private final byte[] bytes;
    private int count;

    ByteQueue(int capacity) {
        bytes = new byte[capacity];
    }

    int size() {
        return count;
    }

    boolean isEmpty() {
        return count == 0;
    }

    int space() {
        return bytes.length - count;
    }

    /** Appends; a byte without room is dropped. */
    void add(int value) {
        if (count < bytes.length) {
            bytes[count++] = (byte) value;
        }
    }

    /** Removes and returns the oldest byte; 0 if there is none. */
    int remove() {
        if (count == 0) {
            return 0;
        }
        int value = bytes[0] & 0xFF;
        count--;
        System.arraycopy(bytes, 1, bytes, 0, count);
        return value;
    }

    void clear() {
        count = 0;
    }

    void save(SnapshotWriter out, String name) {
        out.putBytes(name, Arrays.copyOf(bytes, count));
    }

    void restore(SnapshotReader in, String name) throws SnapshotException {
        byte[] saved = in.getBytes(name, bytes.length);
        count = saved.length;
        System.arraycopy(saved, 0, bytes, 0, count);
    }
}
