package dev.arclet.launcher.net;

import dev.arclet.emulator.net.Cable;
import dev.arclet.emulator.net.FlowPolicy;
import dev.arclet.emulator.net.HostSockets;
import dev.arclet.emulator.net.HostStream;
import dev.arclet.emulator.net.UserNetwork;
import dev.arclet.launcher.LauncherException;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * The one thread that a guest's network runs on: a {@link UserNetwork} and the sockets that it
 * uses, all on one selector. Name lookups and echo requests, which block, have a few threads of
 * their own.
 */
public final class NetworkThread implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(NetworkThread.class.getName());
    private static final int BLOCKING_THREADS = 4;
    private static final int PING_MILLIS = 2_000;
    private static final long MAX_SELECT_MILLIS = 10_000;
    private static final long CLOSE_MILLIS = 2_000;
    private static final int LARGEST_DATAGRAM = 65_536;

    /** What is attached to a channel: told that the selector has found it ready. */
    interface Ready {
        void ready();
    }

    private final Selector selector;
    private final UserNetwork network;
    private final List<ForwardedPort> forwards = new ArrayList<>();
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final ByteBuffer datagrams = ByteBuffer.allocate(LARGEST_DATAGRAM);
    private final ThreadPoolExecutor blocking =
            new ThreadPoolExecutor(
                    BLOCKING_THREADS,
                    BLOCKING_THREADS,
                    10,
                    TimeUnit.SECONDS,
                    new LinkedBlockingQueue<>(),
                    Thread.ofPlatform().daemon().name("arclet-lookup").factory());
    private final AtomicBoolean woken = new AtomicBoolean();
    private final Thread thread;
    private volatile boolean closed;

    private NetworkThread(Cable cable, FlowPolicy policy) throws IOException {
        selector = Selector.open();
        network =
                new UserNetwork(cable, new Sockets(), policy, System::nanoTime, new SecureRandom());
        cable.plugNetwork(this::wake);
        blocking.allowCoreThreadTimeOut(true);
        thread = Thread.ofPlatform().daemon().name("arclet-net").unstarted(this::run);
    }

    /**
     * Starts a network at the far end of a cable.
     *
     * @param log told where the forwarded ports are
     * @throws LauncherException if a port of the host cannot be had
     */
    public static NetworkThread start(
            Cable cable, FlowPolicy policy, List<PortForward> ports, FlowLog log)
            throws LauncherException, IOException {
        NetworkThread made = new NetworkThread(cable, policy);
        try {
            for (PortForward port : ports) {
                ForwardedPort forwarded = ForwardedPort.open(port);
                made.forwards.add(forwarded);
                forwarded.start(made, made.network);
                log.note(forwarded.text());
            }
        } catch (LauncherException | IOException e) {
            made.release();
            throw e;
        }
        made.thread.start();
        return made;
    }

    /** The host's port of each forward, in their order. */
    public List<Integer> hostPorts() {
        return forwards.stream().map(ForwardedPort::hostPort).toList();
    }

    private void wake() {
        if (woken.compareAndSet(false, true)) {
            selector.wakeup();
        }
    }

    SelectionKey register(SelectableChannel channel, int operations, Ready whose)
            throws IOException {
        return channel.register(selector, operations, whose);
    }

    /** Has something done on the network's thread; any thread. */
    void later(Runnable task) {
        tasks.add(task);
        wake();
    }

    /** Shared by all who receive datagrams; the network's thread. */
    ByteBuffer datagramBuffer() {
        return datagrams;
    }

    private void run() {
        try {
            boolean more = false;
            while (!closed) {
                await(more);
                woken.set(false);
                for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
                    task.run();
                }
                for (SelectionKey key : selector.selectedKeys()) {
                    if (key.isValid()) {
                        ((Ready) key.attachment()).ready();
                    }
                }
                selector.selectedKeys().clear();
                more = network.work();
            }
            network.close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.ERROR, "the guest's network has ended: {0}", e);
        } finally {
            release();
        }
    }

    private void await(boolean more) throws IOException {
        if (more || !tasks.isEmpty()) {
            selector.selectNow();
            return;
        }
        long deadline = network.deadline();
        long millis = MAX_SELECT_MILLIS;
        if (deadline != Long.MAX_VALUE) {
            // Rounded up, or the last millisecond would be spent in a busy loop.
            long nanos = deadline - System.nanoTime();
            millis = Math.clamp(nanos / 1_000_000 + 1, 0, MAX_SELECT_MILLIS);
            if (nanos <= 0) {
                selector.selectNow();
                return;
            }
        }
        selector.select(millis);
    }

    private void release() {
        blocking.shutdownNow();
        for (SelectionKey key : selector.keys()) {
            closeQuietly(key.channel());
        }
        forwards.forEach(NetworkThread::closeQuietly);
        closeQuietly(selector);
    }

    private static void closeQuietly(java.io.Closeable what) {
        try {
            what.close();
        } catch (IOException e) {
            // Nothing is lost with it.
        }
    }

    /** Ends all connections and the thread. */
    @Override
    public void close() {
        closed = true;
        selector.wakeup();
        try {
            thread.join(CLOSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static InetAddress address(int ipv4) {
        byte[] bytes = ByteBuffer.allocate(4).putInt(ipv4).array();
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("four bytes are an address", e);
        }
    }

    /** The host for the {@link UserNetwork}. */
    private final class Sockets implements HostSockets {
        @Override
        public HostStream connect(int to, int port, HostStream.Events events) {
            try {
                return SocketStream.connect(
                        NetworkThread.this, new InetSocketAddress(address(to), port), events);
            } catch (IOException e) {
                later(events::failed);
                return NoStream.INSTANCE;
            }
        }

        @Override
        public Datagrams openDatagrams(
                int to, int port, Consumer<byte[]> received, Runnable unreachable) {
            try {
                return new SocketDatagrams(
                        NetworkThread.this,
                        new InetSocketAddress(address(to), port),
                        received,
                        unreachable);
            } catch (IOException e) {
                later(unreachable);
                return NoStream.INSTANCE;
            }
        }

        @Override
        public void resolve(String name, Lookup lookup) {
            blocking.execute(
                    () -> {
                        int result = FOUND;
                        int[] found = {};
                        try {
                            found =
                                    Arrays.stream(InetAddress.getAllByName(name))
                                            .filter(NetworkThread::tellable)
                                            .mapToInt(a -> ByteBuffer.wrap(a.getAddress()).getInt())
                                            .toArray();
                        } catch (UnknownHostException e) {
                            boolean temporary = String.valueOf(e.getMessage()).contains("emporary");
                            result = temporary ? FAILED : NO_SUCH_NAME;
                        }
                        int end = result;
                        int[] addresses = found;
                        later(() -> lookup.done(end, addresses));
                    });
        }

        @Override
        public void ping(int to, IntConsumer done) {
            blocking.execute(
                    () -> {
                        long start = System.nanoTime();
                        boolean there;
                        try {
                            there = address(to).isReachable(PING_MILLIS);
                        } catch (IOException e) {
                            there = false;
                        }
                        int millis = (int) ((System.nanoTime() - start) / 1_000_000);
                        int answer = there ? millis : -1;
                        later(() -> done.accept(answer));
                    });
        }
    }

    /** Addresses that mean the same to the guest as to the host. */
    private static boolean tellable(InetAddress address) {
        return address instanceof Inet4Address
                && !address.isLoopbackAddress()
                && !address.isAnyLocalAddress()
                && !address.isMulticastAddress();
    }

    /** Stands for a socket that the host does not give. */
    private enum NoStream implements HostStream, HostSockets.Datagrams {
        INSTANCE;

        @Override
        public int read(byte[] target, int from, int length) {
            return 0;
        }

        @Override
        public void wantRead(boolean wanted) {}

        @Override
        public int write(byte[] source, int from, int length) {
            return 0;
        }

        @Override
        public void shutdownOutput() {}

        @Override
        public void send(byte[] payload) {}

        @Override
        public void close() {}

        @Override
        public void abort() {}
    }
}
