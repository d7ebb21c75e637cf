package dev.arclet.launcher.cli;

import dev.arclet.launcher.LauncherException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Runs the launcher in the foreground (other commands start it by themselves). */
@Command(
        name = "launcher",
        mixinStandardHelpOptions = true,
        hidden = true,
        description =
                "Runs the launcher in the foreground (other commands start it by themselves).")
final class LauncherCommand implements Callable<Integer> {
    @Override
    public Integer call() throws LauncherException {
        throw new LauncherException(
                LauncherException.Kind.USAGE,
                "run",
                "\"arclet launcher\"",
                "this build does not have it yet",
                "Use a later build");
    }
}
