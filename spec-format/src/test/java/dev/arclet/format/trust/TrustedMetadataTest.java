package dev.arclet.format.trust;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.format.KeyException;
import dev.arclet.format.Samples;
import dev.arclet.format.VerifyException;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.json.StrictJson;
import dev.arclet.format.model.PublisherId;
import dev.arclet.format.sign.PublicKey;
import dev.arclet.format.sign.SigningKey;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Attacks of TUF's specification, section 1.5.2, on the pure verifier. */
class TrustedMetadataTest {
    private static final Instant NOW = Samples.NOW;
    private static final Instant LATER = NOW.plus(Duration.ofDays(10));

    private final SigningKey rootA = key(1);
    private final SigningKey rootB = key(2);
    private final SigningKey rootC = key(3);
    private final SigningKey online = key(4);
    private final SigningKey stranger = key(5);
    private byte[] first;
    private PublisherId id;

    private static SigningKey key(int n) {
        try {
            byte[] seed = new byte[32];
            seed[0] = (byte) n;
            return SigningKey.ofSeed(seed);
        } catch (KeyException e) {
            throw new AssertionError(e);
        }
    }

    private static Metadata.RoleKeys keys(int threshold, SigningKey... keys) {
        Set<PublicKey> set = Stream.of(keys).map(SigningKey::publicKey).collect(Collectors.toSet());
        return new Metadata.RoleKeys(set, threshold);
    }

    private byte[] root(
            long version, Metadata.RoleKeys rootKeys, SigningKey onlineKey, SigningKey... signers) {
        Map<Role, Metadata.RoleKeys> roles = new EnumMap<>(Role.class);
        for (Role role : Role.values()) {
            roles.put(role, role == Role.ROOT ? rootKeys : keys(1, onlineKey));
        }
        return SignedMetadata.sign(new Metadata.Root(version, LATER, roles), List.of(signers));
    }

    /** A consistent set of the three lower roles. */
    private record Docs(byte[] timestamp, byte[] snapshot, byte[] targets) {}

    private static Metadata.FileRef ref(long version, byte[] bytes) {
        return new Metadata.FileRef(version, bytes.length, Digest.of(bytes));
    }

    private static Docs docs(SigningKey key, long t, long s, long g, Instant expires) {
        Metadata.Target target = new Metadata.Target(5, Digest.of(("v" + g).getBytes(UTF_8)));
        byte[] targets =
                SignedMetadata.sign(
                        new Metadata.Targets(g, expires, Map.of("vm/a", target), List.of()),
                        List.of(key));
        byte[] snapshot =
                SignedMetadata.sign(
                        new Metadata.Snapshot(s, expires, ref(g, targets)), List.of(key));
        byte[] timestamp =
                SignedMetadata.sign(
                        new Metadata.Timestamp(t, expires, ref(s, snapshot)), List.of(key));
        return new Docs(timestamp, snapshot, targets);
    }

    private Docs docs(long version) {
        return docs(online, version, version, version, LATER);
    }

    private static void feed(TrustedMetadata trusted, Docs d, Instant now) throws VerifyException {
        trusted.updateTimestamp(d.timestamp(), now);
        trusted.updateSnapshot(d.snapshot(), now);
        trusted.updateTargets(d.targets(), now);
    }

    private TrustedMetadata start() throws VerifyException {
        return TrustedMetadata.ofFirstRoot(id, first);
    }

    private static VerifyException refused(Executable e) {
        return assertThrows(VerifyException.class, e);
    }

    @BeforeEach
    void firstRoot() {
        first = root(1, keys(2, rootA, rootB, rootC), online, rootA, rootB);
        id = PublisherId.ofFirstRoot(first);
    }

    @Test
    void aConsistentSetIsTrusted() throws Exception {
        TrustedMetadata trusted = start();
        feed(trusted, docs(3), NOW);
        assertEquals(
                Digest.of("v3".getBytes(UTF_8)),
                trusted.targets().orElseThrow().find("a").orElseThrow().digest());
        feed(trusted, docs(4), NOW);
        assertEquals(4, trusted.targets().orElseThrow().version());
    }

    @Test
    void anotherFirstRootIsRefused() {
        byte[] other = root(1, keys(2, rootA, rootB), online, rootA, rootB);
        refused(() -> TrustedMetadata.ofFirstRoot(id, other));
    }

