package dev.arclet.format.sign;

import dev.arclet.format.KeyException;
import dev.arclet.format.digest.Digest;
import java.util.Arrays;
import java.util.HexFormat;
import org.bouncycastle.math.ec.rfc8032.Ed25519;

/**
 * An Ed25519 public key (RFC 8032) that passed full validation: canonical encoding, on the curve,
 * in the prime-order subgroup. Under a key of small order one signature can fit every message, so
 * such keys never become instances. Bouncy Castle does the arithmetic: the JDK's provider accepts
 * the identity point as a key.
 */
public final class PublicKey {
    /** Bytes of an encoded key. */
    public static final int BYTES = 32;

    /** Bytes of a signature. */
    public static final int SIGNATURE_BYTES = 64;

    private final byte[] raw;

    private PublicKey(byte[] raw) {
        this.raw = raw;
    }

    /**
     * @param raw 32 bytes as in RFC 8032 section 5.1.2
     */
    public static PublicKey of(byte[] raw) throws KeyException {
        if (raw.length != BYTES) {
            throw refused(raw, "it has " + raw.length + " bytes; an Ed25519 key has " + BYTES);
        }
        byte[] copy = raw.clone();
        if (!Ed25519.validatePublicKeyFull(copy, 0)) {
            throw refused(raw, "it is no point of the prime-order group of Ed25519");
        }
        return new PublicKey(copy);
    }

    private static KeyException refused(byte[] raw, String reason) {
        String hex = HexFormat.of().formatHex(raw, 0, Math.min(raw.length, BYTES));
        return new KeyException(
                "use",
                "public key " + hex,
                reason,
                "Do not trust what it signed; ask the publisher for a new key");
    }

    /** The 32 raw bytes (a copy). */
    public byte[] raw() {
        return raw.clone();
    }

    /** Hexadecimal SHA-256 of the raw key: a label to find keys by, never a proof. */
    public String keyId() {
        return Digest.of(raw).hex();
    }

    /**
     * Whether {@code signature} is this key's over exactly {@code message}. False for any length
     * other than 64 bytes.
     */
    public boolean verifies(byte[] message, byte[] signature) {
        return signature.length == SIGNATURE_BYTES
                && Ed25519.verify(signature, 0, raw, 0, message, 0, message.length);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PublicKey key && Arrays.equals(raw, key.raw);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(raw);
    }

    @Override
    public String toString() {
        return "ed25519:" + HexFormat.of().formatHex(raw);
    }
}
