package dev.arclet.emulator.snapshot;

import java.nio.charset.StandardCharsets;

/**
 * Reads one section, in the order it was written. The bytes are hostile until proven otherwise:
 * lengths are checked against what is left, and against the caller's bound, before anything is
 * allocated.
 */
public final class SnapshotReader {
    private final String section;
    private final byte[] data;
    private int position;

    /**
     * A reader at the start of a section.
     *
     * @param section the section's identifier, for messages
     */
    public SnapshotReader(String section, byte[] data) {
        this.section = section;
        this.data = data;
    }

    private SnapshotException error(String name, String cause) {
        return new SnapshotException(
                "cannot restore snapshot section '%s', field '%s': %s; the snapshot is damaged or from another build, start the machine without it"
                        .formatted(section, name, cause));
    }

    private long raw(String name, int bytes) throws SnapshotException {
        if (data.length - position < bytes) {
            throw error(name, "the section ends early");
        }
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value = value << 8 | (data[position++] & 0xFF);
        }
        return value;
    }

    private void tag(String name) throws SnapshotException {
        if (raw(name, 2) != SnapshotWriter.tag(name)) {
            throw error(name, "another field stands there");
        }
    }

    /** Reads a flag. */
    public boolean getBoolean(String name) throws SnapshotException {
        return getRaw(name, 1, 0, 1) == 1;
    }

    /** Reads 32 bits. */
    public int getInt(String name) throws SnapshotException {
        tag(name);
        return (int) raw(name, 4);
    }

    /** Reads 32 bits that must lie in {@code [min, max]}, such as an index or a counter. */
    public int getInt(String name, int min, int max) throws SnapshotException {
        int value = getInt(name);
        if (value < min || value > max) {
            throw error(name, value + " is outside " + min + ".." + max);
        }
        return value;
    }

    private long getRaw(String name, int bytes, long min, long max) throws SnapshotException {
        tag(name);
        long value = raw(name, bytes);
        if (value < min || value > max) {
            throw error(name, value + " is outside " + min + ".." + max);
        }
        return value;
    }

    /** Reads 64 bits. */
    public long getLong(String name) throws SnapshotException {
        tag(name);
        return raw(name, 8);
    }

    /** Reads 64 bits that must lie in {@code [min, max]}, such as a time. */
    public long getLong(String name, long min, long max) throws SnapshotException {
        long value = getLong(name);
        if (value < min || value > max) {
            throw error(name, value + " is outside " + min + ".." + max);
        }
        return value;
    }

    private int length(String name, int elementBytes, int max) throws SnapshotException {
        tag(name);
        long length = raw(name, 4);
        if (length > max || length * elementBytes > data.length - position) {
            throw error(name, "length " + length + " is too large");
        }
        return (int) length;
    }

    /** Reads a byte array of at most {@code maxLength} bytes. */
    public byte[] getBytes(String name, int maxLength) throws SnapshotException {
        byte[] value = new byte[length(name, 1, maxLength)];
        System.arraycopy(data, position, value, 0, value.length);
        position += value.length;
        return value;
    }

    /** Fills {@code target} from a byte array of exactly its length. */
    public void getBytes(String name, byte[] target) throws SnapshotException {
        byte[] value = getBytes(name, target.length);
        if (value.length != target.length) {
            throw error(name, "length " + value.length + " instead of " + target.length);
        }
        System.arraycopy(value, 0, target, 0, value.length);
    }

    /** Fills {@code target} from an int array of exactly its length. */
    public void getInts(String name, int[] target) throws SnapshotException {
        if (length(name, 4, target.length) != target.length) {
            throw error(name, "wrong length");
        }
        for (int i = 0; i < target.length; i++) {
            target[i] = (int) raw(name, 4);
        }
    }

    /** Fills {@code target} from a long array of exactly its length. */
    public void getLongs(String name, long[] target) throws SnapshotException {
        if (length(name, 8, target.length) != target.length) {
            throw error(name, "wrong length");
        }
        for (int i = 0; i < target.length; i++) {
            target[i] = raw(name, 8);
        }
    }

    /** Reads a string whose UTF-8 form has at most {@code maxBytes} bytes. */
    public String getString(String name, int maxBytes) throws SnapshotException {
        return new String(getBytes(name, maxBytes), StandardCharsets.UTF_8);
    }

    /** Checks that the whole section was read. */
    public void end() throws SnapshotException {
        if (position != data.length) {
            throw error("end", (data.length - position) + " bytes too many");
        }
    }
}