    @Test
    void rootNeedsItsThresholdOfDifferentKeys() {
        byte[] one = root(1, keys(2, rootA, rootB, rootC), online, rootA);
        refused(() -> TrustedMetadata.ofFirstRoot(PublisherId.ofFirstRoot(one), one));
        byte[] twice = root(1, keys(2, rootA, rootB, rootC), online, rootA, rootA, stranger);
        refused(() -> TrustedMetadata.ofFirstRoot(PublisherId.ofFirstRoot(twice), twice));
    }

    /** One key under two ids must not reach a threshold of two. */
    @Test
    void oneKeyUnderTwoIdsIsRefused() {
        String text = new String(first, UTF_8);
        String a = rootA.publicKey().toString().substring("ed25519:".length());
        String b = rootB.publicKey().toString().substring("ed25519:".length());
        byte[] doubled = text.replace(b, a).getBytes(UTF_8);
        refused(() -> TrustedMetadata.ofFirstRoot(PublisherId.ofFirstRoot(doubled), doubled));
    }

    @Test
    void rootsAreFollowedOneByOne() throws Exception {
        TrustedMetadata trusted = start();
        SigningKey newOnline = key(6);
        byte[] second = root(2, keys(1, rootC), newOnline, rootA, rootB, rootC);
        byte[] third = root(3, keys(1, stranger), newOnline, rootC, stranger);
        refused(() -> start().updateRoot(third));
        trusted.updateRoot(second);
        refused(() -> trusted.updateRoot(second));
        trusted.updateRoot(third);
        // The old online key is nobody now.
        refused(() -> feed(trusted, docs(1), NOW));
        feed(trusted, docs(newOnline, 1, 1, 1, LATER), NOW);
    }

    @Test
    void aRootNeedsTheOldKeysAndTheNew() throws Exception {
        refused(() -> start().updateRoot(root(2, keys(1, stranger), online, stranger)));
        refused(() -> start().updateRoot(root(2, keys(1, stranger), online, rootA, rootB)));
        refused(() -> start().updateRoot(root(2, keys(1, stranger), online, rootA, stranger)));
        start().updateRoot(root(2, keys(1, stranger), online, rootA, rootB, stranger));
    }

    @Test
    void rollbackIsRefusedInEveryRole() throws Exception {
        TrustedMetadata trusted = start();
        feed(trusted, docs(5), NOW);
        refused(() -> trusted.updateTimestamp(docs(4).timestamp(), NOW));
        refused(() -> trusted.updateTimestamp(docs(online, 6, 4, 6, LATER).timestamp(), NOW));
        Docs oldTargets = docs(online, 7, 7, 4, LATER);
        trusted.updateTimestamp(oldTargets.timestamp(), NOW);
        VerifyException e = refused(() -> trusted.updateSnapshot(oldTargets.snapshot(), NOW));
        assertTrue(e.reason().contains("older"), e.getMessage());
    }

    @Test
    void expiredDocumentsAreRefused() throws Exception {
        Docs stale = docs(online, 1, 1, 1, NOW);
        refused(() -> start().updateTimestamp(stale.timestamp(), NOW));
        start().updateTimestamp(stale.timestamp(), NOW.minusSeconds(1));
        VerifyException root = refused(() -> start().updateTimestamp(docs(1).timestamp(), LATER));
        assertTrue(root.object().contains("root"), root.getMessage());

        byte[] targets =
                SignedMetadata.sign(
                        new Metadata.Targets(1, NOW, Map.of(), List.of()), List.of(online));
        byte[] snapshot =
                SignedMetadata.sign(
                        new Metadata.Snapshot(1, LATER, ref(1, targets)), List.of(online));
        byte[] timestamp =
                SignedMetadata.sign(
                        new Metadata.Timestamp(1, LATER, ref(1, snapshot)), List.of(online));
        TrustedMetadata trusted = start();
        trusted.updateTimestamp(timestamp, NOW);
        trusted.updateSnapshot(snapshot, NOW);
        refused(() -> trusted.updateTargets(targets, NOW));
        trusted.updateTargets(targets, Instant.MIN);
    }

