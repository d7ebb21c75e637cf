package dev.arclet.launcher.cli;

import dev.arclet.format.SpecException;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.LauncherException.Kind;
import dev.arclet.launcher.session.ControlClient;
import dev.arclet.launcher.store.ArcletHome;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Prints what a machine has said on its serial port. */
@Command(
        name = "logs",
        mixinStandardHelpOptions = true,
        description = "Prints the serial output of a machine (its first 16 MiB).",
        footer = {
            "",
            "The output is the guest's own: it may hold escape sequences for terminals.",
            "",
            "Exit status: 0 done; 9 no such machine."
        })
final class LogsCommand implements Callable<Integer> {
    private static final long POLL_MILLIS = 200;

    @Parameters(paramLabel = "ID", description = "As \"arclet ps --all\" shows it.")
    private String id;

    @Option(
            names = {"-f", "--follow"},
            description = "Go on until the machine ends.")
    private boolean follow;

    @Override
    public Integer call()
            throws IOException, LauncherException, SpecException, InterruptedException {
        ControlClient client = new ControlClient(ArcletHome.standard());
        ControlClient.Machine machine = find(client);
        PrintStream out = System.out;
        byte[] buffer = new byte[1 << 16];
        try (InputStream in = Files.newInputStream(machine.log())) {
            while (true) {
                // Ask for the state before the last read, or output between the two would be lost.
                boolean over = !follow || isOver(client);
                for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                    out.write(buffer, 0, n);
                }
                out.flush();
                if (over) {
                    return ExitStatus.OK;
                }
                Thread.sleep(POLL_MILLIS);
            }
        }
    }

    private boolean isOver(ControlClient client)
            throws IOException, LauncherException, SpecException {
        return client.machines().stream()
                .filter(m -> m.id().equals(id))
                .allMatch(m -> List.of("ended", "failed").contains(m.state()));
    }

    private ControlClient.Machine find(ControlClient client)
            throws IOException, LauncherException, SpecException {
        return client.machines().stream()
                .filter(m -> m.id().equals(id))
                .findFirst()
                .orElseThrow(
                        () ->
                                new LauncherException(
                                        Kind.NOT_FOUND,
                                        "show",
                                        "the log of machine " + id,
                                        "there is none with this id",
                                        "\"arclet ps --all\" lists the machines"));
    }
}
