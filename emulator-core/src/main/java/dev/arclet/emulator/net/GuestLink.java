package dev.arclet.emulator.net;

/** Makes frames for the guest and puts them on the cable. */
final class GuestLink {
    private static final byte[] BROADCAST = {-1, -1, -1, -1, -1, -1};
    private static final int ARP_BYTES = 28;

    private final Cable cable;
    private final byte[] station = NetworkAddresses.station();
    private byte[] guest;
    private int identification;

    GuestLink(Cable cable) {
        this.cable = cable;
    }

    /** Learns the guest's Ethernet address from a frame that it has sent. */
    void learn(byte[] frame) {
        if ((frame[Ethernet.SOURCE] & 1) != 0) {
            return; // a group is no station
        }
        if (guest == null) {
            guest = new byte[Ethernet.ADDRESS];
        }
        System.arraycopy(frame, Ethernet.SOURCE, guest, 0, Ethernet.ADDRESS);
    }

    int room() {
        return cable.room();
    }

    boolean takesLarge() {
        return cable.takesLarge();
    }

    /** Whether a frame is for the gateway, or for everybody. */
    boolean isForUs(byte[] frame) {
        boolean all = true;
        boolean ours = true;
        for (int i = 0; i < Ethernet.ADDRESS; i++) {
            all &= frame[i] == -1;
            ours &= frame[i] == station[i];
        }
        return all || ours;
    }

    /** Answers an ARP request for one of our addresses (RFC 826). */
    void answerArp(byte[] frame) {
        int at = Ethernet.HEADER;
        if (frame.length < at + ARP_BYTES
                || Bytes.i32(frame, at) != 0x00010800
                || Bytes.i32(frame, at + 4) != 0x06040001) {
            return;
        }
        int target = Bytes.i32(frame, at + 24);
        if (target != NetworkAddresses.GATEWAY && target != NetworkAddresses.NAME_SERVER) {
            return;
        }
        byte[] reply = arp(2, target, Bytes.i32(frame, at + 14));
        System.arraycopy(frame, at + 8, reply, at + 18, Ethernet.ADDRESS);
        System.arraycopy(frame, at + 8, reply, 0, Ethernet.ADDRESS);
        cable.deliver(Frame.plain(reply));
    }

    private byte[] arp(int operation, int sender, int target) {
        byte[] frame = new byte[Ethernet.HEADER + ARP_BYTES];
        Ethernet.header(frame, BROADCAST, station, Ethernet.TYPE_ARP);
        int at = Ethernet.HEADER;
        Bytes.put32(frame, at, 0x00010800);
        Bytes.put16(frame, at + 4, 0x0604);
        Bytes.put16(frame, at + 6, operation);
        System.arraycopy(station, 0, frame, at + 8, Ethernet.ADDRESS);
        Bytes.put32(frame, at + 14, sender);
        Bytes.put32(frame, at + 24, target);
        return frame;
    }

    private boolean address(byte[] frame, int destination) {
        if (destination == -1 || destination == NetworkAddresses.BROADCAST) {
            Ethernet.header(frame, BROADCAST, station, Ethernet.TYPE_IPV4);
            return true;
        }
        if (guest == null) {
            // The guest has not said anything yet; the sender's protocol will try again.
            cable.deliver(Frame.plain(arp(1, NetworkAddresses.GATEWAY, destination)));
            return false;
        }
        Ethernet.header(frame, guest, station, Ethernet.TYPE_IPV4);
        return true;
    }

    /**
     * Sends a packet whose payload stands at {@link Ipv4#PAYLOAD} of a frame made for it.
     *
     * @param frame header space and payload, at most {@link Frame#MAX} bytes
     */
    void packet(byte[] frame, int protocol, int source, int destination) {
        packet(Frame.plain(frame), protocol, source, destination);
    }

    private void packet(Frame frame, int protocol, int source, int destination) {
        byte[] bytes = frame.bytes();
        if (address(bytes, destination)) {
            Ipv4.header(bytes, protocol, source, destination, identification++ & 0xFFFF);
            cable.deliver(frame);
        }
    }

