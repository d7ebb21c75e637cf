package dev.arclet.format.verify;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.format.Samples;
import dev.arclet.format.VerifyException;
import dev.arclet.format.build.BuiltArclet;
import dev.arclet.format.build.SpecBuilder;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.envelope.Envelope;
import dev.arclet.format.json.SpecJson;
import dev.arclet.format.link.ArcletLink;
import dev.arclet.format.model.MediaTypes;
import dev.arclet.format.model.Publisher;
import dev.arclet.format.model.PublisherId;
import dev.arclet.format.model.Spec;
import dev.arclet.format.tree.FolderTree;
import dev.arclet.format.tree.TreeLayout;
import dev.arclet.format.tree.TreePublisher;
import dev.arclet.format.trust.Metadata;
import dev.arclet.format.trust.PublisherKeys;
import dev.arclet.format.trust.SignedMetadata;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a visitor's launcher accepts and refuses, from the link on. */
class ArcletVerifierTest {
    private static final Instant NOW = Samples.NOW;

    @TempDir Path root;

    private Samples.Built built;
    private FolderTree tree;
    private ArcletLink followed;
    private ArcletLink plain;
    private final MemoryPublisherStore store = new MemoryPublisherStore();
    private final ArcletVerifier verifier = new ArcletVerifier(store);

    @BeforeEach
    void build() throws Exception {
        built = Samples.build(root);
        tree = new FolderTree(built.tree());
        followed = ArcletLink.forFolder(built.tree(), "test-vm", Optional.of(built.keys().id()));
        plain = ArcletLink.forFolder(built.tree(), "test-vm", Optional.empty());
    }

    private VerifiedArclet verify(ArcletLink link, Instant now) throws Exception {
        return verifier.verify(link, tree, tree, now);
    }

    private VerifyException refused(ArcletLink link, Instant now) {
        VerifyException e = assertThrows(VerifyException.class, () -> verify(link, now));
        assertFalse(e.reason().isBlank() || e.nextStep().isBlank() || e.object().isBlank());
        return e;
    }

    private void write(String path, byte[] bytes) throws IOException {
        Files.createDirectories(built.tree().resolve(path).getParent());
        Files.write(built.tree().resolve(path), bytes);
    }

    /** Publishes an envelope under the sample's name with the sample's own online key. */
    private void publishEnvelope(byte[] envelope) throws Exception {
        Digest digest = Digest.of(envelope);
        write(TreeLayout.blobPath(digest), envelope);
        Metadata.Target target = new Metadata.Target(envelope.length, digest);
        publishTargets(Map.of("vm/test-vm", target), NOW.getEpochSecond() + 10);
    }

    private void publishTargets(Map<String, Metadata.Target> targets, long version)
            throws Exception {
        Instant end = NOW.plus(Duration.ofDays(20));
        var signer = List.of(built.keys().onlineSigner());
        PublisherId id = built.keys().id();
        byte[] t =
                SignedMetadata.sign(new Metadata.Targets(version, end, targets, List.of()), signer);
        byte[] s =
                SignedMetadata.sign(
                        new Metadata.Snapshot(
                                version,
                                end,
                                new Metadata.FileRef(version, t.length, Digest.of(t))),
                        signer);
        byte[] m =
                SignedMetadata.sign(
                        new Metadata.Timestamp(
                                version,
                                end,
                                new Metadata.FileRef(version, s.length, Digest.of(s))),
                        signer);
        write(TreeLayout.metadataPath(id, version + ".targets.json"), t);
        write(TreeLayout.metadataPath(id, version + ".snapshot.json"), s);
        write(TreeLayout.metadataPath(id, "timestamp.json"), m);
    }

    private Envelope sign(Spec spec, PublisherKeys keys) {
        return Envelope.sign(MediaTypes.SPEC, SpecJson.write(spec), List.of(keys.onlineSigner()));
    }

    private Spec renamed(String name, PublisherId id) {
        Spec s = built.result().spec();
        return new Spec(
                name,
                s.version(),
                s.title(),
                s.description(),
                new Publisher(id, "x"),
                s.machine(),
                s.boot(),
                s.disks(),
                s.capabilities(),
                s.screenshot(),
                s.critical());
    }

    @Test
    void firstUseIsSaidAndPinnedAfterwards() throws Exception {
        assertEquals(Trust.FIRST_USE, verify(plain, NOW).trust());
        assertEquals(Trust.FIRST_USE, verify(plain, NOW).trust(), "nothing is pinned unasked");
        store.pin(plain.location(), built.keys().id());
        assertEquals(Trust.PINNED, verify(plain, NOW).trust());
    }

    @Test
    void aChangedPublisherIsAHardStop() throws Exception {
        PublisherKeys other = PublisherKeys.create(root.resolve("k2"), "Other", NOW);
        store.pin(plain.location(), other.id());
        VerifyException e = refused(plain, NOW);
        assertTrue(e.reason().contains(other.id().text()), e.getMessage());
        // A link that names the publisher says who is meant, whatever was pinned.
        verify(followed, NOW);
    }

