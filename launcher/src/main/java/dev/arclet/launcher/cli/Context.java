package dev.arclet.launcher.cli;

import dev.arclet.launcher.assemble.MachineAssembler;
import dev.arclet.launcher.fetch.FetchLimits;
import dev.arclet.launcher.run.MachineRunner;
import dev.arclet.launcher.run.Resolver;
import dev.arclet.launcher.run.VmRegistry;
import dev.arclet.launcher.store.ArcletHome;
import java.io.Closeable;
import java.io.IOException;
import java.time.Clock;

/** What commands that work on links share. */
final class Context implements Closeable {
    private final ArcletHome home;
    private final Resolver resolver;
    private final VmRegistry registry;
    private final MachineRunner runner;

    Context() throws IOException {
        home = ArcletHome.standard();
        Clock clock = Clock.systemUTC();
        resolver = new Resolver(home, clock, FetchLimits.STANDARD);
        registry = new VmRegistry(home, clock);
        runner =
                new MachineRunner(
                        resolver,
                        registry,
                        new MachineAssembler(registry::memoryInUse),
                        line -> System.err.println("arclet: " + line));
    }

    ArcletHome home() {
        return home;
    }

    Resolver resolver() {
        return resolver;
    }

    VmRegistry registry() {
        return registry;
    }

    MachineRunner runner() {
        return runner;
    }

    @Override
    public void close() throws IOException {
        resolver.close();
    }
}
