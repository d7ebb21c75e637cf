package dev.arclet.launcher.net;

import dev.arclet.emulator.net.HostSockets;
import java.io.IOException;
import java.net.PortUnreachableException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.util.function.Consumer;

/** A UDP socket of the host that speaks with one far end; the network thread's. */
final class SocketDatagrams implements HostSockets.Datagrams, NetworkThread.Ready {
    /** Datagrams taken before others get their turn. */
    private static final int ROUND = 64;

    private final NetworkThread thread;
    private final DatagramChannel channel;
    private final Consumer<byte[]> received;
    private final Runnable unreachable;

    SocketDatagrams(
            NetworkThread thread, SocketAddress to, Consumer<byte[]> received, Runnable unreachable)
            throws IOException {
        this.thread = thread;
        this.received = received;
        this.unreachable = unreachable;
        channel = DatagramChannel.open();
        try {
            channel.configureBlocking(false);
            channel.connect(to);
            thread.register(channel, SelectionKey.OP_READ, this);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    @Override
    public void send(byte[] payload) {
        try {
            channel.write(ByteBuffer.wrap(payload)); // what the host does not take is lost
        } catch (IOException e) {
            failed(e);
        }
    }

    private void failed(IOException e) {
        if (e instanceof PortUnreachableException) {
            thread.later(unreachable);
        }
        // Anything else is a datagram lost.
    }

    @Override
    public void ready() {
        ByteBuffer buffer = thread.datagramBuffer();
        try {
            for (int i = 0; i < ROUND && channel.isOpen(); i++) {
                buffer.clear();
                if (channel.receive(buffer) == null) {
                    return;
                }
                buffer.flip();
                byte[] payload = new byte[buffer.remaining()];
                buffer.get(payload);
                received.accept(payload);
            }
        } catch (IOException e) {
            failed(e);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            // It is gone all the same.
        }
    }
}
