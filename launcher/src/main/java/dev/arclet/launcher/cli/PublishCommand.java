package dev.arclet.launcher.cli;

import dev.arclet.launcher.LauncherException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Copies a built tree to where it is served from. */
@Command(
        name = "publish",
        mixinStandardHelpOptions = true,
        description = "Copies a built tree to where it is served from.")
final class PublishCommand implements Callable<Integer> {
    @Override
    public Integer call() throws LauncherException {
        throw new LauncherException(
                LauncherException.Kind.USAGE,
                "run",
                "\"arclet publish\"",
                "this build does not have it yet",
                "Use a later build");
    }
}
