package dev.arclet.format;

/** Something is not what its signature or digest says, or nobody vouches for it. */
public final class VerifyException extends FormatException {
    private static final long serialVersionUID = 1L;

    /** See {@link FormatException#FormatException(String, String, String, String)}. */
    public VerifyException(String action, String object, String reason, String nextStep) {
        super(action, object, reason, nextStep);
    }

    /** See {@link FormatException#FormatException(String, String, String, String, Throwable)}. */
    public VerifyException(
            String action, String object, String reason, String nextStep, Throwable cause) {
        super(action, object, reason, nextStep, cause);
    }
}