    /** Sends a datagram, in fragments if it is large. */
    void datagram(int source, int sourcePort, int destination, int port, byte[] payload) {
        int length = 8 + payload.length;
        if (length > Ipv4.MAX_PAYLOAD) {
            return;
        }
        byte[] udp = new byte[length];
        Bytes.put16(udp, 0, sourcePort);
        Bytes.put16(udp, 2, port);
        Bytes.put16(udp, 4, length);
        System.arraycopy(payload, 0, udp, 8, payload.length);
        int sum = ~Ipv4.transportSum(udp, 0, length, Ipv4.UDP, source, destination) & 0xFFFF;
        Bytes.put16(udp, 6, sum == 0 ? 0xFFFF : sum);
        int most = Ipv4.MTU - Ipv4.HEADER;
        if (length <= most) {
            byte[] frame = new byte[Ipv4.PAYLOAD + length];
            System.arraycopy(udp, 0, frame, Ipv4.PAYLOAD, length);
            packet(frame, Ipv4.UDP, source, destination);
            return;
        }
        int piece = most & -8;
        int id = identification++ & 0xFFFF;
        for (int at = 0; at < length; at += piece) {
            int n = Math.min(piece, length - at);
            byte[] frame = new byte[Ipv4.PAYLOAD + n];
            System.arraycopy(udp, at, frame, Ipv4.PAYLOAD, n);
            if (!address(frame, destination)) {
                return;
            }
            Ipv4.fragmentHeader(frame, Ipv4.UDP, source, destination, id, at, at + n < length);
            cable.deliver(Frame.plain(frame));
        }
    }

    /** Sends a TCP segment; see {@link TcpConnection.Network#send}. */
    void segment(
            Flow flow,
            int flags,
            int sequence,
            int acknowledgment,
            int window,
            byte[] options,
            ByteRing data,
            int offset,
            int length,
            int mss) {
        int header = TcpSegment.HEADER + (options == null ? 0 : options.length);
        byte[] frame = new byte[Ipv4.PAYLOAD + header + length];
        int at = Ipv4.PAYLOAD;
        Bytes.put16(frame, at, flow.remotePort());
        Bytes.put16(frame, at + 2, flow.guestPort());
        Bytes.put32(frame, at + 4, sequence);
        Bytes.put32(frame, at + 8, acknowledgment);
        frame[at + 12] = (byte) (header / 4 << 4);
        frame[at + 13] = (byte) flags;
        Bytes.put16(frame, at + 14, window);
        if (options != null) {
            System.arraycopy(options, 0, frame, at + TcpSegment.HEADER, options.length);
        }
        if (data != null) {
            data.copy(offset, frame, at + header, length);
        }
        int from = flow.remoteAddress();
        int to = flow.guestAddress();
        boolean unsummed = cable.takesUnsummed() || mss > 0 && length > mss;
        int sum =
                unsummed
                        ? Ipv4.pseudoSum(header + length, Ipv4.TCP, from, to)
                        : ~Ipv4.transportSum(frame, at, header + length, Ipv4.TCP, from, to);
        Bytes.put16(frame, at + 16, sum);
        packet(new Frame(frame, unsummed, length > mss ? mss : 0), Ipv4.TCP, from, to);
    }

    /** Answers an echo request (RFC 792). */
    void echoReply(Ipv4.Packet request) {
        int length = Math.min(request.length(), Ipv4.MTU - Ipv4.HEADER);
        byte[] frame = new byte[Ipv4.PAYLOAD + length];
        int at = Ipv4.PAYLOAD;
        System.arraycopy(request.data(), request.payload(), frame, at, length);
        frame[at] = 0;
        Bytes.put16(frame, at + 2, 0);
        Bytes.put16(frame, at + 2, ~Bytes.sum(frame, at, length, 0));
        packet(
                frame,
                Ipv4.ICMP,
                /* source= */ request.destination(),
                /* destination= */ request.source());
    }

    /**
     * Says that a packet could not be delivered (RFC 792, type 3).
     *
     * @param code 1 host, 3 port unreachable, 13 administratively prohibited (RFC 1812)
     */
    void unreachable(Ipv4.Packet packet, int code) {
        if (packet.header() < 0) {
            return; // it came in pieces: there is no one header to quote
        }
        int quoted = packet.payload() - packet.header() + Math.min(8, packet.length());
        byte[] frame = new byte[Ipv4.PAYLOAD + 8 + quoted];
        int at = Ipv4.PAYLOAD;
        frame[at] = 3;
        frame[at + 1] = (byte) code;
        System.arraycopy(packet.data(), packet.header(), frame, at + 8, quoted);
        Bytes.put16(frame, at + 2, ~Bytes.sum(frame, at, 8 + quoted, 0));
        packet(frame, Ipv4.ICMP, NetworkAddresses.GATEWAY, packet.source());
    }
}
