package dev.arclet.emulator.device.virtio;

import dev.arclet.emulator.bus.DmaMemory;
import dev.arclet.emulator.net.Cable;
import dev.arclet.emulator.net.Frame;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import java.util.ArrayList;
import java.util.List;

/**
 * A network card (section 5.1) with one pair of queues. What drivers may leave to a card, this one
 * takes: check sums (5.1.6.2), which spares the guest a pass over every byte, and TCP segments over
 * IPv4 of up to 64 KiB in both directions, which spares it the work for every 1500 of them. There
 * is no control queue: the card takes every frame, as the cable has only its own.
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
    private static final long GUEST_TSO4 = 1 << 7;
    private static final long HOST_TSO4 = 1 << 11;
    private static final long MERGEABLE = 1 << 15;
    private static final long STATUS = 1 << 16;
    private static final long VERSION_1 = 1L << 32;
    private static final long FEATURES =
            CSUM | GUEST_CSUM | MAC | GUEST_TSO4 | HOST_TSO4 | MERGEABLE | STATUS;

    // Header (5.1.6)
    private static final int HEADER = 12;
    private static final int LEGACY_HEADER = 10;
    private static final int NEEDS_CSUM = 1;
    private static final int DATA_VALID = 2;
    private static final int GSO_TYPE = 1;
    private static final int GSO_NONE = 0;
    private static final int GSO_TCPV4 = 1;
    private static final int HEADER_LENGTH = 2;
    private static final int GSO_SIZE = 4;
    private static final int CSUM_START = 6;
    private static final int CSUM_OFFSET = 8;
    private static final int NUMBER_OF_BUFFERS = 10;

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
        super(name, TYPE, FEATURES, memory, QUEUE_SIZE, QUEUE_SIZE);
        this.mac = mac.clone();
        this.cable = cable;
    }

    private int headerBytes() {
        return has(VERSION_1) || has(MERGEABLE) ? HEADER : LEGACY_HEADER;
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

    @Override
    protected void started() {
        tellCable();
    }

    private void tellCable() {
        cable.cardTakes(has(GUEST_CSUM), has(GUEST_CSUM | GUEST_TSO4));
    }

    private void transmit() throws VirtioException {
        VirtQueue queue = queue(TRANSMIT);
        int headerBytes = headerBytes();
        for (DescriptorChain chain = queue.next(); chain != null; chain = queue.next()) {
            long length = chain.readableBytes() - headerBytes;
            if (length >= Frame.MIN && length <= Frame.MAX_LARGE) {
                chain.read(0, header, 0, headerBytes);
                byte[] bytes = new byte[(int) length];
                chain.read(headerBytes, bytes, 0, bytes.length);
                Frame frame = sent(bytes);
                if (frame != null) {
                    cable.send(frame);
                }
            }
            queue.giveBack(chain.head(), 0);
        }
    }

    /** What a driver's bytes and the header before them mean; null if nothing. */
    private Frame sent(byte[] bytes) {
        boolean unsummed = has(CSUM) && (header[0] & NEEDS_CSUM) != 0;
        int start = le16(header, CSUM_START);
        int offset = le16(header, CSUM_OFFSET);
        boolean tcp =
                unsummed && start == Frame.tcpHeader(bytes) && offset == Frame.checkSumOffset();
        int segment = 0;
        if (has(HOST_TSO4) && header[GSO_TYPE] != GSO_NONE) {
            segment = le16(header, GSO_SIZE);
            if (header[GSO_TYPE] != GSO_TCPV4 || !tcp || segment == 0) {
                return null;
            }
        }
        if (unsummed && !tcp && !Frame.complete(bytes, start, start + offset)) {
            return null;
        }
        return new Frame(bytes, tcp, segment);
    }

    private static int le16(byte[] from, int at) {
        return from[at] & 0xFF | (from[at + 1] & 0xFF) << 8;
    }

    private static void putLe16(byte[] to, int at, int value) {
        to[at] = (byte) value;
        to[at + 1] = (byte) (value >>> 8);
    }

    @Override
    public boolean receive(Frame frame) {
        if (!running() || !queue(RECEIVE).ready()) {
            return true; // nobody listens
        }
        boolean[] taken = {true};
        guard(() -> taken[0] = offer(frame));
        interruptIfWanted(RECEIVE);
        return taken[0];
    }

    private boolean offer(Frame frame) throws VirtioException {
        byte[] head = receivedHeader(frame);
        if (head == null) {
            return true;
        }
        VirtQueue queue = queue(RECEIVE);
        byte[] bytes = frame.bytes();
        int total = head.length + bytes.length;
        List<DescriptorChain> chains = new ArrayList<>();
        long room = 0;
        while (room < total && (chains.isEmpty() || has(MERGEABLE))) {
            DescriptorChain chain = queue.next();
            if (chain == null) {
                queue.putBack(chains.size());
                return false;
            }
            chains.add(chain);
            room += chain.writableBytes();
        }
        boolean fits = room >= total && chains.getFirst().writableBytes() >= head.length;
        if (!fits) {
            // The driver must not offer less (5.1.6.3.1).
            chains.forEach(chain -> queue.giveBack(chain.head(), 0));
            return true;
        }
        if (has(MERGEABLE)) {
            putLe16(head, NUMBER_OF_BUFFERS, chains.size());
        }
        int at = -head.length;
        for (DescriptorChain chain : chains) {
            int skip = 0;
            if (at < 0) {
                chain.write(0, head, 0, head.length);
                skip = head.length;
                at = 0;
            }
            int n = (int) Math.min(bytes.length - at, chain.writableBytes() - skip);
            chain.write(skip, bytes, at, n);
            at += n;
            queue.giveBack(chain.head(), skip + n);
        }
        return true;
    }

    /** The header for a frame that has come; null if the driver does not take such a one. */
    private byte[] receivedHeader(Frame frame) {
        byte[] head = new byte[headerBytes()];
        if (head.length == HEADER) {
            putLe16(head, NUMBER_OF_BUFFERS, 1);
        }
        if (!has(GUEST_CSUM)) {
            // What the driver took before it was started anew may be under way still.
            return frame.unsummed() ? null : head;
        }
        if (!frame.unsummed()) {
            head[0] = DATA_VALID; // the network sends none but right ones
            return head;
        }
        int start = Frame.tcpHeader(frame.bytes());
        head[0] = NEEDS_CSUM;
        putLe16(head, CSUM_START, start);
        putLe16(head, CSUM_OFFSET, Frame.checkSumOffset());
        if (frame.segment() > 0) {
            if (!has(GUEST_TSO4)) {
                return null;
            }
            head[GSO_TYPE] = GSO_TCPV4;
            putLe16(head, GSO_SIZE, frame.segment());
            putLe16(head, HEADER_LENGTH, start + (frame.bytes()[start + 12] >>> 4 & 15) * 4);
        }
        return head;
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
        cable.cardTakes(false, false);
    }

    @Override
    protected void saveDevice(SnapshotWriter out) {
        out.putBytes("mac", mac);
    }

    @Override
    protected void restoreDevice(SnapshotReader in, int version) throws SnapshotException {
        in.getBytes("mac", mac);
        cable.clear();
        tellCable();
    }
}
