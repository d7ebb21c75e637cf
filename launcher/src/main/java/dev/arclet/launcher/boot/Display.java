package dev.arclet.launcher.boot;

import dev.arclet.emulator.machine.Exit;
import dev.arclet.emulator.machine.PcMachine;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.assemble.SoundFeed;
import dev.arclet.launcher.run.VmInstance;
import java.io.IOException;
import java.util.Optional;

/** What {@code boot --display} names, once it is open. Closing it takes it from its viewers. */
interface Display extends AutoCloseable {
    /** The guest has sent a byte on its serial line. Machine thread; returns at once. */
    default void serial(int value) {}

    /** The machine has ended. */
    default void ended(Exit exit) {}

    @Override
    default void close() throws IOException {}

    /**
     * Opens a display.
     *
     * @param where none, vnc=HOST:PORT or web
     * @param about what lists and pages say of the machine
     * @param sound what pages may hear, if the machine has sound
     * @throws LauncherException if it is none of these, or can't be opened
     */
    static Display open(
            String where, PcMachine machine, VmInstance.About about, Optional<SoundFeed> sound)
            throws LauncherException, IOException {
        return switch (where) {
            case "none" -> new Display() {};
            case "web" -> WebDisplay.open(machine, about, sound);
            default -> VncDisplay.open(where, machine);
        };
    }
}
