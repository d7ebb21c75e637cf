package dev.arclet.launcher.boot;

import dev.arclet.emulator.machine.PcMachine;
import dev.arclet.launcher.LauncherException;
import java.io.IOException;
import java.util.Optional;

/** Opens what {@code boot --display} names. */
final class Display {
    private Display() {}

    /** Opens the display; closing the result ends it. */
    static Optional<AutoCloseable> open(String where, PcMachine machine)
            throws LauncherException, IOException {
        if (where.equals("none")) {
            return Optional.empty();
        }
        throw new LauncherException(
                LauncherException.Kind.USAGE,
                "open",
                "--display " + where,
                "it is none of none, vnc=127.0.0.1:PORT and web",
                "Write for example vnc=127.0.0.1:5900");
    }
}
