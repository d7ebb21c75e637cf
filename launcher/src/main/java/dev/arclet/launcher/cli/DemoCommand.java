package dev.arclet.launcher.cli;

import dev.arclet.launcher.LauncherException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Builds, publishes and serves the samples, and prints the gallery link. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        description = "Builds, publishes and serves the samples, and prints the gallery link.")
final class DemoCommand implements Callable<Integer> {
    @Override
    public Integer call() throws LauncherException {
        throw new LauncherException(
                LauncherException.Kind.USAGE,
                "run",
                "\"arclet demo\"",
                "this build does not have it yet",
                "Use a later build");
    }
}
