package dev.arclet.emulator.snapshot;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Collects one section. Every value is preceded by a short hash of its field name, so that reading
 * fields in another order, or another field, is an error rather than nonsense. Big endian.
 */
public final class SnapshotWriter {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    static int tag(String name) {
        return name.hashCode() & 0xFFFF;
    }

    private void raw(long value, int bytes) {
        for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
            out.write((int) (value >>> shift));
        }
    }

    /** Writes a flag. */
    public void putBoolean(String name, boolean value) {
        raw(tag(name), 2);
        raw(value ? 1 : 0, 1);
    }

    /** Writes 32 bits. */
    public void putInt(String name, int value) {
        raw(tag(name), 2);
        raw(value, 4);
    }

    /** Writes 64 bits. */
    public void putLong(String name, long value) {
        raw(tag(name), 2);
        raw(value, 8);
    }

    /** Writes a byte array with its length. */
    public void putBytes(String name, byte[] value) {
        raw(tag(name), 2);
        raw(value.length, 4);
        out.writeBytes(value);
    }

    /** Writes an int array with its length. */
    public void putInts(String name, int[] value) {
        raw(tag(name), 2);
        raw(value.length, 4);
        for (int v : value) {
            raw(v, 4);
        }
    }

    /** Writes a long array with its length. */
    public void putLongs(String name, long[] value) {
        raw(tag(name), 2);
        raw(value.length, 4);
        for (long v : value) {
            raw(v, 8);
        }
    }

    /** Writes a string of at most 64 KiB in UTF-8. */
    public void putString(String name, String value) {
        putBytes(name, value.getBytes(StandardCharsets.UTF_8));
    }

    /** The section so far. */
    public byte[] toByteArray() {
        return out.toByteArray();
    }
}
