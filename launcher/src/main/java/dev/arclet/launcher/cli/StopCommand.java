package dev.arclet.launcher.cli;

import dev.arclet.format.SpecException;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.session.ControlClient;
import dev.arclet.launcher.store.ArcletHome;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Stops machines. */
@Command(
        name = "stop",
        mixinStandardHelpOptions = true,
        description = "Stops a machine.",
        footer = {"", "Exit status: 0 done; 9 no such machine."})
final class StopCommand implements Callable<Integer> {
    static final class Which {
        @Parameters(paramLabel = "ID", description = "As \"arclet ps\" shows it.")
        private List<String> ids = List.of();

        @Option(names = "--all", description = "All machines.")
        private boolean all;
    }

    @ArgGroup(multiplicity = "1")
    private Which which;

    @Override
    public Integer call() throws IOException, LauncherException, SpecException {
        ControlClient client = new ControlClient(ArcletHome.standard());
        if (which.all) {
            for (ControlClient.Machine machine : client.machines()) {
                client.stop(machine.id());
            }
        }
        for (String id : which.ids) {
            client.stop(id);
        }
        return ExitStatus.OK;
    }
}
