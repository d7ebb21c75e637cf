package dev.arclet.launcher.cli;

import dev.arclet.launcher.LauncherException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Tools for the developers of Arclet. */
@Command(
        name = "dev",
        mixinStandardHelpOptions = true,
        hidden = true,
        description = "Tools for the developers of Arclet.")
final class DevCommand implements Callable<Integer> {
    @Override
    public Integer call() throws LauncherException {
        throw new LauncherException(
                LauncherException.Kind.USAGE,
                "run",
                "\"arclet dev\"",
                "this build does not have it yet",
                "Use a later build");
    }
}
