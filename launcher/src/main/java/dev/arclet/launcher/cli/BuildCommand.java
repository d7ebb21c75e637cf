package dev.arclet.launcher.cli;

import dev.arclet.launcher.LauncherException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Builds a signed tree from a folder with a vm.yaml. */
@Command(
        name = "build",
        mixinStandardHelpOptions = true,
        description = "Builds a signed tree from a folder with a vm.yaml.")
final class BuildCommand implements Callable<Integer> {
    @Override
    public Integer call() throws LauncherException {
        throw new LauncherException(
                LauncherException.Kind.USAGE,
                "run",
                "\"arclet build\"",
                "this build does not have it yet",
                "Use a later build");
    }
}
