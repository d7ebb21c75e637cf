package dev.arclet.launcher.cli;

import dev.arclet.launcher.LauncherException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Runs the machine behind a link or in a published folder. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        description = "Runs the machine behind a link or in a published folder.")
final class RunCommand implements Callable<Integer> {
    @Override
    public Integer call() throws LauncherException {
        throw new LauncherException(
                LauncherException.Kind.USAGE,
                "run",
                "\"arclet run\"",
                "this build does not have it yet",
                "Use a later build");
    }
}
