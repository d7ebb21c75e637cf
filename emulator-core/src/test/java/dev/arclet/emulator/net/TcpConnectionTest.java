package dev.arclet.emulator.net;

import static dev.arclet.emulator.net.TcpSegment.ACK;
import static dev.arclet.emulator.net.TcpSegment.FIN;
import static dev.arclet.emulator.net.TcpSegment.RST;
import static dev.arclet.emulator.net.TcpSegment.SYN;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TcpConnectionTest {
    private static final byte[] NONE = {};
    private static final int ISS = 0xFFFFFFF0; // wraps soon
    private final Wire wire = new Wire(true);
    private int theirs;

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private void guest(int flags, int seq, int ack, int window, byte[] data) {
        wire.send(Wire.tcp(2000, Wire.FAR, 80, flags, seq, ack, window, data));
    }

    /** Opens a connection; the guest's next byte is ISS + 1, ours {@code theirs}. */
    private FakeHost.Stream open() {
        guest(SYN, ISS, 0, 64240, NONE);
        assertEquals(0, wire.take().size(), "no answer before the host is connected");
        FakeHost.Stream stream = wire.host.last();
        stream.events.connected();
        TcpSegment answer = wire.takeSegment();
        assertEquals(SYN | ACK, answer.flags());
        assertEquals(ISS + 1, answer.acknowledgment());
        assertEquals(1460, answer.mss());
        assertEquals(2, answer.windowShift());
        theirs = answer.sequence() + 1;
        guest(ACK, ISS + 1, theirs, 500, NONE);
        TcpSegment update = wire.takeSegment();
        assertEquals(TcpConnection.BUFFER >> 2, update.window(), "more than a SYN could tell");
        return stream;
    }

    @Test
    void opensSendsBothWaysAndClosesFromTheGuest() {
        FakeHost.Stream far = open();
        assertEquals(List.of("TCP 93.184.216.34 80"), wire.asked);
        guest(ACK, ISS + 1, theirs, 500, ascii("GET / "));
        TcpSegment ack = wire.takeSegment();
        assertEquals(ISS + 7, ack.acknowledgment());
        assertEquals("GET / ", far.received.toString(StandardCharsets.US_ASCII));

        far.toSend = ascii("200 OK");
        far.events.readable();
        TcpSegment data = wire.takeSegment();
        assertEquals(theirs, data.sequence());
        assertEquals(6, data.length());
        guest(ACK | FIN, ISS + 7, theirs + 6, 500, NONE);
        assertEquals(ISS + 8, wire.takeSegment().acknowledgment());
        assertTrue(far.outputShut);
        far.ends = true;
        far.events.readable();
        TcpSegment fin = wire.takeSegment();
        assertTrue(fin.has(FIN));
        guest(ACK, ISS + 8, theirs + 7, 500, NONE);
        assertTrue(far.closed);
        assertEquals(0L, wire.network.statistics().get("tcp"));
    }

    @Test
    void closesFromTheHostAndWaitsAWhile() {
        FakeHost.Stream far = open();
        far.toSend = ascii("bye");
        far.ends = true;
        far.events.readable();
        List<byte[]> sent = wire.take();
        TcpSegment last = TcpSegment.parse(Ipv4.parse(sent.getLast()));
        if (!last.has(FIN)) {
            far.events.readable();
            last = wire.takeSegment();
        }
        assertTrue(last.has(FIN));
        guest(ACK, ISS + 1, theirs + 4, 500, NONE);
        guest(ACK, ISS + 1, theirs + 4, 500, ascii("still here"));
        assertEquals("still here", far.received.toString(StandardCharsets.US_ASCII));
        wire.take();
        guest(ACK | FIN, ISS + 11, theirs + 4, 500, NONE);
        assertEquals(ISS + 12, wire.takeSegment().acknowledgment());
        assertTrue(far.closed);
        guest(ACK | FIN, ISS + 11, theirs + 4, 500, NONE); // its acknowledgement was lost
        assertEquals(ISS + 12, wire.takeSegment().acknowledgment());
        wire.pass(11_000_000_000L);
        assertEquals(0L, wire.network.statistics().get("tcp"));
    }

    @Test
    void refusedByPolicyOrByTheFarEndIsAReset() {
        Wire closed = new Wire(false);
        closed.send(Wire.tcp(2000, Wire.FAR, 80, SYN, 100, 0, 1000, NONE));
        TcpSegment reset = closed.takeSegment();
        assertEquals(RST | ACK, reset.flags());
        assertEquals(101, reset.acknowledgment());
        assertEquals(List.of(), closed.host.streams);

        guest(SYN, ISS, 0, 1000, NONE);
        wire.host.last().events.failed();
        reset = wire.takeSegment();
        assertEquals(RST | ACK, reset.flags());
        assertEquals(ISS + 1, reset.acknowledgment());
        assertEquals(0L, wire.network.statistics().get("tcp"));
    }

    @Test
    void anUnknownConnectionMeetsAReset() {
        guest(ACK, 5000, 777, 1000, ascii("as if nothing had happened"));
        TcpSegment reset = wire.takeSegment();
        assertEquals(RST, reset.flags());
        assertEquals(777, reset.sequence());
    }

    @Test
    void resetsTravelBothWays() {
        FakeHost.Stream far = open();
        guest(RST, ISS + 100, 0, 0, NONE); // in the window, but not exact: RFC 5961
        assertEquals(ACK, wire.takeSegment().flags());
        assertFalse(far.aborted);
        guest(RST, ISS + 1, 0, 0, NONE);
        assertTrue(far.aborted);
        FakeHost.Stream second = open();
        second.events.failed();
        assertTrue(wire.takeSegment().has(RST));
    }

    @Test
    void sendsAgainWhatIsNotAcknowledgedThenGivesUp() {
        FakeHost.Stream far = open();
        far.toSend = ascii("hello?");
        far.events.readable();
        TcpSegment first = wire.takeSegment();
        wire.pass(1_100_000_000L);
        TcpSegment again = wire.takeSegment();
        assertEquals(first.sequence(), again.sequence());
        assertEquals(6, again.length());
        wire.pass(100_000_000L);
        assertEquals(0, wire.take().size(), "it waits longer each time");
        for (int i = 0; i < 20; i++) {
            wire.pass(10_000_000_000L);
        }
        assertTrue(TcpSegment.parse(Ipv4.parse(wire.take().getLast())).has(RST));
        assertTrue(far.aborted);
        assertEquals(0L, wire.network.statistics().get("tcp"));
    }

    @Test
    void probesAGuestWithoutAWindow() {
        FakeHost.Stream far = open();
        guest(ACK, ISS + 1, theirs, 0, NONE);
        far.toSend = ascii("waiting");
        far.events.readable();
        assertEquals(0, wire.take().size());
        wire.pass(1_100_000_000L);
        TcpSegment probe = wire.takeSegment();
        assertEquals(1, probe.length());
        guest(ACK, ISS + 1, theirs, 0, NONE);
        for (int i = 0; i < 100; i++) {
            wire.pass(9_000_000_000L);
            assertEquals(1, wire.takeSegment().length(), "probe " + i);
            guest(ACK, ISS + 1, theirs, 0, NONE);
        }
        guest(ACK, ISS + 1, theirs, 500, NONE);
        assertEquals(7, wire.takeSegment().length());
    }

    @Test
    void aSlowFarEndClosesTheWindow() {
        FakeHost.Stream far = open();
        far.appetite = 0;
        int seq = ISS + 1;
        byte[] data = new byte[1460];
        for (int i = 0; i < 100; i++) {
            guest(ACK, seq, theirs, 500, data);
            TcpSegment ack = wire.takeSegment();
            seq = ack.acknowledgment();
        }
        assertEquals(TcpConnection.BUFFER, seq - (ISS + 1));
        guest(ACK, seq, theirs, 500, new byte[1]);
        TcpSegment full = wire.takeSegment();
        assertEquals(0, full.window());
        assertEquals(seq, full.acknowledgment());
        far.appetite = Integer.MAX_VALUE;
        far.events.writable();
        assertEquals(TcpConnection.BUFFER >> 2, wire.takeSegment().window(), "an update");
        assertEquals(TcpConnection.BUFFER, far.received.size());
    }

    @Test
    void whatAGuestHasSentIsDeliveredAfterItsClose() {
        FakeHost.Stream far = open();
        far.appetite = 0;
        guest(ACK, ISS + 1, theirs, 500, ascii("last words"));
        guest(ACK | FIN, ISS + 11, theirs, 500, NONE);
        far.ends = true;
        far.events.readable();
        wire.take();
        guest(ACK, ISS + 12, theirs + 1, 500, NONE);
        assertFalse(far.closed);
        far.appetite = 100;
        far.events.writable();
        assertEquals("last words", far.received.toString(StandardCharsets.US_ASCII));
        assertTrue(far.closed);
        assertEquals(0L, wire.network.statistics().get("tcp"));
    }

    @Test
    void connectsToTheGuest() {
        guest(RST, 1, 0, 0, NONE); // the gateway learns who is there
        FakeHost.Stream local = new FakeHost.Stream(0, 0, null);
        local.events = wire.network.accept(local, 22);
        TcpSegment syn = wire.takeSegment();
        assertEquals(SYN, syn.flags());
        assertEquals(22, syn.destinationPort());
        int port = syn.sourcePort();
        wire.send(
                Wire.tcp(
                        22,
                        NetworkAddresses.GATEWAY,
                        port,
                        SYN | ACK,
                        900,
                        syn.sequence() + 1,
                        64240,
                        NONE));
        assertEquals(901, wire.takeSegment().acknowledgment());
        local.toSend = ascii("SSH-2.0");
        local.events.readable();
        assertEquals(7, wire.takeSegment().length());
        // Another port where nobody listens:
        FakeHost.Stream refused = new FakeHost.Stream(0, 0, null);
        refused.events = wire.network.accept(refused, 23);
        syn = wire.takeSegment();
        wire.send(
                Wire.tcp(
                        23,
                        NetworkAddresses.GATEWAY,
                        syn.sourcePort(),
                        RST | ACK,
                        0,
                        syn.sequence() + 1,
                        0,
                        NONE));
        assertTrue(refused.aborted);
    }

    @Test
    void aFullCableHoldsTheSenderBack() {
        FakeHost.Stream far = open();
        guest(ACK, ISS + 1, theirs, 60000, NONE);
        wire.cardFull = true;
        far.toSend = new byte[2_000_000];
        far.events.readable();
        wire.network.work();
        assertTrue(far.sent <= TcpConnection.BUFFER);
        assertFalse(far.wantRead);
        wire.cardFull = false;
        wire.cable.cardReady();
        assertTrue(wire.take().size() > 5);
        assertEquals(0L, wire.network.statistics().get("lost"));
    }

    /** A guest that loses, repeats and reorders, and acknowledges what it has in order. */
    private final class BadGuest {
        private final Random random;
        private final byte[] toSend;
        private final ByteArrayOutputStream received = new ByteArrayOutputStream();
        private final byte[][] pending = new byte[4][];
        private int sent;
        private int acknowledged;
        private boolean ended;
        private boolean finAcknowledged;

        BadGuest(Random random, byte[] toSend) {
            this.random = random;
            this.toSend = toSend;
        }

        private int window() {
            return random.nextInt(20) == 0 ? 0 : 20 + random.nextInt(500);
        }

        private void transmit(byte[] frame) {
            if (random.nextInt(10) == 0) {
                return;
            }
            int slot = random.nextInt(pending.length);
            byte[] before = pending[slot];
            pending[slot] = frame;
            if (before != null) {
                wire.cable.send(Frame.plain(before));
                if (random.nextInt(10) == 0) {
                    wire.cable.send(Frame.plain(before.clone()));
                }
            }
        }

        private void flush() {
            for (int i = 0; i < pending.length; i++) {
                if (pending[i] != null) {
                    wire.cable.send(Frame.plain(pending[i]));
                    pending[i] = null;
                }
            }
        }

        void hear(byte[] frame) {
            TcpSegment s = TcpSegment.parse(Ipv4.parse(frame));
            if (s == null || random.nextInt(10) == 0) {
                return;
            }
            assertFalse(s.has(RST), "reset");
            int ack = s.acknowledgment() - (ISS + 1);
            if (ack > acknowledged) {
                acknowledged = Math.min(ack, toSend.length);
                finAcknowledged |= ack == toSend.length + 1;
            }
            int expected = theirs + received.size();
            int known = expected - s.sequence();
            if (known >= 0 && known <= s.length() && !ended) {
                received.write(s.data(), s.payload() + known, s.length() - known);
                ended = s.has(FIN);
            }
        }

        void speak() {
            int ack = theirs + received.size() + (ended ? 1 : 0);
            if (random.nextInt(8) == 0) {
                sent = acknowledged; // its own timer
            }
            for (int i = random.nextInt(4); i > 0 && sent < toSend.length; i--) {
                int n = Math.min(1 + random.nextInt(1460), toSend.length - sent);
                transmit(
                        Wire.tcp(
                                2000,
                                Wire.FAR,
                                80,
                                ACK,
                                ISS + 1 + sent,
                                ack,
                                window(),
                                Arrays.copyOfRange(toSend, sent, sent + n)));
                sent += n;
            }
            int flags = sent == toSend.length && !finAcknowledged ? ACK | FIN : ACK;
            int seq = ISS + 1 + sent + (finAcknowledged ? 1 : 0);
            transmit(Wire.tcp(2000, Wire.FAR, 80, flags, seq, ack, window(), NONE));
        }
    }

    @Test
    void everyByteArrivesOnceAndInOrderWhateverTheCableDoes() {
        for (long seed = 0; seed < 12; seed++) {
            new TcpConnectionTest().transfer(seed);
        }
    }

    private void transfer(long seed) {
        Random random = new Random(seed);
        byte[] up = new byte[100_000 + random.nextInt(100_000)];
        byte[] down = new byte[100_000 + random.nextInt(100_000)];
        random.nextBytes(up);
        random.nextBytes(down);
        FakeHost.Stream far = open();
        far.toSend = down;
        far.ends = true;
        far.appetite = 0;
        BadGuest guest = new BadGuest(random, up);
        int rounds = 0;
        while (!(guest.ended && guest.finAcknowledged && far.received.size() == up.length)) {
            assertTrue(++rounds < 20_000, "no end, seed " + seed);
            guest.speak();
            if (random.nextInt(4) == 0) {
                guest.flush();
            }
            far.events.readable();
            far.appetite = random.nextInt(3000);
            far.events.writable();
            wire.pass(random.nextInt(50_000_000));
            wire.take().forEach(guest::hear);
        }
        assertArrayEquals(up, far.received.toByteArray(), "to the host, seed " + seed);
        assertArrayEquals(down, guest.received.toByteArray(), "to the guest, seed " + seed);
        assertTrue(far.outputShut, "seed " + seed);
    }

    @Test
    void aCardThatTakesLargeSegmentsGetsThemWithoutSums() {
        wire.cable.cardTakes(true, true);
        wire.summed = false;
        FakeHost.Stream far = open();
        byte[] data = new byte[9 * 1460 + 5];
        new Random(1).nextBytes(data);
        far.toSend = data;
        far.events.readable();
        List<byte[]> sent = wire.take();
        assertEquals(1, sent.size());
        Ipv4.Packet packet = Ipv4.parse(sent.getFirst());
        TcpSegment large = TcpSegment.parse(packet, false);
        assertArrayEquals(
                data,
                Arrays.copyOfRange(
                        large.data(), large.payload(), large.payload() + large.length()));
        int pseudo = Ipv4.pseudoSum(packet.length(), Ipv4.TCP, Wire.FAR, Wire.GUEST);
        assertEquals(pseudo, Bytes.u16(packet.data(), packet.payload() + 16));
        assertEquals(1460, wire.segments.getLast());
    }

    @Test
    void takesALargeSegmentWithoutASum() {
        FakeHost.Stream far = open();
        byte[] data = new byte[40_000];
        new Random(2).nextBytes(data);
        byte[] frame = Wire.tcp(2000, Wire.FAR, 80, ACK, ISS + 1, theirs, 500, data);
        frame[Ipv4.PAYLOAD + 16] ^= 1;
        wire.cable.send(new Frame(frame, true, 1460));
        assertEquals(ISS + 1 + data.length, wire.takeSegment().acknowledgment());
        assertArrayEquals(data, far.received.toByteArray());
        wire.send(frame); // as an ordinary frame it is too large
        assertEquals(0, wire.take().size());
        assertEquals(1L, wire.network.statistics().get("lost"));
    }
}
