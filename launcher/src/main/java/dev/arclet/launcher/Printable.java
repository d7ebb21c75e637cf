package dev.arclet.launcher;

/** Makes text from outside fit for one line of a terminal or a log. */
public final class Printable {
    private static final int MAX = 1200;

    private Printable() {}

    /**
     * The text with control, formatting and unpaired characters replaced (they could disguise a
     * message or drive a terminal), cut at 1,200 characters.
     */
    public static String line(String text) {
        StringBuilder out = new StringBuilder(Math.min(text.length(), MAX));
        int end = Math.min(text.length(), MAX);
        for (int i = 0; i < end; ) {
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            int type = Character.getType(c);
            boolean hidden =
                    type == Character.CONTROL
                            || type == Character.FORMAT
                            || type == Character.SURROGATE
                            || type == Character.LINE_SEPARATOR
                            || type == Character.PARAGRAPH_SEPARATOR;
            out.appendCodePoint(hidden ? 0xFFFD : c);
        }
        return text.length() > MAX ? out.append('…').toString() : out.toString();
    }
}
