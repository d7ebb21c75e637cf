package dev.arclet.launcher.cli;

import dev.arclet.launcher.LauncherException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Makes and shows publisher keys. */
@Command(
        name = "key",
        mixinStandardHelpOptions = true,
        description = "Makes and shows publisher keys.")
final class KeyCommand implements Callable<Integer> {
    @Override
    public Integer call() throws LauncherException {
        throw new LauncherException(
                LauncherException.Kind.USAGE,
                "run",
                "\"arclet key\"",
                "this build does not have it yet",
                "Use a later build");
    }
}
