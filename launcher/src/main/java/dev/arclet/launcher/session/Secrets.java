package dev.arclet.launcher.session;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;

/** Unguessable text. */
final class Secrets {
    /** Characters of a secret: 256 bits in base64url. */
    static final int LENGTH = 43;

    private static final SecureRandom RANDOM = new SecureRandom();

    private Secrets() {}

    /** A new secret of 256 bits. */
    static String next() {
        byte[] raw = new byte[32];
        RANDOM.nextBytes(raw);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(raw);
    }

    /** A short random name, for what must be unpredictable but is no key. */
    static String name() {
        byte[] raw = new byte[9];
        RANDOM.nextBytes(raw);
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(raw)
                .replace('-', 'x')
                .replace('_', 'y');
    }

    /** Compares in time that tells nothing about where two secrets differ. */
    static boolean same(String a, String b) {
        return MessageDigest.isEqual(
                a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));
    }
}
