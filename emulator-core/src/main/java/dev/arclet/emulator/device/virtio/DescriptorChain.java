package dev.arclet.emulator.device.virtio;

import dev.arclet.emulator.bus.DmaMemory;
import java.util.Arrays;

/**
 * One request in a virtqueue: pieces of guest memory, first those that the device reads, then those
 * that it writes (section 2.7.4.2), each seen as one run of bytes whatever its framing.
 */
final class DescriptorChain {
    /** Bytes on one side of a chain at most; more than any device here takes. */
    private static final long MAX_BYTES = 1L << 32;

    private final DmaMemory memory;
    private final int head;
    private long[] addresses = new long[8];
    private int[] lengths = new int[8];
    private int count;
    private int readable;
    private long readableBytes;
    private long writableBytes;

    DescriptorChain(DmaMemory memory, int head) {
        this.memory = memory;
        this.head = head;
    }

    void add(long address, long length, boolean writable) throws VirtioException {
        if (!writable && count > readable) {
            throw new VirtioException("a readable descriptor follows a writable one");
        }
        if (length > Integer.MAX_VALUE || readableBytes + writableBytes + length > MAX_BYTES) {
            throw new VirtioException("a chain of descriptors has more than 4 GiB");
        }
        if (count == addresses.length) {
            addresses = Arrays.copyOf(addresses, 2 * count);
            lengths = Arrays.copyOf(lengths, 2 * count);
        }
        addresses[count] = address;
        lengths[count++] = (int) length;
        if (writable) {
            writableBytes += length;
        } else {
            readable = count;
            readableBytes += length;
        }
    }

    /** The number of descriptors so far. */
    int count() {
        return count;
    }

    /** The index of the first descriptor, by which the driver knows the request. */
    int head() {
        return head;
    }

    /** Bytes that the driver has written for the device. */
    long readableBytes() {
        return readableBytes;
    }

    /** Bytes that the device may write. */
    long writableBytes() {
        return writableBytes;
    }

    private interface Piece {
        void at(long address, int done, int length);
    }

    private void forPieces(int first, int end, long offset, int length, Piece piece) {
        long skip = offset;
        int done = 0;
        for (int i = first; i < end && done < length; i++) {
            if (skip >= lengths[i]) {
                skip -= lengths[i];
                continue;
            }
            int n = (int) Math.min(length - done, lengths[i] - skip);
            piece.at(addresses[i] + skip, done, n);
            done += n;
            skip = 0;
        }
        if (done < length) {
            throw new IndexOutOfBoundsException("descriptor chain");
        }
    }

    /** Copies from the readable bytes; the range must lie within them. */
    void read(long offset, byte[] target, int from, int length) {
        forPieces(
                0,
                readable,
                offset,
                length,
                (address, done, n) -> memory.readExternal(address, target, from + done, n));
    }

    /** Copies into the writable bytes; the range must lie within them. */
    void write(long offset, byte[] source, int from, int length) {
        forPieces(
                readable,
                count,
                offset,
                length,
                (address, done, n) -> memory.writeExternal(address, source, from + done, n));
    }

    /** Told of the pieces of guest memory that the writable side names. */
    interface Range {
        void accept(long address, int length);
    }

    /** Visits the writable side's pieces themselves, for a request that is about memory. */
    void forEachWritable(Range range) {
        for (int i = readable; i < count; i++) {
            range.accept(addresses[i], lengths[i]);
        }
    }
}
