package dev.arclet.emulator.storage;

import java.io.IOException;

/**
 * The host cannot give or keep a disk's bytes: an error of its file system, or of the image itself.
 * The message reads <i>cannot ACTION OBJECT: CAUSE; NEXT STEP</i>. A controller reports it to the
 * guest as a medium error.
 */
public final class StorageException extends IOException {
    private static final long serialVersionUID = 1;

    /**
     * An error.
     *
     * @param action what was being done, a verb
     * @param object what it was done to, by name
     * @param reason why it failed
     * @param nextStep what the reader can do now
     */
    public StorageException(String action, String object, String reason, String nextStep) {
        this(action, object, reason, nextStep, null);
    }

    /** As above, with the lower-level failure attached. */
    public StorageException(
            String action, String object, String reason, String nextStep, Throwable cause) {
        super("cannot " + action + " " + object + ": " + reason + "; " + nextStep, cause);
    }
}
