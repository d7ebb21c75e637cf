package dev.arclet.emulator.net;

/**
 * A segment that has come (RFC 9293 section 3.1).
 *
 * @param data what it stands in
 * @param payload where its data starts
 * @param length bytes of data
 * @param mss the maximum segment size option, or -1
 * @param windowShift the window scale option (RFC 7323 section 2), or -1
 */
record TcpSegment(
        byte[] data,
        int sourcePort,
        int destinationPort,
        int sequence,
        int acknowledgment,
        int flags,
        int window,
        int payload,
        int length,
        int mss,
        int windowShift) {
    static final int FIN = 1;
    static final int SYN = 2;
    static final int RST = 4;
    static final int PSH = 8;
    static final int ACK = 16;

    static final int HEADER = 20;

    private static final int OPTION_END = 0;
    private static final int OPTION_NOP = 1;
    private static final int OPTION_MSS = 2;
    private static final int OPTION_WINDOW_SCALE = 3;
    private static final int MAX_WINDOW_SHIFT = 14;

    /** Reads the segment in a packet; null if it is malformed. */
    static TcpSegment parse(Ipv4.Packet packet) {
        return parse(packet, true);
    }

    /**
     * The same.
     *
     * @param summed whether it has a check sum
     */
    static TcpSegment parse(Ipv4.Packet packet, boolean summed) {
        byte[] data = packet.data();
        int at = packet.payload();
        int length = packet.length();
        if (length < HEADER
                || summed
                        && Ipv4.transportSum(
                                        data,
                                        at,
                                        length,
                                        Ipv4.TCP,
                                        packet.source(),
                                        packet.destination())
                                != 0xFFFF) {
            return null;
        }
        int headerLength = (data[at + 12] >>> 4 & 15) * 4;
        if (headerLength < HEADER || headerLength > length) {
            return null;
        }
        int mss = -1;
        int shift = -1;
        int end = at + headerLength;
        for (int i = at + HEADER; i < end; ) {
            int kind = data[i];
            if (kind == OPTION_END) {
                break;
            }
            if (kind == OPTION_NOP) {
                i++;
                continue;
            }
            int size = i + 1 < end ? Bytes.u8(data, i + 1) : 0;
            if (size < 2 || i + size > end) {
                return null;
            }
            if (kind == OPTION_MSS && size == 4) {
                mss = Bytes.u16(data, i + 2);
            } else if (kind == OPTION_WINDOW_SCALE && size == 3) {
                shift = Math.min(Bytes.u8(data, i + 2), MAX_WINDOW_SHIFT);
            }
            i += size;
        }
        return new TcpSegment(
                data,
                Bytes.u16(data, at),
                Bytes.u16(data, at + 2),
                Bytes.i32(data, at + 4),
                Bytes.i32(data, at + 8),
                data[at + 13] & 0x3F,
                Bytes.u16(data, at + 14),
                at + headerLength,
                length - headerLength,
                mss,
                shift);
    }

    boolean has(int flag) {
        return (flags & flag) != 0;
    }

    /** Sequence numbers that it takes: its data, SYN and FIN. */
    int sequenceLength() {
        return length + (has(SYN) ? 1 : 0) + (has(FIN) ? 1 : 0);
    }
}
