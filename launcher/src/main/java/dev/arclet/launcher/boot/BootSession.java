package dev.arclet.launcher.boot;

import dev.arclet.emulator.device.audio.PcmSink;
import dev.arclet.emulator.display.PngWriter;
import dev.arclet.emulator.display.Screen;
import dev.arclet.emulator.firmware.BootException;
import dev.arclet.emulator.machine.Exit;
import dev.arclet.emulator.machine.MachineConfig;
import dev.arclet.emulator.machine.PcMachine;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotFile;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.assemble.PcInput;
import dev.arclet.launcher.assemble.SoundFeed;
import dev.arclet.launcher.net.GuestNetwork;
import dev.arclet.launcher.run.VmInstance;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;

/**
 * One run of {@code arclet boot}: a machine, its serial line, a script of expectations, and what is
 * left behind at the end.
 */
public final class BootSession implements AutoCloseable {
    /** How long a guest may act on what was typed last, if there is no time limit. */
    private static final long LAST_ANSWER_SECONDS = 10;

    /** How long a signal that ends this process waits for screenshot, statistics and the rest. */
    private static final long LAST_WORDS_SECONDS = 20;

    /** How often the screen is compared with the script. */
    private static final long SCREEN_POLL_MILLIS = 50;

    /** Every how many of these a picture is compared, which takes longer. */
    private static final int PICTURE_POLLS = 10;

    /**
     * What to do beside running.
     *
     * @param serial stdio, none or file:F
     * @param debugConsole the same, for port 0xE9
     * @param title what the guest is called to those who look at it
     * @param snapshotLoad where the machine goes on from, instead of power-on
     * @param snapshotSave where the machine is saved at the end, unless the guest has ended itself
     * @param sound where what the guest plays is written
     * @param display none, vnc=HOST:PORT or web
     * @param network the network, if there is to be one
     * @param script what to expect and type
     * @param timeoutSeconds limit of the run
     * @param screenshot picture to write at the end
     * @param statistics JSON to write at the end
     */
    public record Options(
            String serial,
            Optional<String> debugConsole,
            String title,
            Optional<SnapshotFile> snapshotLoad,
            Optional<Path> snapshotSave,
            Optional<Path> sound,
            String display,
            Optional<GuestNetwork.Options> network,
            ExpectScript script,
            Optional<Long> timeoutSeconds,
            Optional<Path> screenshot,
            Optional<Path> statistics) {}

    /** Its section in a snapshot. */
    private static final String SOUND_CARD = "ac97-card";

    private final Options options;
    private final Inspection inspection;
    private final List<AutoCloseable> resources = new ArrayList<>();
    private final AtomicBoolean timedOut = new AtomicBoolean();
    private final AtomicBoolean done = new AtomicBoolean();
    private final Deque<ExpectScript.Answer> answers = new ArrayDeque<>();
    private boolean pausing;
    private final List<Statistics.Mark> marks = new ArrayList<>();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread onSignal = new Thread(this::stopBySignal, "arclet boot end");
    private PcMachine machine;
    private PcInput pointer;
    private Display display = new Display() {};

    /** A session that has not started. */
    public BootSession(Options options, Inspection inspection) {
        this.options = options;
        this.inspection = inspection;
    }

