package dev.arclet.launcher.net;

import dev.arclet.emulator.net.FlowPolicy;
import dev.arclet.emulator.net.NetworkAddresses;
import dev.arclet.format.json.EnumText;
import dev.arclet.format.model.NetworkRule;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What rules open, everything else is refused; each answer is noted.
 *
 * <p>A rule with a name opens the addresses that the guest was told for this name, and a rule with
 * {@code *} any address, but in both cases public ones only: whoever owns a name can let it point
 * into the user's own network, or at the user's computer. Private addresses are opened by rules
 * that spell them out. The computer itself is {@code 127.0.0.1}, {@code localhost} or {@code
 * host.internal} in a rule.
 */
public final class RulePolicy implements FlowPolicy {
    /** Names whose addresses are remembered. */
    private static final int MAX_ADDRESSES = 4096;

    private static final int MAX_NAMES_PER_ADDRESS = 16;
    private static final Set<String> HOST_NAMES =
            Set.of("127.0.0.1", "localhost", NetworkAddresses.HOST_NAME);

    private final List<NetworkRule> rules;
    private final FlowLog log;

    /** The names by which the guest knows an address, the address used last at the end. */
    private final Map<Integer, Set<String>> names =
            new LinkedHashMap<>(16, 0.75f, true) {
                private static final long serialVersionUID = 1;

                @Override
                protected boolean removeEldestEntry(Map.Entry<Integer, Set<String>> eldest) {
                    return size() > MAX_ADDRESSES;
                }
            };

    /** A policy of these rules. */
    public RulePolicy(List<NetworkRule> rules, FlowLog log) {
        this.rules = List.copyOf(rules);
        this.log = log;
    }

    @Override
    public boolean mayOpen(Protocol protocol, int address, int port) {
        Set<String> known = names.getOrDefault(address, Set.of());
        boolean allowed =
                rules.stream()
                        .anyMatch(
                                r ->
                                        r.protocol().name().equals(protocol.name())
                                                && port >= r.firstPort()
                                                && port <= r.lastPort()
                                                && names(r.host(), address, known));
        log.note(
                (allowed ? "allowed " : "refused ")
                        + EnumText.of(protocol)
                        + " to "
                        + where(address, known)
                        + (port == 0 ? "" : " port " + port)
                        + (allowed ? "" : ": no rule allows it"));
        return allowed;
    }

    private static String where(int address, Set<String> known) {
        if (address == NetworkAddresses.HOST_LOOPBACK) {
            return "this computer";
        }
        String dotted = dotted(address);
        return known.isEmpty()
                ? dotted
                : dotted + " (" + known.stream().limit(3).toList().getLast() + ")";
    }

    private static boolean names(String host, int address, Set<String> known) {
        if (HOST_NAMES.contains(host)) {
            return address == NetworkAddresses.HOST_LOOPBACK;
        }
        OptionalInt literal = literal(host);
        if (literal.isPresent()) {
            return literal.getAsInt() == address;
        }
        if (!isPublic(address)) {
            return false;
        }
        return host.equals("*") || known.stream().anyMatch(name -> matches(host, name));
    }

    /** Whether a rule's host, a name or a pattern, covers a name. */
    private static boolean matches(String host, String name) {
        if (host.equals("*")) {
            return true;
        }
        return host.startsWith("*.") ? name.endsWith(host.substring(1)) : name.equals(host);
    }

    @Override
    public boolean mayResolve(String name) {
        boolean allowed =
                rules.stream()
                        .map(NetworkRule::host)
                        .filter(h -> !HOST_NAMES.contains(h) && literal(h).isEmpty())
                        .anyMatch(h -> matches(h, name));
        if (!allowed) {
            log.note("refused to look up " + name + ": no rule names it");
        }
        return allowed;
    }

    @Override
    public void resolved(String name, int[] addresses) {
        for (int address : addresses) {
            Set<String> known = names.computeIfAbsent(address, a -> new LinkedHashSet<>());
            if (known.size() >= MAX_NAMES_PER_ADDRESS) {
                known.remove(known.iterator().next());
            }
            known.add(name);
        }
    }

