package dev.arclet.emulator.net;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A network and the end of the cable where the guest's card is; the test moves the time. */
final class Wire {
    static final byte[] GUEST_MAC = {0x52, 0x54, 0, 0, 0, 1};
    static final int GUEST = NetworkAddresses.GUEST;
    static final int FAR = 0x5DB8D822;

    final Cable cable = new Cable();
    final FakeHost host = new FakeHost();
    final List<byte[]> arrived = new ArrayList<>();
    final List<Integer> segments = new ArrayList<>();
    final List<String> asked = new ArrayList<>();
    final UserNetwork network;
    long now = 1_000_000_000L;
    boolean cardFull;

    /** Whether segments from the network have check sums. */
    boolean summed = true;

    Wire(boolean allow) {
        cable.plugCard(
                frame -> {
                    if (cardFull) {
                        return false;
                    }
                    arrived.add(frame.bytes());
                    segments.add(frame.segment());
                    return true;
                },
                Runnable::run);
        FlowPolicy policy =
                new FlowPolicy() {
                    @Override
                    public boolean mayOpen(Protocol protocol, int address, int port) {
                        asked.add(protocol + " " + Bytes.dotted(address) + " " + port);
                        return allow;
                    }

                    @Override
                    public boolean mayResolve(String name) {
                        asked.add("name " + name);
                        return allow;
                    }

                    @Override
                    public void resolved(String name, int[] addresses) {
                        asked.add("resolved " + name + " " + addresses.length);
                    }
                };
        network = new UserNetwork(cable, host, policy, () -> now, new Random(7));
    }

    /** Sends a frame to the network and lets it work. */
    void send(byte[] frame) {
        cable.send(Frame.plain(frame));
        network.work();
    }

    void pass(long nanos) {
        now += nanos;
        network.work();
    }

    /** What has arrived since last asked. */
    List<byte[]> take() {
        network.work();
        List<byte[]> all = new ArrayList<>(arrived);
        arrived.clear();
        return all;
    }

    /** The one packet that has arrived since last asked. */
    Ipv4.Packet takePacket() {
        List<byte[]> all = take();
        if (all.size() != 1) {
            throw new AssertionError(all.size() + " frames instead of one");
        }
        Ipv4.Packet packet = Ipv4.parse(all.getFirst());
        if (packet == null) {
            throw new AssertionError("not a proper IPv4 packet");
        }
        return packet;
    }

    TcpSegment takeSegment() {
        TcpSegment s = TcpSegment.parse(takePacket(), summed);
        if (s == null) {
            throw new AssertionError("not a proper TCP segment");
        }
        return s;
    }

    static byte[] packet(int protocol, int source, int destination, byte[] payload) {
        byte[] frame = new byte[Ipv4.PAYLOAD + payload.length];
        Ethernet.header(frame, NetworkAddresses.station(), GUEST_MAC, Ethernet.TYPE_IPV4);
        System.arraycopy(payload, 0, frame, Ipv4.PAYLOAD, payload.length);
        Ipv4.header(frame, protocol, source, destination, 1);
        return frame;
    }

    static byte[] udpPayload(int source, int from, int destination, int port, byte[] data) {
        byte[] udp = new byte[8 + data.length];
        Bytes.put16(udp, 0, from);
        Bytes.put16(udp, 2, port);
        Bytes.put16(udp, 4, udp.length);
        System.arraycopy(data, 0, udp, 8, data.length);
        Bytes.put16(udp, 6, ~Ipv4.transportSum(udp, 0, udp.length, Ipv4.UDP, source, destination));
        return udp;
    }

    static byte[] udp(int source, int from, int destination, int port, byte[] data) {
        return packet(
                Ipv4.UDP, source, destination, udpPayload(source, from, destination, port, data));
    }

    /** A segment from the guest; with SYN it has options. */
    static byte[] tcp(
            int from,
            int destination,
            int port,
            int flags,
            int seq,
            int ack,
            int window,
            byte[] data) {
        boolean syn = (flags & TcpSegment.SYN) != 0;
        int header = syn ? 28 : 20;
        byte[] tcp = new byte[header + data.length];
        Bytes.put16(tcp, 0, from);
        Bytes.put16(tcp, 2, port);
        Bytes.put32(tcp, 4, seq);
        Bytes.put32(tcp, 8, ack);
        tcp[12] = (byte) (header / 4 << 4);
        tcp[13] = (byte) flags;
        Bytes.put16(tcp, 14, window);
        if (syn) {
            Bytes.put32(tcp, 20, 0x020405B4);
            Bytes.put32(tcp, 24, 0x01030307);
        }
        System.arraycopy(data, 0, tcp, header, data.length);
        Bytes.put16(tcp, 16, ~Ipv4.transportSum(tcp, 0, tcp.length, Ipv4.TCP, GUEST, destination));
        return packet(Ipv4.TCP, GUEST, destination, tcp);
    }
}
