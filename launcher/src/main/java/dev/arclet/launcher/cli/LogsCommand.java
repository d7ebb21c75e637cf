package dev.arclet.launcher.cli;

import dev.arclet.launcher.LauncherException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Prints the serial output of a machine. */
@Command(
        name = "logs",
        mixinStandardHelpOptions = true,
        description = "Prints the serial output of a machine.")
final class LogsCommand implements Callable<Integer> {
    @Override
    public Integer call() throws LauncherException {
        throw new LauncherException(
                LauncherException.Kind.USAGE,
                "run",
                "\"arclet logs\"",
                "this build does not have it yet",
                "Use a later build");
    }
}
