package dev.arclet.emulator.machine;

/**
 * Why a machine stopped running.
 *
 * @param reason the reason
 * @param status for {@link Reason#DEBUG_EXIT}, the value that the guest wrote; else 0
 */
public record Exit(Reason reason, int status) {
    /** The reasons. */
    public enum Reason {
        /** The guest switched the machine off (ACPI S5). */
        POWER_OFF,
        /** The guest died: a triple fault with nobody to reset it. */
        TRIPLE_FAULT,
        /** Somebody called {@link PcMachine#stop()}. */
        STOPPED,
        /** The guest wrote to the isa-debug-exit port. */
        DEBUG_EXIT
    }
}
