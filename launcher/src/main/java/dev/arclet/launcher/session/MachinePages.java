package dev.arclet.launcher.session;

import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.LauncherException.Kind;
import dev.arclet.launcher.run.VmRegistry;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/** The pages of a registry's machines and the WebSockets behind them, on ports of 127.0.0.1. */
public final class MachinePages implements Closeable {
    private final VmRegistry machines;
    private final Sessions sessions;
    private final LaunchServer pages;
    private final ViewSockets sockets;

    /**
     * Binds its ports and serves.
     *
     * @throws IOException if there is no port for it
     */
    public MachinePages(VmRegistry machines, Clock clock) throws IOException {
        this(machines, clock, id -> Optional.empty());
    }

    /**
     * @param launches finds links that wait for consent, by id
     */
    MachinePages(VmRegistry machines, Clock clock, Function<String, Optional<Launch>> launches)
            throws IOException {
        this.machines = machines;
        sessions = new Sessions(clock);
        pages = new LaunchServer(sessions, launches, machines);
        sockets = new ViewSockets(sessions, machines, pages.origin());
        try {
            pages.start(sockets.startAndWait());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while starting", e);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("no port for WebSockets on 127.0.0.1", e);
        }
    }

    /**
     * The address that lets a browser see a machine. It works once, within a minute.
     *
     * @param id of a machine of the registry
     * @throws LauncherException if there is no such machine
     */
    public URI open(String id) throws LauncherException {
        if (machines.find(id).isEmpty()) {
            throw new LauncherException(
                    Kind.NOT_FOUND,
                    "open",
                    "machine " + id,
                    "there is none with this id",
                    "\"arclet ps\" lists the machines that run");
        }
        return open(new Sessions.MachineTarget(id));
    }

    URI open(Sessions.Target target) {
        return pages.oneTimeAddress(target);
    }

    @Override
    public void close() {
        pages.close();
        try {
            sockets.shutDown();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
