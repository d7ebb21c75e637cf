package dev.arclet.launcher.cli;

import dev.arclet.launcher.LauncherException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Listed here for the help; the start script runs the server's own main class for it. */
@Command(
        name = "serve",
        description = "Serves a published tree and its gallery.",
        footer = {"", "\"arclet serve --help\" tells more."})
final class ServeCommand implements Callable<Integer> {
    @Parameters(hidden = true)
    private List<String> ignored = List.of();

    @Override
    public Integer call() throws LauncherException {
        throw new LauncherException(
                LauncherException.Kind.USAGE,
                "serve",
                "from this program",
                "the server is a program of its own",
                "Use the start script: arclet serve DIR");
    }
}
