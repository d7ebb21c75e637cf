package dev.arclet.launcher.session;

import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.LauncherException.Kind;
import dev.arclet.launcher.store.ArcletHome;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Sees to it that one launcher of this user runs in the background. */
public final class LauncherProcess {
    private static final int START_SECONDS = 20;

    private LauncherProcess() {}

    /**
     * Takes the lock that one launcher holds while it runs; empty if another one has it. It is
     * freed when the process ends, however it ends.
     */
    public static Optional<FileLock> lock(ArcletHome home) throws IOException {
        FileChannel channel =
                FileChannel.open(
                        home.run().resolve("launcher.lock"),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock();
        if (lock == null) {
            channel.close();
        }
        return Optional.ofNullable(lock);
    }

    /**
     * Starts a launcher unless one answers, and waits until it does.
     *
     * @param mainClass of the command line
     */
    public static void ensure(ArcletHome home, String mainClass)
            throws IOException, LauncherException, InterruptedException {
        ControlClient client = new ControlClient(home);
        if (client.launcherRuns()) {
            return;
        }
        Path log = home.logs().resolve("launcher.log");
        Process process = start(home, mainClass, log);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        while (!client.launcherRuns()) {
            // Another command may have started one at the same moment; then ours ends at once, with
            // 0.
            boolean failed = !process.isAlive() && process.exitValue() != 0;
            if (failed || System.nanoTime() > end) {
                throw new LauncherException(
                        Kind.HOST,
                        "start",
                        "the launcher",
                        failed
                                ? "it ended with status " + process.exitValue()
                                : "it does not answer after " + START_SECONDS + " s",
                        "Look at the end of " + log);
            }
            Thread.sleep(50);
        }
    }

    private static Process start(ArcletHome home, String mainClass, Path log) throws IOException {
        List<String> command = new ArrayList<>();
        // A process group of its own, so that Ctrl-C in this terminal does not reach the machines.
        Path setsid = Path.of("/usr/bin/setsid");
        if (Files.isExecutable(setsid)) {
            command.add(setsid.toString());
        }
        command.add(
                ProcessHandle.current()
                        .info()
                        .command()
                        .orElse(
                                Path.of(System.getProperty("java.home"), "bin", "java")
                                        .toString()));
        for (String argument : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            // A debugger's or profiler's port cannot be shared by two processes.
            if (!argument.startsWith("-agentlib") && !argument.startsWith("-javaagent")) {
                command.add(argument);
            }
        }
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(mainClass);
        command.add("launcher");
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("ARCLET_HOME", home.root().toString());
        builder.directory(home.root().toFile());
        builder.redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")));
        builder.redirectErrorStream(true);
        builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        return builder.start();
    }
}
