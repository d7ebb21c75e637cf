package dev.arclet.launcher.run;

/** Where a machine is in its life. Only ever moves forward. */
public enum VmState {
    /** Its blobs are being fetched and checked. */
    FETCHING,
    /** It is being assembled. */
    STARTING,
    RUNNING,
    /** It ended by itself or was stopped. */
    ENDED,
    /** It could not be started, or died. */
    FAILED;

    /** Whether nothing will happen any more. */
    public boolean isOver() {
        return this == ENDED || this == FAILED;
    }
}
