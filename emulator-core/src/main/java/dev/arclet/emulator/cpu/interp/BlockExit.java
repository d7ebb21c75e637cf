package dev.arclet.emulator.cpu.interp;

/**
 * Leaves the running block before the current operation has completed, without a fault: RIP stays
 * at its instruction. Preallocated and stackless.
 */
public final class BlockExit extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** The only one: it carries nothing, not even a stack trace. */
    @SuppressWarnings("StaticAssignmentOfThrowable")
    static final BlockExit INSTANCE = new BlockExit();

    private BlockExit() {
        super("block left", null, false, false);
    }
}
