package dev.arclet.launcher.session;

import dev.arclet.format.FormatException;
import dev.arclet.format.SpecException;
import dev.arclet.format.json.EnumText;
import dev.arclet.format.json.Fields;
import dev.arclet.format.json.StrictJson;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.LauncherException.Kind;
import dev.arclet.launcher.run.VmInstance;
import dev.arclet.launcher.run.VmRegistry;
import dev.arclet.launcher.store.ArcletHome;
import java.io.Closeable;
import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import jdk.net.ExtendedSocketOptions;
import jdk.net.UnixDomainPrincipal;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Answers the commands {@code open}, {@code ps}, {@code stop} and {@code logs} of the same user.
 * Any process that runs machines has one; only the launcher's own answers {@code open}.
 */
public final class ControlServer implements Closeable {
    private static final int MAX_AT_ONCE = 16;
    private static final int PATIENCE_SECONDS = 10;

    private final Path path;
    private final VmRegistry machines;
    private final Optional<LauncherService> service;
    private final ServerSocketChannel server;
    private final Semaphore slots = new Semaphore(MAX_AT_ONCE);
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("arclet-control-timer").factory());

    private ControlServer(Path path, VmRegistry machines, Optional<LauncherService> service)
            throws IOException {
        this.path = path;
        this.machines = machines;
        this.service = service;
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        Files.deleteIfExists(path);
        server.bind(UnixDomainSocketAddress.of(path), 16);
        Thread.ofPlatform().daemon().name("arclet-control").start(this::accept);
    }

    /** The server of the launcher that serves pages. The caller holds the launcher's lock. */
    public static ControlServer ofLauncher(ArcletHome home, LauncherService service)
            throws IOException, LauncherException {
        return new ControlServer(
                ControlProtocol.socket(home, ControlProtocol.LAUNCHER),
                service.runner().registry(),
                Optional.of(service));
    }

    /** The server of a process that runs machines of its own, beside the launcher. */
    public static ControlServer ofRun(ArcletHome home, VmRegistry machines)
            throws IOException, LauncherException {
        return new ControlServer(
                ControlProtocol.socket(home, "run-" + ProcessHandle.current().pid() + ".sock"),
                machines,
                Optional.empty());
    }

    private void accept() {
        while (server.isOpen()) {
            try {
                SocketChannel client = server.accept();
                if (!slots.tryAcquire()) {
                    client.close();
                    continue;
                }
                Thread.ofPlatform()
                        .daemon()
                        .name("arclet-control-client")
                        .start(() -> serve(client));
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                log(e);
                return;
            }
        }
    }

    private void serve(SocketChannel client) {
        ScheduledFuture<?> deadline;
        try {
            deadline = timer.schedule(() -> close(client), PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (RejectedExecutionException e) {
            close(client); // the launcher is ending
            slots.release();
            return;
        }
        try (client) {
            if (!sameUser(client)) {
                return;
            }
            ObjectNode answer;
            try {
                answer = answer(ControlProtocol.readLine(client));
            } catch (LauncherException e) {
                answer = failure(e.kind(), e.getMessage());
            } catch (FormatException e) {
                answer =
                        failure(
                                e instanceof SpecException ? Kind.USAGE : Kind.REFUSED,
                                e.getMessage());
            }
            ControlProtocol.writeLine(client, StrictJson.write(answer));
        } catch (IOException e) {
            log(e);
        } finally {
            deadline.cancel(false);
            slots.release();
        }
    }

    private static void close(SocketChannel client) {
        try {
            client.close();
        } catch (IOException e) {
            log(e);
        }
    }

    /**
     * The folder keeps others out already; where the system tells who connects, look nevertheless.
     */
    private boolean sameUser(SocketChannel client) throws IOException {
        if (!client.supportedOptions().contains(ExtendedSocketOptions.SO_PEERCRED)) {
            return true;
        }
        UnixDomainPrincipal peer = client.getOption(ExtendedSocketOptions.SO_PEERCRED);
        return peer.user().getName().equals(System.getProperty("user.name"))
                || peer.user().equals(Files.getOwner(path));
    }

    private static ObjectNode failure(Kind kind, String message) {
        return StrictJson.object().put("error", message).put("kind", EnumText.of(kind));
    }

    private ObjectNode answer(byte[] line) throws LauncherException, FormatException, IOException {
        Fields f =
                Fields.of(
                        StrictJson.parse(line, "the command", ControlProtocol.MAX_LINE),
                        "the command");
        switch (f.string("op")) {
            case "open" -> {
                String what = f.string("what");
                LauncherService launcher =
                        service.orElseThrow(
                                () ->
                                        new LauncherException(
                                                Kind.USAGE,
                                                "open",
                                                what,
                                                "this process serves no pages",
                                                "Start a launcher"));
                return StrictJson.object().put("url", launcher.open(what).toString());
            }
            case "ps" -> {
                ObjectNode o = StrictJson.object();
                ArrayNode list = o.putArray("machines");
                for (VmInstance vm : machines.list()) {
                    describe(list.addObject(), vm);
                }
                return o;
            }
            case "stop" -> {
                VmInstance vm = machine(f.string("id"));
                vm.stop();
                return StrictJson.object().put("stopped", vm.id());
            }
            default -> throw f.problem("op", "is unknown");
        }
    }

    private VmInstance machine(String id) throws LauncherException {
        return machines.find(id)
                .orElseThrow(
                        () ->
                                new LauncherException(
                                        Kind.NOT_FOUND,
                                        "find",
                                        "machine " + id,
                                        "there is none with this id",
                                        "\"arclet ps\" lists the machines that run"));
    }

    private static void describe(ObjectNode o, VmInstance vm) {
        VmInstance.Status status = vm.status();
        o.put("id", vm.id());
        o.put("name", vm.about().name());
        o.put("version", vm.about().version());
        o.put("title", vm.about().title());
        o.put("state", EnumText.of(status.state()));
        o.put("fetched", status.fetched());
        o.put("toFetch", status.toFetch());
        o.put("message", status.message());
        o.put("memory", vm.about().memory());
        o.put("since", vm.since().toString());
        o.put("link", vm.link());
        o.put("log", vm.logFile().toString());
        o.put("pid", ProcessHandle.current().pid());
    }

    private static void log(IOException e) {
        System.getLogger(ControlServer.class.getName())
                .log(System.Logger.Level.DEBUG, "control socket", e);
    }

    @Override
    public void close() throws IOException {
        try (server) {
            Files.deleteIfExists(path);
        } finally {
            timer.shutdownNow();
        }
    }

    /** Whether somebody answers at a socket; the file alone may be what a killed process left. */
    static boolean isAlive(Path socket) throws IOException {
        if (!Files.exists(socket)) {
            return false;
        }
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            return channel.isConnected();
        } catch (ConnectException e) {
            return false;
        }
    }
}
