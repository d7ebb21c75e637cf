package dev.arclet.launcher.cli;

import dev.arclet.launcher.LauncherException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Tells what is behind a link, without running it. */
@Command(
        name = "inspect",
        mixinStandardHelpOptions = true,
        description = "Tells what is behind a link, without running it.")
final class InspectCommand implements Callable<Integer> {
    @Override
    public Integer call() throws LauncherException {
        throw new LauncherException(
                LauncherException.Kind.USAGE,
                "run",
                "\"arclet inspect\"",
                "this build does not have it yet",
                "Use a later build");
    }
}
