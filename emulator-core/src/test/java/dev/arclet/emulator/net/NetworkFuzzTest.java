package dev.arclet.emulator.net;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.FuzzRun;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Frames that no honest guest sends. */
class NetworkFuzzTest {
    private static final int EVERYDAY = 60_000;

    private final Wire wire = new Wire(true);
    private Random random;
    private int lastSequence;
    private int lastAcknowledgment;

    private byte[] bytes(int most) {
        byte[] b = new byte[random.nextInt(most + 1)];
        random.nextBytes(b);
        return b;
    }

    private int near(int value) {
        return switch (random.nextInt(6)) {
            case 0 -> random.nextInt();
            case 1 -> value + random.nextInt(70_000) - 35_000;
            case 2 -> value + random.nextInt(5) - 2;
            default -> value;
        };
    }

    private byte[] sound() {
        int port = 2000 + random.nextInt(3);
        int far =
                switch (random.nextInt(4)) {
                    case 0 -> NetworkAddresses.GATEWAY;
                    case 1 -> NetworkAddresses.NAME_SERVER;
                    default -> Wire.FAR;
                };
        return switch (random.nextInt(8)) {
            case 0 -> Wire.udp(Wire.GUEST, port, far, random.nextInt(4), bytes(100));
            case 1 -> {
                byte[] q = bytes(60);
                if (q.length > 12) {
                    q[2] &= 0x07;
                    Bytes.put16(q, 4, 1);
                    Arrays.fill(q, 12, q.length, (byte) random.nextInt(4));
                }
                yield Wire.udp(Wire.GUEST, port, NetworkAddresses.NAME_SERVER, 53, q);
            }
            case 2 -> {
                byte[] d = new byte[240 + random.nextInt(120)];
                random.nextBytes(d);
                Bytes.put32(d, 0, 0x01010600);
                Bytes.put32(d, 236, 0x63825363);
                yield Wire.udp(0, 68, NetworkAddresses.GATEWAY, 67, d);
            }
            case 3 -> Wire.packet(Ipv4.ICMP, Wire.GUEST, far, bytes(100));
            case 4 -> {
                byte[] f = Wire.packet(Ipv4.UDP, Wire.GUEST, far, bytes(200));
                Ipv4.fragmentHeader(
                        f,
                        Ipv4.UDP,
                        Wire.GUEST,
                        far,
                        random.nextInt(3),
                        random.nextInt(8192) * 8 >>> random.nextInt(14) & -8,
                        random.nextBoolean());
                yield f;
            }
            default ->
                    Wire.tcp(
                            port,
                            far,
                            80,
                            random.nextInt(4) == 0 ? random.nextInt(64) : TcpSegment.ACK,
                            near(lastAcknowledgment),
                            near(lastSequence),
                            random.nextInt(3) == 0 ? random.nextInt(65536) : random.nextInt(4),
                            bytes(random.nextInt(10) == 0 ? 1400 : 20));
        };
    }

    private void step() {
        byte[] frame = sound();
        if (random.nextInt(3) == 0) {
            for (int i = random.nextInt(5); i >= 0; i--) {
                frame[random.nextInt(frame.length)] = (byte) random.nextInt();
            }
            if (random.nextInt(3) == 0) {
                frame = Arrays.copyOf(frame, 14 + random.nextInt(frame.length - 13));
            }
        }
        wire.send(frame);
        if (!wire.host.streams.isEmpty() && random.nextInt(3) == 0) {
            int size = wire.host.streams.size();
            FakeHost.Stream s = wire.host.streams.get(size - 1 - random.nextInt(Math.min(4, size)));
            act(s);
        }
        if (random.nextInt(8) == 0) {
            wire.pass(1L << random.nextInt(35));
        }
        for (byte[] heard : wire.take()) {
            TcpSegment t = parse(heard);
            if (t != null) {
                lastSequence = t.sequence() + t.sequenceLength();
                lastAcknowledgment = t.acknowledgment();
            }
        }
        if (wire.host.streams.size() > 100) {
            wire.host.streams.subList(0, 90).clear();
        }
        wire.host.datagrams.clear();
        wire.host.pings.clear();
        wire.asked.clear();
    }

    private static TcpSegment parse(byte[] frame) {
        Ipv4.Packet p =
                Bytes.u16(frame, Ethernet.TYPE) == Ethernet.TYPE_IPV4 ? Ipv4.parse(frame) : null;
        return p == null || p.protocol() != Ipv4.TCP ? null : TcpSegment.parse(p);
    }

    private void act(FakeHost.Stream s) {
        if (s.aborted || s.closed) {
            return;
        }
        switch (random.nextInt(8)) {
            case 0, 1 -> s.events.connected();
            case 2 -> {
                s.toSend = new byte[random.nextInt(5000)];
                s.sent = 0;
                s.events.readable();
            }
            case 3 -> {
                s.ends = true;
                s.events.readable();
            }
            case 4 -> {
                s.appetite = random.nextInt(100);
                s.events.writable();
            }
            case 5 -> s.received.reset();
            case 6 -> {
                if (random.nextInt(10) == 0) {
                    s.events.failed();
                }
            }
            default -> {
                FakeHost.Stream in = new FakeHost.Stream(0, 0, null);
                in.events = wire.network.accept(in, 80);
                wire.host.streams.add(in);
            }
        }
    }

    private void run(long seed, int steps) {
        random = new Random(seed);
        try {
            for (int i = 0; i < steps; i++) {
                step();
            }
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError("seed " + seed, e);
        }
        assertTrue(wire.network.statistics().get("tcp") <= TcpFlows.MAX_CONNECTIONS);
        assertTrue(wire.network.statistics().get("udp") <= UdpFlows.MAX_FLOWS);
    }

    @Test
    void randomFramesAreHarmless() {
        run(3, EVERYDAY);
    }

    @Test
    @Tag("slow")
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void fuzz() {
        long end = FuzzRun.end(60);
        for (long seed = FuzzRun.seed(); System.nanoTime() < end; seed++) {
            run(seed, EVERYDAY);
        }
    }
}
