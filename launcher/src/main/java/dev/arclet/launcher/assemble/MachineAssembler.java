package dev.arclet.launcher.assemble;

import dev.arclet.format.FormatException;
import dev.arclet.format.blob.BlobSource;
import dev.arclet.format.model.Spec;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.LauncherException.Kind;
import dev.arclet.launcher.policy.Decision;
import dev.arclet.launcher.run.Guest;
import dev.arclet.launcher.run.GuestFactory;
import java.io.IOException;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** Under construction: the machine it assembles is on its way. */
public final class MachineAssembler implements GuestFactory {
    /**
     * @param memoryInUse bytes of guest memory that this process has promised to other machines
     */
    public MachineAssembler(LongSupplier memoryInUse) {}

    @Override
    public void check(Spec spec) throws LauncherException {
        throw unsupported(spec);
    }

    @Override
    public Guest assemble(Spec spec, Decision decision, BlobSource blobs, Consumer<byte[]> serial)
            throws LauncherException, FormatException, IOException {
        throw unsupported(spec);
    }

    private static LauncherException unsupported(Spec spec) {
        return new LauncherException(
                Kind.HOST,
                "start",
                spec.name(),
                "this build has no machine yet",
                "Use a later build");
    }
}
