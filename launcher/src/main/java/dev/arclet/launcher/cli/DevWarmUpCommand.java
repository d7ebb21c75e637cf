package dev.arclet.launcher.cli;

import dev.arclet.launcher.boot.WarmUpGuest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Runs a guest of our own for some seconds. */
@Command(
        name = "warm-up",
        mixinStandardHelpOptions = true,
        description = {
            "Runs a small guest of its own for some seconds, as \"arclet boot\" does: the arclet script"
                    + " has the JVM note what that takes, so that later starts take less"
                    + " (docs/adr/0009).",
            "",
            "Exit status: that of \"arclet boot\"."
        })
final class DevWarmUpCommand implements Callable<Integer> {
    private static final int SECONDS = 120;

    @Override
    public Integer call() throws IOException {
        Path folder = Files.createTempDirectory("arclet-warm-up");
        Path kernel = folder.resolve("kernel");
        Path statistics = folder.resolve("statistics");
        try {
            Files.write(kernel, WarmUpGuest.kernel());
            return Main.commandLine()
                    .execute(
                            "boot",
                            "--kernel",
                            kernel.toString(),
                            "--serial",
                            "none",
                            "--expect",
                            Character.toString(WarmUpGuest.END),
                            "--timeout",
                            Integer.toString(SECONDS),
                            "--stats",
                            statistics.toString());
        } finally {
            Files.deleteIfExists(kernel);
            Files.deleteIfExists(statistics);
            Files.delete(folder);
        }
    }
}
