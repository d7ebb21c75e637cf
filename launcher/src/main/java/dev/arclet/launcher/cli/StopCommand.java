package dev.arclet.launcher.cli;

import dev.arclet.launcher.LauncherException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Stops a machine. */
@Command(name = "stop", mixinStandardHelpOptions = true, description = "Stops a machine.")
final class StopCommand implements Callable<Integer> {
    @Override
    public Integer call() throws LauncherException {
        throw new LauncherException(
                LauncherException.Kind.USAGE,
                "run",
                "\"arclet stop\"",
                "this build does not have it yet",
                "Use a later build");
    }
}
