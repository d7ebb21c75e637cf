package dev.arclet.format;

/** A key file is missing, malformed, badly protected, or would be overwritten. */
public final class KeyException extends FormatException {
    private static final long serialVersionUID = 1L;

    /** See {@link FormatException#FormatException(String, String, String, String)}. */
    public KeyException(String action, String object, String reason, String nextStep) {
        super(action, object, reason, nextStep);
    }

    /** See {@link FormatException#FormatException(String, String, String, String, Throwable)}. */
    public KeyException(
            String action, String object, String reason, String nextStep, Throwable cause) {
        super(action, object, reason, nextStep, cause);
    }
}
