package dev.arclet.launcher.net;

import dev.arclet.format.model.Protocol;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A port of the guest that programs on the host reach at 127.0.0.1.
 *
 * @param protocol TCP or UDP
 * @param hostPort 1..65535; 0 for any that is free
 * @param strict whether another free port will not do if this one is taken
 * @param guestPort 1..65535
 */
public record PortForward(Protocol protocol, int hostPort, boolean strict, int guestPort) {
    /** Reads the command line's form: PROTOCOL:HOSTPORT:GUESTPORT; host port 0 is any. */
    public static Optional<PortForward> parse(String text) {
        String[] parts = text.split(":", -1);
        if (parts.length != 3 || !(parts[0].equals("tcp") || parts[0].equals("udp"))) {
            return Optional.empty();
        }
        OptionalInt host = parts[1].equals("0") ? OptionalInt.of(0) : RulePolicy.port(parts[1]);
        OptionalInt guest = RulePolicy.port(parts[2]);
        if (host.isEmpty() || guest.isEmpty()) {
            return Optional.empty();
        }
        Protocol protocol = parts[0].equals("tcp") ? Protocol.TCP : Protocol.UDP;
        return Optional.of(new PortForward(protocol, host.getAsInt(), true, guest.getAsInt()));
    }
}
