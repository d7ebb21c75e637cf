package dev.arclet.emulator.snapshot;

/**
 * A snapshot can't be saved or restored; the message names the section, the cause and the next
 * step.
 */
public final class SnapshotException extends Exception {
    private static final long serialVersionUID = 1;

    /** An error found in the data itself. */
    public SnapshotException(String message) {
        super(message);
    }

    /** An error of the medium. */
    public SnapshotException(String message, Throwable cause) {
        super(message, cause);
    }
}
