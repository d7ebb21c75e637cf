package dev.arclet.emulator.net;

/** Who speaks with whom: the guest's address and port, and those that it believes in. */
record Flow(int guestAddress, int guestPort, int remoteAddress, int remotePort) {
    /** The far end as policies and host sockets know it. */
    int hostAddress() {
        return remoteAddress == NetworkAddresses.GATEWAY
                ? NetworkAddresses.HOST_LOOPBACK
                : remoteAddress;
    }
}
