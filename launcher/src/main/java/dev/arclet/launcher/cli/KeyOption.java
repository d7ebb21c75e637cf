package dev.arclet.launcher.cli;

import dev.arclet.launcher.store.ArcletHome;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Which keys to sign with. */
final class KeyOption {
    @Option(
            names = "--keys",
            paramLabel = "DIR",
            description =
                    "Folder with the publisher's keys (default: keys in $ARCLET_HOME or ~/.arclet)."
                            + " \"arclet key init\" makes them.")
    private Path keys;

    Path folder() {
        return keys != null ? keys : ArcletHome.standard().root().resolve("keys");
    }
}
