package dev.arclet.format.sign;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.format.KeyException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.Signature;
import java.security.spec.EdECPoint;
import java.security.spec.EdECPublicKeySpec;
import java.security.spec.NamedParameterSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class Ed25519Test {
    /** The field prime of RFC 8032 section 5.1. */
    private static final BigInteger P = BigInteger.TWO.pow(255).subtract(BigInteger.valueOf(19));

    /** The group order L of the same section. */
    private static final BigInteger L =
            BigInteger.TWO.pow(252).add(new BigInteger("27742317777372353535851937790883648493"));

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text);
    }

    /** RFC 8032 section 7.1, tests 1 to 3: seed, public key, message, signature. */
    @ParameterizedTest
    @CsvSource({
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60,"
                + "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a,'',"
                + "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac"
                + "c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb,"
                + "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c,72,"
                + "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e"
                + "458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7,"
                + "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025,af82,"
                + "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290"
                + "ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    })
    void agreesWithTheRfc(String seed, String key, String message, String signature)
            throws Exception {
        SigningKey signing = SigningKey.ofSeed(hex(seed));
        assertArrayEquals(hex(key), signing.publicKey().raw());
        assertArrayEquals(hex(signature), signing.sign(hex(message)));
        assertTrue(PublicKey.of(hex(key)).verifies(hex(message), hex(signature)));
    }

    @Test
    void everyFlippedBitIsNoticed() throws Exception {
        SigningKey key = SigningKey.ofSeed(new byte[32]);
        byte[] message = "message".getBytes(StandardCharsets.UTF_8);
        byte[] signature = key.sign(message);
        for (int bit = 0; bit < signature.length * 8; bit++) {
            byte[] flipped = signature.clone();
            flipped[bit / 8] ^= (byte) (1 << (bit % 8));
            assertFalse(key.publicKey().verifies(message, flipped), "bit " + bit);
        }
        for (int bit = 0; bit < message.length * 8; bit++) {
            byte[] flipped = message.clone();
            flipped[bit / 8] ^= (byte) (1 << (bit % 8));
            assertFalse(key.publicKey().verifies(flipped, signature), "bit " + bit);
        }
    }

    @Test
    void otherLengthsAreRefused() throws Exception {
        SigningKey key = SigningKey.ofSeed(new byte[32]);
        byte[] signature = key.sign(new byte[3]);
        for (int length : new int[] {0, 1, 32, 63, 65, 128}) {
            assertFalse(
                    key.publicKey().verifies(new byte[3], Arrays.copyOf(signature, length)),
                    "length " + length);
        }
        for (int length : new int[] {0, 31, 33, 64}) {
            byte[] raw = Arrays.copyOf(key.publicKey().raw(), length);
            assertThrows(KeyException.class, () -> PublicKey.of(raw));
            assertThrows(KeyException.class, () -> SigningKey.ofSeed(new byte[length]));
        }
    }

    /** S and S + L are the same scalar; only the reduced one is valid (RFC 8032 section 5.1.7). */
    @Test
    void unreducedScalarsAreRefused() throws Exception {
        SigningKey key = SigningKey.ofSeed(new byte[32]);
        byte[] signature = key.sign(new byte[3]);
        byte[] le = Arrays.copyOfRange(signature, 32, 64);
        BigInteger s = new BigInteger(1, reversed(le)).add(L);
        byte[] grown = reversed(toBytes(s));
        System.arraycopy(grown, 0, signature, 32, 32);
        assertFalse(key.publicKey().verifies(new byte[3], signature));
    }

    private static byte[] reversed(byte[] in) {
        byte[] out = new byte[in.length];
        for (int i = 0; i < in.length; i++) {
            out[i] = in[in.length - 1 - i];
        }
        return out;
    }

    private static byte[] toBytes(BigInteger value) {
        byte[] signed = value.toByteArray();
        byte[] out = new byte[32];
        int n = Math.min(32, signed.length);
        System.arraycopy(signed, signed.length - n, out, 32 - n, n);
        return out;
    }

    private static byte[] encode(BigInteger y, boolean sign) {
        byte[] out = reversed(toBytes(y));
        if (sign) {
            out[31] |= (byte) 0x80;
        }
        return out;
    }

    /** Square root modulo p, p = 5 mod 8 (RFC 8032 section 5.1.1). */
    private static BigInteger sqrt(BigInteger a) {
        BigInteger r = a.modPow(P.add(BigInteger.valueOf(3)).shiftRight(3), P);
        if (r.multiply(r).mod(P).equals(a.mod(P))) {
            return r;
        }
        BigInteger i = BigInteger.TWO.modPow(P.subtract(BigInteger.ONE).shiftRight(2), P);
        r = r.multiply(i).mod(P);
        return r.multiply(r).mod(P).equals(a.mod(P)) ? r : null;
    }

    /**
     * All encodings of points of order 1, 2, 4 and 8. Doubling (x, y) gives y = 0 where y² = -x²;
     * with the curve equation -x² + y² = 1 + d x² y² that is d y⁴ + 2 y² - 1 = 0, so y² = (-1 ± √(1
     * + d)) / d.
     */
    static List<byte[]> smallOrder() {
        BigInteger d =
                BigInteger.valueOf(-121665)
                        .multiply(BigInteger.valueOf(121666).modInverse(P))
                        .mod(P);
        List<BigInteger> ys =
                new ArrayList<>(
                        List.of(
                                BigInteger.ONE,
                                P.subtract(BigInteger.ONE),
                                BigInteger.ZERO,
                                // The same points, not reduced modulo p.
                                P,
                                P.add(BigInteger.ONE)));
        BigInteger root = sqrt(BigInteger.ONE.add(d).mod(P));
        for (BigInteger r : List.of(root, P.subtract(root))) {
            BigInteger square = r.subtract(BigInteger.ONE).multiply(d.modInverse(P)).mod(P);
            BigInteger y = sqrt(square);
            if (y != null) {
                ys.add(y);
                ys.add(P.subtract(y));
            }
        }
        List<byte[]> out = new ArrayList<>();
        for (BigInteger y : ys) {
            out.add(encode(y, false));
            out.add(encode(y, true));
        }
        return out;
    }

    @Test
    void keysOfSmallOrderAreRefused() {
        List<byte[]> keys = smallOrder();
        // 1, -1, 0, two of order 8 with their negatives in y, two unreduced; each with both signs.
        assertEquals(14, keys.size());
        for (byte[] raw : keys) {
            assertThrows(
                    KeyException.class, () -> PublicKey.of(raw), HexFormat.of().formatHex(raw));
        }
    }

    /** y values beyond p - 1 have a second, reduced spelling; only that one may count. */
    @Test
    void unreducedKeysAreRefused() {
        for (int i = 0; i < 19; i++) {
            BigInteger y = P.add(BigInteger.valueOf(i));
            assertThrows(KeyException.class, () -> PublicKey.of(encode(y, false)), "p + " + i);
        }
    }

    /**
     * A valid point plus one of order 2 verifies under cofactored rules only; refuse it as a key.
     */
    @Test
    void keysOutsideThePrimeOrderGroupAreRefused() throws Exception {
        // Adding (0, -1) negates both coordinates.
        byte[] raw = SigningKey.ofSeed(new byte[32]).publicKey().raw();
        boolean sign = (raw[31] & 0x80) != 0;
        byte[] magnitude = raw.clone();
        magnitude[31] &= 0x7F;
        BigInteger y = P.subtract(new BigInteger(1, reversed(magnitude)));
        assertThrows(KeyException.class, () -> PublicKey.of(encode(y, !sign)));
    }

    /** Why the JDK's provider is not used; should a later one refuse this key, ours still must. */
    @Test
    void theJdkAcceptsTheIdentityAsAKey() throws Exception {
        Assumptions.assumeTrue(Runtime.version().feature() == 25, "recorded on JDK 25");
        java.security.PublicKey identity =
                KeyFactory.getInstance("Ed25519")
                        .generatePublic(
                                new EdECPublicKeySpec(
                                        NamedParameterSpec.ED25519,
                                        new EdECPoint(false, BigInteger.ONE)));
        byte[] forged = new byte[64];
        forged[0] = 1;
        for (int seed = 0; seed < 5; seed++) {
            byte[] message = new byte[20];
            new Random(seed).nextBytes(message);
            Signature verifier = Signature.getInstance("Ed25519");
            verifier.initVerify(identity);
            verifier.update(message);
            assertTrue(verifier.verify(forged), "one signature for every message, seed " + seed);
        }
    }

    /**
     * Wycheproof's Ed25519 vectors, from a file that the property {@code arclet.wycheproof} names
     * (they are not part of this repository; docs/format.md, section Test vectors, tells how to run
     * it).
     */
    @Test
    void agreesWithWycheproof() throws Exception {
        String file = System.getProperty("arclet.wycheproof");
        Assumptions.assumeTrue(file != null, "no arclet.wycheproof property");
        JsonNode all = JsonMapper.shared().readTree(Files.readString(Path.of(file)));
        int tests = 0;
        List<String> wrong = new ArrayList<>();
        for (JsonNode group : all.get("testGroups").values()) {
            byte[] raw = hex(group.get("publicKey").get("pk").stringValue());
            for (JsonNode t : group.get("tests").values()) {
                boolean valid = t.get("result").stringValue().equals("valid");
                boolean accepted;
                try {
                    accepted =
                            PublicKey.of(raw)
                                    .verifies(
                                            hex(t.get("msg").stringValue()),
                                            hex(t.get("sig").stringValue()));
                } catch (KeyException e) {
                    accepted = false;
                }
                tests++;
                if (accepted != valid) {
                    wrong.add("tcId " + t.get("tcId") + " " + t.get("comment"));
                }
            }
        }
        System.out.println("Wycheproof Ed25519: " + tests + " tests, " + wrong.size() + " wrong");
        assertEquals(List.of(), wrong);
        assertTrue(tests >= 150, "only " + tests + " tests");
    }
}