    @Test
    void anotherPublishersLinkFindsNothing() throws Exception {
        PublisherKeys other = PublisherKeys.create(root.resolve("k2"), "Other", NOW);
        refused(ArcletLink.forFolder(built.tree(), "test-vm", Optional.of(other.id())), NOW);
        refused(ArcletLink.forFolder(built.tree(), "no-such", Optional.empty()), NOW);
        refused(ArcletLink.forFolder(built.tree(), "no-such", Optional.of(built.keys().id())), NOW);
    }

    @Test
    void theWrongKeyUnderTheRightMetadataIsRefused() throws Exception {
        PublisherKeys other = PublisherKeys.create(root.resolve("k2"), "Other", NOW);
        publishEnvelope(sign(built.result().spec(), other).write());
        assertTrue(refused(followed, NOW).reason().contains("0 of the publisher's keys"));
    }

    @Test
    void theRightKeyUnderAnotherTypeIsRefused() throws Exception {
        publishEnvelope(
                Envelope.sign(
                                "application/vnd.arclet.spec.v2+json",
                                SpecJson.write(built.result().spec()),
                                List.of(built.keys().onlineSigner()))
                        .write());
        assertTrue(refused(followed, NOW).reason().contains("spec.v2"));
    }

    @Test
    void signedSpecsOfAnotherNameOrPublisherAreRefused() throws Exception {
        PublisherKeys other = PublisherKeys.create(root.resolve("k2"), "Other", NOW);
        publishEnvelope(sign(renamed("other-vm", built.keys().id()), built.keys()).write());
        assertTrue(refused(followed, NOW).reason().contains("other-vm"));
        publishEnvelope(sign(renamed("test-vm", other.id()), built.keys()).write());
        refused(followed, NOW.plusSeconds(1));
    }

    @Test
    void signedNonsenseIsRefusedByName() throws Exception {
        String good = new String(SpecJson.write(built.result().spec()), UTF_8);
        for (String bad :
                List.of(
                        "",
                        "[]",
                        good.replace("\"formatVersion\":1", "\"formatVersion\":7"),
                        good.replace("\"cpus\":1", "\"cpus\":1,\"cpus\":1"),
                        good.replace("\"cpus\":1", "\"cpus\":1000"),
                        good.substring(0, good.length() - 1) + ",\"critical\":[\"quantum\"]}")) {
            publishEnvelope(
                    Envelope.sign(
                                    MediaTypes.SPEC,
                                    bad.getBytes(UTF_8),
                                    List.of(built.keys().onlineSigner()))
                            .write());
            VerifyException e = refused(followed, NOW);
            assertFalse(e.getMessage().isEmpty());
        }
        assertTrue(refused(followed, NOW).reason().contains("quantum"));
    }

    @Test
    void anOverlongEnvelopeIsRefusedBeforeItIsFetched() throws Exception {
        Metadata.Target huge = new Metadata.Target(1L << 30, Digest.of(new byte[1]));
        publishTargets(Map.of("vm/test-vm", huge), NOW.getEpochSecond() + 10);
        assertTrue(refused(followed, NOW).reason().contains("1073741824"));
    }

    @Test
    void staleChannelsRunOfflineOnlyAndAreSaidToBeStale() throws Exception {
        VerifiedArclet v = verify(followed, NOW);
        Instant late = NOW.plus(Duration.ofDays(31));
        assertTrue(refused(followed, late).reason().contains("expired"));
        VerifiedArclet offline = verifier.verifyOffline(followed, tree, late);
        assertEquals(v.spec(), offline.spec());
        assertFalse(offline.fresh());
        assertTrue(verifier.verifyOffline(followed, tree, NOW).fresh());
        // Publishing again heals it.
        TreePublisher.refresh(built.tree(), built.keys(), late);
        assertTrue(verify(followed, late).fresh());
        assertThrows(
                VerifyException.class,
                () ->
                        new ArcletVerifier(new MemoryPublisherStore())
                                .verifyOffline(followed, tree, NOW));
        assertThrows(VerifyException.class, () -> verifier.verifyOffline(plain, tree, NOW));
    }

    @Test
    void anOlderTreeIsRefusedAfterANewerOne() throws Exception {
        Path old = root.resolve("old");
        TreePublisher.publish(built.tree(), old, Optional.empty(), NOW);
        SpecBuilder.build(built.sources(), built.tree(), built.keys(), NOW.plusSeconds(60));
        verify(followed, NOW.plusSeconds(60));
        FolderTree oldTree = new FolderTree(old);
        VerifyException e =
                assertThrows(
                        VerifyException.class,
                        () -> verifier.verify(followed, oldTree, oldTree, NOW.plusSeconds(61)));
        assertTrue(e.reason().contains("older"), e.getMessage());
    }

