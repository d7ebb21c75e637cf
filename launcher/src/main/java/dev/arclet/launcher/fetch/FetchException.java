package dev.arclet.launcher.fetch;

import dev.arclet.launcher.LauncherException;
import java.io.IOException;

/**
 * Carries a {@link LauncherException} through interfaces that know {@link IOException} only;
 * whoever reports errors unwraps it.
 */
public final class FetchException extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient LauncherException failure;

    public FetchException(LauncherException failure) {
        super(failure.getMessage(), failure);
        this.failure = failure;
    }

    /** The failure with its parts. */
    public LauncherException failure() {
        return failure;
    }
}
