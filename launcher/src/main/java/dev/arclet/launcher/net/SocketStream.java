package dev.arclet.launcher.net;

import dev.arclet.emulator.net.HostStream;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;

/** A TCP socket of the host as one end of a guest's connection; the network thread's. */
final class SocketStream implements HostStream, NetworkThread.Ready {
    private final NetworkThread thread;
    private final SocketChannel channel;
    private SelectionKey key;
    private Events events;
    private boolean over;

    private SocketStream(NetworkThread thread, SocketChannel channel) {
        this.thread = thread;
        this.channel = channel;
    }

    /** Starts to connect. */
    static SocketStream connect(NetworkThread thread, SocketAddress to, Events events)
            throws IOException {
        SocketChannel channel = SocketChannel.open();
        SocketStream stream = new SocketStream(thread, channel);
        stream.events = events;
        try {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            stream.key = thread.register(channel, SelectionKey.OP_CONNECT, stream);
            if (channel.connect(to)) {
                stream.key.interestOps(0);
                thread.later(stream::told);
            }
        } catch (IOException e) {
            channel.close();
            throw e;
        }
        return stream;
    }

    /** Takes over an accepted connection; {@link #join} says whose it is. */
    static SocketStream accepted(NetworkThread thread, SocketChannel channel) throws IOException {
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        SocketStream stream = new SocketStream(thread, channel);
        stream.key = thread.register(channel, 0, stream);
        return stream;
    }

    void join(Events listener) {
        events = listener;
    }

    private void told() {
        if (!over) {
            events.connected();
        }
    }

    @Override
    public void ready() {
        int ops = key.readyOps();
        if ((ops & SelectionKey.OP_CONNECT) != 0) {
            try {
                channel.finishConnect();
                key.interestOps(0);
                events.connected();
            } catch (IOException e) {
                broken();
            }
            return;
        }
        if ((ops & SelectionKey.OP_WRITE) != 0) {
            key.interestOpsAnd(~SelectionKey.OP_WRITE);
            events.writable();
        }
        if (!over && (ops & SelectionKey.OP_READ) != 0) {
            events.readable();
        }
    }

    /** The connection does not exist any more: tell so, but not from within a call. */
    private void broken() {
        if (!over) {
            over = true;
            closeChannel();
            thread.later(events::failed);
        }
    }

    private void closeChannel() {
        try {
            channel.close();
        } catch (IOException e) {
            // It is gone all the same.
        }
    }

    @Override
    public int read(byte[] target, int from, int length) {
        if (over) {
            return 0;
        }
        try {
            return channel.read(ByteBuffer.wrap(target, from, length));
        } catch (IOException e) {
            broken();
            return 0;
        }
    }

    @Override
    public void wantRead(boolean wanted) {
        if (!over) {
            if (wanted) {
                key.interestOpsOr(SelectionKey.OP_READ);
            } else {
                key.interestOpsAnd(~SelectionKey.OP_READ);
            }
        }
    }

    @Override
    public int write(byte[] source, int from, int length) {
        if (over) {
            return 0;
        }
        try {
            int n = channel.write(ByteBuffer.wrap(source, from, length));
            if (n < length) {
                key.interestOpsOr(SelectionKey.OP_WRITE);
            }
            return n;
        } catch (IOException e) {
            broken();
            return 0;
        }
    }

    @Override
    public void shutdownOutput() {
        if (!over) {
            try {
                channel.shutdownOutput();
            } catch (IOException e) {
                broken();
            }
        }
    }

    @Override
    public void close() {
        if (!over) {
            over = true;
            closeChannel();
        }
    }

    @Override
    public void abort() {
        if (!over) {
            over = true;
            try {
                channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            } catch (IOException e) {
                // Then it ends without a reset.
            }
            closeChannel();
        }
    }
}