    /**
     * Builds the machine, runs it to its end and reports on standard error.
     *
     * @return the exit status of the command
     * @throws BootException if the kernel can't be started
     * @throws SnapshotException if the snapshot is not of this machine
     */
    public int run(MachineConfig.Builder config)
            throws BootException, LauncherException, SnapshotException, IOException {
        ExpectScript script = options.script();
        IntConsumer serialOut = sink(options.serial(), "--serial");
        config.serial(
                value -> {
                    serialOut.accept(value);
                    display.serial(value);
                    if (!script.isEmpty()) {
                        answer(script.serial(value));
                    }
                });
        if (options.debugConsole().isPresent()) {
            config.debugConsole(sink(options.debugConsole().get(), "--debugcon"));
        }
        Optional<SoundFeed> feed = addSound(config);
        if (options.network().isPresent()) {
            GuestNetwork network =
                    GuestNetwork.start(options.network().get(), line -> say("%s", line));
            resources.add(network);
            config.network(network.card());
        }
        MachineConfig built = config.build();
        MemorySize.checkHost(built.memoryBytes());
        machine =
                options.snapshotLoad().isPresent()
                        ? PcMachine.restore(built, options.snapshotLoad().get())
                        : PcMachine.assemble(built);
        resources.add(machine);
        Runtime.getRuntime().addShutdownHook(onSignal);
        pointer = new PcInput(machine);
        if (options.serial().equals("stdio")) {
            startInput();
        }
        display =
                Display.open(
                        options.display(),
                        machine,
                        new VmInstance.About("boot", "", options.title(), built.memoryBytes()),
                        feed);
        resources.add(display);
        if (!script.isEmpty()) {
            watchScreen(script);
            machine.post(() -> answer(script.begin()));
        }
        inspection.begin(machine);
        options.timeoutSeconds()
                .ifPresent(seconds -> startTimer("time limit", seconds, this::stopByTimer));

        long start = System.nanoTime();
        script.onSeen(
                text ->
                        marks.add(
                                new Statistics.Mark(
                                        text,
                                        (System.nanoTime() - start) / 1e9,
                                        machine.statistics().instructions())));
        Exit exit;
        try {
            exit = machine.run();
        } catch (UncheckedIOException e) {
            throw LauncherException.relayed(LauncherException.Kind.HOST, e.getMessage());
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        display.ended(exit);
        flush(serialOut);
        writeScreenshot();
        writeStatistics(seconds, exit);
        inspection.end(machine);
        boolean saved = saveSnapshot(exit);
        int status = report(exit, seconds);
        return saved || status != 0 ? status : 1;
    }

    /**
     * A page can play sound, and a file can keep it: then there is a sound card, unless the loaded
     * snapshot is of a machine without one.
     */
    private Optional<SoundFeed> addSound(MachineConfig.Builder config) throws IOException {
        List<PcmSink> sinks = new ArrayList<>();
        Optional<SoundFeed> feed = Optional.empty();
        boolean saved =
                options.snapshotLoad().map(s -> s.sections().contains(SOUND_CARD)).orElse(false);
        if (options.sound().isPresent()) {
            WavFile wav = new WavFile(options.sound().get());
            resources.add(wav);
            sinks.add(wav);
        }
        if (options.display().equals("web") && (saved || options.snapshotLoad().isEmpty())) {
            feed = Optional.of(new SoundFeed());
            sinks.add(feed.get());
        }
        if (!sinks.isEmpty() || saved) {
            config.sound(new Sounds(sinks));
        }
        return feed;
    }

    /** Whether what was to be saved is saved. */
    private boolean saveSnapshot(Exit exit) throws IOException {
        if (options.snapshotSave().isEmpty()) {
            return true;
        }
        Path file = options.snapshotSave().get();
        if (exit.reason() != Exit.Reason.STOPPED) {
            say("nothing saved to %s: the guest has ended; use --expect or --timeout", file);
            return false;
        }
        machine.save(file);
        say("saved the machine to %s (%d MiB)", file, Files.size(file) >> 20);
        return true;
    }

    private int report(Exit exit, double seconds) {
        ExpectScript script = options.script();
        return switch (exit.reason()) {
            case POWER_OFF -> {
                if (!script.complete()) {
                    say("the guest powered off before \"%s\" was seen", script.awaited());
                    yield 1;
                }
                say("the guest powered off after %.1f s", seconds);
                yield 0;
            }
            case TRIPLE_FAULT -> {
                say("the guest died: triple fault after %.1f s", seconds);
                yield 4;
            }
            case DEBUG_EXIT -> {
                say("the guest ended the run with status %d", exit.status() * 2 + 1);
                yield (exit.status() * 2 + 1) & 0xFF;
            }
            case STOPPED -> {
                if (!script.isEmpty() && script.complete()) {
                    say("everything expected was seen after %.1f s", seconds);
                    yield 0;
                }
                if (timedOut.get()) {
                    say(
                            script.isEmpty()
                                    ? "the time limit passed"
                                    : "the time limit passed before \"%s\" was seen",
                            script.awaited());
                    yield 3;
                }
                say("stopped after %.1f s", seconds);
                yield 0;
            }
        };
    }

    private static void say(String format, Object... args) {
        System.err.println("arclet: " + format.formatted(args));
    }

    /** Machine thread: sends answers, and ends the run when the script is through. */
    private void answer(List<ExpectScript.Answer> more) {
        answers.addAll(more);
        while (!pausing && !answers.isEmpty()) {
            send(answers.remove());
        }
        if (!pausing && options.script().complete() && done.compareAndSet(false, true)) {
            if (!options.script().endsWithAnswer()) {
                machine.stop();
            } else if (options.timeoutSeconds().isEmpty()) {
                startTimer("last answer", LAST_ANSWER_SECONDS, machine::stop);
            }
        }
    }

    private void send(ExpectScript.Answer answer) {
        switch (answer.source()) {
            case SERIAL ->
                    machine.serialInput(
                            answer.text().replace('\n', '\r').getBytes(StandardCharsets.UTF_8));
            case SCREEN -> Typist.type(machine, answer.text());
            case POINTER -> click(answer.text());
            case CLOCK -> {
                pausing = true;
                startTimer(
                        "pause", Integer.parseInt(answer.text()), () -> machine.post(this::resume));
            }
        }
    }

    private void resume() {
        pausing = false;
        answer(List.of());
    }

    private void click(String place) {
        String[] parts = place.split(",", 2);
        int x = Integer.parseInt(parts[0]);
        int y = Integer.parseInt(parts[1]);
        pointer.pointer(x, y, 0);
        pointer.pointer(x, y, 1);
        pointer.pointer(x, y, 0);
    }

    private void watchScreen(ExpectScript script) {
        Screen screen = machine.screen();
        Screen.Listener watcher =
                new Screen.Listener() {
                    @Override
                    public void damaged(List<Screen.Rect> rects) {}

                    @Override
                    public void resized(int width, int height) {}
                };
        screen.addListener(watcher);
        startThread(
                "screen watcher",
                () -> {
                    for (int polls = 0; !done.get(); polls++) {
                        if (polls % PICTURE_POLLS == 0) {
                            machine.post(() -> comparePicture(script, screen));
                        }
                        Screen.Text text = screen.text();
                        if (text != null) {
                            String plain = text.toPlainText();
                            machine.post(() -> answer(script.screen(plain)));
                        }
                        LockSupport.parkNanos(SCREEN_POLL_MILLIS * 1_000_000);
                    }
                });
    }

    /** Machine thread, on which the script lives and pixels change. */
    private void comparePicture(ExpectScript script, Screen screen) {
        if (script.awaitsPicture()) {
            answer(script.picture(screen.width(), screen.height(), screen.copyPixels()));
        }
    }

    private static void startTimer(String name, long seconds, Runnable then) {
        startThread(
                name,
                () -> {
                    long end = System.nanoTime() + seconds * 1_000_000_000L;
                    while (System.nanoTime() < end) {
                        LockSupport.parkNanos(end - System.nanoTime());
                    }
                    then.run();
                });
    }

    private void stopByTimer() {
        timedOut.set(true);
        machine.stop();
    }

    /**
     * A run that a signal ends leaves behind what any other does: a hanging guest's screen, too.
     */
    private void stopBySignal() {
        machine.stop();
        try {
            if (!closed.await(LAST_WORDS_SECONDS, TimeUnit.SECONDS)) {
                say("ended without waiting longer for the screenshot and the rest");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void startInput() {
        startThread(
                "standard input",
                () -> {
                    byte[] buffer = new byte[4096];
                    try {
                        for (int n = System.in.read(buffer); n >= 0; n = System.in.read(buffer)) {
                            machine.serialInput(Arrays.copyOf(buffer, n));
                        }
                    } catch (IOException e) {
                        say("standard input failed: %s; the guest goes on without", e.getMessage());
                    }
                });
    }

    private static void startThread(String name, Runnable body) {
        Thread thread = new Thread(body, "arclet " + name);
        thread.setDaemon(true);
        thread.start();
    }

    /** Where bytes of a serial line or debug console go. */
    private IntConsumer sink(String where, String option) throws LauncherException, IOException {
        if (where.equals("none")) {
            return value -> {};
        }
        if (where.equals("stdio")) {
            return new StreamSink(System.out, Flush.BYTE);
        }
        if (where.startsWith("file:") && where.length() > 5) {
            OutputStream file =
                    new BufferedOutputStream(Files.newOutputStream(Path.of(where.substring(5))));
            resources.add(file);
            return new StreamSink(file, Flush.LINE);
        }
        throw new LauncherException(
                LauncherException.Kind.USAGE,
                "use",
                option + " " + where,
                "it is none of stdio, none and file:F",
                "Write for example file:serial.log");
    }

    private static void flush(IntConsumer sink) {
        if (sink instanceof StreamSink stream) {
            stream.flush();
        }
    }

    /**
     * After what bytes a stream is flushed: a terminal after each, a file that may be watched after
     * a line.
     */
    private enum Flush {
        BYTE,
        LINE
    }

    /** Writes bytes to a stream. */
    private record StreamSink(OutputStream out, Flush after) implements IntConsumer {
        @Override
        public void accept(int value) {
            try {
                out.write(value);
                if (after == Flush.BYTE || value == '\n') {
                    out.flush();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        void flush() {
            try {
                out.flush();
            } catch (IOException e) {
                say("output failed: %s", e.getMessage());
            }
        }
    }

    private void writeScreenshot() throws IOException {
        if (options.screenshot().isPresent()) {
            machine.refreshScreen();
            try (OutputStream file = Files.newOutputStream(options.screenshot().get())) {
                PngWriter.write(machine.screen(), file);
            }
        }
    }

    private void writeStatistics(double seconds, Exit exit) throws IOException {
        if (options.statistics().isEmpty()) {
            return;
        }
        Files.writeString(
                options.statistics().get(),
                Statistics.json(machine.statistics(), seconds, exit, marks));
    }

    @Override
    public void close() throws IOException {
        done.set(true);
        try {
            for (AutoCloseable resource : resources.reversed()) {
                try {
                    resource.close();
                } catch (IOException e) {
                    throw e;
                } catch (Exception e) {
                    throw new IOException(e);
                }
            }
        } finally {
            closed.countDown();
            forgetSignal();
        }
    }

    private void forgetSignal() {
        try {
            Runtime.getRuntime().removeShutdownHook(onSignal);
        } catch (IllegalStateException e) {
            // It is what ends this run.
        }
    }
}
