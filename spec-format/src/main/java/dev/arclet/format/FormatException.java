package dev.arclet.format;

/**
 * A failure that a person can do something about. The message always reads <i>cannot ACTION OBJECT:
 * REASON. NEXT STEP.</i>; the four parts stay available for pages and JSON output.
 */
public class FormatException extends Exception {
    private static final long serialVersionUID = 1L;

    /** Quoted input is cut here so that hostile documents cannot flood a terminal or a log. */
    private static final int MAX_PART = 400;

    private final String action;
    private final String object;
    private final String reason;
    private final String nextStep;

    /**
     * @param action what was being done, as a verb without its object: "read", "verify"
     * @param object what it was done to, by name
     * @param reason why it failed
     * @param nextStep what the reader can do now, as a sentence without its full stop
     */
    public FormatException(String action, String object, String reason, String nextStep) {
        this(action, object, reason, nextStep, null);
    }

    /** As the four-part constructor, with the lower-level failure attached. */
    public FormatException(
            String action, String object, String reason, String nextStep, Throwable cause) {
        super(
                "cannot "
                        + printable(action)
                        + " "
                        + printable(object)
                        + ": "
                        + printable(reason)
                        + ". "
                        + printable(nextStep)
                        + ".",
                cause);
        this.action = printable(action);
        this.object = printable(object);
        this.reason = printable(reason);
        this.nextStep = printable(nextStep);
    }

    public String action() {
        return action;
    }

    public String object() {
        return object;
    }

    public String reason() {
        return reason;
    }

    public String nextStep() {
        return nextStep;
    }

    /** Replaces control and bidirectional formatting characters, which could disguise a message. */
    private static String printable(String text) {
        StringBuilder out = new StringBuilder(Math.min(text.length(), MAX_PART));
        for (int i = 0; i < text.length() && out.length() < MAX_PART; i++) {
            char c = text.charAt(i);
            int type = Character.getType(c);
            boolean hidden = type == Character.CONTROL || type == Character.FORMAT;
            out.append(hidden || Character.isSurrogate(c) ? '\uFFFD' : c);
        }
        if (text.length() > MAX_PART) {
            out.append('…');
        }
        return out.toString();
    }
}