    @Test
    void revocationReachesOfflineAndExactUse() throws Exception {
        verify(followed, NOW);
        ArcletLink exact =
                new ArcletLink(
                        plain.base(),
                        "test-vm",
                        Optional.empty(),
                        Optional.of(built.result().envelope()));
        verify(exact, NOW);
        Path clean = root.resolve("clean");
        TreePublisher.publish(built.tree(), clean, Optional.empty(), NOW);

        TreePublisher.revoke(
                built.tree(), built.keys(), built.result().envelope(), NOW.plusSeconds(5));
        refused(followed, NOW.plusSeconds(5));
        assertTrue(refused(exact, NOW.plusSeconds(5)).reason().contains("revoked"));
        assertThrows(VerifyException.class, () -> verifier.verifyOffline(followed, tree, NOW));
        // A mirror that hides the revocation does not help: this computer has seen it.
        FolderTree mirror = new FolderTree(clean);
        assertThrows(
                VerifyException.class,
                () -> verifier.verify(exact, mirror, mirror, NOW.plusSeconds(6)));
    }

    @Test
    void exactLinksRefuseOtherBytes() throws Exception {
        ArcletLink exact =
                new ArcletLink(
                        plain.base(),
                        "test-vm",
                        Optional.empty(),
                        Optional.of(Digest.of(new byte[] {9})));
        refused(exact, NOW);
        write(TreeLayout.blobPath(exact.manifest().orElseThrow()), new byte[] {8});
        refused(exact, NOW);
        write(TreeLayout.blobPath(exact.manifest().orElseThrow()), new byte[] {9});
        refused(exact, NOW);
        ArcletLink renamed =
                new ArcletLink(
                        plain.base(),
                        "other",
                        Optional.empty(),
                        Optional.of(built.result().envelope()));
        refused(renamed, NOW);
    }

    @Test
    void exactLinksWithAPublisherNeedThatPublishersKeys() throws Exception {
        PublisherKeys other = PublisherKeys.create(root.resolve("k2"), "Other", NOW);
        Path dir = Samples.sources(root.resolve("vm2"), "test-vm", "1", 3);
        Path otherTree = root.resolve("tree2");
        BuiltArclet b2 = SpecBuilder.build(dir, otherTree, other, NOW);
        // The other's envelope is offered under this publisher's id.
        write(
                TreeLayout.blobPath(b2.envelope()),
                Files.readAllBytes(otherTree.resolve(TreeLayout.blobPath(b2.envelope()))));
        ArcletLink mixed =
                new ArcletLink(
                        plain.base(),
                        "test-vm",
                        Optional.of(built.keys().id()),
                        Optional.of(b2.envelope()));
        refused(mixed, NOW);
        ArcletLink right =
                new ArcletLink(
                        plain.base(),
                        "test-vm",
                        Optional.of(built.keys().id()),
                        Optional.of(built.result().envelope()));
        assertEquals(Trust.LINK, verify(right, NOW).trust());
    }

    @Test
    void aStolenOldKeyIsWorthNothingAfterRotation() throws Exception {
        verify(followed, NOW);
        PublisherKeys old = built.keys();
        PublisherKeys fresh = old.rotateOnlineKey(NOW);
        TreePublisher.refresh(built.tree(), fresh, NOW.plusSeconds(5));
        verify(followed, NOW.plusSeconds(5));
        // The thief signs a newer channel with the old key.
        publishEnvelope(sign(built.result().spec(), old).write());
        refused(followed, NOW.plusSeconds(6));
    }

    /** Fast-forward: huge versions by a stolen key; new keys lead out of it. */
    @Test
    void aFastForwardIsHealedByRotation() throws Exception {
        publishTargets(Map.of(), (1L << 53) - 2);
        refused(followed, NOW);
        PublisherKeys fresh = built.keys().rotateOnlineKey(NOW);
        Path again = root.resolve("again");
        SpecBuilder.build(built.sources(), again, fresh, NOW.plusSeconds(5));
        FolderTree healed = new FolderTree(again);
        verifier.verify(followed, healed, healed, NOW.plusSeconds(5));
    }

    @Test
    void theStoreOnDiskRemembersAndRefusesDamage() throws Exception {
        Path dir = root.resolve("store");
        FolderPublisherStore disk = new FolderPublisherStore(dir);
        new ArcletVerifier(disk).verify(followed, tree, tree, NOW);
        disk.pin("https://h/vm/a", built.keys().id());
        FolderPublisherStore reopened = new FolderPublisherStore(dir);
        assertEquals(Optional.of(built.keys().id()), reopened.pinned("https://h/vm/a"));
        assertEquals(Optional.empty(), reopened.pinned("https://h/vm/b"));
        new ArcletVerifier(reopened).verifyOffline(followed, tree, NOW);
        try (var pins = Files.list(dir.resolve("pins"))) {
            for (Path pin : pins.toList()) {
                Files.writeString(pin, "damaged");
            }
        }
        assertThrows(IOException.class, () -> reopened.pinned("https://h/vm/a"));
    }
}
