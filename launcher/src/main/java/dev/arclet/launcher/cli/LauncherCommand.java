package dev.arclet.launcher.cli;

import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.policy.GrantStore;
import dev.arclet.launcher.session.ControlServer;
import dev.arclet.launcher.session.LauncherProcess;
import dev.arclet.launcher.session.LauncherService;
import java.io.IOException;
import java.nio.channels.FileLock;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The launcher itself. */
@Command(
        name = "launcher",
        mixinStandardHelpOptions = true,
        hidden = true,
        description =
                "Runs the launcher in the foreground (other commands start it by themselves).",
        footer = {"", "Exit status: 0 idle for long enough, or one runs already; 8 no ports."})
final class LauncherCommand implements Callable<Integer> {
    private static final Duration LOOK = Duration.ofSeconds(5);

    @Option(
            names = "--idle-minutes",
            defaultValue = "30",
            paramLabel = "N",
            description = "End after N minutes without machines and requests (default: 30).")
    private int idleMinutes;

    @Override
    public Integer call() throws IOException, LauncherException, InterruptedException {
        try (Context context = new Context()) {
            Optional<FileLock> lock = LauncherProcess.lock(context.home());
            if (lock.isEmpty()) {
                return ExitStatus.OK;
            }
            context.resolver()
                    .store()
                    .sweepPartial(Duration.ofDays(7), Clock.systemUTC().instant());
            try (LauncherService service =
                            new LauncherService(
                                    context.runner(),
                                    new GrantStore(context.home()),
                                    Clock.systemUTC());
                    ControlServer control = ControlServer.ofLauncher(context.home(), service)) {
                Runtime.getRuntime()
                        .addShutdownHook(new Thread(context.registry()::stopAll, "arclet-stop"));
                while (service.idleNanos() < Duration.ofMinutes(idleMinutes).toNanos()
                        || context.registry().list().stream()
                                .anyMatch(v -> !v.status().state().isOver())) {
                    Thread.sleep(LOOK);
                }
            }
            return ExitStatus.OK;
        }
    }
}
