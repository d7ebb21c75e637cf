package dev.arclet.launcher.session;

import dev.arclet.launcher.run.Guest;
import dev.arclet.launcher.run.VmInstance;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.java_websocket.WebSocket;
import org.java_websocket.WebSocketImpl;
import org.java_websocket.exceptions.WebsocketNotConnectedException;
import org.java_websocket.framing.CloseFrame;

/** One WebSocket of a page: waits for its ticket, then passes messages to its channel. */
final class Viewer {
    /** What a connection that lets its data pile up may hold before it is closed. */
    private static final long MAX_BACKLOG = 32L << 20;

    /** A channel that has been opened by a ticket. */
    interface Channel {
        void text(String message);

        void binary(ByteBuffer message);

        void closed();
    }

    private final WebSocket socket;
    private final BrowserSession session;
    private final String vm;
    private final Sessions.Channel kind;
    private final ViewSockets server;
    private final RateLimit messages = new RateLimit(2_000, 10_000, System::nanoTime);
    private final RateLimit bytes = new RateLimit(4 << 20, 16 << 20, System::nanoTime);
    private volatile Channel channel;
    private boolean closed;

    Viewer(
            WebSocket socket,
            BrowserSession session,
            String vm,
            Sessions.Channel kind,
            ViewSockets server) {
        this.socket = socket;
        this.session = session;
        this.vm = vm;
        this.kind = kind;
        this.server = server;
    }

    /** Whether the ticket has come. */
    boolean admitted() {
        return channel != null;
    }

    void text(String message) {
        if (!within(message.length())) {
            return;
        }
        Channel open = channel;
        if (open != null) {
            open.text(message);
            return;
        }
        Optional<Sessions.Ticket> ticket = server.redeem(message);
        boolean good =
                ticket.isPresent()
                        && ticket.get().session() == session
                        && ticket.get().vm().equals(vm)
                        && ticket.get().channel() == kind;
        Optional<VmInstance> machine = good ? server.machine(vm) : Optional.empty();
        if (machine.isEmpty()) {
            socket.close(CloseFrame.POLICY_VALIDATION, "refused");
            return;
        }
        open(machine.get());
    }

    private void open(VmInstance machine) {
        Channel opened;
        switch (kind) {
            case SIDE -> opened = new SideChannel(this, machine, server.timer());
            case DISPLAY -> {
                Optional<Guest> guest = machine.guest();
                if (guest.isEmpty()) {
                    socket.close(CloseFrame.TRY_AGAIN_LATER, "the machine does not run yet");
                    return;
                }
                opened = new DisplayChannel(this, guest.get());
            }
            default -> throw new IllegalStateException(kind.name());
        }
        synchronized (this) {
            channel = opened;
            if (!closed) {
                return;
            }
        }
        opened.closed();
    }

    void binary(ByteBuffer message) {
        if (!within(message.remaining())) {
            return;
        }
        Channel open = channel;
        if (open == null) {
            refuse("ticket expected");
        } else {
            open.binary(message);
        }
    }

    private boolean within(int size) {
        if (messages.allows(1) && bytes.allows(size)) {
            return true;
        }
        refuse("too fast");
        return false;
    }

    void refuse(String reason) {
        socket.close(CloseFrame.POLICY_VALIDATION, reason);
    }

    void closed() {
        Channel open;
        synchronized (this) {
            closed = true;
            open = channel;
        }
        if (open != null) {
            open.closed();
        }
    }

    /** Queues a message; a page that does not read is disconnected rather than waited for. */
    void send(ByteBuffer message) {
        try {
            if (backlog() > MAX_BACKLOG) {
                socket.closeConnection(CloseFrame.POLICY_VALIDATION, "too slow");
            } else {
                socket.send(message);
            }
        } catch (WebsocketNotConnectedException e) {
            // It has just gone; closed() follows.
        }
    }

    void send(String message) {
        try {
            if (backlog() > MAX_BACKLOG) {
                socket.closeConnection(CloseFrame.POLICY_VALIDATION, "too slow");
            } else {
                socket.send(message);
            }
        } catch (WebsocketNotConnectedException e) {
            // It has just gone; closed() follows.
        }
    }

    /** Bytes queued and not yet taken by the system. */
    long backlog() {
        long sum = 0;
        for (ByteBuffer queued : ((WebSocketImpl) socket).outQueue) {
            sum += queued.remaining();
        }
        return sum;
    }

    void close(String reason) {
        socket.close(CloseFrame.NORMAL, reason);
    }
}
