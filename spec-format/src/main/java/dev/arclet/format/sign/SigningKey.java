package dev.arclet.format.sign;

import dev.arclet.format.KeyException;
import java.security.SecureRandom;
import org.bouncycastle.math.ec.rfc8032.Ed25519;

/** An Ed25519 private key: the 32-byte seed of RFC 8032 section 5.1.5. Never printed. */
public final class SigningKey {
    /** Bytes of a seed. */
    public static final int BYTES = 32;

    private final byte[] seed;
    private final PublicKey publicKey;

    private SigningKey(byte[] seed, PublicKey publicKey) {
        this.seed = seed;
        this.publicKey = publicKey;
    }

    /** A new key from the platform's random source. */
    public static SigningKey generate(SecureRandom random) {
        byte[] seed = new byte[BYTES];
        Ed25519.generatePrivateKey(random, seed);
        try {
            return ofSeed(seed);
        } catch (KeyException e) {
            throw new AssertionError("a clamped scalar always gives a valid public key", e);
        }
    }

    /**
     * @param seed 32 bytes
     */
    public static SigningKey ofSeed(byte[] seed) throws KeyException {
        if (seed.length != BYTES) {
            throw new KeyException(
                    "use",
                    "a private key",
                    "it has " + seed.length + " bytes; an Ed25519 seed has " + BYTES,
                    "Restore the key file from its backup");
        }
        byte[] copy = seed.clone();
        byte[] raw = new byte[PublicKey.BYTES];
        Ed25519.generatePublicKey(copy, 0, raw, 0);
        return new SigningKey(copy, PublicKey.of(raw));
    }

    public PublicKey publicKey() {
        return publicKey;
    }

    /** The 64-byte signature over exactly {@code message}. */
    public byte[] sign(byte[] message) {
        byte[] signature = new byte[PublicKey.SIGNATURE_BYTES];
        Ed25519.sign(seed, 0, message, 0, message.length, signature, 0);
        return signature;
    }

    byte[] seed() {
        return seed.clone();
    }

    @Override
    public String toString() {
        return "private key of " + publicKey;
    }
}
