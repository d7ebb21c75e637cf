package dev.arclet.launcher.net;

import dev.arclet.emulator.net.HostSockets;
import dev.arclet.emulator.net.UserNetwork;
import dev.arclet.format.json.EnumText;
import dev.arclet.format.model.Protocol;
import dev.arclet.launcher.LauncherException;
import java.io.Closeable;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.NetworkChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** A listening socket on 127.0.0.1 whose peers reach a port of the guest. */
final class ForwardedPort implements NetworkThread.Ready, Closeable {
    private static final int FIRST_UNPRIVILEGED = 1024;
    private static final int ROUND = 64;
    private static final byte[] LOOPBACK = {127, 0, 0, 1};

    private final PortForward forward;
    private final NetworkChannel channel;
    private final int hostPort;
    private NetworkThread thread;
    private UserNetwork network;

    private ForwardedPort(PortForward forward, NetworkChannel channel) throws IOException {
        this.forward = forward;
        this.channel = channel;
        hostPort = ((InetSocketAddress) channel.getLocalAddress()).getPort();
    }

    /** Binds the socket. */
    static ForwardedPort open(PortForward forward) throws LauncherException {
        int wanted =
                forward.strict() || forward.hostPort() >= FIRST_UNPRIVILEGED
                        ? forward.hostPort()
                        : 0;
        try {
            return bind(forward, wanted);
        } catch (IOException e) {
            if (!forward.strict() && wanted != 0) {
                try {
                    return bind(forward, 0);
                } catch (IOException again) {
                    e.addSuppressed(again);
                }
            }
            throw new LauncherException(
                    LauncherException.Kind.HOST,
                    "forward",
                    EnumText.of(forward.protocol()) + " port " + wanted + " of 127.0.0.1",
                    e instanceof BindException
                            ? "another program has it, or this user may not: " + e.getMessage()
                            : String.valueOf(e.getMessage()),
                    "Choose another port",
                    e);
        }
    }

    private static ForwardedPort bind(PortForward forward, int port) throws IOException {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getByAddress(LOOPBACK), port);
        if (forward.protocol() == Protocol.UDP) {
            DatagramChannel channel = DatagramChannel.open();
            try {
                channel.configureBlocking(false);
                channel.bind(address);
                return new ForwardedPort(forward, channel);
            } catch (IOException e) {
                channel.close();
                throw e;
            }
        }
        ServerSocketChannel channel = ServerSocketChannel.open();
        try {
            channel.configureBlocking(false);
            channel.bind(address);
            return new ForwardedPort(forward, channel);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** For people: what is where. */
    String text() {
        return EnumText.of(forward.protocol())
                + " port "
                + forward.guestPort()
                + " of the guest is at 127.0.0.1:"
                + hostPort;
    }

    int hostPort() {
        return hostPort;
    }

    /** Starts to serve. */
    void start(NetworkThread on, UserNetwork to) throws IOException {
        thread = on;
        network = to;
        if (channel instanceof ServerSocketChannel server) {
            on.register(server, SelectionKey.OP_ACCEPT, this);
        } else if (channel instanceof DatagramChannel datagrams) {
            on.register(datagrams, SelectionKey.OP_READ, this);
        }
    }

    @Override
    public void ready() {
        try {
            if (channel instanceof ServerSocketChannel server) {
                accept(server);
            } else if (channel instanceof DatagramChannel datagrams) {
                receive(datagrams);
            }
        } catch (IOException e) {
            // One peer's trouble; others come.
        }
    }

    private void accept(ServerSocketChannel server) throws IOException {
        for (int i = 0; i < ROUND; i++) {
            SocketChannel peer = server.accept();
            if (peer == null) {
                return;
            }
            SocketStream stream = SocketStream.accepted(thread, peer);
            stream.join(network.accept(stream, forward.guestPort()));
        }
    }

    private void receive(DatagramChannel datagrams) throws IOException {
        ByteBuffer buffer = thread.datagramBuffer();
        for (int i = 0; i < ROUND; i++) {
            buffer.clear();
            InetSocketAddress peer = (InetSocketAddress) datagrams.receive(buffer);
            if (peer == null) {
                return;
            }
            buffer.flip();
            byte[] payload = new byte[buffer.remaining()];
            buffer.get(payload);
            network.datagramFromHost(
                    peer.getPort(),
                    forward.guestPort(),
                    payload,
                    new HostSockets.Datagrams() {
                        @Override
                        public void send(byte[] answer) {
                            try {
                                datagrams.send(ByteBuffer.wrap(answer), peer);
                            } catch (IOException e) {
                                // A datagram lost.
                            }
                        }

                        @Override
                        public void close() {
                            // The socket is shared.
                        }
                    });
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
