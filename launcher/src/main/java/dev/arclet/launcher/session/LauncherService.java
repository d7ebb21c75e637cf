package dev.arclet.launcher.session;

import dev.arclet.format.SpecException;
import dev.arclet.format.link.ArcletLink;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.policy.GrantStore;
import dev.arclet.launcher.run.MachineRunner;
import dev.arclet.launcher.run.Resolver;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.time.Clock;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** The launcher's side of the browser: pages, sessions, sockets. One in a process. */
public final class LauncherService implements Closeable {
    private static final int MAX_LAUNCHES = 64;
    private static final int MAX_CHECKS_AT_ONCE = 8;

    private final MachineRunner runner;
    private final GrantStore grants;
    private final MachinePages pages;
    private final Map<String, Launch> launches = new LinkedHashMap<>();
    private final ExecutorService background =
            Executors.newFixedThreadPool(
                    MAX_CHECKS_AT_ONCE,
                    Thread.ofPlatform().daemon().name("arclet-check-", 0).factory());
    private long lastUse = System.nanoTime();

    /** Binds its ports on 127.0.0.1 and serves. */
    public LauncherService(MachineRunner runner, GrantStore grants, Clock clock)
            throws IOException {
        this.runner = runner;
        this.grants = grants;
        pages = new MachinePages(runner.registry(), clock, this::find);
    }

    private synchronized Optional<Launch> find(String id) {
        return Optional.ofNullable(launches.get(id));
    }

    /**
     * Prepares the launch of what {@code text} names (a link, an {@code arclet:} address, a path,
     * or the id of a machine that runs). Nothing is fetched yet.
     *
     * @return the one-time address to open in a browser within a minute
     */
    public URI open(String text) throws LauncherException, SpecException, IOException {
        if (text.matches("[0-9a-f]{8}")) {
            URI page = pages.open(text);
            touch();
            return page;
        }
        // A page may name links only, never a path of this computer.
        ArcletLink link =
                text.startsWith(SchemeLink.SCHEME)
                        ? ArcletLink.parse(SchemeLink.unwrap(text))
                        : Resolver.parse(text);
        Launch launch = new Launch(link, runner, grants, background);
        synchronized (this) {
            launches.put(launch.id(), launch);
            Iterator<String> oldest = launches.keySet().iterator();
            for (int excess = launches.size() - MAX_LAUNCHES; excess > 0; excess--) {
                oldest.next();
                oldest.remove();
            }
        }
        touch();
        return pages.open(new Sessions.LaunchTarget(launch));
    }

    private synchronized void touch() {
        lastUse = System.nanoTime();
    }

    /** Nanoseconds since something was opened. */
    public synchronized long idleNanos() {
        return System.nanoTime() - lastUse;
    }

    public MachineRunner runner() {
        return runner;
    }

    @Override
    public void close() {
        try {
            background.shutdownNow();
            if (!background.awaitTermination(10, TimeUnit.SECONDS)) {
                System.getLogger(LauncherService.class.getName())
                        .log(System.Logger.Level.WARNING, "a check does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        pages.close();
    }
}
