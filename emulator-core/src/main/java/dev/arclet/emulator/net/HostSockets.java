package dev.arclet.emulator.net;

import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * What the user network needs of the host: ordinary sockets and its name service. None of the calls
 * blocks; everything, calls and callbacks, happens on the network's thread, and no callback comes
 * from within the call that asked for it. Addresses are IPv4, the first octet in the highest byte.
 */
public interface HostSockets {
    /** Starts a TCP connection; its end is told by the events. */
    HostStream connect(int address, int port, HostStream.Events events);

    /** A way for datagrams to one address and port, and back. */
    interface Datagrams {
        /** Sends one; it may be lost. */
        void send(byte[] payload);

        /** Closes the socket; nothing is received any more. */
        void close();
    }

    /**
     * Opens a UDP socket to one far end.
     *
     * @param received takes the payload of each datagram that comes back
     * @param unreachable told when the host hears that nobody is there
     */
    Datagrams openDatagrams(int address, int port, Consumer<byte[]> received, Runnable unreachable);

    /** Result of {@link #resolve}: the name has addresses (perhaps only others than IPv4). */
    int FOUND = 0;

    /** Result of {@link #resolve}: there is no such name. */
    int NO_SUCH_NAME = 3;

    /** Result of {@link #resolve}: the host could not find out. */
    int FAILED = 2;

    /** Told the end of a lookup. */
    @FunctionalInterface
    interface Lookup {
        /**
         * The end.
         *
         * @param result {@link #FOUND}, {@link #NO_SUCH_NAME} or {@link #FAILED}
         * @param addresses IPv4 addresses, perhaps none
         */
        void done(int result, int[] addresses);
    }

    /** Looks a name up as programs on the host do. */
    void resolve(String name, Lookup lookup);

    /**
     * Finds out whether a host answers an echo request.
     *
     * @param done told the time it took in milliseconds, or -1
     */
    void ping(int address, IntConsumer done);
}
