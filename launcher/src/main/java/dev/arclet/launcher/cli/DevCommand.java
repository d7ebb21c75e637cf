package dev.arclet.launcher.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;

/** Tools for the developers of Arclet. */
@Command(
        name = "dev",
        mixinStandardHelpOptions = true,
        hidden = true,
        description = "Tools for the developers of Arclet.",
        subcommands = {DevRegionsCommand.class, DevVectorsCommand.class, DevWarmUpCommand.class})
final class DevCommand implements Runnable {
    @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "no command given");
    }
}
