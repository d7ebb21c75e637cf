package dev.arclet.launcher.session;

import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.LauncherException.Kind;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * {@code arclet://open?u=<percent-encoded link>}: what a browser hands over when somebody clicks on
 * a page. Exactly one parameter, ASCII only; anything else is refused, for any page can write one.
 */
public final class SchemeLink {
    /** The scheme with its colon. */
    public static final String SCHEME = "arclet:";

    private static final int MAX_LENGTH = 2048;

    private SchemeLink() {}

    /** The link inside, still to be parsed as one. */
    public static String unwrap(String text) throws LauncherException {
        if (text.length() > MAX_LENGTH) {
            throw bad(text, "it has more than " + MAX_LENGTH + " characters");
        }
        String rest = null;
        for (String prefix : new String[] {"arclet://open?u=", "arclet://open/?u="}) {
            if (text.startsWith(prefix)) {
                rest = text.substring(prefix.length());
            }
        }
        if (rest == null) {
            throw bad(text, "it is not of the form arclet://open?u=LINK");
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < rest.length(); i++) {
            char c = rest.charAt(i);
            if (c == '%') {
                boolean whole = i + 2 < rest.length();
                int high = whole ? Character.digit(rest.charAt(i + 1), 16) : -1;
                int low = whole ? Character.digit(rest.charAt(i + 2), 16) : -1;
                if (high < 0 || low < 0) {
                    throw bad(text, "it has a broken percent escape");
                }
                out.write(high << 4 | low);
                i += 2;
            } else if (isUnreserved(c)) {
                out.write(c);
            } else {
                throw bad(text, "it has the character U+%04X unescaped".formatted((int) c));
            }
        }
        for (byte b : out.toByteArray()) {
            if (b <= ' ' || b == 0x7F) {
                throw bad(text, "the link in it has control characters or is not ASCII");
            }
        }
        return out.toString(StandardCharsets.US_ASCII);
    }

    /**
     * RFC 3986 unreserved characters, and those delimiters that encodeURIComponent leaves alone.
     */
    private static boolean isUnreserved(char c) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || "-_.~!*'()".indexOf(c) >= 0;
    }

    private static LauncherException bad(String text, String reason) {
        return new LauncherException(
                Kind.USAGE,
                "open",
                "\"" + text + "\"",
                reason,
                "Go back to the page it came from, or copy its link and use \"arclet open LINK\"");
    }
}
