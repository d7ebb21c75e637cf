package dev.arclet.emulator.device.virtio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.bus.PioBus;
import dev.arclet.emulator.chipset.VirtioPci;
import dev.arclet.emulator.device.TestRig.Wire;
import dev.arclet.emulator.memory.PhysicalMap;

/**
 * A driver for tests, by the registers alone. It keeps its rings in {@link TestRam} and nothing in
 * itself, so that it goes on with a restored device.
 */
final class VirtioDriver {
    static final long EVENT_IDX = 1L << 29;
    static final long INDIRECT = 1L << 28;
    static final long VERSION_1 = 1L << 32;
    static final int QUEUE_BYTES = 0x4000;
    static final int QUEUE_DESCRIPTORS = 16;

    private static final int BAR4 = 0xE000_0000;
    private static final int BAR0 = 0xC000;
    private static final int COMMON = 0;
    private static final int DEVICE = 0x2000;
    private static final int NOTIFY = 0x3000;

    final TestRam ram;
    final VirtioPci function;
    final PioBus ports;
    final PhysicalMap map;
    final Wire pin = new Wire();

    VirtioDriver(VirtioDevice device, TestRam ram) {
        this.ram = ram;
        ports = new PioBus();
        map = new PhysicalMap(32);
        function = new VirtioPci(device, 0x010000, ports, map);
        function.connectInterrupt(pin);
    }

    /** Places the BARs, as a firmware does. */
    VirtioDriver place() {
        function.writeConfig(0x10, 4, BAR0);
        function.writeConfig(0x20, 4, BAR4);
        function.writeConfig(4, 2, 7);
        return this;
    }

    long common(int offset, int bytes) {
        return map.read((BAR4 & 0xFFFFFFFFL) + COMMON + offset, bytes);
    }

    void common(int offset, int bytes, long value) {
        map.write((BAR4 & 0xFFFFFFFFL) + COMMON + offset, bytes, value);
    }

    long config(int offset, int bytes) {
        return map.read((BAR4 & 0xFFFFFFFFL) + DEVICE + offset, bytes);
    }

    void config(int offset, int bytes, long value) {
        map.write((BAR4 & 0xFFFFFFFFL) + DEVICE + offset, bytes, value);
    }

    int isr() {
        return (int) map.read((BAR4 & 0xFFFFFFFFL) + 0x1000, 1);
    }

    int legacy(int offset, int bytes) {
        return ports.read(BAR0 + offset, bytes);
    }

    void legacy(int offset, int bytes, int value) {
        ports.write(BAR0 + offset, bytes, value);
    }

    int status() {
        return (int) common(20, 1);
    }

    long offered() {
        common(0, 4, 0);
        long low = common(4, 4);
        common(0, 4, 1);
        return low | common(4, 4) << 32;
    }

    private static int base(int queue) {
        return 0x1000 + queue * QUEUE_BYTES;
    }

    private static int available(int queue) {
        return base(queue) + 0x400;
    }

    private static int used(int queue) {
        return base(queue) + 0x800;
    }

    private static int buffers(int queue) {
        return base(queue) + 0x1000;
    }

    /** Starts the device as a modern driver does (3.1.1). */
    void start(long features) {
        common(20, 1, 0);
        assertEquals(0, status());
        common(20, 1, 1);
        common(20, 1, 3);
        common(8, 4, 0);
        common(12, 4, features & 0xFFFFFFFFL);
        common(8, 4, 1);
        common(12, 4, features >>> 32);
        common(20, 1, 11);
        assertTrue((status() & 8) != 0, "features were refused");
        int queues = (int) common(18, 2);
        for (int i = 0; i < queues; i++) {
            common(22, 2, i);
            common(24, 2, Math.min(QUEUE_DESCRIPTORS, common(24, 2)));
            clear(i);
            common(32, 8, base(i));
            common(40, 4, available(i));
            common(44, 4, 0);
            common(48, 8, used(i));
            common(28, 2, 1);
        }
        common(20, 1, 15);
    }

    private void clear(int queue) {
        for (int i = 0; i < QUEUE_BYTES; i++) {
            ram.bytes[base(queue) + i] = 0;
        }
    }

    int queueSize(int queue) {
        common(22, 2, queue);
        return (int) common(24, 2);
    }

    /** One side of a request's piece. */
    record Piece(int length, byte[] content) {
        static Piece out(byte[] content) {
            return new Piece(content.length, content);
        }

        static Piece in(int length) {
            return new Piece(length, null);
        }
    }

    /**
     * Makes a chain available whose descriptors start at {@code first} and whose buffers lie one
     * after the other in the queue's area.
     *
     * @return the address of the first buffer
     */
    int offer(int queue, int first, int bufferOffset, boolean indirect, Piece... pieces) {
        int at = buffers(queue) + bufferOffset;
        int start = at;
        int table = indirect ? base(queue) + 0xC00 : base(queue);
        int index = indirect ? 0 : first;
        for (int i = 0; i < pieces.length; i++) {
            Piece piece = pieces[i];
            boolean last = i == pieces.length - 1;
            descriptor(
                    table + 16 * index,
                    at,
                    piece.length(),
                    (piece.content() == null ? 2 : 0) | (last ? 0 : 1),
                    last ? 0 : index + 1);
            if (piece.content() != null) {
                System.arraycopy(piece.content(), 0, ram.bytes, at, piece.length());
            }
            at += piece.length();
            index++;
        }
        if (indirect) {
            descriptor(base(queue) + 16 * first, table, 16 * pieces.length, 4, 0);
        }
        publish(queue, first);
        return start;
    }

    void descriptor(int at, long address, int length, int flags, int next) {
        ram.view.putLong(at, address).putInt(at + 8, length);
        ram.view.putShort(at + 12, (short) flags).putShort(at + 14, (short) next);
    }

    void publish(int queue, int head) {
        int size = queueSize(queue);
        int index = ram.view.getShort(available(queue) + 2) & 0xFFFF;
        ram.view.putShort(available(queue) + 4 + 2 * (index % size), (short) head);
        ram.view.putShort(available(queue) + 2, (short) (index + 1));
    }

    void setAvailableIndex(int queue, int index) {
        ram.view.putShort(available(queue) + 2, (short) index);
    }

    void notifyQueue(int queue) {
        map.write((BAR4 & 0xFFFFFFFFL) + NOTIFY + 4L * queue, 2, queue);
    }

    int usedIndex(int queue) {
        return ram.view.getShort(used(queue) + 2) & 0xFFFF;
    }

    /** The head of the chain that was given back as number {@code index}. */
    int usedHead(int queue, int index) {
        return ram.view.getInt(used(queue) + 4 + 8 * (index % queueSize(queue)));
    }

    /** Bytes written to the chain that was given back as number {@code index}. */
    int usedLength(int queue, int index) {
        return ram.view.getInt(used(queue) + 8 + 8 * (index % queueSize(queue)));
    }

    void noInterrupt(int queue, boolean none) {
        ram.view.putShort(available(queue), (short) (none ? 1 : 0));
    }

    void setUsedEvent(int queue, int event) {
        ram.view.putShort(available(queue) + 4 + 2 * queueSize(queue), (short) event);
    }

    int availableEvent(int queue) {
        return ram.view.getShort(used(queue) + 4 + 8 * queueSize(queue)) & 0xFFFF;
    }
}
