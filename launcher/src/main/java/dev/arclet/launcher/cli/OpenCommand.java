package dev.arclet.launcher.cli;

import dev.arclet.launcher.LauncherException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Hands a link to the launcher and opens its consent page. */
@Command(
        name = "open",
        mixinStandardHelpOptions = true,
        description = "Hands a link to the launcher and opens its consent page.")
final class OpenCommand implements Callable<Integer> {
    @Override
    public Integer call() throws LauncherException {
        throw new LauncherException(
                LauncherException.Kind.USAGE,
                "run",
                "\"arclet open\"",
                "this build does not have it yet",
                "Use a later build");
    }
}
