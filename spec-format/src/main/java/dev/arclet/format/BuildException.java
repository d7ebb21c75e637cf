package dev.arclet.format;

/** What an author wrote, or the files it names, cannot be built or published. */
public final class BuildException extends FormatException {
    private static final long serialVersionUID = 1L;

    /** See {@link FormatException#FormatException(String, String, String, String)}. */
    public BuildException(String action, String object, String reason, String nextStep) {
        super(action, object, reason, nextStep);
    }

    /** See {@link FormatException#FormatException(String, String, String, String, Throwable)}. */
    public BuildException(
            String action, String object, String reason, String nextStep, Throwable cause) {
        super(action, object, reason, nextStep, cause);
    }
}
