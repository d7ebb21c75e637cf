package dev.arclet.launcher.session;

import dev.arclet.launcher.run.VmInstance;
import dev.arclet.launcher.run.VmRegistry;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.java_websocket.WebSocket;
import org.java_websocket.WebSocketAdapter;
import org.java_websocket.WebSocketImpl;
import org.java_websocket.WebSocketListener;
import org.java_websocket.drafts.Draft;
import org.java_websocket.drafts.Draft_6455;
import org.java_websocket.enums.ReadyState;
import org.java_websocket.exceptions.InvalidDataException;
import org.java_websocket.framing.CloseFrame;
import org.java_websocket.handshake.ClientHandshake;
import org.java_websocket.handshake.ServerHandshakeBuilder;
import org.java_websocket.protocols.Protocol;
import org.java_websocket.server.DefaultWebSocketServerFactory;
import org.java_websocket.server.WebSocketServer;

/**
 * The WebSockets (RFC 6455) of machine pages, on a port of their own on 127.0.0.1. A connection
 * needs the exact Host, Origin, path and subprotocol and the session's cookie to open, and a
 * one-use ticket as its first message to mean anything.
 */
final class ViewSockets extends WebSocketServer {
    /** Largest message from a page, in bytes. */
    static final int MAX_MESSAGE = 1 << 20;

    private static final int MAX_CONNECTIONS = 64;
    private static final int MAX_HANDSHAKE_BYTES = 16 << 10;
    private static final long PATIENCE_MILLIS = 5_000;
    private static final Pattern PATH = Pattern.compile("/v/([0-9a-f]{8})/(display|side)");

    private final Sessions sessions;
    private final VmRegistry machines;
    private final String pageOrigin;
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private final CompletableFuture<Integer> started = new CompletableFuture<>();
    // A page that arrives while the launcher ends has its tasks dropped, which is no error.
    private final ScheduledExecutorService timer =
            new ScheduledThreadPoolExecutor(
                    1,
                    Thread.ofPlatform().daemon().name("arclet-view-timer").factory(),
                    new ThreadPoolExecutor.DiscardPolicy());

    ViewSockets(Sessions sessions, VmRegistry machines, String pageOrigin)
            throws UnknownHostException {
        super(
                new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0),
                2,
                List.of(
                        new Draft_6455(
                                List.of(),
                                List.of(
                                        new Protocol(Sessions.Channel.DISPLAY.subprotocol()),
                                        new Protocol(Sessions.Channel.SIDE.subprotocol())),
                                MAX_MESSAGE)));
        this.sessions = sessions;
        this.machines = machines;
        this.pageOrigin = pageOrigin;
        setTcpNoDelay(true);
        setDaemon(true);
        setConnectionLostTimeout(30);
        setWebSocketFactory(
                new DefaultWebSocketServerFactory() {
                    @Override
                    public WebSocketImpl createWebSocket(WebSocketAdapter a, List<Draft> drafts) {
                        return track(new Connection(a, drafts));
                    }

                    @Override
                    public SocketChannel wrapChannel(SocketChannel channel, SelectionKey key) {
                        return channel;
                    }
                });
    }

    /** A connection that is closed when it sends too much before it is open. */
    private static final class Connection extends WebSocketImpl {
        private final long since = System.nanoTime();
        private int before;

        Connection(WebSocketListener listener, List<Draft> drafts) {
            super(listener, drafts);
        }

        @Override
        public void decode(ByteBuffer bytes) {
            if (getReadyState() == ReadyState.NOT_YET_CONNECTED) {
                before += bytes.remaining();
                if (before > MAX_HANDSHAKE_BYTES) {
                    closeConnection(CloseFrame.TOOBIG, "handshake too large");
                    return;
                }
            }
            super.decode(bytes);
        }

        boolean isLate() {
            boolean pending =
                    getReadyState() == ReadyState.NOT_YET_CONNECTED
                            || (isOpen()
                                    && getAttachment() instanceof Viewer viewer
                                    && !viewer.admitted());
            return pending && System.nanoTime() - since > PATIENCE_MILLIS * 1_000_000;
        }
    }

    private Connection track(Connection c) {
        connections.removeIf(WebSocketImpl::isClosed);
        connections.add(c);
        return c;
    }

    @Override
    protected boolean onConnect(SelectionKey key) {
        connections.removeIf(WebSocketImpl::isClosed);
        return connections.size() < MAX_CONNECTIONS;
    }

    /** Starts serving and returns the port. */
    int startAndWait() throws InterruptedException, ExecutionException, TimeoutException {
        var unused = timer.scheduleAtFixedRate(this::dropLate, 1, 1, TimeUnit.SECONDS);
        start();
        return started.get(10, TimeUnit.SECONDS);
    }

    private void dropLate() {
        connections.removeIf(WebSocketImpl::isClosed);
        for (Connection c : connections) {
            if (c.isLate()) {
                c.closeConnection(CloseFrame.POLICY_VALIDATION, "too slow");
            }
        }
    }

    @Override
    public void onStart() {
        started.complete(getPort());
    }

    /** Decides on headers alone. Failing here answers like any unknown path: 404. */
    @Override
    public ServerHandshakeBuilder onWebsocketHandshakeReceivedAsServer(
            WebSocket socket, Draft draft, ClientHandshake request) throws InvalidDataException {
        Matcher path = PATH.matcher(request.getResourceDescriptor());
        Optional<BrowserSession> session =
                sessions.find(
                        request.hasFieldValue("Cookie")
                                ? List.of(request.getFieldValue("Cookie"))
                                : List.of());
        boolean good =
                request.getFieldValue("Host").equals("127.0.0.1:" + getPort())
                        && request.getFieldValue("Origin").equals(pageOrigin)
                        && path.matches()
                        && request.getFieldValue("Sec-WebSocket-Protocol")
                                .equals(channel(path).subprotocol())
                        && session.isPresent()
                        && session.get().hasMachine(path.group(1));
        if (!good) {
            throw new InvalidDataException(CloseFrame.REFUSE, "Not found");
        }
        socket.setAttachment(new Viewer(socket, session.get(), path.group(1), channel(path), this));
        return super.onWebsocketHandshakeReceivedAsServer(socket, draft, request);
    }

    private static Sessions.Channel channel(Matcher path) {
        return Sessions.Channel.valueOf(path.group(2).toUpperCase(Locale.ROOT));
    }

    Optional<Sessions.Ticket> redeem(String ticket) {
        return sessions.redeemTicket(ticket);
    }

    Optional<VmInstance> machine(String id) {
        return machines.find(id);
    }

    ScheduledExecutorService timer() {
        return timer;
    }

    @Override
    public void onOpen(WebSocket socket, ClientHandshake request) {
        // Nothing is sent before the ticket.
    }

    @Override
    public void onMessage(WebSocket socket, String message) {
        Viewer viewer = socket.getAttachment();
        viewer.text(message);
    }

    @Override
    public void onMessage(WebSocket socket, ByteBuffer message) {
        Viewer viewer = socket.getAttachment();
        viewer.binary(message);
    }

    @Override
    public void onClose(WebSocket socket, int code, String reason, boolean remote) {
        if (socket.getAttachment() instanceof Viewer viewer) {
            viewer.closed();
        }
    }

    @Override
    public void onError(WebSocket socket, Exception e) {
        if (socket == null) {
            started.completeExceptionally(e);
        }
        System.getLogger(ViewSockets.class.getName())
                .log(System.Logger.Level.DEBUG, "view socket failed", e);
    }

    /** Ends all connections. */
    void shutDown() throws InterruptedException {
        stop(500);
        timer.shutdownNow();
    }
}
