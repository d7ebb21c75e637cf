package dev.arclet.emulator.net;

/** The addresses of the user network, 10.0.2.0/24, as guests of other emulators know them. */
public final class NetworkAddresses {
    /** The network. */
    public static final int NETWORK = 0x0A000200;

    /** Its mask. */
    public static final int MASK = 0xFFFFFF00;

    /** The gateway; a flow to it is one to the host's loopback interface. */
    public static final int GATEWAY = NETWORK | 2;

    /** The name server. */
    public static final int NAME_SERVER = NETWORK | 3;

    /** What the guest is given by DHCP. */
    public static final int GUEST = NETWORK | 15;

    /** Broadcast within the network. */
    public static final int BROADCAST = NETWORK | 255;

    /** The host, as policies and host sockets know it. */
    public static final int HOST_LOOPBACK = 0x7F000001;

    /** A name for the gateway, and so for the host. */
    public static final String HOST_NAME = "host.internal";

    /** The Ethernet address of gateway and name server, locally administered. */
    private static final byte[] STATION = {0x52, 0x55, 0x0A, 0x00, 0x02, 0x02};

    private NetworkAddresses() {}

    static byte[] station() {
        return STATION.clone();
    }

    static boolean isInside(int address) {
        return (address & MASK) == NETWORK;
    }
}
