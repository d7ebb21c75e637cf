package dev.arclet.emulator.device.virtio;

import dev.arclet.emulator.bus.DmaMemory;
import dev.arclet.emulator.net.Cable;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;

/**
 * A network card (section 5.1) with one pair of queues. It computes the check sums that a driver
 * leaves to it (5.1.6.2), which spares the guest a pass over every byte. There is no segmentation
 * offload, no control queue: the card takes every frame, as the cable has only its own.
 *
 * <p>Frames that the driver has no buffer for wait on the cable.
 */
public final class VirtioNet extends VirtioDevice implements Cable.Card {
    private static final int TYPE = 1;
    private static final int QUEUE_SIZE = 256;
    private static final int RECEIVE = 0;
    private static final int TRANSMIT = 1;

    // Features (5.1.3)
    private static final long CSUM = 1;
    private static final long GUEST_CSUM = 1 << 1;
    private static final long MAC = 1 << 5;
    private static final long STATUS = 1 << 16;
    private static final long VERSION_1 = 1L << 32;

    // Header (5.1.6)
    private static final int HEADER = 12;
    private static final int LEGACY_HEADER = 10;
    private static final int NEEDS_CSUM = 1;
    private static final int DATA_VALID = 2;
    private static final int CSUM_START = 6;
    private static final int CSUM_OFFSET = 8;

    private static final int MAC_BYTES = 6;
    private static final int CONFIG_BYTES = 8;
    private static final int LINK_UP = 1;

    private final byte[] mac;
    private final Cable cable;
    private final byte[] header = new byte[HEADER];

    /**
     * A card.
     *
     * @param mac its Ethernet address, 6 bytes
     * @param cable what it is plugged into
     */
    public VirtioNet(String name, DmaMemory memory, byte[] mac, Cable cable) {
        super(name, TYPE, CSUM | GUEST_CSUM | MAC | STATUS, memory, QUEUE_SIZE, QUEUE_SIZE);
        this.mac = mac.clone();
        this.cable = cable;
    }

    private int headerBytes() {
        return has(VERSION_1) ? HEADER : LEGACY_HEADER;
    }

    @Override
    protected void process(int number) throws VirtioException {
        if (number == TRANSMIT) {
            transmit();
            interruptIfWanted(TRANSMIT);
        } else {
            cable.cardReady();
        }
    }

    private void transmit() throws VirtioException {
        VirtQueue queue = queue(TRANSMIT);
        int headerBytes = headerBytes();
        for (DescriptorChain chain = queue.next(); chain != null; chain = queue.next()) {
            long length = chain.readableBytes() - headerBytes;
            if (length >= Cable.MIN_FRAME && length <= Cable.MAX_FRAME) {
                chain.read(0, header, 0, headerBytes);
                byte[] frame = new byte[(int) length];
                chain.read(headerBytes, frame, 0, frame.length);
                if (!has(CSUM) || (header[0] & NEEDS_CSUM) == 0 || complete(frame)) {
                    cable.send(frame);
                }
            }
            queue.giveBack(chain.head(), 0);
        }
    }

    private int le16(int at) {
        return header[at] & 0xFF | (header[at + 1] & 0xFF) << 8;
    }

    /** Puts the sum over the bytes from csum_start into csum_offset; false if outside the frame. */
    private boolean complete(byte[] frame) {
        int start = le16(CSUM_START);
        int at = start + le16(CSUM_OFFSET);
        if (start > frame.length || at + 2 > frame.length) {
            return false;
        }
        long sum = 0;
        for (int i = start; i < frame.length; i++) {
            sum += (frame[i] & 0xFF) << (((i - start) & 1) == 0 ? 8 : 0);
        }
        while (sum > 0xFFFF) {
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        int value = (int) ~sum & 0xFFFF;
        if (value == 0) {
            value = 0xFFFF; // the same to TCP, and to UDP the one that does not mean "none"
        }
        frame[at] = (byte) (value >>> 8);
        frame[at + 1] = (byte) value;
        return true;
    }

    @Override
    public boolean receive(byte[] frame) {
        if (!running() || !queue(RECEIVE).ready()) {
            return true; // nobody listens
        }
        boolean[] taken = {true};
        guard(() -> taken[0] = offer(frame));
        interruptIfWanted(RECEIVE);
        return taken[0];
    }

    private boolean offer(byte[] frame) throws VirtioException {
        VirtQueue queue = queue(RECEIVE);
        DescriptorChain chain = queue.next();
        if (chain == null) {
            return false;
        }
        int headerBytes = headerBytes();
        if (chain.writableBytes() < headerBytes + frame.length) {
            queue.giveBack(chain.head(), 0); // the driver must not offer less (5.1.6.3.1)
            return true;
        }
        byte[] head = new byte[headerBytes];
        head[0] =
                (byte) (has(GUEST_CSUM) ? DATA_VALID : 0); // the network sends none but right ones
        if (headerBytes == HEADER) {
            head[10] = 1; // num_buffers
        }
        chain.write(0, head, 0, headerBytes);
        chain.write(headerBytes, frame, 0, frame.length);
        queue.giveBack(chain.head(), headerBytes + frame.length);
        return true;
    }

    @Override
    public int configurationBytes() {
        return CONFIG_BYTES;
    }

    @Override
    public int readConfiguration(int offset) {
        if (offset < MAC_BYTES) {
            return mac[offset] & 0xFF;
        }
        return offset == MAC_BYTES ? LINK_UP : 0;
    }

    @Override
    protected void resetDevice() {
        // All that it knows is in the queues; frames under way on the cable are the network's.
    }

    @Override
    protected void saveDevice(SnapshotWriter out) {
        out.putBytes("mac", mac);
    }

    @Override
    protected void restoreDevice(SnapshotReader in) throws SnapshotException {
        in.getBytes("mac", mac);
        cable.clear();
    }
}
