package dev.arclet.launcher.demo;

import dev.arclet.launcher.LauncherException;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A server started as a process of its own, as a host would run it: the launcher has no part of it.
 * It ends with this object, and with this process.
 */
public final class ServerProcess implements AutoCloseable {
    private static final Pattern ADDRESS = Pattern.compile("serving .* at (http://\\S+)");

    private final Process process;
    private final URI address;

    private ServerProcess(Process process, URI address) {
        this.process = process;
        this.address = address;
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroy, "arclet server end"));
    }

    /**
     * Starts {@code arclet serve} and waits until it listens.
     *
     * @param script the start script
     * @param site the published folder
     * @param port port, or 0 for a free one
     * @param log where the server's messages go
     */
    public static ServerProcess start(Path script, Path site, int port, Path log)
            throws LauncherException, IOException {
        Process process =
                new ProcessBuilder(
                                script.toString(),
                                "serve",
                                site.toString(),
                                "--port",
                                Integer.toString(port))
                        .redirectError(log.toFile())
                        .start();
        process.getOutputStream().close();
        List<String> printed = new ArrayList<>();
        BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            Matcher matcher = ADDRESS.matcher(line);
            if (matcher.find()) {
                return new ServerProcess(process, URI.create(matcher.group(1)));
            }
            printed.add(line);
        }
        printed.addAll(Files.readAllLines(log));
        throw new LauncherException(
                LauncherException.Kind.HOST,
                "start",
                "the demo's server",
                printed.isEmpty() ? "it ended at once" : printed.getLast(),
                "See " + log);
    }

    /** Where the gallery is. */
    public URI address() {
        return address;
    }

    /** Waits until the server ends. */
    public void await() throws InterruptedException {
        process.waitFor();
    }

    @Override
    public void close() {
        process.destroy();
    }
}
