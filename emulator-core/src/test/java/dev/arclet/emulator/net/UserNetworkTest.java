package dev.arclet.emulator.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class UserNetworkTest {
    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] arpRequest(int target) {
        byte[] frame = new byte[60];
        byte[] all = {-1, -1, -1, -1, -1, -1};
        Ethernet.header(frame, all, Wire.GUEST_MAC, Ethernet.TYPE_ARP);
        Bytes.put32(frame, 14, 0x00010800);
        Bytes.put32(frame, 18, 0x06040001);
        System.arraycopy(Wire.GUEST_MAC, 0, frame, 22, 6);
        Bytes.put32(frame, 28, Wire.GUEST);
        Bytes.put32(frame, 38, target);
        return frame;
    }

    @Test
    void answersArpForItsOwnAddressesOnly() {
        Wire wire = new Wire(false);
        wire.send(arpRequest(NetworkAddresses.GATEWAY));
        byte[] reply = wire.take().getFirst();
        assertArrayEquals(Wire.GUEST_MAC, Arrays.copyOf(reply, 6));
        assertEquals(2, Bytes.u16(reply, 20));
        assertEquals(NetworkAddresses.GATEWAY, Bytes.i32(reply, 28));
        assertEquals(Wire.GUEST, Bytes.i32(reply, 38));
        wire.send(arpRequest(NetworkAddresses.NAME_SERVER));
        assertEquals(1, wire.take().size());
        wire.send(arpRequest(Wire.GUEST)); // duplicate address detection must find nobody
        wire.send(arpRequest(NetworkAddresses.NETWORK | 77));
        assertEquals(0, wire.take().size());
    }

    private static byte[] dhcp(int type, int requested) {
        byte[] m = new byte[300];
        m[0] = 1;
        m[1] = 1;
        m[2] = 6;
        Bytes.put32(m, 4, 0xCAFEBABE);
        System.arraycopy(Wire.GUEST_MAC, 0, m, 28, 6);
        Bytes.put32(m, 236, 0x63825363);
        byte[] options = {53, 1, (byte) type, 50, 4, 0, 0, 0, 0, -1};
        Bytes.put32(options, 5, requested);
        System.arraycopy(options, 0, m, 240, options.length);
        return m;
    }

    private static byte[] exchange(Wire wire, byte[] message) {
        byte[] frame = Wire.udp(0, 68, -1, 67, message);
        Arrays.fill(frame, 0, 6, (byte) -1);
        wire.send(frame);
        Ipv4.Packet p = wire.takePacket();
        assertEquals(NetworkAddresses.GATEWAY, p.source());
        assertEquals(-1, p.destination());
        UdpFlows.Datagram d = UdpFlows.parse(p);
        assertEquals(68, d.port());
        return d.payload();
    }

    @Test
    void leasesItsOneAddress() {
        Wire wire = new Wire(false);
        byte[] offer = exchange(wire, dhcp(1, 0));
        assertEquals(0xCAFEBABE, Bytes.i32(offer, 4));
        assertEquals(Wire.GUEST, Bytes.i32(offer, 16));
        assertEquals(2, offer[242]);
        byte[] ack = exchange(wire, dhcp(3, Wire.GUEST));
        assertEquals(5, ack[242]);
        assertEquals(Wire.GUEST, Bytes.i32(ack, 16));
        byte[] nak = exchange(wire, dhcp(3, 0xC0A80105));
        assertEquals(6, nak[242]);
        assertEquals(0, Bytes.i32(nak, 16));
        assertEquals(List.of(), wire.asked, "addresses need nobody's permission");
    }

    private static byte[] query(String name, int type) {
        byte[] q = new byte[12 + name.length() + 2 + 4];
        Bytes.put16(q, 0, 0x1234);
        Bytes.put16(q, 2, 0x0100);
        Bytes.put16(q, 4, 1);
        int at = 12;
        for (String label : name.split("\\.", -1)) {
            q[at++] = (byte) label.length();
            System.arraycopy(ascii(label), 0, q, at, label.length());
            at += label.length();
        }
        Bytes.put16(q, at + 1, type);
        Bytes.put16(q, at + 3, 1);
        return q;
    }

    private static byte[] ask(Wire wire, String name, int type) {
        wire.send(Wire.udp(Wire.GUEST, 4000, NetworkAddresses.NAME_SERVER, 53, query(name, type)));
        UdpFlows.Datagram d = UdpFlows.parse(wire.takePacket());
        assertEquals(53, d.sourcePort());
        assertEquals(4000, d.port());
        byte[] reply = d.payload();
        assertEquals(0x1234, Bytes.u16(reply, 0));
        assertTrue((reply[2] & 0x80) != 0);
        return reply;
    }

    @Test
    void answersNamesFromTheHost() {
        Wire wire = new Wire(true);
        byte[] good = ask(wire, "Good.Example", 1);
        assertEquals(0, good[3] & 15);
        assertEquals(2, Bytes.u16(good, 6));
        assertEquals(0x5DB8D823, Bytes.i32(good, good.length - 4));
        assertEquals(List.of("name good.example", "resolved good.example 2"), wire.asked);
        assertEquals(0, Bytes.u16(ask(wire, "good.example", 28), 6), "no IPv6 addresses");
        assertEquals(3, ask(wire, "bad.example", 1)[3] & 15);
        assertEquals(2, ask(wire, "late.example", 1)[3] & 15);
        byte[] gateway = ask(wire, "host.internal", 1);
        assertEquals(NetworkAddresses.GATEWAY, Bytes.i32(gateway, gateway.length - 4));
        byte[] pointer = ask(wire, "2.2.0.10.in-addr.arpa", 12);
        assertTrue(new String(pointer, StandardCharsets.ISO_8859_1).contains("internal"));
    }

    @Test
    void aNameWithoutARuleIsRefused() {
        Wire wire = new Wire(false);
        assertEquals(5, ask(wire, "good.example", 1)[3] & 15);
        assertEquals(1L, wire.network.statistics().get("refused"));
    }

    private static byte[] echo(int destination) {
        byte[] icmp = new byte[64];
        icmp[0] = 8;
        Bytes.put32(icmp, 4, 0x00070001);
        Bytes.put16(icmp, 2, ~Bytes.sum(icmp, 0, 64, 0));
        return Wire.packet(Ipv4.ICMP, Wire.GUEST, destination, icmp);
    }

    @Test
    void echoesForTheGatewayAndForHostsThatAnswer() {
        Wire wire = new Wire(true);
        wire.send(echo(NetworkAddresses.GATEWAY));
        Ipv4.Packet p = wire.takePacket();
        assertEquals(0, p.data()[p.payload()]);
        assertEquals(0x00070001, Bytes.i32(p.data(), p.payload() + 4));
        assertEquals(0xFFFF, Bytes.sum(p.data(), p.payload(), p.length(), 0));
        assertEquals(List.of(), wire.asked);
        wire.send(echo(Wire.FAR));
        assertEquals(0, wire.takePacket().data()[Ipv4.PAYLOAD]);
        wire.host.answersPings = false;
        wire.send(echo(Wire.FAR));
        assertEquals(3, wire.takePacket().data()[Ipv4.PAYLOAD], "unreachable");
        Wire closed = new Wire(false);
        closed.send(echo(Wire.FAR));
        Ipv4.Packet refused = closed.takePacket();
        assertEquals(3, refused.data()[refused.payload()]);
        assertEquals(13, refused.data()[refused.payload() + 1]);
        assertEquals(List.of(), closed.host.pings);
    }

    @Test
    void datagramsGoThereAndBack() {
        Wire wire = new Wire(true);
        wire.send(Wire.udp(Wire.GUEST, 5000, Wire.FAR, 123, ascii("what time is it")));
        assertEquals(List.of("UDP 93.184.216.34 123"), wire.asked);
        assertEquals(
                "what time is it",
                new String(wire.host.datagrams.getFirst(), StandardCharsets.US_ASCII));
        wire.host.datagramAnswer.accept(ascii("late"));
        UdpFlows.Datagram d = UdpFlows.parse(wire.takePacket());
        assertEquals(123, d.sourcePort());
        assertEquals("late", new String(d.payload(), StandardCharsets.US_ASCII));
        wire.send(Wire.udp(Wire.GUEST, 5000, Wire.FAR, 123, ascii("again")));
        assertEquals(1, wire.asked.size(), "one flow is asked for once");
        wire.host.datagramUnreachable.run();
        Ipv4.Packet p = wire.takePacket();
        assertEquals(3, p.data()[p.payload() + 1], "port unreachable");
    }

    @Test
    void largeDatagramsTravelInFragments() {
        Wire wire = new Wire(true);
        byte[] large = new byte[5000];
        for (int i = 0; i < large.length; i++) {
            large[i] = (byte) (i * 31);
        }
        byte[] udp = Wire.udpPayload(Wire.GUEST, 5000, Wire.FAR, 9, large);
        for (int at = 4000; at >= 0; at -= 1000) { // the last first
            byte[] piece = Arrays.copyOfRange(udp, at, Math.min(udp.length, at + 1000));
            if (at == 4000) {
                piece = Arrays.copyOfRange(udp, at, udp.length);
            }
            byte[] frame = Wire.packet(Ipv4.UDP, Wire.GUEST, Wire.FAR, piece);
            Ipv4.fragmentHeader(frame, Ipv4.UDP, Wire.GUEST, Wire.FAR, 77, at, at < 4000);
            wire.send(frame);
        }
        assertArrayEquals(large, wire.host.datagrams.getFirst());
        wire.host.datagramAnswer.accept(large);
        Reassembly reassembly = new Reassembly();
        Ipv4.Packet whole = null;
        for (byte[] frame : wire.take()) {
            Ipv4.Packet p = Ipv4.parse(frame);
            assertTrue(p.isFragment());
            assertNull(whole);
            whole = reassembly.add(p, 0);
        }
        assertArrayEquals(large, UdpFlows.parse(whole).payload());
    }

    @Test
    void martiansAndMalformedFramesAreCountedAndDropped() {
        Wire wire = new Wire(true);
        wire.send(Wire.udp(0x08080808, 5000, Wire.FAR, 9, ascii("not mine")));
        wire.send(Wire.udp(Wire.GUEST, 5000, NetworkAddresses.HOST_LOOPBACK, 9, ascii("loopback")));
        wire.send(Wire.udp(Wire.GUEST, 5000, 0xE0000001, 9, ascii("multicast")));
        wire.send(Wire.udp(Wire.GUEST, 5000, NetworkAddresses.NETWORK | 9, 9, ascii("nobody")));
        byte[] bad = Wire.udp(Wire.GUEST, 5000, Wire.FAR, 9, ascii("bad sum"));
        bad[bad.length - 1] ^= 1;
        wire.send(bad);
        byte[] header = Wire.udp(Wire.GUEST, 5000, Wire.FAR, 9, ascii("bad header"));
        header[20] ^= 1;
        wire.send(header);
        assertEquals(0, wire.take().size());
        assertEquals(List.of(), wire.asked);
        assertEquals(2L, wire.network.statistics().get("malformed"));
        assertEquals(4L, wire.network.statistics().get("ignored"));
    }

    @Test
    void flowsAreBounded() {
        Wire wire = new Wire(true);
        for (int i = 0; i < 2000; i++) {
            wire.send(Wire.udp(Wire.GUEST, 1024 + i, Wire.FAR, 9, ascii("x")));
            wire.send(Wire.tcp(1024 + i, Wire.FAR, 80, TcpSegment.SYN, 1, 0, 1000, new byte[0]));
        }
        assertEquals((long) UdpFlows.MAX_FLOWS, wire.network.statistics().get("udp"));
        assertEquals((long) TcpFlows.MAX_CONNECTIONS, wire.network.statistics().get("tcp"));
        assertTrue(wire.host.streams.getFirst().aborted);
        wire.pass(121_000_000_000L);
        assertEquals(0L, wire.network.statistics().get("udp"), "idle flows end");
    }

    @Test
    void datagramsOfTheHostReachTheGuestAndItsAnswersComeBack() {
        Wire wire = new Wire(false);
        wire.send(arpRequest(NetworkAddresses.GATEWAY));
        wire.take();
        byte[][] answer = new byte[1][];
        HostSockets.Datagrams back =
                new HostSockets.Datagrams() {
                    @Override
                    public void send(byte[] payload) {
                        answer[0] = payload;
                    }

                    @Override
                    public void close() {}
                };
        wire.network.datagramFromHost(40_000, 69, ascii("hello"), back);
        UdpFlows.Datagram d = UdpFlows.parse(wire.takePacket());
        assertEquals(69, d.port());
        assertEquals(40_000, d.sourcePort());
        wire.send(Wire.udp(Wire.GUEST, 69, NetworkAddresses.GATEWAY, 40_000, ascii("yes")));
        assertEquals("yes", new String(answer[0], StandardCharsets.US_ASCII));
        assertEquals(List.of(), wire.asked, "an answer is no new flow");
    }
}
