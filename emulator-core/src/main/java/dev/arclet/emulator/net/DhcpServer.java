package dev.arclet.emulator.net;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A DHCP server with one address to give (RFC 2131, options of RFC 2132), to whoever asks: there is
 * one guest on the cable. It also answers plain BOOTP requests (RFC 951).
 */
final class DhcpServer {
    static final int SERVER_PORT = 67;
    static final int CLIENT_PORT = 68;

    private static final int FIXED = 236;
    private static final int COOKIE = 0x63825363;
    private static final int SMALLEST_REPLY = 300;
    private static final int LEASE_SECONDS = 86_400;
    private static final int MAX_OPTIONS_BYTES = 1024;

    private static final int OPTION_PAD = 0;
    private static final int OPTION_MASK = 1;
    private static final int OPTION_ROUTER = 3;
    private static final int OPTION_DNS = 6;
    private static final int OPTION_BROADCAST = 28;
    private static final int OPTION_REQUESTED = 50;
    private static final int OPTION_LEASE = 51;
    private static final int OPTION_TYPE = 53;
    private static final int OPTION_SERVER = 54;
    private static final int OPTION_MESSAGE = 56;
    private static final int OPTION_END = 255;

    private static final int DISCOVER = 1;
    private static final int OFFER = 2;
    private static final int REQUEST = 3;
    private static final int ACK = 5;
    private static final int NAK = 6;
    private static final int INFORM = 8;

    /**
     * An answer.
     *
     * @param destination where to: the guest's address, or the broadcast address for a guest that
     *     has none yet
     */
    record Reply(byte[] message, int destination) {}

    private DhcpServer() {}

    /** What a client asks for. */
    private static final class Options {
        private int type;
        private int requested;
        private int server;
    }

    /** Answers a message, the payload of a datagram; null if there is nothing to say. */
    static Reply answer(byte[] data, int from, int length) {
        if (length < FIXED || data[from] != 1 || data[from + 1] != 1 || data[from + 2] != 6) {
            return null;
        }
        Options options = new Options();
        boolean dhcp = length >= FIXED + 4 && Bytes.i32(data, from + FIXED) == COOKIE;
        if (dhcp && !readOptions(data, from + FIXED + 4, from + length, options)) {
            return null;
        }
        int client = Bytes.i32(data, from + 12);
        if (options.type == 0) {
            return reply(data, from, 0, client, NetworkAddresses.GUEST);
        }
        if (options.server != 0 && options.server != NetworkAddresses.GATEWAY) {
            return null; // another server was chosen
        }
        return switch (options.type) {
            case DISCOVER -> reply(data, from, OFFER, client, NetworkAddresses.GUEST);
            case REQUEST -> {
                int wanted = options.requested != 0 ? options.requested : client;
                yield wanted == NetworkAddresses.GUEST
                        ? reply(data, from, ACK, client, NetworkAddresses.GUEST)
                        : reply(data, from, NAK, 0, 0);
            }
            case INFORM -> reply(data, from, ACK, client, 0);
            default -> null; // DECLINE and RELEASE need no answer: the address stays the guest's
        };
    }

    private static boolean readOptions(byte[] data, int from, int end, Options out) {
        int at = from;
        while (at < end) {
            int code = Bytes.u8(data, at++);
            if (code == OPTION_PAD) {
                continue;
            }
            if (code == OPTION_END) {
                return true;
            }
            if (at >= end || at + 1 + Bytes.u8(data, at) > end) {
                return false;
            }
            int length = Bytes.u8(data, at++);
            if (code == OPTION_TYPE && length == 1) {
                out.type = data[at];
            } else if (code == OPTION_REQUESTED && length == 4) {
                out.requested = Bytes.i32(data, at);
            } else if (code == OPTION_SERVER && length == 4) {
                out.server = Bytes.i32(data, at);
            }
            at += length;
        }
        return true;
    }

    private static Reply reply(byte[] asked, int from, int type, int client, int given) {
        byte[] head = new byte[FIXED];
        head[0] = 2;
        head[1] = 1;
        head[2] = 6;
        System.arraycopy(asked, from + 4, head, 4, 4); // transaction
        System.arraycopy(asked, from + 10, head, 10, 2); // flags
        Bytes.put32(head, 12, type == NAK ? 0 : client);
        Bytes.put32(head, 16, given);
        Bytes.put32(head, 20, type == NAK ? 0 : NetworkAddresses.GATEWAY);
        System.arraycopy(asked, from + 28, head, 28, 16); // hardware address
        ByteArrayOutputStream out = new ByteArrayOutputStream(MAX_OPTIONS_BYTES);
        out.writeBytes(head);
        byte[] cookie = new byte[4];
        Bytes.put32(cookie, 0, COOKIE);
        out.writeBytes(cookie);
        if (type != 0) {
            option(out, OPTION_TYPE, new byte[] {(byte) type});
            option(out, OPTION_SERVER, NetworkAddresses.GATEWAY);
        }
        if (type == NAK) {
            option(out, OPTION_MESSAGE, "not on this network".getBytes(StandardCharsets.US_ASCII));
        } else {
            if (type != 0 && given != 0) {
                option(out, OPTION_LEASE, LEASE_SECONDS);
            }
            option(out, OPTION_MASK, NetworkAddresses.MASK);
            option(out, OPTION_ROUTER, NetworkAddresses.GATEWAY);
            option(out, OPTION_DNS, NetworkAddresses.NAME_SERVER);
            option(out, OPTION_BROADCAST, NetworkAddresses.BROADCAST);
        }
        out.write(OPTION_END);
        byte[] message = out.toByteArray();
        if (message.length < SMALLEST_REPLY) {
            message = Arrays.copyOf(message, SMALLEST_REPLY);
        }
        boolean hasAddress = client == NetworkAddresses.GUEST && type != NAK;
        return new Reply(message, hasAddress ? client : -1);
    }

    private static void option(ByteArrayOutputStream out, int code, byte[] value) {
        out.write(code);
        out.write(value.length);
        out.writeBytes(value);
    }

    private static void option(ByteArrayOutputStream out, int code, int value) {
        byte[] bytes = new byte[4];
        Bytes.put32(bytes, 0, value);
        option(out, code, bytes);
    }
}
