package dev.arclet.launcher.boot;

import dev.arclet.emulator.machine.PcMachine;
import dev.arclet.launcher.LauncherException;
import java.io.IOException;

/** Looks into the machine of a {@link BootSession}, on the thread that runs it. */
public interface Inspection {
    /** Looks at nothing. */
    Inspection NONE = new Inspection() {};

    /**
     * Before the machine runs.
     *
     * @throws LauncherException if it cannot be looked at
     */
    default void begin(PcMachine machine) throws LauncherException {}

    /** After it has run. */
    default void end(PcMachine machine) throws IOException {}
}
