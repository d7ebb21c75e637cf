package dev.arclet.emulator.net;

/** IPv4 packets in Ethernet frames (RFC 791), and the transports' check sums over them. */
final class Ipv4 {
    static final int ICMP = 1;
    static final int TCP = 6;
    static final int UDP = 17;

    /** Bytes of a header without options, as we send them. */
    static final int HEADER = 20;

    /** Where a packet that we make has its payload, within the frame. */
    static final int PAYLOAD = Ethernet.HEADER + HEADER;

    /** Most bytes of an IP packet in a frame. */
    static final int MTU = 1500;

    /** Most payload bytes of a packet, fragmented or not. */
    static final int MAX_PAYLOAD = 65535 - HEADER;

    private static final int DONT_FRAGMENT = 0x4000;
    private static final int MORE_FRAGMENTS = 0x2000;
    private static final int TIME_TO_LIVE = 64;

    private Ipv4() {}

    /**
     * A packet that has come.
     *
     * @param data what it stands in
     * @param header where its header starts, for quoting
     * @param payload where its payload starts
     * @param length bytes of payload in this packet
     * @param identification common to all fragments of a packet
     * @param fragmentOffset in bytes
     */
    record Packet(
            byte[] data,
            int header,
            int payload,
            int length,
            int protocol,
            int source,
            int destination,
            int identification,
            int fragmentOffset,
            boolean moreFragments) {
        boolean isFragment() {
            return moreFragments || fragmentOffset != 0;
        }
    }

    /** Reads the packet in a frame; null if it is none that may be used. */
    static Packet parse(byte[] frame) {
        int at = Ethernet.HEADER;
        if (frame.length < at + HEADER || frame[at] >>> 4 != 4) {
            return null;
        }
        int headerLength = (frame[at] & 15) * 4;
        int total = Bytes.u16(frame, at + 2);
        if (headerLength < HEADER
                || total < headerLength
                || at + total > frame.length
                || Bytes.sum(frame, at, headerLength, 0) != 0xFFFF
                || frame[at + 8] == 0) {
            return null;
        }
        int fragment = Bytes.u16(frame, at + 6);
        return new Packet(
                frame,
                at,
                at + headerLength,
                total - headerLength,
                Bytes.u8(frame, at + 9),
                Bytes.i32(frame, at + 12),
                Bytes.i32(frame, at + 16),
                Bytes.u16(frame, at + 4),
                (fragment & 0x1FFF) * 8,
                (fragment & MORE_FRAGMENTS) != 0);
    }

    /** Fills in the header of a whole packet whose payload stands at {@link #PAYLOAD}. */
    static void header(byte[] frame, int protocol, int source, int destination, int id) {
        header(frame, protocol, source, destination, id, DONT_FRAGMENT);
    }

    /** Fills in the header of a fragment. */
    static void fragmentHeader(
            byte[] frame,
            int protocol,
            int source,
            int destination,
            int id,
            int offset,
            boolean more) {
        header(frame, protocol, source, destination, id, offset / 8 | (more ? MORE_FRAGMENTS : 0));
    }

    private static void header(
            byte[] frame, int protocol, int source, int destination, int id, int fragment) {
        int at = Ethernet.HEADER;
        frame[at] = 0x45;
        frame[at + 1] = 0;
        Bytes.put16(frame, at + 2, frame.length - at);
        Bytes.put16(frame, at + 4, id);
        Bytes.put16(frame, at + 6, fragment);
        frame[at + 8] = TIME_TO_LIVE;
        frame[at + 9] = (byte) protocol;
        Bytes.put16(frame, at + 10, 0);
        Bytes.put32(frame, at + 12, source);
        Bytes.put32(frame, at + 16, destination);
        Bytes.put16(frame, at + 10, ~Bytes.sum(frame, at, HEADER, 0));
    }

    /** The folded sum over the pseudo header and a payload: 0xFFFF if its check sum is right. */
    static int transportSum(
            byte[] data, int from, int length, int protocol, int source, int destination) {
        return Bytes.sum(data, from, length, pseudoSum(length, protocol, source, destination));
    }

    /** The folded sum over the pseudo header alone. */
    static int pseudoSum(int length, int protocol, int source, int destination) {
        int sum =
                (source >>> 16)
                        + (source & 0xFFFF)
                        + (destination >>> 16)
                        + (destination & 0xFFFF)
                        + protocol
                        + length;
        while (sum > 0xFFFF) {
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return sum;
    }
}
