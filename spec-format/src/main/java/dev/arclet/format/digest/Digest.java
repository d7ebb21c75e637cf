package dev.arclet.format.digest;

import dev.arclet.format.SpecException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;

/**
 * A SHA-256 digest. Its text form is {@code sha256:} and 64 lower-case hexadecimal digits; no other
 * algorithm exists in version 1 of the format.
 *
 * @param hex 64 lower-case hexadecimal digits
 */
public record Digest(String hex) implements Comparable<Digest> {
    /** Length of a raw digest in bytes. */
    public static final int BYTES = 32;

    private static final String PREFIX = "sha256:";

    /** Programmers' check; text from outside goes through {@link #parse}. */
    public Digest {
        if (!isHex(hex)) {
            throw new IllegalArgumentException("not 64 lower-case hexadecimal digits: " + hex);
        }
    }

    private static boolean isHex(String hex) {
        return hex.length() == 2 * BYTES
                && hex.chars().allMatch(c -> (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
    }

    /** A fresh SHA-256 computation; every Java runtime has the algorithm. */
    public static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("SHA-256 is required of every Java runtime", e);
        }
    }

    public static Digest of(byte[] bytes) {
        return ofRaw(sha256().digest(bytes));
    }

    /** The digest of {@code length} bytes from {@code at}. */
    public static Digest of(byte[] bytes, int at, int length) {
        MessageDigest sha = sha256();
        sha.update(bytes, at, length);
        return ofRaw(sha.digest());
    }

    public static Digest of(Path file) throws IOException {
        MessageDigest sha = sha256();
        byte[] buffer = new byte[1 << 16];
        try (InputStream in = Files.newInputStream(file)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                sha.update(buffer, 0, n);
            }
        }
        return ofRaw(sha.digest());
    }

    /**
     * Wraps a digest that has been computed already.
     *
     * @param raw 32 bytes
     */
    public static Digest ofRaw(byte[] raw) {
        if (raw.length != BYTES) {
            throw new IllegalArgumentException("a SHA-256 digest has 32 bytes, not " + raw.length);
        }
        return new Digest(HexFormat.of().formatHex(raw));
    }

    /** Reads {@code sha256:<hex>}. */
    public static Digest parse(String text) throws SpecException {
        if (text.startsWith(PREFIX) && isHex(text.substring(PREFIX.length()))) {
            return new Digest(text.substring(PREFIX.length()));
        }
        throw new SpecException(
                "read",
                "digest \"" + text + "\"",
                "it is not \"sha256:\" followed by 64 lower-case hexadecimal digits",
                "Ask the publisher for a correct document, or update Arclet if it is newer than"
                        + " this program");
    }

    /** The 32 raw bytes. */
    public byte[] raw() {
        return HexFormat.of().parseHex(hex);
    }

    /** URL-safe base64 without padding, as links carry it: 43 characters. */
    public String base64Url() {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(raw());
    }

    @Override
    public int compareTo(Digest other) {
        return hex.compareTo(other.hex);
    }

    @Override
    public String toString() {
        return PREFIX + hex;
    }
}