    static String dotted(int address) {
        return (address >>> 24)
                + "."
                + (address >>> 16 & 0xFF)
                + "."
                + (address >>> 8 & 0xFF)
                + "."
                + (address & 0xFF);
    }

    /** The IPv4 address that a text spells out. */
    static OptionalInt literal(String text) {
        String[] parts = text.split("\\.", -1);
        if (parts.length != 4) {
            return OptionalInt.empty();
        }
        int address = 0;
        for (String part : parts) {
            if (!part.matches("[0-9]{1,3}") || Integer.parseInt(part) > 255) {
                return OptionalInt.empty();
            }
            address = address << 8 | Integer.parseInt(part);
        }
        return OptionalInt.of(address);
    }

    private record Block(int base, int bits) {
        static Block of(String text, int bits) {
            return new Block(literal(text).orElseThrow(), bits);
        }

        boolean has(int address) {
            return (address ^ base) >>> 32 - bits == 0;
        }
    }

    /** What is not the public Internet (RFC 6890). */
    private static final List<Block> SPECIAL =
            List.of(
                    Block.of("0.0.0.0", 8),
                    Block.of("10.0.0.0", 8),
                    Block.of("100.64.0.0", 10),
                    Block.of("127.0.0.0", 8),
                    Block.of("169.254.0.0", 16),
                    Block.of("172.16.0.0", 12),
                    Block.of("192.0.0.0", 24),
                    Block.of("192.0.2.0", 24),
                    Block.of("192.168.0.0", 16),
                    Block.of("198.18.0.0", 15),
                    Block.of("198.51.100.0", 24),
                    Block.of("203.0.113.0", 24),
                    Block.of("224.0.0.0", 3));

    static boolean isPublic(int address) {
        return SPECIAL.stream().noneMatch(b -> b.has(address));
    }

    /** Reads a rule as the command line has it: PROTOCOL:HOST[:PORT[-PORT]]. */
    public static Optional<NetworkRule> parse(String text) {
        String[] parts = text.split(":", -1);
        if (parts.length < 2 || parts.length > 3) {
            return Optional.empty();
        }
        Optional<dev.arclet.format.model.Protocol> protocol =
                switch (parts[0]) {
                    case "tcp" -> Optional.of(dev.arclet.format.model.Protocol.TCP);
                    case "udp" -> Optional.of(dev.arclet.format.model.Protocol.UDP);
                    case "icmp" -> Optional.of(dev.arclet.format.model.Protocol.ICMP);
                    default -> Optional.empty();
                };
        boolean icmp = parts[0].equals("icmp");
        boolean host = parts[1].matches("\\*|(\\*\\.)?[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?");
        if (protocol.isEmpty() || !host || icmp && parts.length == 3) {
            return Optional.empty();
        }
        if (icmp) {
            return Optional.of(new NetworkRule(protocol.get(), parts[1], 0, 0));
        }
        if (parts.length == 2 || parts[2].equals("*")) {
            return Optional.of(new NetworkRule(protocol.get(), parts[1], 1, 65_535));
        }
        String[] range = parts[2].split("-", -1);
        if (range.length > 2) {
            return Optional.empty();
        }
        OptionalInt first = port(range[0]);
        OptionalInt last = port(range[range.length - 1]);
        if (first.isEmpty() || last.isEmpty() || first.getAsInt() > last.getAsInt()) {
            return Optional.empty();
        }
        return Optional.of(
                new NetworkRule(protocol.get(), parts[1], first.getAsInt(), last.getAsInt()));
    }

    /** Reads a port number, 1..65535. */
    public static OptionalInt port(String text) {
        if (!text.matches("[0-9]{1,5}")) {
            return OptionalInt.empty();
        }
        int port = Integer.parseInt(text);
        return port >= 1 && port <= 65_535 ? OptionalInt.of(port) : OptionalInt.empty();
    }
}
