package dev.arclet.launcher.cli;

import dev.arclet.launcher.LauncherException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Runs local, unsigned media: a tool for authors and testers. */
@Command(
        name = "boot",
        mixinStandardHelpOptions = true,
        description = "Runs local, unsigned media: a tool for authors and testers.")
final class BootCommand implements Callable<Integer> {
    @Override
    public Integer call() throws LauncherException {
        throw new LauncherException(
                LauncherException.Kind.USAGE,
                "run",
                "\"arclet boot\"",
                "this build does not have it yet",
                "Use a later build");
    }
}
