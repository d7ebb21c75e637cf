package dev.arclet.launcher.rfb;

import dev.arclet.emulator.display.Screen;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.Channel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Serves a screen to VNC viewers over plain TCP. There is no password, so it only ever listens on a
 * loopback address.
 */
public final class RfbTcpServer implements AutoCloseable {
    private static final int MAX_VIEWERS = 16;

    private final ServerSocketChannel listening;
    private final Screen screen;
    private final InputSink input;
    private final String name;
    private final Set<SocketChannel> viewers = ConcurrentHashMap.newKeySet();

    private RfbTcpServer(
            ServerSocketChannel listening, Screen screen, InputSink input, String name) {
        this.listening = listening;
        this.screen = screen;
        this.input = input;
        this.name = name;
    }

    /**
     * Listens and serves, on threads of its own, until closed.
     *
     * @param address a loopback address; port 0 takes a free one
     * @param name the title of viewers' windows
     * @throws IOException if the address cannot be listened on
     * @throws IllegalArgumentException if it is not a loopback address
     */
    public static RfbTcpServer listen(
            InetSocketAddress address, Screen screen, InputSink input, String name)
            throws IOException {
        InetAddress host = address.getAddress();
        if (host == null || !host.isLoopbackAddress()) {
            throw new IllegalArgumentException(
                    address + " is not a loopback address; viewers come without a password");
        }
        ServerSocketChannel channel = ServerSocketChannel.open();
        try {
            channel.bind(address, MAX_VIEWERS);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
        RfbTcpServer server = new RfbTcpServer(channel, screen, input, name);
        Thread thread = new Thread(server::accept, "rfb-accept");
        thread.setDaemon(true);
        thread.start();
        return server;
    }

    /** The port that is listened on. */
    public int port() {
        return listening.socket().getLocalPort();
    }

    private void accept() {
        while (listening.isOpen()) {
            try {
                SocketChannel viewer = listening.accept();
                if (viewers.size() >= MAX_VIEWERS) {
                    viewer.close();
                    continue;
                }
                viewer.setOption(StandardSocketOptions.TCP_NODELAY, true);
                viewers.add(viewer);
                Thread thread = new Thread(() -> serve(viewer), "rfb-receive");
                thread.setDaemon(true);
                thread.start();
            } catch (IOException e) {
                // Closed, or one viewer that went before it was accepted.
                if (!listening.isOpen()) {
                    return;
                }
            }
        }
    }

    private void serve(SocketChannel viewer) {
        RfbSession session = new RfbSession(new SocketTransport(viewer), screen, input, name);
        session.start();
        ByteBuffer buffer = ByteBuffer.allocate(4096);
        try (viewer) {
            while (viewer.read(buffer) >= 0) {
                buffer.flip();
                session.received(buffer);
                buffer.clear();
            }
        } catch (IOException e) {
            // A viewer that breaks off is one that has gone.
        } finally {
            viewers.remove(viewer);
            session.closed();
        }
    }

    /** Stops listening and disconnects the viewers. */
    @Override
    public void close() {
        closeQuietly(listening);
        viewers.forEach(RfbTcpServer::closeQuietly);
    }

    private static void closeQuietly(Channel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // Nothing is left to be saved.
        }
    }

    /**
     * A viewer's socket; sending blocks while the viewer does not read, which is the back-pressure.
     */
    private static final class SocketTransport implements Transport {
        private final SocketChannel socket;

        SocketTransport(SocketChannel socket) {
            this.socket = socket;
        }

        @Override
        public void send(ByteBuffer bytes) {
            try {
                while (bytes.hasRemaining()) {
                    socket.write(bytes);
                }
            } catch (IOException e) {
                close("the viewer has gone");
            }
        }

        @Override
        public long backlog() {
            return 0;
        }

        @Override
        public void close(String reason) {
            closeQuietly(socket);
        }
    }
}
