package dev.arclet.server;

import dev.arclet.format.SpecException;
import dev.arclet.format.tree.Catalog;
import io.javalin.util.JavalinException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code arclet serve DIR}: serves a published tree until it is ended. */
@Command(
        name = "arclet serve",
        mixinStandardHelpOptions = true,
        description = {
            "Serves a published folder over HTTP, with a gallery page.",
            "Any static web server can serve the same folder; this one adds the gallery.",
            ""
        },
        footer = {
            "",
            "Exit status: 0 ended by a signal; 1 cannot listen; 2 bad usage or no such folder."
        })
public final class ServerMain implements Callable<Integer> {
    @Parameters(paramLabel = "DIR", description = "The published folder (see arclet publish).")
    private Path root;

    @Option(
            names = "--host",
            defaultValue = "127.0.0.1",
            description = "Address to listen on; default ${DEFAULT-VALUE}, this computer only.")
    private String host;

    @Option(
            names = "--port",
            defaultValue = "8460",
            description = "Port to listen on, 0 for a free one; default ${DEFAULT-VALUE}.")
    private int port;

    /** Runs the command. */
    public static void main(String[] args) {
        int status = new CommandLine(new ServerMain()).setUsageHelpAutoWidth(true).execute(args);
        if (status != 0) {
            System.exit(status);
        }
    }

    @Override
    public Integer call() throws IOException {
        if (!Files.isDirectory(root)) {
            return fail(
                    2,
                    "there is no such folder. Publish into it first: arclet publish OUT --to "
                            + root);
        }
        int count;
        try {
            count = Catalog.read(root).entries().size();
        } catch (SpecException e) {
            return fail(2, e.getMessage());
        }
        if (port < 0 || port > 65535) {
            return fail(2, "port " + port + " is not in 0..65535.");
        }
        ArcletServer server = new ArcletServer(root.toRealPath());
        try {
            int bound = server.start(host, port);
            System.out.printf(
                    "arclet: serving %d arclet%s at http://%s:%d/%n",
                    count,
                    count == 1 ? "" : "s",
                    host.contains(":") ? "[" + host + "]" : host,
                    bound);
            System.out.flush();
        } catch (JavalinException e) {
            return fail(
                    1,
                    "cannot listen on %s port %d: %s. Choose another with --port."
                            .formatted(host, port, e.getMessage()));
        }
        Runtime.getRuntime().addShutdownHook(new Thread(server::close, "arclet server shutdown"));
        return 0;
    }

    private int fail(int status, String why) {
        System.err.println("arclet: cannot serve " + root + ": " + why);
        return status;
    }
}
