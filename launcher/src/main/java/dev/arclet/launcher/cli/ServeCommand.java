package dev.arclet.launcher.cli;

import dev.arclet.launcher.LauncherException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Serves a published tree and its gallery. */
@Command(
        name = "serve",
        mixinStandardHelpOptions = true,
        description = "Serves a published tree and its gallery.")
final class ServeCommand implements Callable<Integer> {
    @Override
    public Integer call() throws LauncherException {
        throw new LauncherException(
                LauncherException.Kind.USAGE,
                "run",
                "\"arclet serve\"",
                "this build does not have it yet",
                "Use a later build");
    }
}
