package dev.arclet.format.model;

import dev.arclet.format.SpecException;
import dev.arclet.format.digest.Digest;

/**
 * Who publishes: base32 (RFC 4648 section 6, lower case, unpadded) of the SHA-256 of the
 * publisher's first root metadata, 52 characters. It outlives every key, since later roots are
 * reached from the first one by signatures.
 *
 * @param text 52 characters of {@code a-z2-7}, the last of which carries one bit only
 */
public record PublisherId(String text) {
    /** Characters of an id: 256 bits, 5 at a time. */
    public static final int LENGTH = 52;

    private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

    /** Programmers' check; text from outside goes through {@link #parse}. */
    public PublisherId {
        if (!isValid(text)) {
            throw new IllegalArgumentException("not a publisher id: " + text);
        }
    }

    private static boolean isValid(String text) {
        // 52 * 5 = 260 bits; the four spare bits must be zero, so that an id has one spelling only.
        return text.length() == LENGTH
                && text.chars().allMatch(c -> ALPHABET.indexOf(c) >= 0)
                && (ALPHABET.indexOf(text.charAt(LENGTH - 1)) & 0xF) == 0;
    }

    /** The id of the publisher whose first root metadata file has exactly these bytes. */
    public static PublisherId ofFirstRoot(byte[] firstRoot) {
        byte[] raw = Digest.of(firstRoot).raw();
        StringBuilder out = new StringBuilder(LENGTH);
        int bits = 0;
        int held = 0;
        for (byte b : raw) {
            bits = (bits << 8) | (b & 0xFF);
            held += 8;
            while (held >= 5) {
                held -= 5;
                out.append(ALPHABET.charAt((bits >> held) & 31));
            }
            bits &= (1 << held) - 1;
        }
        out.append(ALPHABET.charAt((bits << (5 - held)) & 31));
        return new PublisherId(out.toString());
    }

    public static PublisherId parse(String text) throws SpecException {
        if (!isValid(text)) {
            throw new SpecException(
                    "read",
                    "publisher id \"" + text + "\"",
                    "it is not 52 characters of a-z and 2-7 in their only valid spelling",
                    "Copy the whole link again from the page that offered it");
        }
        return new PublisherId(text);
    }

    /** Groups of four characters, for people who compare ids by eye. */
    public String grouped() {
        return text.replaceAll("(.{4})(?=.)", "$1 ");
    }

    @Override
    public String toString() {
        return text;
    }
}
