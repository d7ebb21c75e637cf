package dev.arclet.format.verify;

import dev.arclet.format.FormatException;
import dev.arclet.format.SpecException;
import dev.arclet.format.VerifyException;
import dev.arclet.format.blob.BlobChecks;
import dev.arclet.format.blob.BlobSource;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.envelope.Envelope;
import dev.arclet.format.json.SpecJson;
import dev.arclet.format.link.ArcletLink;
import dev.arclet.format.model.Descriptor;
import dev.arclet.format.model.MediaTypes;
import dev.arclet.format.model.PublisherId;
import dev.arclet.format.model.Spec;
import dev.arclet.format.tree.ChannelUpdate;
import dev.arclet.format.tree.TreeLayout;
import dev.arclet.format.trust.Metadata;
import dev.arclet.format.trust.MetadataSource;
import dev.arclet.format.trust.Role;
import dev.arclet.format.trust.TrustedMetadata;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;

/** From a link to a verified spec. Nothing is run, and only small documents are fetched. */
public final class ArcletVerifier {
    private static final int MAX_POINTER = 4096;

    private final PublisherStore store;

    public ArcletVerifier(PublisherStore store) {
        this.store = store;
    }

    /** Who is meant, and why. */
    private record Meant(PublisherId id, Trust trust) {}

    /**
     * Verifies what a link names, with the network.
     *
     * @param now the present time, for expiry
     * @throws VerifyException names what failed and why; nothing of the spec may be used then
     * @throws IOException if a source fails or gives more than it is asked for
     */
    public VerifiedArclet verify(ArcletLink link, MetadataSource m, BlobSource b, Instant now)
            throws VerifyException, IOException {
        try {
            return link.manifest().isPresent()
                    ? exact(link, link.manifest().get(), m, now)
                    : follow(link, m, b, now);
        } catch (SpecException e) {
            throw wrap(e);
        }
    }

    /**
     * Verifies what a link names from stored documents and a local cache alone. The result may be
     * stale ({@link VerifiedArclet#fresh}) but never revoked as far as this computer has seen.
     */
    public VerifiedArclet verifyOffline(ArcletLink link, BlobSource cache, Instant now)
            throws VerifyException, IOException {
        Optional<PublisherId> id =
                link.publisher().isPresent() ? link.publisher() : store.pinned(link.location());
        if (id.isEmpty()) {
            throw refuse(
                    link,
                    "its publisher is not known to this computer yet",
                    "Open it once while the network is there");
        }
        Optional<TrustedMetadata> trusted = new MetadataUpdater(store, id.get()).offline();
        if (trusted.isEmpty()) {
            throw refuse(
                    link,
                    "nothing of its publisher is stored on this computer",
                    "Open it once while the network is there");
        }
        Trust trust = link.publisher().isPresent() ? Trust.LINK : Trust.PINNED;
        try {
            return current(link, new Meant(id.get(), trust), trusted.get(), cache, now);
        } catch (SpecException e) {
            throw wrap(e);
        }
    }

    private VerifiedArclet follow(ArcletLink link, MetadataSource m, BlobSource b, Instant now)
            throws VerifyException, SpecException, IOException {
        Meant meant = meant(link, m);
        TrustedMetadata trusted = new MetadataUpdater(store, meant.id()).online(m, now);
        return current(link, meant, trusted, b, now);
    }

    private Meant meant(ArcletLink link, MetadataSource m)
            throws VerifyException, SpecException, IOException {
        if (link.publisher().isPresent()) {
            return new Meant(link.publisher().get(), Trust.LINK);
        }
        Optional<PublisherId> pinned = store.pinned(link.location());
        Optional<byte[]> pointer = m.metadata(TreeLayout.pointerPath(link.name()), MAX_POINTER);
        if (pointer.isEmpty()) {
            if (pinned.isPresent()) {
                return new Meant(pinned.get(), Trust.PINNED);
            }
            throw refuse(
                    link,
                    "the server has no VM of that name",
                    "Check the name, or ask for a link with \"#p=\" in it");
        }
        PublisherId claimed = ChannelUpdate.parsePointer(pointer.get());
        if (pinned.isPresent() && !pinned.get().equals(claimed)) {
            throw refuse(
                    link,
                    "its publisher was " + pinned.get() + " and the server now says " + claimed,
                    "Do not open it; ask the publisher you know for a link with \"#p=\" in it");
        }
        return new Meant(claimed, pinned.isPresent() ? Trust.PINNED : Trust.FIRST_USE);
    }

    /** The VM of the link's name that a channel publishes now. */
    private static VerifiedArclet current(
            ArcletLink link, Meant meant, TrustedMetadata trusted, BlobSource blobs, Instant now)
            throws VerifyException, SpecException, IOException {
        Metadata.Targets targets = trusted.targets().orElseThrow();
        Metadata.Target target =
                targets.find(link.name())
                        .orElseThrow(
                                () ->
                                        refuse(
                                                link,
                                                "publisher " + meant.id() + " does not publish it",
                                                "Check the link, or ask the publisher"));
        Digest digest = target.digest();
        if (link.manifest().isPresent() && !link.manifest().get().equals(digest)) {
            throw refuse(
                    link,
                    "what is stored here is not the envelope that it names",
                    "Open it once while the network is there");
        }
        requireNotRevoked(link, targets, digest);
        if (target.length() > Envelope.MAX_BYTES) {
            throw refuse(
                    link,
                    "its envelope has " + target.length() + " bytes",
                    "Tell the publisher: no launcher accepts that");
        }
        byte[] bytes =
                BlobChecks.readAll(
                        blobs, new Descriptor(MediaTypes.ENVELOPE, digest, target.length()));
        Instant expires = expires(trusted);
        return signed(link, meant, trusted, Envelope.parse(bytes), digest, now.isBefore(expires));
    }

