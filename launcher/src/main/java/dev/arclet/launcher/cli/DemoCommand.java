package dev.arclet.launcher.cli;

import dev.arclet.format.FormatException;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.demo.SampleSite;
import dev.arclet.launcher.demo.ServerProcess;
import dev.arclet.launcher.session.Browser;
import dev.arclet.launcher.session.LauncherProcess;
import dev.arclet.launcher.store.ArcletHome;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Builds, publishes and serves the samples, and prints the gallery link. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        description = {
            "Builds, publishes and serves the samples, and prints the gallery link.",
            "Starts the launcher, too. Runs until you end it with Ctrl-C; machines that run go on",
            "without it.",
            ""
        },
        footer = {
            "",
            "Exit status: 0 ended; 8 a sample could not be made, or the server does not start."
        })
final class DemoCommand implements Callable<Integer> {
    private static final int DEFAULT_PORT = 8460;

    @Option(names = "--no-browser", description = "Only print the gallery link.")
    private boolean noBrowser;

    @Option(
            names = "--port",
            paramLabel = "PORT",
            description = "Port of the gallery; default " + DEFAULT_PORT + ", or a free one.")
    private Integer port;

    @Spec private CommandSpec spec;

    @Override
    public Integer call()
            throws LauncherException, FormatException, IOException, InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        Path checkout = Path.of(System.getProperty("arclet.home", "")).toAbsolutePath();
        Path script = checkout.resolve("arclet");
        if (!Files.isExecutable(script) || !Files.isDirectory(checkout.resolve("samples"))) {
            throw new LauncherException(
                    LauncherException.Kind.HOST,
                    "run",
                    "the demo",
                    "there are no samples in " + checkout,
                    "Start it as ./arclet demo in a checkout");
        }
        Path state = checkout.resolve(".arclet").resolve("demo");
        Files.createDirectories(state);
        Path site = new SampleSite(checkout.resolve("samples"), state, out).update();
        LauncherProcess.ensure(ArcletHome.standard(), Main.class.getName());
        try (ServerProcess server = startServer(script, site, state.resolve("server.log"))) {
            out.println();
            out.println("Gallery: " + server.address());
            out.println();
            out.println(
                    "Choose a machine there. Where the button does nothing because the browser does"
                            + " not know arclet: links yet,");
            out.println("give the machine's link to: ./arclet open LINK");
            out.flush();
            if (!noBrowser) {
                Browser.open(server.address());
            }
            server.await();
        }
        return ExitStatus.OK;
    }

    private ServerProcess startServer(Path script, Path site, Path log)
            throws LauncherException, IOException {
        if (port != null) {
            return ServerProcess.start(script, site, port, log);
        }
        try {
            return ServerProcess.start(script, site, DEFAULT_PORT, log);
        } catch (LauncherException e) {
            // Most likely another demo runs.
            return ServerProcess.start(script, site, 0, log);
        }
    }
}
