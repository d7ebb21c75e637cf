package dev.arclet.emulator.net;

/**
 * Decides what the guest may reach. Asked once for every new flow, before anything leaves the
 * machine; what it does not allow is refused. It keeps the record of its answers. Addresses are
 * IPv4 addresses, the first octet in the highest byte. Called by the network's thread only.
 */
public interface FlowPolicy {
    /** What a flow is carried by. */
    enum Protocol {
        /** RFC 9293. */
        TCP,
        /** RFC 768. */
        UDP,
        /** Echo requests of RFC 792. */
        ICMP
    }

    /**
     * Whether the guest may open a flow.
     *
     * @param address where to; 127.0.0.1 is the host itself
     * @param port 1..65535; 0 for ICMP
     */
    boolean mayOpen(Protocol protocol, int address, int port);

    /** Whether the guest may look a name up, written in lower case without a final dot. */
    boolean mayResolve(String name);

    /** A name that the guest has looked up has these addresses, which the guest is told. */
    void resolved(String name, int[] addresses);

    /** Opens nothing. */
    FlowPolicy DENY =
            new FlowPolicy() {
                @Override
                public boolean mayOpen(Protocol protocol, int address, int port) {
                    return false;
                }

                @Override
                public boolean mayResolve(String name) {
                    return false;
                }

                @Override
                public void resolved(String name, int[] addresses) {}
            };
}
