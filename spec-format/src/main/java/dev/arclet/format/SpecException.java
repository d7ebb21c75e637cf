package dev.arclet.format;

/** A document of the format (spec, metadata, catalog, link or vm.yaml) is malformed. */
public final class SpecException extends FormatException {
    private static final long serialVersionUID = 1L;

    /** See {@link FormatException#FormatException(String, String, String, String)}. */
    public SpecException(String action, String object, String reason, String nextStep) {
        super(action, object, reason, nextStep);
    }

    /** See {@link FormatException#FormatException(String, String, String, String, Throwable)}. */
    public SpecException(
            String action, String object, String reason, String nextStep, Throwable cause) {
        super(action, object, reason, nextStep, cause);
    }
}
