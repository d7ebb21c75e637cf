package dev.arclet.format.envelope;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.arclet.format.SpecException;
import dev.arclet.format.VerifyException;
import dev.arclet.format.sign.PublicKey;
import dev.arclet.format.sign.SigningKey;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EnvelopeTest {
    private static final String TYPE = "application/vnd.arclet.spec.v1+json";
    private static final byte[] BODY = "hello world".getBytes(UTF_8);

    private SigningKey a;
    private SigningKey b;

    @BeforeEach
    void keys() throws Exception {
        byte[] seed = new byte[32];
        a = SigningKey.ofSeed(seed);
        seed[0] = 1;
        b = SigningKey.ofSeed(seed);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, UTF_8);
    }

    private static Envelope parse(String json) throws SpecException {
        return Envelope.parse(json.getBytes(UTF_8));
    }

    private static String b64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    /** The worked example of the DSSE protocol document. */
    @Test
    void preAuthenticationEncoding() {
        assertEquals(
                "DSSEv1 29 http://example.com/HelloWorld 11 hello world",
                text(Envelope.pae("http://example.com/HelloWorld", BODY)));
        assertEquals("DSSEv1 0  0 ", text(Envelope.pae("", new byte[0])));
        // Lengths count bytes.
        assertEquals("DSSEv1 2 é 2 é", text(Envelope.pae("é", "é".getBytes(UTF_8))));
    }

    /** Type and body that join to the same text must not join to the same bytes. */
    @Test
    void lengthsKeepTypeAndBodyApart() {
        assertFalse(
                Arrays.equals(
                        Envelope.pae("a 1 b", "c".getBytes(UTF_8)),
                        Envelope.pae("a", "b 1 c".getBytes(UTF_8))));
        assertFalse(
                Arrays.equals(
                        Envelope.pae("a", " 1 x".getBytes(UTF_8)),
                        Envelope.pae("a ", "1 x".getBytes(UTF_8))));
    }

    @Test
    void roundTrip() throws Exception {
        Envelope e = Envelope.parse(Envelope.sign(TYPE, BODY, List.of(a, b)).write());
        assertArrayEquals(BODY, e.verify(List.of(a.publicKey(), b.publicKey()), 2, TYPE));
        assertArrayEquals(BODY, e.verify(List.of(b.publicKey()), 1, TYPE));
    }

    @Test
    void aSwappedTypeIsRefusedEitherWay() throws Exception {
        String json = text(Envelope.sign(TYPE, BODY, List.of(a)).write());
        Envelope other = parse(json.replace("spec.v1", "spec.v2"));
        List<PublicKey> keys = List.of(a.publicKey());
        VerifyException named =
                assertThrows(VerifyException.class, () -> other.verify(keys, 1, TYPE));
        assertEquals(true, named.reason().contains("spec.v2"), named.getMessage());
        assertThrows(
                VerifyException.class,
                () -> other.verify(keys, 1, "application/vnd.arclet.spec.v2+json"));
    }

    @Test
    void aBareSignatureOverTheBodyIsRefused() throws Exception {
        Envelope e =
                parse(
                        "{\"payload\":\"%s\",\"payloadType\":\"%s\",\"signatures\":[{\"sig\":\"%s\"}]}"
                                .formatted(b64(BODY), TYPE, b64(a.sign(BODY))));
        assertThrows(VerifyException.class, () -> e.verify(List.of(a.publicKey()), 1, TYPE));
    }

    @Test
    void oneSignerCountsOnceHoweverOftenItSigns() throws Exception {
        Envelope e = Envelope.parse(Envelope.sign(TYPE, BODY, List.of(a, a, a)).write());
        List<PublicKey> twice =
                List.of(a.publicKey(), PublicKey.of(a.publicKey().raw()), b.publicKey());
        assertThrows(VerifyException.class, () -> e.verify(twice, 2, TYPE));
        e.verify(twice, 1, TYPE);
    }

    @Test
    void keyIdsDecideNothing() throws Exception {
        String json = text(Envelope.sign(TYPE, BODY, List.of(a)).write());
        Envelope lying = parse(json.replace(a.publicKey().keyId(), b.publicKey().keyId()));
        assertArrayEquals(BODY, lying.verify(List.of(a.publicKey()), 1, TYPE));
        assertThrows(VerifyException.class, () -> lying.verify(List.of(b.publicKey()), 1, TYPE));
        Envelope without = parse(json.replace("\"keyid\"", "\"other\""));
        assertArrayEquals(BODY, without.verify(List.of(a.publicKey()), 1, TYPE));
    }

    @Test
    void aWrongKeyIsRefusedAndNamed() {
        Envelope e = Envelope.sign(TYPE, BODY, List.of(a));
        VerifyException x =
                assertThrows(
                        VerifyException.class, () -> e.verify(List.of(b.publicKey()), 1, TYPE));
        assertEquals("the signed envelope", x.object());
        assertThrows(VerifyException.class, () -> e.verify(List.of(), 1, TYPE));
        assertThrows(IllegalArgumentException.class, () -> e.verify(List.of(), 0, TYPE));
    }

    @Test
    void signaturesOfOtherLengthsAreRefused() throws Exception {
        byte[] good = a.sign(Envelope.pae(TYPE, BODY));
        for (int length : new int[] {0, 32, 63, 65, 96}) {
            Envelope e =
                    parse(
                            "{\"payload\":\"%s\",\"payloadType\":\"%s\",\"signatures\":[{\"sig\":\"%s\"}]}"
                                    .formatted(b64(BODY), TYPE, b64(Arrays.copyOf(good, length))));
            assertThrows(
                    VerifyException.class,
                    () -> e.verify(List.of(a.publicKey()), 1, TYPE),
                    "length " + length);
        }
    }

    @Test
    void bothBase64AlphabetsAreRead() throws Exception {
        byte[] body = {(byte) 0xFB, (byte) 0xFF, (byte) 0xFE};
        String json = text(Envelope.sign(TYPE, body, List.of(a)).write());
        Envelope e =
                parse(
                        json.replace("+", "-")
                                .replace("/", "_")
                                .replace("application_vnd.arclet.spec.v1-json", TYPE));
        assertArrayEquals(body, e.verify(List.of(a.publicKey()), 1, TYPE));
    }

    @Test
    void malformedEnvelopesAreRefused() {
        String good = text(Envelope.sign(TYPE, BODY, List.of(a)).write());
        for (String bad :
                List.of(
                        "",
                        "[]",
                        "null",
                        "{}",
                        good.substring(0, good.length() - 1),
                        good + "{}",
                        good.replace("\"payload\":", "\"payload\":\"eA==\",\"payload\":"),
                        good.replace("\"payload\":\"", "\"payload\":\"*"),
                        good.replace("\"signatures\":[", "\"signatures\":[7,"),
                        "{\"payload\":\"\",\"payloadType\":\"x\",\"signatures\":[]}",
                        "{\"payload\":\"\",\"payloadType\":\"x\",\"signatures\":["
                                + "{\"sig\":\"\"},".repeat(16)
                                + "{\"sig\":\"\"}]}")) {
            assertThrows(SpecException.class, () -> parse(bad), bad);
        }
        assertThrows(SpecException.class, () -> Envelope.parse(new byte[Envelope.MAX_BYTES + 1]));
    }
}
