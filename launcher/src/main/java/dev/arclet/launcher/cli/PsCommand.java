package dev.arclet.launcher.cli;

import dev.arclet.launcher.LauncherException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Lists the machines that run. */
@Command(name = "ps", mixinStandardHelpOptions = true, description = "Lists the machines that run.")
final class PsCommand implements Callable<Integer> {
    @Override
    public Integer call() throws LauncherException {
        throw new LauncherException(
                LauncherException.Kind.USAGE,
                "run",
                "\"arclet ps\"",
                "this build does not have it yet",
                "Use a later build");
    }
}
