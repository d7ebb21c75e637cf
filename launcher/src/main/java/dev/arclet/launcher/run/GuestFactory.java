package dev.arclet.launcher.run;

import dev.arclet.format.FormatException;
import dev.arclet.format.blob.BlobSource;
import dev.arclet.format.model.Spec;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.policy.Decision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;

/** Makes machines from specs. */
public interface GuestFactory {
    /**
     * Refuses a spec whose machine this computer or this version cannot run; called before anything
     * is fetched.
     */
    void check(Spec spec) throws LauncherException;

    /**
     * Assembles a machine, not started yet.
     *
     * @param spec verified
     * @param decision what the user grants
     * @param blobs all that the spec needs; still to be checked against digests
     * @param keep folder for what this machine's disks keep; nobody else's, made when needed
     * @param serial receives what the guest sends on its first serial port, in pieces
     */
    Guest assemble(
            Spec spec, Decision decision, BlobSource blobs, Path keep, Consumer<byte[]> serial)
            throws LauncherException, FormatException, IOException;
}
