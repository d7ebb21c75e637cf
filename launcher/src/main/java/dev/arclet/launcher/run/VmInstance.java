package dev.arclet.launcher.run;

import dev.arclet.format.FormatException;
import dev.arclet.launcher.LauncherException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * One machine, from consent to its end. It belongs to the launcher, not to a page: pages come and
 * go. Thread-safe.
 */
public final class VmInstance {
    /** Told what happens to a machine; must return at once. */
    public interface Listener {
        /** The status has changed. */
        void changed(Status status);
    }

    /**
     * Everything that pages and {@code ps} show of a machine's progress.
     *
     * @param fetched bytes on disk, never less than before
     * @param toFetch bytes in all; 0 until known
     * @param message why it failed or how it ended; else empty
     */
    public record Status(VmState state, long fetched, long toFetch, String message) {}

    /**
     * What lists and pages say of a machine.
     *
     * @param name short name, also of its log file
     * @param version empty for local media
     * @param title for people
     * @param memory guest RAM in bytes
     */
    public record About(String name, String version, String title, long memory) {}

    /** What makes the machine: fetches, assembles. Runs on the machine's own thread. */
    public interface Starter {
        Guest start(VmInstance vm)
                throws LauncherException, FormatException, IOException, InterruptedException;
    }

    private final String id;
    private final String link;
    private final About about;
    private final Instant since;
    private final Path logFile;
    private final SerialLog serial;
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private final CompletableFuture<Status> over = new CompletableFuture<>();
    private Status status = new Status(VmState.FETCHING, 0, 0, "");
    private Guest guest;
    private Thread thread;
    private boolean stopWanted;
    private volatile Exception failure;

    /**
     * @param link what the user opened, or the file that was booted
     * @param logFile receives serial output
     */
    public VmInstance(String id, String link, About about, Instant since, Path logFile) {
        this.id = id;
        this.link = link;
        this.about = about;
        this.since = since;
        this.logFile = logFile;
        this.serial = new SerialLog(logFile);
    }

    public String id() {
        return id;
    }

    public String link() {
        return link;
    }

    public About about() {
        return about;
    }

    public Instant since() {
        return since;
    }

    public Path logFile() {
        return logFile;
    }

    public SerialLog serial() {
        return serial;
    }

    public synchronized Status status() {
        return status;
    }

    /** Done when the machine is over. */
    public CompletableFuture<Status> over() {
        return over.copy();
    }

    /** Waits for the end; false if it has not come within the time. */
    public boolean awaitEnd(long seconds) {
        try {
            over.get(seconds, TimeUnit.SECONDS);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } catch (TimeoutException | ExecutionException e) {
            return false;
        }
    }

    /** The machine once it runs, and after its end. */
    public synchronized Optional<Guest> guest() {
        return Optional.ofNullable(guest);
    }

    /** Why it could not be started, if that is known. */
    public Optional<Exception> failure() {
        return Optional.ofNullable(failure);
    }

    /** Adds a listener and tells it the status of now. */
    public void listen(Listener listener) {
        listeners.add(listener);
        listener.changed(status());
    }

    public void unlisten(Listener listener) {
        listeners.remove(listener);
    }

    /** Starts the work; called once. */
    void begin(Starter starter) {
        Thread worker =
                Thread.ofPlatform().daemon().name("arclet-vm-" + id).unstarted(() -> work(starter));
        synchronized (this) {
            thread = worker;
        }
        worker.start();
    }

    private void work(Starter starter) {
        try {
            Guest made = starter.start(this);
            boolean stopped;
            synchronized (this) {
                guest = made;
                stopped = stopWanted;
            }
            if (stopped) {
                made.stop();
                end(VmState.ENDED, "stopped");
                return;
            }
            made.ended().thenAccept(this::guestEnded);
            made.start();
            move(VmState.RUNNING, "");
        } catch (LauncherException | FormatException e) {
            failure = e;
            end(VmState.FAILED, e.getMessage());
        } catch (IOException e) {
            failure = e;
            end(
                    VmState.FAILED,
                    "cannot start " + about.name() + ": " + e.getMessage() + ". Try again.");
        } catch (InterruptedException e) {
            end(VmState.ENDED, "stopped");
        } catch (OutOfMemoryError e) {
            end(
                    VmState.FAILED,
                    "cannot start "
                            + about.name()
                            + ": this computer has no memory left for it. Stop other machines or"
                            + " programs and try again.");
        } finally {
            // Whatever went wrong, nobody may wait for this machine for ever.
            synchronized (this) {
                if (guest == null && !status.state().isOver()) {
                    end(
                            VmState.FAILED,
                            "cannot start " + about.name() + ": internal error. See the log.");
                }
            }
        }
    }

    private void guestEnded(Guest.Ended ended) {
        switch (ended.end()) {
            case POWERED_OFF -> end(VmState.ENDED, "powered off");
            case STOPPED -> end(VmState.ENDED, "stopped");
            case DIED ->
                    end(
                            VmState.FAILED,
                            "the guest died"
                                    + (ended.detail().isEmpty() ? "" : ": " + ended.detail()));
        }
    }

    /** Reports fetch progress. */
    public void fetched(long done, long total) {
        synchronized (this) {
            if (status.state() != VmState.FETCHING) {
                return;
            }
            status = new Status(VmState.FETCHING, Math.max(done, status.fetched()), total, "");
        }
        tell();
    }

    /** Everything is here; the machine is being assembled. */
    public void assembling() {
        move(VmState.STARTING, "");
    }

    private void move(VmState state, String message) {
        synchronized (this) {
            if (status.state().compareTo(state) >= 0 || status.state().isOver()) {
                return;
            }
            status = new Status(state, status.fetched(), status.toFetch(), message);
        }
        tell();
    }

    private void end(VmState state, String message) {
        move(state, message);
        serial.close();
        over.complete(status());
    }

    private void tell() {
        Status now = status();
        for (Listener listener : listeners) {
            listener.changed(now);
        }
    }

    /** Stops the machine, whatever it is doing. */
    public void stop() {
        Guest running;
        synchronized (this) {
            stopWanted = true;
            running = guest;
            if (running == null && thread != null && !status.state().isOver()) {
                thread.interrupt();
            }
        }
        if (running != null) {
            running.stop();
        }
    }
}