    private static Instant expires(TrustedMetadata trusted) {
        return trusted.timestamp().orElseThrow().expires();
    }

    private static VerifiedArclet signed(
            ArcletLink link,
            Meant meant,
            TrustedMetadata trusted,
            Envelope envelope,
            Digest digest,
            boolean fresh)
            throws VerifyException, SpecException {
        Metadata.RoleKeys keys = trusted.root().keysOf(Role.TARGETS);
        byte[] payload = envelope.verify(keys.keys(), keys.threshold(), MediaTypes.SPEC);
        Spec spec = SpecJson.parse(payload);
        requireName(link, spec);
        if (!spec.publisher().id().equals(meant.id())) {
            throw refuse(
                    link,
                    "its spec names publisher " + spec.publisher().id() + ", not " + meant.id(),
                    "Do not use it; tell the publisher");
        }
        Digest specDigest = Digest.of(payload);
        requireNotRevoked(link, trusted.targets().orElseThrow(), specDigest);
        return new VerifiedArclet(
                link,
                spec,
                digest,
                specDigest,
                meant.id(),
                meant.trust(),
                fresh,
                Optional.of(expires(trusted)));
    }

    /** A link that names the envelope itself. Its keys are still asked for, to say who signed. */
    private VerifiedArclet exact(ArcletLink link, Digest digest, MetadataSource m, Instant now)
            throws VerifyException, SpecException, IOException {
        byte[] bytes =
                m.metadata(TreeLayout.blobPath(digest), Envelope.MAX_BYTES)
                        .orElseThrow(
                                () ->
                                        refuse(
                                                link,
                                                "the server has no envelope of that digest",
                                                "Check the link; the publisher may have withdrawn"
                                                        + " it"));
        if (bytes.length > Envelope.MAX_BYTES || !Digest.of(bytes).equals(digest)) {
            throw refuse(
                    link,
                    "the server's bytes have another digest than the link says",
                    "Fetch it again; if that does not help, do not use this server");
        }
        Envelope envelope = Envelope.parse(bytes);
        if (!envelope.payloadType().equals(MediaTypes.SPEC)) {
            throw refuse(
                    link,
                    "its payload type is \"" + envelope.payloadType() + "\"",
                    "Update Arclet if it is newer than this program");
        }
        byte[] payload = envelope.unverifiedPayload();
        Spec spec = SpecJson.parse(payload);
        requireName(link, spec);
        PublisherId id = link.publisher().orElse(spec.publisher().id());
        MetadataUpdater updater = new MetadataUpdater(store, id);
        if (link.publisher().isPresent()) {
            TrustedMetadata trusted = updater.online(m, now);
            requireNotRevoked(link, trusted.targets().orElseThrow(), digest);
            return signed(link, new Meant(id, Trust.LINK), trusted, envelope, digest, true);
        }
        Digest specDigest = Digest.of(payload);
        Optional<TrustedMetadata> seen = reach(updater, m, now);
        if (seen.isPresent()) {
            requireNotRevoked(link, seen.get().targets().orElseThrow(), digest, specDigest);
            Metadata.RoleKeys keys = seen.get().root().keysOf(Role.TARGETS);
            if (envelope.signers(keys.keys()).size() >= keys.threshold()) {
                boolean fresh = now.isBefore(expires(seen.get()));
                return signed(
                        link, new Meant(id, Trust.EXACT), seen.get(), envelope, digest, fresh);
            }
        }
        return new VerifiedArclet(
                link,
                spec,
                digest,
                specDigest,
                id,
                Trust.EXACT_UNCONFIRMED,
                false,
                Optional.empty());
    }

    /** The publisher's channel if it can be had, else what is stored of it; both may be missing. */
    private static Optional<TrustedMetadata> reach(
            MetadataUpdater updater, MetadataSource m, Instant now) throws IOException {
        try {
            return Optional.of(updater.online(m, now));
        } catch (VerifyException | IOException unreachable) {
            try {
                return updater.offline();
            } catch (VerifyException damaged) {
                return Optional.empty();
            }
        }
    }

    private static void requireName(ArcletLink link, Spec spec) throws VerifyException {
        if (!spec.name().equals(link.name())) {
            throw refuse(
                    link,
                    "its spec is named \"" + spec.name() + "\"",
                    "Do not use it; tell whoever gave you the link");
        }
    }

    private static void requireNotRevoked(
            ArcletLink link, Metadata.Targets targets, Digest... digests) throws VerifyException {
        if (targets.revokes(digests)) {
            throw refuse(
                    link,
                    "its publisher has revoked it",
                    "Use the version that the publisher offers now");
        }
    }

    private static VerifyException refuse(ArcletLink link, String reason, String next) {
        return new VerifyException("open", link.toString(), reason, next);
    }

    private static VerifyException wrap(FormatException e) {
        return new VerifyException(e.action(), e.object(), e.reason(), e.nextStep(), e);
    }
}