    @Test
    void documentsOfDifferentTimesDoNotMix() throws Exception {
        Docs two = docs(2);
        Docs three = docs(3);
        TrustedMetadata trusted = start();
        trusted.updateTimestamp(three.timestamp(), NOW);
        refused(() -> trusted.updateSnapshot(two.snapshot(), NOW));
        trusted.updateSnapshot(three.snapshot(), NOW);
        refused(() -> trusted.updateTargets(two.targets(), NOW));
        // The right bytes under a wrong version number above them.
        byte[] lying =
                SignedMetadata.sign(
                        new Metadata.Timestamp(4, LATER, ref(9, three.snapshot())),
                        List.of(online));
        TrustedMetadata other = start();
        other.updateTimestamp(lying, NOW);
        refused(() -> other.updateSnapshot(three.snapshot(), NOW));
    }

    @Test
    void strangersSignNothing() throws Exception {
        Docs forged = docs(stranger, 2, 2, 2, LATER);
        refused(() -> start().updateTimestamp(forged.timestamp(), NOW));
        // Nor does the root key sign below the root.
        refused(() -> start().updateTimestamp(docs(rootA, 2, 2, 2, LATER).timestamp(), NOW));
        byte[] timestamp =
                SignedMetadata.sign(
                        new Metadata.Timestamp(2, LATER, ref(2, forged.snapshot())),
                        List.of(online));
        TrustedMetadata trusted = start();
        trusted.updateTimestamp(timestamp, NOW);
        refused(() -> trusted.updateSnapshot(forged.snapshot(), NOW));
    }

    @Test
    void oneRoleDoesNotPassForAnother() throws Exception {
        Docs d = docs(2);
        refused(() -> start().updateTimestamp(d.snapshot(), NOW));
        refused(() -> start().updateTimestamp(first, NOW));
        refused(() -> start().updateRoot(d.targets()));
    }

    @Test
    void theOrderIsKept() throws Exception {
        TrustedMetadata trusted = start();
        assertThrows(
                IllegalStateException.class, () -> trusted.updateSnapshot(docs(1).snapshot(), NOW));
        trusted.updateTimestamp(docs(1).timestamp(), NOW);
        assertThrows(IllegalStateException.class, () -> trusted.updateRoot(first));
        assertThrows(
                IllegalStateException.class, () -> trusted.updateTargets(docs(1).targets(), NOW));
    }

    @Test
    void malformedMetadataIsRefused() throws Exception {
        String good = new String(docs(2).timestamp(), UTF_8);
        for (String bad :
                List.of(
                        "",
                        "{}",
                        good.replace("\"version\":2", "\"version\":0"),
                        good.replace("\"version\":2", "\"version\":2.0"),
                        good.replace("\"version\":2", "\"version\":2,\"version\":2"),
                        good.replace("\"spec_version\":\"1.", "\"spec_version\":\"2."),
                        good.replace("Z\"", "+00:00\""),
                        good.replace("\"sig\":\"", "\"sig\":\"zz"),
                        good + " x",
                        good + " ".repeat(1 << 14))) {
            refused(() -> start().updateTimestamp(bad.getBytes(UTF_8), NOW));
        }
        // White space outside the signed meaning changes nothing: the canonical form is signed.
        start().updateTimestamp((good + " ").getBytes(UTF_8), NOW);
    }

    @Test
    void canonicalFormSortsByCodePointAndEscapesTwoCharactersOnly() throws Exception {
        byte[] json =
                "{\"\uE000\":1,\"\uD83D\uDE00\":[true,null,-5,{}],\"a\":\"q\\\"\\\\\\n/é\"}"
                        .getBytes(UTF_8);
        assertArrayEquals(
                "{\"a\":\"q\\\"\\\\\n/é\",\"\uE000\":1,\"\uD83D\uDE00\":[true,null,-5,{}]}"
                        .getBytes(UTF_8),
                CanonicalJson.of(StrictJson.parse(json, "test")));
    }

    @Test
    void smallOrderKeysInRootMetadataAreRefused() {
        String text = new String(first, UTF_8);
        String a = rootA.publicKey().toString().substring("ed25519:".length());
        byte[] weak = text.replace(a, "01" + "00".repeat(31)).getBytes(UTF_8);
        VerifyException e =
                refused(() -> TrustedMetadata.ofFirstRoot(PublisherId.ofFirstRoot(weak), weak));
        assertTrue(e.reason().contains("prime-order"), e.getMessage());
    }
}
