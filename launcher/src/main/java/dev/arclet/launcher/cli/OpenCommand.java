package dev.arclet.launcher.cli;

import dev.arclet.format.SpecException;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.session.Browser;
import dev.arclet.launcher.session.ControlClient;
import dev.arclet.launcher.session.LauncherProcess;
import dev.arclet.launcher.store.ArcletHome;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Hands something to the launcher and opens the page for it. */
@Command(
        name = "open",
        mixinStandardHelpOptions = true,
        description = "Hands a link to the launcher and opens its consent page.",
        footer = {
            "",
            "Starts the launcher in the background if none runs. The printed address works once,",
            "within a minute.",
            "",
            "Exit status: 0 done; 2 not a link; 8 the launcher does not start; 9 no such machine."
        })
final class OpenCommand implements Callable<Integer> {
    @Parameters(
            paramLabel = "LINK",
            description =
                    "A link, an arclet: address, the folder of a published tree, or the id of a"
                            + " machine that runs.")
    private String what;

    @Option(names = "--no-browser", description = "Only print the address.")
    private boolean noBrowser;

    @Spec private CommandSpec spec;

    @Override
    public Integer call()
            throws IOException, LauncherException, SpecException, InterruptedException {
        open(what, !noBrowser, spec.commandLine().getOut());
        return ExitStatus.OK;
    }

    /** Opens the page for {@code what}, and prints its address. */
    static URI open(String what, boolean browser, PrintWriter out)
            throws IOException, LauncherException, SpecException, InterruptedException {
        ArcletHome home = ArcletHome.standard();
        LauncherProcess.ensure(home, Main.class.getName());
        URI page = new ControlClient(home).open(absolute(what));
        out.println(page);
        out.flush();
        if (browser) {
            Browser.open(page);
        }
        return page;
    }

    /** The launcher's working folder is another; a path must not depend on it. */
    private static String absolute(String what) {
        boolean path =
                !what.contains("://")
                        && !what.startsWith("arclet:")
                        && !what.matches("[0-9a-f]{8}");
        if (!path) {
            return what;
        }
        int hash = what.indexOf('#');
        String file = hash < 0 ? what : what.substring(0, hash);
        return Path.of(file).toAbsolutePath().normalize() + (hash < 0 ? "" : what.substring(hash));
    }
}
