package dev.arclet.emulator.net;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * All UDP flows of the guest, each a socket of the host. A flow is what goes between two pairs of
 * address and port; it ends when nothing has been sent or received for a while.
 */
final class UdpFlows {
    /** Flows at most; beyond, the one that was idle longest goes. */
    static final int MAX_FLOWS = 256;

    /** RFC 4787 section 4.3 asks for two minutes at least. */
    private static final long IDLE_NANOS = 120_000_000_000L;

    private static final int HEADER = 8;

    private static final class Entry {
        private HostSockets.Datagrams socket;
        private Ipv4.Packet last;
        private long lastActivity;
    }

    private final GuestLink link;
    private final HostSockets host;
    private final FlowPolicy policy;
    private final LongSupplier clock;
    private final Counters counters;

    /** In the order of their last use. */
    private final Map<Flow, Entry> flows = new LinkedHashMap<>(16, 0.75f, true);

    UdpFlows(
            GuestLink link,
            HostSockets host,
            FlowPolicy policy,
            LongSupplier clock,
            Counters counters) {
        this.link = link;
        this.host = host;
        this.policy = policy;
        this.clock = clock;
        this.counters = counters;
    }

    /**
     * A datagram from the guest.
     *
     * @param at where its payload starts, in {@code data}
     * @param length bytes of payload
     */
    record Datagram(byte[] data, int sourcePort, int port, int at, int length) {
        byte[] payload() {
            byte[] copy = new byte[length];
            System.arraycopy(data, at, copy, 0, length);
            return copy;
        }
    }

    /** Reads the datagram in a packet; null if it is malformed. */
    static Datagram parse(Ipv4.Packet p) {
        if (p.length() < HEADER) {
            return null;
        }
        byte[] data = p.data();
        int at = p.payload();
        int length = Bytes.u16(data, at + 4);
        if (length < HEADER || length > p.length()) {
            return null;
        }
        boolean summed = Bytes.u16(data, at + 6) != 0;
        if (summed
                && Ipv4.transportSum(data, at, length, Ipv4.UDP, p.source(), p.destination())
                        != 0xFFFF) {
            return null;
        }
        return new Datagram(
                data, Bytes.u16(data, at), Bytes.u16(data, at + 2), at + HEADER, length - HEADER);
    }

    /** Handles a datagram that is for somebody outside, or for the host. */
    void datagram(Ipv4.Packet packet, Datagram d) {
        Flow flow = new Flow(packet.source(), d.sourcePort(), packet.destination(), d.port());
        Entry entry = flows.get(flow);
        if (entry == null) {
            if (d.port() == 0
                    || d.sourcePort() == 0
                    || !policy.mayOpen(FlowPolicy.Protocol.UDP, flow.hostAddress(), d.port())) {
                counters.refused++;
                link.unreachable(packet, 13);
                return;
            }
            makeRoom();
            Entry opened = new Entry();
            opened.socket =
                    host.openDatagrams(
                            flow.hostAddress(),
                            d.port(),
                            payload -> received(flow, payload),
                            () -> unreachable(flow));
            flows.put(flow, opened);
            counters.opened++;
            entry = opened;
        }
        entry.last = packet;
        entry.lastActivity = clock.getAsLong();
        entry.socket.send(d.payload());
    }

    /**
     * Somebody on the host speaks to a port of the guest.
     *
     * @param senderPort stands for the sender, at the gateway's address
     * @param answers takes what the guest answers
     */
    void fromHost(int senderPort, int guestPort, byte[] payload, HostSockets.Datagrams answers) {
        Flow flow =
                new Flow(NetworkAddresses.GUEST, guestPort, NetworkAddresses.GATEWAY, senderPort);
        Entry entry = flows.get(flow);
        if (entry == null) {
            makeRoom();
            entry = new Entry();
            entry.socket = answers;
            flows.put(flow, entry);
            counters.accepted++;
        }
        received(flow, payload);
    }

    private void received(Flow flow, byte[] payload) {
        Entry entry = flows.get(flow);
        if (entry == null) {
            return;
        }
        entry.lastActivity = clock.getAsLong();
        link.datagram(
                flow.remoteAddress(),
                flow.remotePort(),
                flow.guestAddress(),
                flow.guestPort(),
                payload);
    }

    private void unreachable(Flow flow) {
        Entry entry = flows.remove(flow);
        if (entry != null) {
            entry.socket.close();
            if (entry.last != null) {
                link.unreachable(entry.last, 3);
            }
        }
    }

    private void makeRoom() {
        if (flows.size() >= MAX_FLOWS) {
            Iterator<Entry> eldest = flows.values().iterator();
            Entry entry = eldest.next();
            eldest.remove();
            entry.socket.close();
            counters.evicted++;
        }
    }

    long deadline() {
        Iterator<Entry> eldest = flows.values().iterator();
        return eldest.hasNext() ? eldest.next().lastActivity + IDLE_NANOS : Long.MAX_VALUE;
    }

    void tick(long now) {
        List<Entry> over = new ArrayList<>();
        flows.values()
                .removeIf(
                        e -> {
                            boolean idle = e.lastActivity + IDLE_NANOS <= now;
                            if (idle) {
                                over.add(e);
                            }
                            return idle;
                        });
        over.forEach(e -> e.socket.close());
    }

    int count() {
        return flows.size();
    }

    void close() {
        flows.values().forEach(e -> e.socket.close());
        flows.clear();
    }
}
