package dev.arclet.launcher.session;

import dev.arclet.format.SpecException;
import dev.arclet.format.json.EnumText;
import dev.arclet.format.json.Fields;
import dev.arclet.format.json.StrictJson;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.LauncherException.Kind;
import dev.arclet.launcher.store.ArcletHome;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.node.ObjectNode;

/** Talks to the launcher, and to other processes of this user that run machines. */
public final class ControlClient {
    private static final int MAX_MACHINES = 1024;
    private static final Pattern RUN_SOCKET = Pattern.compile("run-([0-9]{1,10})\\.sock");

    private final ArcletHome home;

    public ControlClient(ArcletHome home) {
        this.home = home;
    }

    /**
     * One machine as {@code ps} shows it.
     *
     * @param memory bytes
     * @param since when it was started, ISO 8601
     * @param log file with its serial output
     */
    public record Machine(
            String id,
            String name,
            String version,
            String title,
            String state,
            long fetched,
            long toFetch,
            String message,
            long memory,
            String since,
            String link,
            Path log,
            long pid) {}

    /** Whether a launcher answers. */
    public boolean launcherRuns() throws IOException, LauncherException {
        return ControlServer.isAlive(ControlProtocol.socket(home, ControlProtocol.LAUNCHER));
    }

    /** Hands a link (or path, or id of a machine) to the launcher. */
    public URI open(String what) throws IOException, LauncherException, SpecException {
        Fields answer =
                call(
                        ControlProtocol.socket(home, ControlProtocol.LAUNCHER),
                        StrictJson.object().put("op", "open").put("what", what));
        return URI.create(answer.string("url"));
    }

    /** All machines of this user, oldest first. */
    public List<Machine> machines() throws IOException, LauncherException, SpecException {
        List<Machine> out = new ArrayList<>();
        for (Path socket : sockets()) {
            for (Fields m :
                    call(socket, StrictJson.object().put("op", "ps"))
                            .objects("machines", MAX_MACHINES)) {
                out.add(
                        new Machine(
                                m.string("id"),
                                m.string("name"),
                                m.string("version"),
                                m.string("title"),
                                m.string("state"),
                                m.integer("fetched"),
                                m.integer("toFetch"),
                                m.string("message"),
                                m.integer("memory"),
                                m.string("since"),
                                m.string("link"),
                                Path.of(m.string("log")),
                                m.integer("pid")));
            }
        }
        out.sort(Comparator.comparing(Machine::since));
        return out;
    }

    /** Stops a machine, in whichever process it runs. */
    public void stop(String id) throws IOException, LauncherException, SpecException {
        for (Path socket : sockets()) {
            try {
                call(socket, StrictJson.object().put("op", "stop").put("id", id));
                return;
            } catch (LauncherException e) {
                if (e.kind() != Kind.NOT_FOUND) {
                    throw e;
                }
            }
        }
        throw new LauncherException(
                Kind.NOT_FOUND,
                "stop",
                "machine " + id,
                "there is none with this id",
                "\"arclet ps\" lists the machines that run");
    }

    private List<Path> sockets() throws IOException {
        List<Path> out = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(home.run(), "*.sock")) {
            for (Path socket : files) {
                if (ControlServer.isAlive(socket)) {
                    out.add(socket);
                } else if (ownerIsGone(socket)) {
                    Files.deleteIfExists(socket);
                }
            }
        }
        return out;
    }

    private static boolean ownerIsGone(Path socket) {
        Matcher name = RUN_SOCKET.matcher(socket.getFileName().toString());
        return name.matches() && ProcessHandle.of(Long.parseLong(name.group(1))).isEmpty();
    }

    private static Fields call(Path socket, ObjectNode request)
            throws IOException, LauncherException, SpecException {
        byte[] line;
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            ControlProtocol.writeLine(channel, StrictJson.write(request));
            line = ControlProtocol.readLine(channel);
        } catch (ConnectException e) {
            throw new LauncherException(
                    Kind.NOT_FOUND,
                    "reach",
                    "the launcher",
                    "nobody answers at " + socket,
                    "Start it with \"arclet open LINK\"",
                    e);
        }
        Fields answer =
                Fields.of(StrictJson.parse(line, "the launcher's answer"), "the launcher's answer");
        if (answer.has("error")) {
            throw LauncherException.relayed(
                    EnumText.parse(Kind.class, answer.string("kind")).orElse(Kind.USAGE),
                    answer.string("error"));
        }
        return answer;
    }
}
