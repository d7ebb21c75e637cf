package dev.arclet.launcher;

/**
 * A failure of the launcher that a person can do something about. The message reads <i>cannot
 * ACTION OBJECT: REASON. NEXT STEP.</i>, like those of {@code FormatException}.
 */
public class LauncherException extends Exception {
    private static final long serialVersionUID = 1L;

    /** What kind of failure it is; decides the exit status and the HTTP status. */
    public enum Kind {
        /** The caller asked for something that cannot be, or named an unreadable input. */
        USAGE,
        /** Signatures, digests or the publisher's identity do not hold. */
        REFUSED,
        /** Nobody has agreed to run this. */
        NO_CONSENT,
        /** A server or the network failed. */
        TRANSFER,
        /** This computer lacks something that is needed. */
        HOST,
        /** What was named is not there. */
        NOT_FOUND
    }

    private final Kind kind;
    private final String reason;
    private final String nextStep;

    /**
     * @param action what was being done, as a verb without its object
     * @param object what it was done to, by name
     * @param reason why it failed
     * @param nextStep what the reader can do now, without its full stop
     */
    public LauncherException(
            Kind kind, String action, String object, String reason, String nextStep) {
        this(kind, action, object, reason, nextStep, null);
    }

    /** As the five-part constructor, with the lower-level failure attached. */
    public LauncherException(
            Kind kind,
            String action,
            String object,
            String reason,
            String nextStep,
            Throwable cause) {
        super(
                Printable.line(
                        "cannot " + action + " " + object + ": " + reason + ". " + nextStep + "."),
                cause);
        this.kind = kind;
        this.reason = Printable.line(reason);
        this.nextStep = Printable.line(nextStep);
    }

    private LauncherException(Kind kind, String message) {
        super(Printable.line(message));
        this.kind = kind;
        this.reason = getMessage();
        this.nextStep = "";
    }

    /** A failure that another launcher process has reported, in its own words. */
    public static LauncherException relayed(Kind kind, String message) {
        return new LauncherException(kind, message);
    }

    public Kind kind() {
        return kind;
    }

    public String reason() {
        return reason;
    }

    public String nextStep() {
        return nextStep;
    }
}
