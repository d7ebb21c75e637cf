package dev.arclet.launcher.support;

import dev.arclet.launcher.fetch.FetchLimits;
import dev.arclet.launcher.policy.GrantStore;
import dev.arclet.launcher.run.MachineRunner;
import dev.arclet.launcher.run.Resolver;
import dev.arclet.launcher.run.VmRegistry;
import dev.arclet.launcher.session.LauncherService;
import dev.arclet.launcher.store.ArcletHome;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A whole launcher with fake machines, patient for tests only where it must be. */
public final class TestLauncher implements Closeable {
    /** Bounds as the launcher's, with times of tests. */
    public static final FetchLimits LIMITS =
            new FetchLimits(
                    8,
                    3,
                    Duration.ofSeconds(5),
                    Duration.ofSeconds(5),
                    Duration.ofMillis(400),
                    1024,
                    Duration.ofMillis(5),
                    Duration.ofMillis(20),
                    3);

    /** A clock that a test can put forward. */
    public static final class TestClock extends Clock {
        private volatile Duration ahead = Duration.ZERO;

        /** Puts the clock forward. */
        public void advance(Duration by) {
            ahead = ahead.plus(by);
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return InstantSource.system().instant().plus(ahead);
        }
    }

    private final List<String> startTimes = new CopyOnWriteArrayList<>();
    private final TestClock clock = new TestClock();
    private final ArcletHome home;
    private final FakeMachine.Factory factory = new FakeMachine.Factory();
    private final Resolver resolver;
    private final VmRegistry registry;
    private final LauncherService service;

    public TestLauncher(Path root) throws IOException {
        home = ArcletHome.at(root);
        resolver = new Resolver(home, clock, LIMITS);
        registry = new VmRegistry(home, clock);
        service =
                new LauncherService(
                        new MachineRunner(resolver, registry, factory, startTimes::add),
                        new GrantStore(home),
                        clock);
    }

    /** What was reported of how long machines took to come up. */
    public List<String> startTimes() {
        return startTimes;
    }

    public TestClock clock() {
        return clock;
    }

    public ArcletHome home() {
        return home;
    }

    public FakeMachine.Factory factory() {
        return factory;
    }

    public Resolver resolver() {
        return resolver;
    }

    public VmRegistry registry() {
        return registry;
    }

    public LauncherService service() {
        return service;
    }

    @Override
    public void close() throws IOException {
        registry.stopAll();
        service.close();
        resolver.close();
    }
}
