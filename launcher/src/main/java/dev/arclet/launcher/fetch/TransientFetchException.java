package dev.arclet.launcher.fetch;

import java.io.IOException;

/** A failure that may be gone at the next attempt. */
final class TransientFetchException extends IOException {
    private static final long serialVersionUID = 1L;

    TransientFetchException(String message) {
        super(message);
    }

    TransientFetchException(String message, Throwable cause) {
        super(message, cause);
    }
}
