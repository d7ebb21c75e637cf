package dev.arclet.emulator.net;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * The far end of a guest's network cable: a gateway with DHCP, a name server and address
 * translation, made of ordinary sockets of the host, so that it needs no privileges. Every flow
 * that the guest opens is first put to a {@link FlowPolicy}.
 *
 * <p>One thread owns it: calls {@link #work} when the cable has become active, host callbacks have
 * run or {@link #deadline} has passed. IPv4 only; frames of other protocols are counted and
 * dropped, and so are malformed ones. Everything has a bound: connections and flows ({@value
 * TcpFlows#MAX_CONNECTIONS} each), buffers (two of 128 KiB a connection), lookups and echo requests
 * under way.
 */
public final class UserNetwork {
    /** Lookups and echo requests that may be under way. */
    private static final int MAX_UNDER_WAY = 32;

    /** Frames handled before timers and others get their turn. */
    private static final int ROUND = 512;

    private static final int DNS_PORT = 53;
    private static final int PORT_UNREACHABLE = 3;
    private static final int HOST_UNREACHABLE = 1;
    private static final int PROHIBITED = 13;

    private final Cable cable;
    private final HostSockets host;
    private final FlowPolicy policy;
    private final LongSupplier clock;
    private final Counters counters = new Counters();
    private final GuestLink link;
    private final TcpFlows tcp;
    private final UdpFlows udp;
    private final Reassembly reassembly = new Reassembly();
    private int underWay;

    /**
     * A network that nobody has used yet.
     *
     * @param clock nanoseconds, monotonic
     * @param random for initial sequence numbers: must not be predictable by the guest's peers
     */
    public UserNetwork(
            Cable cable,
            HostSockets host,
            FlowPolicy policy,
            LongSupplier clock,
            RandomGenerator random) {
        this.cable = cable;
        this.host = host;
        this.policy = policy;
        this.clock = clock;
        link = new GuestLink(cable);
        tcp = new TcpFlows(link, host, policy, clock, random, counters);
        udp = new UdpFlows(link, host, policy, clock, counters);
    }

    /**
     * Handles what has come and what is due.
     *
     * @return whether there is more to do at once
     */
    public boolean work() {
        int handled = 0;
        for (Frame frame = cable.take(); frame != null; frame = cable.take()) {
            counters.frames++;
            frame(frame);
            if (++handled == ROUND) {
                break;
            }
        }
        long now = clock.getAsLong();
        if (tcp.deadline() <= now) {
            tcp.tick(now);
        }
        if (udp.deadline() <= now) {
            udp.tick(now);
        }
        if (link.room() > 0) {
            tcp.roomAvailable();
        }
        tcp.flush();
        return handled == ROUND;
    }

    /** When {@link #work} has something to do by itself: nanoseconds of the clock. */
    public long deadline() {
        return Math.min(tcp.deadline(), udp.deadline());
    }

    private void frame(Frame received) {
        byte[] frame = received.bytes();
        if (!link.isForUs(frame)) {
            counters.ignored++; // multicast, mostly
            return;
        }
        switch (Bytes.u16(frame, Ethernet.TYPE)) {
            case Ethernet.TYPE_ARP -> {
                link.learn(frame);
                link.answerArp(frame);
            }
            case Ethernet.TYPE_IPV4 -> {
                Ipv4.Packet packet = Ipv4.parse(frame);
                if (packet == null) {
                    counters.malformed++;
                } else {
                    link.learn(frame);
                    packet(packet, received.unsummed());
                }
            }
            default -> counters.ignored++;
        }
    }

    private void packet(Ipv4.Packet received, boolean unsummed) {
        Ipv4.Packet p = received;
        if (p.isFragment()) {
            p = reassembly.add(p, clock.getAsLong());
            if (p == null) {
                return;
            }
        }
        if (p.protocol() == Ipv4.UDP) {
            UdpFlows.Datagram d = UdpFlows.parse(p);
            if (d == null) {
                counters.malformed++;
            } else {
                datagram(p, d);
            }
            return;
        }
        if (!isProperSource(p.source()) || !isReachable(p.destination())) {
            counters.ignored++;
            return;
        }
        switch (p.protocol()) {
            case Ipv4.TCP -> tcp.packet(p, !unsummed || received.isFragment());
            case Ipv4.ICMP -> icmp(p);
            default -> counters.ignored++;
        }
    }

    /** The guest may use any address of its network but ours. */
    private static boolean isProperSource(int address) {
        return NetworkAddresses.isInside(address)
                && address != NetworkAddresses.GATEWAY
                && address != NetworkAddresses.NAME_SERVER
                && address != NetworkAddresses.NETWORK
                && address != NetworkAddresses.BROADCAST;
    }

    /** Whether a destination is one host's address, and not of this or of no network. */
    private static boolean isReachable(int address) {
        int first = address >>> 24;
        boolean ours =
                address == NetworkAddresses.GATEWAY || address == NetworkAddresses.NAME_SERVER;
        return ours
                || !NetworkAddresses.isInside(address) && first != 0 && first != 127 && first < 224;
    }

    private void datagram(Ipv4.Packet p, UdpFlows.Datagram d) {
        if (d.port() == DhcpServer.SERVER_PORT
                && (p.destination() == -1 || p.destination() == NetworkAddresses.GATEWAY)) {
            dhcp(d);
            return;
        }
        if (!isProperSource(p.source()) || !isReachable(p.destination())) {
            counters.ignored++;
            return;
        }
        if (p.destination() == NetworkAddresses.NAME_SERVER) {
            if (d.port() == DNS_PORT) {
                dns(p, d);
            } else {
                link.unreachable(p, PORT_UNREACHABLE);
            }
            return;
        }
        udp.datagram(p, d);
    }

    private void dhcp(UdpFlows.Datagram d) {
        DhcpServer.Reply reply = DhcpServer.answer(d.data(), d.at(), d.length());
        if (reply == null) {
            counters.ignored++;
            return;
        }
        link.datagram(
                NetworkAddresses.GATEWAY,
                DhcpServer.SERVER_PORT,
                reply.destination(),
                DhcpServer.CLIENT_PORT,
                reply.message());
    }

    private void dns(Ipv4.Packet p, UdpFlows.Datagram d) {
        DnsMessage query = DnsMessage.parse(d.data(), d.at(), d.length());
        if (query == null) {
            counters.malformed++;
            return;
        }
        counters.lookups++;
        int guest = p.source();
        int port = d.sourcePort();
        if (query.problem() != DnsMessage.NO_ERROR) {
            reply(guest, port, query.answer(query.problem()));
        } else if (query.name().equals(NetworkAddresses.HOST_NAME)) {
            boolean address =
                    query.type() == DnsMessage.TYPE_A || query.type() == DnsMessage.TYPE_ANY;
            int[] gateway = {NetworkAddresses.GATEWAY};
            reply(guest, port, query.answer(address ? gateway : new int[0]));
        } else if (query.name().endsWith(".in-addr.arpa")) {
            reply(guest, port, reverse(query));
        } else if (!policy.mayResolve(query.name())) {
            counters.refused++;
            reply(guest, port, query.answer(DnsMessage.REFUSED));
        } else if (underWay < MAX_UNDER_WAY) {
            underWay++;
            host.resolve(
                    query.name(),
                    (result, addresses) -> {
                        underWay--;
                        reply(guest, port, resolved(query, result, addresses));
                    });
        }
        // Beyond that the guest asks again.
    }

    private byte[] resolved(DnsMessage query, int result, int[] addresses) {
        if (result != HostSockets.FOUND) {
            return query.answer(result);
        }
        policy.resolved(query.name(), addresses);
        boolean address = query.type() == DnsMessage.TYPE_A || query.type() == DnsMessage.TYPE_ANY;
        return query.answer(address ? addresses : new int[0]);
    }

    /** Names for our own addresses; the host is not asked for others. */
    private static byte[] reverse(DnsMessage query) {
        boolean gateway = query.name().equals("2.2.0.10.in-addr.arpa");
        return gateway && query.type() == DnsMessage.TYPE_PTR
                ? query.answer(NetworkAddresses.HOST_NAME)
                : query.answer(HostSockets.NO_SUCH_NAME);
    }

    private void reply(int guest, int port, byte[] message) {
        link.datagram(NetworkAddresses.NAME_SERVER, DNS_PORT, guest, port, message);
    }

    private void icmp(Ipv4.Packet p) {
        boolean echo = p.length() >= 8 && p.data()[p.payload()] == 8;
        if (!echo || Bytes.sum(p.data(), p.payload(), p.length(), 0) != 0xFFFF) {
            counters.ignored++;
            return;
        }
        if (NetworkAddresses.isInside(p.destination())) {
            link.echoReply(p);
        } else if (!policy.mayOpen(FlowPolicy.Protocol.ICMP, p.destination(), 0)) {
            counters.refused++;
            link.unreachable(p, PROHIBITED);
        } else if (underWay < MAX_UNDER_WAY) {
            underWay++;
            host.ping(
                    p.destination(),
                    millis -> {
                        underWay--;
                        if (millis >= 0) {
                            link.echoReply(p);
                        } else {
                            link.unreachable(p, HOST_UNREACHABLE);
                        }
                    });
        }
    }

    /**
     * A program on the host connects to a port of the guest.
     *
     * @return what to tell of the stream's events from now on
     */
    public HostStream.Events accept(HostStream stream, int guestPort) {
        return tcp.accept(stream, guestPort);
    }

    /**
     * A program on the host sends a datagram to a port of the guest.
     *
     * @param senderPort stands for the program, at the gateway's address
     * @param answers takes what the guest sends back
     */
    public void datagramFromHost(
            int senderPort, int guestPort, byte[] payload, HostSockets.Datagrams answers) {
        udp.fromHost(senderPort, guestPort, payload, answers);
    }

    /** Resets all connections at both ends and forgets all flows. */
    public void close() {
        tcp.close();
        udp.close();
    }

    /** Figures by name: frames, malformed, ignored, opened, accepted, refused and so on. */
    public Map<String, Long> statistics() {
        Map<String, Long> out = new LinkedHashMap<>();
        out.put("frames", counters.frames);
        out.put("malformed", counters.malformed);
        out.put("ignored", counters.ignored);
        out.put("lost", cable.lost());
        out.put("opened", counters.opened);
        out.put("accepted", counters.accepted);
        out.put("refused", counters.refused);
        out.put("evicted", counters.evicted);
        out.put("lookups", counters.lookups);
        out.put("tcp", (long) tcp.count());
        out.put("udp", (long) udp.count());
        return out;
    }
}
