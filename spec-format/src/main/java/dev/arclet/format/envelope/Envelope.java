package dev.arclet.format.envelope;

import dev.arclet.format.SpecException;
import dev.arclet.format.VerifyException;
import dev.arclet.format.json.Fields;
import dev.arclet.format.json.StrictJson;
import dev.arclet.format.sign.PublicKey;
import dev.arclet.format.sign.SigningKey;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A DSSE 1.0 envelope: bytes, their type, and signatures over both in the pre-authentication
 * encoding. What is parsed after verification is exactly what was signed; there is no canonical
 * form.
 */
public final class Envelope {
    /** Largest envelope: 1 MiB of payload in base64, and its signatures. */
    public static final int MAX_BYTES = 3 << 19;

    /** Most signatures in one envelope. */
    public static final int MAX_SIGNATURES = 16;

    private static final String DOCUMENT = "the signed envelope";

    /**
     * One signature as carried.
     *
     * @param keyId a hint that nothing relies on; may be empty
     * @param signature as decoded; any length
     */
    public record Signature(String keyId, byte[] signature) {
        public Signature {
            signature = signature.clone();
        }

        @Override
        public byte[] signature() {
            return signature.clone();
        }

        @Override
        public boolean equals(Object o) {
            return o instanceof Signature s
                    && keyId.equals(s.keyId)
                    && Arrays.equals(signature, s.signature);
        }

        @Override
        public int hashCode() {
            return 31 * keyId.hashCode() + Arrays.hashCode(signature);
        }
    }

    private final String payloadType;
    private final byte[] payload;
    private final List<Signature> signatures;

    private Envelope(String payloadType, byte[] payload, List<Signature> signatures) {
        this.payloadType = payloadType;
        this.payload = payload;
        this.signatures = List.copyOf(signatures);
    }

    /**
     * The pre-authentication encoding (DSSE protocol, section Signature Definition): {@code
     * DSSEv1}, then type and body, each preceded by its length in decimal; single spaces between
     * all.
     */
    public static byte[] pae(String type, byte[] body) {
        byte[] typeBytes = type.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream out = new ByteArrayOutputStream(body.length + 128);
        out.writeBytes(ascii("DSSEv1 " + typeBytes.length + " "));
        out.writeBytes(typeBytes);
        out.writeBytes(ascii(" " + body.length + " "));
        out.writeBytes(body);
        return out.toByteArray();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** Signs {@code payload} with every key. */
    public static Envelope sign(String type, byte[] payload, List<SigningKey> keys) {
        byte[] message = pae(type, payload);
        List<Signature> signatures = new ArrayList<>();
        for (SigningKey key : keys) {
            signatures.add(new Signature(key.publicKey().keyId(), key.sign(message)));
        }
        return new Envelope(type, payload.clone(), signatures);
    }

    /** Parses an envelope of at most {@link #MAX_BYTES}; nothing is verified yet. */
    public static Envelope parse(byte[] json) throws SpecException {
        Fields f = Fields.of(StrictJson.parse(json, DOCUMENT, MAX_BYTES), DOCUMENT);
        List<Signature> signatures = new ArrayList<>();
        for (Fields s : f.objects("signatures", MAX_SIGNATURES)) {
            signatures.add(new Signature(s.optionalString("keyid").orElse(""), base64(s, "sig")));
        }
        if (signatures.isEmpty()) {
            throw f.problem("signatures", "is empty");
        }
        return new Envelope(f.string("payloadType"), base64(f, "payload"), signatures);
    }

    /** DSSE asks readers to take both base64 alphabets; padding is optional here, too. */
    private static byte[] base64(Fields f, String member) throws SpecException {
        String text = f.string(member);
        boolean url = text.indexOf('-') >= 0 || text.indexOf('_') >= 0;
        try {
            return (url ? Base64.getUrlDecoder() : Base64.getDecoder()).decode(text);
        } catch (IllegalArgumentException e) {
            throw f.problem(member, "is not base64");
        }
    }

    /** The envelope as JSON. */
    public byte[] write() {
        ObjectNode o = StrictJson.object();
        o.put("payload", Base64.getEncoder().encodeToString(payload));
        o.put("payloadType", payloadType);
        ArrayNode list = o.putArray("signatures");
        for (Signature s : signatures) {
            list.addObject()
                    .put("keyid", s.keyId())
                    .put("sig", Base64.getEncoder().encodeToString(s.signature()));
        }
        return StrictJson.write(o);
    }

    /**
     * The payload, if at least {@code threshold} different keys of {@code keys} signed it as {@code
     * expectedType}.
     *
     * @param threshold 1 or more
     */
    public byte[] verify(Collection<PublicKey> keys, int threshold, String expectedType)
            throws VerifyException {
        if (threshold < 1) {
            throw new IllegalArgumentException("threshold " + threshold);
        }
        if (!payloadType.equals(expectedType)) {
            throw new VerifyException(
                    "verify",
                    DOCUMENT,
                    "its payload type is \"" + payloadType + "\"; expected " + expectedType,
                    "Update Arclet if the publisher uses a newer format; do not use it otherwise");
        }
        Set<PublicKey> good = signers(keys);
        if (good.size() < threshold) {
            throw new VerifyException(
                    "verify",
                    DOCUMENT,
                    good.size()
                            + " of the publisher's keys signed it validly; "
                            + threshold
                            + " must",
                    "Do not use it; fetch it again, and tell the publisher if that does not help");
        }
        return payload.clone();
    }

    /** Those of {@code keys} that signed this type and payload; each counts once. */
    public Set<PublicKey> signers(Collection<PublicKey> keys) {
        byte[] message = pae(payloadType, payload);
        Set<PublicKey> good = new LinkedHashSet<>();
        for (PublicKey key : new LinkedHashSet<>(keys)) {
            for (Signature s : signatures) {
                if (key.verifies(message, s.signature())) {
                    good.add(key);
                    break;
                }
            }
        }
        return good;
    }

    public String payloadType() {
        return payloadType;
    }

    /** The bytes nobody vouches for yet: for display with a warning, never for use. */
    public byte[] unverifiedPayload() {
        return payload.clone();
    }

    public List<Signature> signatures() {
        return signatures;
    }
}
