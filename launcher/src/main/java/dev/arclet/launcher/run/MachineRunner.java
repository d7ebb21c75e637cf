package dev.arclet.launcher.run;

import dev.arclet.format.FormatException;
import dev.arclet.format.VerifyException;
import dev.arclet.format.model.Spec;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.policy.Decision;
import java.io.IOException;
import java.util.function.Consumer;

/** Brings a consented machine up: fetch, check, assemble, start. */
public final class MachineRunner {
    private final Resolver resolver;
    private final VmRegistry registry;
    private final GuestFactory factory;
    private final Consumer<String> report;

    /**
     * @param report told in a line how long each machine took to come up
     */
    public MachineRunner(
            Resolver resolver, VmRegistry registry, GuestFactory factory, Consumer<String> report) {
        this.report = report;
        this.resolver = resolver;
        this.registry = registry;
        this.factory = factory;
    }

    /**
     * Starts a machine that the user has agreed to. Returns at once; the instance tells how it
     * goes.
     */
    public VmInstance start(Resolved resolved, Decision decision)
            throws LauncherException, IOException {
        Spec spec = resolved.verified().spec();
        factory.check(spec);
        resolver.consented(resolved.verified());
        VmInstance.About about =
                new VmInstance.About(
                        spec.name(), spec.version(), spec.title(), spec.machine().memory());
        return registry.start(
                resolved.verified().link().toString(),
                about,
                vm -> {
                    StartTimes.from(vm, report);
                    return bringUp(vm, resolved, decision);
                });
    }

    private Guest bringUp(VmInstance vm, Resolved resolved, Decision decision)
            throws LauncherException, FormatException, IOException, InterruptedException {
        resolver.fetch(resolved, false, vm::fetched);
        vm.assembling();
        try {
            return assemble(vm, resolved, decision);
        } catch (VerifyException damagedInStore) {
            // The store's own copy went bad after it had been checked. Fetch that blob again, once.
            resolver.fetch(resolved, true, (done, total) -> {});
            return assemble(vm, resolved, decision);
        }
    }

    private Guest assemble(VmInstance vm, Resolved resolved, Decision decision)
            throws LauncherException, FormatException, IOException {
        return factory.assemble(
                resolved.verified().spec(),
                decision,
                resolver.store(),
                resolver.keepFolder(resolved.verified()),
                bytes -> vm.serial().append(bytes));
    }

    public VmRegistry registry() {
        return registry;
    }

    public Resolver resolver() {
        return resolver;
    }

    /** Refuses what this computer cannot run, before the user is asked. */
    public void check(Spec spec) throws LauncherException {
        factory.check(spec);
    }
}
