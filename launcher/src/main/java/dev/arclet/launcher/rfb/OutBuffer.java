package dev.arclet.launcher.rfb;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.Deflater;

/** A growing buffer of big-endian bytes. */
final class OutBuffer {
    private byte[] bytes = new byte[4096];
    private int size;

    int size() {
        return size;
    }

    void clear() {
        size = 0;
    }

    byte[] array() {
        return bytes;
    }

    /** Makes room for {@code more} bytes. */
    void reserve(int more) {
        if (bytes.length - size < more) {
            bytes = Arrays.copyOf(bytes, Math.max(size + more, 2 * bytes.length));
        }
    }

    void u8(int value) {
        reserve(1);
        bytes[size++] = (byte) value;
    }

    void u16(int value) {
        reserve(2);
        bytes[size++] = (byte) (value >> 8);
        bytes[size++] = (byte) value;
    }

    void u32(int value) {
        reserve(4);
        bytes[size++] = (byte) (value >> 24);
        bytes[size++] = (byte) (value >> 16);
        bytes[size++] = (byte) (value >> 8);
        bytes[size++] = (byte) value;
    }

    /** Overwrites four bytes written earlier. */
    void u32At(int position, int value) {
        bytes[position] = (byte) (value >> 24);
        bytes[position + 1] = (byte) (value >> 16);
        bytes[position + 2] = (byte) (value >> 8);
        bytes[position + 3] = (byte) value;
    }

    void put(byte[] source, int from, int length) {
        reserve(length);
        System.arraycopy(source, from, bytes, size, length);
        size += length;
    }

    /**
     * Makes room for bytes that the caller then writes into {@link #array} from where this says.
     */
    int claim(int length) {
        reserve(length);
        size += length;
        return size - length;
    }

    /** The head of a rectangle in an update. */
    void rectangle(int x, int y, int width, int height, int encoding) {
        u16(x);
        u16(y);
        u16(width);
        u16(height);
        u32(encoding);
    }

    /**
     * Appends what the deflater makes of {@code source}, flushed so that it can be inflated alone.
     */
    void deflate(Deflater deflater, byte[] source, int length) {
        deflater.setInput(source, 0, length);
        int made;
        do {
            reserve(1024 + length / 4);
            made = deflater.deflate(bytes, size, bytes.length - size, Deflater.SYNC_FLUSH);
            size += made;
        } while (size == bytes.length || !deflater.needsInput());
    }

    /** Takes the contents out; this buffer is empty afterwards. */
    ByteBuffer take() {
        ByteBuffer result = ByteBuffer.wrap(Arrays.copyOf(bytes, size));
        size = 0;
        return result;
    }
}
