package dev.arclet.emulator.net;

/**
 * An Ethernet II frame without preamble and check sequence. Who hands one over does not touch it
 * again.
 *
 * <p>Two things that wires have no words for spare both ends work. A TCP segment over IPv4 may lack
 * its check sum: the field holds that of the pseudo header, for whoever must complete it. And such
 * a segment may be larger than a frame can be, to be seen as several of {@code segment} bytes.
 *
 * @param unsummed whether it is a TCP segment without a check sum
 * @param segment data bytes of each of the segments that it stands for, all but the last; 0 for an
 *     ordinary frame. One that has it is unsummed, too
 */
public record Frame(byte[] bytes, boolean unsummed, int segment) {
    /** Largest ordinary frame: header and 1500 bytes. */
    public static final int MAX = 1514;

    /** Smallest frame: a header. */
    public static final int MIN = 14;

    /** Largest frame that stands for several: header, and what an IPv4 header can tell. */
    public static final int MAX_LARGE = 14 + 65_535;

    private static final int CHECK_SUM = 16;

    /** An ordinary frame. */
    public static Frame plain(byte[] bytes) {
        return new Frame(bytes, false, 0);
    }

    /** Whether its size is one that a frame of its kind may have. */
    public boolean isProper() {
        return bytes.length >= MIN && bytes.length <= (segment > 0 ? MAX_LARGE : MAX);
    }

    /** Where an IPv4 packet has its TCP header; -1 if this frame has none that is whole. */
    public static int tcpHeader(byte[] frame) {
        if (frame.length < Ipv4.PAYLOAD + TcpSegment.HEADER
                || Bytes.u16(frame, Ethernet.TYPE) != Ethernet.TYPE_IPV4
                || frame[Ethernet.HEADER] >>> 4 != 4
                || frame[Ethernet.HEADER + 9] != Ipv4.TCP) {
            return -1;
        }
        int at = Ethernet.HEADER + (frame[Ethernet.HEADER] & 15) * 4;
        return at >= Ipv4.PAYLOAD && at + TcpSegment.HEADER <= frame.length ? at : -1;
    }

    /** Where within a TCP header the check sum is. */
    public static int checkSumOffset() {
        return CHECK_SUM;
    }

    /**
     * Sums up what was left: the bytes from {@code start} to the end, into the two at {@code at}.
     *
     * @return false if these are outside of the frame
     */
    public static boolean complete(byte[] frame, int start, int at) {
        if (start > frame.length || at + 2 > frame.length) {
            return false;
        }
        int sum = ~Bytes.sum(frame, start, frame.length - start, 0) & 0xFFFF;
        // Zero and its complement are the same to TCP; to UDP zero means "none".
        Bytes.put16(frame, at, sum == 0 ? 0xFFFF : sum);
        return true;
    }
}
