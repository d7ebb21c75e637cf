package dev.arclet.launcher.run;

import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.store.ArcletHome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The machines of this process, those that ended lately included. Thread-safe. */
public final class VmRegistry {
    /** Most machines at a time. */
    public static final int MAX_RUNNING = 16;

    /** Ended machines that are remembered, so that their pages can tell how they ended. */
    private static final int MAX_ENDED = 32;

    private static final long STOP_SECONDS = 10;

    /** Serial logs kept on disk, those of other processes included. */
    private static final int MAX_LOGS = 64;

    private static final String SERIAL_LOG = ".serial.log";

    private final ArcletHome home;
    private final Clock clock;
    private final SecureRandom random = new SecureRandom();
    private final Map<String, VmInstance> all = new LinkedHashMap<>();

    public VmRegistry(ArcletHome home, Clock clock) {
        this.home = home;
        this.clock = clock;
    }

    /** Makes a machine and lets {@code starter} bring it up. */
    public VmInstance start(String link, VmInstance.About about, VmInstance.Starter starter)
            throws LauncherException, IOException {
        VmInstance vm;
        sweepLogs();
        synchronized (this) {
            forget();
            if (running().size() >= MAX_RUNNING) {
                throw new LauncherException(
                        LauncherException.Kind.HOST,
                        "start",
                        about.name(),
                        MAX_RUNNING + " machines are running already",
                        "Stop one with \"arclet stop ID\"; \"arclet ps\" lists them");
            }
            byte[] raw = new byte[4];
            String id;
            do {
                random.nextBytes(raw);
                id = HexFormat.of().formatHex(raw);
            } while (all.containsKey(id));
            vm =
                    new VmInstance(
                            id,
                            link,
                            about,
                            clock.instant(),
                            home.logs().resolve(about.name() + "-" + id + SERIAL_LOG));
            all.put(id, vm);
        }
        vm.begin(starter);
        return vm;
    }

    /** Deletes the oldest serial logs. */
    private void sweepLogs() throws IOException {
        try (Stream<Path> files = Files.list(home.logs())) {
            List<Path> logs =
                    files.filter(f -> f.getFileName().toString().endsWith(SERIAL_LOG))
                            .sorted(Comparator.comparingLong(f -> f.toFile().lastModified()))
                            .toList();
            for (int i = 0; i < logs.size() - MAX_LOGS; i++) {
                Files.deleteIfExists(logs.get(i));
            }
        }
    }

    private void forget() {
        List<VmInstance> ended =
                new ArrayList<>(
                        all.values().stream().filter(v -> v.status().state().isOver()).toList());
        for (int i = 0; i < ended.size() - MAX_ENDED; i++) {
            all.remove(ended.get(i).id());
        }
    }

    public synchronized Optional<VmInstance> find(String id) {
        return Optional.ofNullable(all.get(id));
    }

    /** All machines, oldest first. */
    public synchronized List<VmInstance> list() {
        return List.copyOf(all.values());
    }

    /** Machines that are not over. */
    public synchronized List<VmInstance> running() {
        return all.values().stream().filter(v -> !v.status().state().isOver()).toList();
    }

    /** Guest memory of all machines that are not over, in bytes. */
    public long memoryInUse() {
        return running().stream().mapToLong(v -> v.about().memory()).sum();
    }

    /** Stops everything and waits for it, though not for ever. */
    public void stopAll() {
        List<VmInstance> running = running();
        running.forEach(VmInstance::stop);
        for (VmInstance vm : running) {
            vm.awaitEnd(STOP_SECONDS);
        }
    }
}
