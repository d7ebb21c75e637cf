package dev.arclet.launcher.cli;

import dev.arclet.launcher.LauncherException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Checks every signature and byte behind a link. */
@Command(
        name = "verify",
        mixinStandardHelpOptions = true,
        description = "Checks every signature and byte behind a link.")
final class VerifyCommand implements Callable<Integer> {
    @Override
    public Integer call() throws LauncherException {
        throw new LauncherException(
                LauncherException.Kind.USAGE,
                "run",
                "\"arclet verify\"",
                "this build does not have it yet",
                "Use a later build");
    }
}
