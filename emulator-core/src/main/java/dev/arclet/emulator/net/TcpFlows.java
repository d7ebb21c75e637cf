package dev.arclet.emulator.net;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/** All TCP connections of the guest. */
final class TcpFlows implements TcpConnection.Network {
    /** Connections at most; beyond, the one that was idle longest is reset. */
    static final int MAX_CONNECTIONS = 256;

    private static final int FIRST_FORWARD_PORT = 49_152;
    private static final int FORWARD_PORTS = 16_384;

    private final GuestLink link;
    private final HostSockets host;
    private final FlowPolicy policy;
    private final LongSupplier clock;
    private final RandomGenerator random;
    private final Counters counters;
    private final Map<Flow, TcpConnection> connections = new HashMap<>();
    private final Set<TcpConnection> awaitingRoom = new LinkedHashSet<>();
    private final Set<TcpConnection> toAcknowledge = new LinkedHashSet<>();
    private int nextForwardPort;

    TcpFlows(
            GuestLink link,
            HostSockets host,
            FlowPolicy policy,
            LongSupplier clock,
            RandomGenerator random,
            Counters counters) {
        this.link = link;
        this.host = host;
        this.policy = policy;
        this.clock = clock;
        this.random = random;
        this.counters = counters;
    }

    /**
     * Handles a packet from the guest.
     *
     * @param summed whether the segment has a check sum
     */
    void packet(Ipv4.Packet packet, boolean summed) {
        TcpSegment s = TcpSegment.parse(packet, summed);
        if (s == null || s.sourcePort() == 0 || s.destinationPort() == 0) {
            counters.malformed++;
            return;
        }
        Flow flow =
                new Flow(
                        packet.source(), s.sourcePort(), packet.destination(), s.destinationPort());
        TcpConnection known = connections.get(flow);
        if (known != null && isNew(known, s)) {
            known.reset();
            known = null;
        }
        if (known != null) {
            known.segment(s);
            return;
        }
        boolean opens = s.has(TcpSegment.SYN) && !s.has(TcpSegment.ACK) && !s.has(TcpSegment.RST);
        if (!opens) {
            refuse(flow, s); // also what a restored guest meets, whose connections are gone
            return;
        }
        open(flow, s);
    }

    /** Whether a SYN reuses the ports of a connection that is over (RFC 9293, 3.6.1). */
    private static boolean isNew(TcpConnection known, TcpSegment s) {
        return known.state() == TcpConnection.State.TIME_WAIT
                && s.has(TcpSegment.SYN)
                && !s.has(TcpSegment.ACK);
    }

    private void open(Flow flow, TcpSegment syn) {
        boolean nameServer = flow.remoteAddress() == NetworkAddresses.NAME_SERVER;
        if (nameServer
                || !policy.mayOpen(
                        FlowPolicy.Protocol.TCP, flow.hostAddress(), flow.remotePort())) {
            counters.refused++;
            refuse(flow, syn);
            return;
        }
        makeRoom();
        TcpConnection connection = TcpConnection.ofGuest(this, flow, syn, random.nextInt());
        connections.put(flow, connection);
        counters.opened++;
        connection.join(host.connect(flow.hostAddress(), flow.remotePort(), connection));
    }

    /** A program on the host connects to a port of the guest. */
    HostStream.Events accept(HostStream stream, int guestPort) {
        makeRoom();
        Flow flow;
        do {
            int port = FIRST_FORWARD_PORT + nextForwardPort++ % FORWARD_PORTS;
            flow = new Flow(NetworkAddresses.GUEST, guestPort, NetworkAddresses.GATEWAY, port);
        } while (connections.containsKey(flow));
        TcpConnection connection = TcpConnection.toGuest(this, flow, stream, random.nextInt());
        connections.put(flow, connection);
        counters.accepted++;
        return connection;
    }

    private void makeRoom() {
        while (connections.size() >= MAX_CONNECTIONS) {
            connections.values().stream()
                    .min(
                            Comparator.comparing(
                                            (TcpConnection c) ->
                                                    c.state() != TcpConnection.State.TIME_WAIT)
                                    .thenComparingLong(TcpConnection::lastActivity))
                    .orElseThrow()
                    .reset();
            counters.evicted++;
        }
    }

    /** Answers with a reset (section 3.5.2). */
    private void refuse(Flow flow, TcpSegment s) {
        if (s.has(TcpSegment.RST)) {
            return;
        }
        if (s.has(TcpSegment.ACK)) {
            link.segment(flow, TcpSegment.RST, s.acknowledgment(), 0, 0, null, null, 0, 0, 0);
        } else {
            link.segment(
                    flow,
                    TcpSegment.RST | TcpSegment.ACK,
                    0,
                    s.sequence() + s.sequenceLength(),
                    0,
                    null,
                    null,
                    0,
                    0,
                    0);
        }
    }

    /** Sends what waits for the end of a round: acknowledgements. */
    void flush() {
        List<TcpConnection> round = new ArrayList<>(toAcknowledge);
        toAcknowledge.clear();
        round.forEach(TcpConnection::flush);
    }

    /** The cable takes frames again: everybody who waited gets a turn. */
    void roomAvailable() {
        ArrayDeque<TcpConnection> round = new ArrayDeque<>(awaitingRoom);
        awaitingRoom.clear();
        for (TcpConnection c = round.poll(); c != null; c = round.poll()) {
            c.output();
            toAcknowledge.add(c);
        }
    }

    long deadline() {
        long earliest = Long.MAX_VALUE;
        for (TcpConnection c : connections.values()) {
            earliest = Math.min(earliest, c.deadline());
        }
        return earliest;
    }

    void tick(long now) {
        for (TcpConnection c : List.copyOf(connections.values())) {
            if (c.deadline() <= now) {
                c.tick(now);
            }
        }
    }

    int count() {
        return connections.size();
    }

    /** Resets everything, at both ends. */
    void close() {
        List.copyOf(connections.values()).forEach(TcpConnection::reset);
    }

    @Override
    public boolean takesLarge() {
        return link.takesLarge();
    }

    @Override
    public int room() {
        return link.room();
    }

    @Override
    public void awaitRoom(TcpConnection connection) {
        awaitingRoom.add(connection);
    }

    @Override
    public void acknowledgeSoon(TcpConnection connection) {
        toAcknowledge.add(connection);
    }

    @Override
    public void send(
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
        link.segment(
                flow, flags, sequence, acknowledgment, window, options, data, offset, length, mss);
    }

    @Override
    public void closed(TcpConnection connection) {
        connections.remove(connection.flow(), connection);
        awaitingRoom.remove(connection);
        toAcknowledge.remove(connection);
    }

    @Override
    public long now() {
        return clock.getAsLong();
    }
}
