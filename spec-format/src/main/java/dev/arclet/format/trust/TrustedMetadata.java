package dev.arclet.format.trust;

import dev.arclet.format.SpecException;
import dev.arclet.format.VerifyException;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.model.PublisherId;
import java.time.Instant;
import java.util.Optional;

/**
 * The client side of TUF (specification 1.0, section 5.3 to 5.6) as a pure state machine: no I/O,
 * no clock. Documents go in, in the order root, timestamp, snapshot, targets; each is trusted once
 * the call returns. Refused are wrong signatures, older versions (rollback), expired documents
 * (freeze), documents of different times (mix-and-match) and those over their limits (endless
 * data).
 *
 * <p>To resume from stored documents feed them in the same order, with {@code now} as {@link
 * Instant#MIN}: stale stored documents still bound versions from below.
 */
public final class TrustedMetadata {
    private final PublisherId publisher;
    private Metadata.Root root;
    private Metadata.Timestamp timestamp;
    private Metadata.Snapshot snapshot;
    private Metadata.Targets targets;

    private TrustedMetadata(PublisherId publisher, Metadata.Root root) {
        this.publisher = publisher;
        this.root = root;
    }

    /** Starts from the first root, whose digest is the publisher's id. */
    public static TrustedMetadata ofFirstRoot(PublisherId id, byte[] firstRoot)
            throws VerifyException {
        if (!PublisherId.ofFirstRoot(firstRoot).equals(id)) {
            throw bad(
                    id,
                    Role.ROOT,
                    "version 1 does not have the digest that the publisher id is made of");
        }
        return ofTrustedRoot(id, firstRoot);
    }

    /** Starts from a root that was verified before and kept safe since. */
    public static TrustedMetadata ofTrustedRoot(PublisherId id, byte[] rootBytes)
            throws VerifyException {
        SignedMetadata doc = parse(id, rootBytes, Role.ROOT);
        Metadata.Root root = (Metadata.Root) doc.content();
        requireSigned(id, doc, root);
        return new TrustedMetadata(id, root);
    }

    private static SignedMetadata parse(PublisherId id, byte[] bytes, Role role)
            throws VerifyException {
        try {
            return SignedMetadata.parse(bytes, role);
        } catch (SpecException e) {
            throw new VerifyException("verify", name(id, role), e.reason(), e.nextStep(), e);
        }
    }

    private static void requireSigned(PublisherId id, SignedMetadata doc, Metadata.Root by)
            throws VerifyException {
        Role role = doc.content().role();
        Metadata.RoleKeys keys = by.keysOf(role);
        int good = doc.signers(keys.keys()).size();
        if (good < keys.threshold()) {
            throw bad(
                    id,
                    role,
                    good + " of its keys signed it validly; " + keys.threshold() + " must");
        }
    }

    /** Takes the next root version: signed by the present root's keys and by its own. */
    public void updateRoot(byte[] bytes) throws VerifyException {
        if (timestamp != null) {
            throw new IllegalStateException("root metadata comes before the timestamp");
        }
        SignedMetadata doc = parse(publisher, bytes, Role.ROOT);
        Metadata.Root next = (Metadata.Root) doc.content();
        if (next.version() != root.version() + 1) {
            throw bad(
                    publisher,
                    Role.ROOT,
                    "its version is " + next.version() + ", not " + (root.version() + 1));
        }
        requireSigned(publisher, doc, root);
        requireSigned(publisher, doc, next);
        root = next;
    }

    /**
     * Takes a timestamp. One of the version already trusted is checked and otherwise ignored.
     *
     * @param now for expiry of root and timestamp
     */
    public void updateTimestamp(byte[] bytes, Instant now) throws VerifyException {
        requireFresh(root, now);
        SignedMetadata doc = parse(publisher, bytes, Role.TIMESTAMP);
        requireSigned(publisher, doc, root);
        Metadata.Timestamp next = (Metadata.Timestamp) doc.content();
        if (timestamp != null) {
            requireNotOlder(Role.TIMESTAMP, next.version(), timestamp.version());
            requireNotOlder(
                    Role.SNAPSHOT, next.snapshot().version(), timestamp.snapshot().version());
        }
        requireFresh(next, now);
        timestamp = next;
    }

    /** Takes the snapshot that the timestamp pins. */
    public void updateSnapshot(byte[] bytes, Instant now) throws VerifyException {
        if (timestamp == null) {
            throw new IllegalStateException("the timestamp comes before the snapshot");
        }
        requirePinned(Role.SNAPSHOT, bytes, timestamp.snapshot());
        SignedMetadata doc = parse(publisher, bytes, Role.SNAPSHOT);
        requireSigned(publisher, doc, root);
        Metadata.Snapshot next = (Metadata.Snapshot) doc.content();
        requireVersion(Role.SNAPSHOT, next.version(), timestamp.snapshot().version());
        if (snapshot != null) {
            requireNotOlder(Role.TARGETS, next.targets().version(), snapshot.targets().version());
        }
        requireFresh(next, now);
        snapshot = next;
    }

    /** Takes the targets that the snapshot pins. */
    public void updateTargets(byte[] bytes, Instant now) throws VerifyException {
        if (snapshot == null) {
            throw new IllegalStateException("the snapshot comes before the targets");
        }
        requirePinned(Role.TARGETS, bytes, snapshot.targets());
        SignedMetadata doc = parse(publisher, bytes, Role.TARGETS);
        requireSigned(publisher, doc, root);
        Metadata.Targets next = (Metadata.Targets) doc.content();
        requireVersion(Role.TARGETS, next.version(), snapshot.targets().version());
        requireFresh(next, now);
        targets = next;
    }

    private void requirePinned(Role role, byte[] bytes, Metadata.FileRef ref)
            throws VerifyException {
        if (bytes.length != ref.length() || !Digest.of(bytes).equals(ref.digest())) {
            throw bad(
                    publisher,
                    role,
                    "it is not the file that the document above it names (length or digest differ)");
        }
    }

    private void requireVersion(Role role, long found, long named) throws VerifyException {
        if (found != named) {
            throw bad(
                    publisher,
                    role,
                    "its version is " + found + "; the document above it names " + named);
        }
    }

    private void requireNotOlder(Role role, long found, long trusted) throws VerifyException {
        if (found < trusted) {
            throw bad(
                    publisher,
                    role,
                    "version " + found + " is older than version " + trusted + ", seen before");
        }
    }

    private void requireFresh(Metadata metadata, Instant now) throws VerifyException {
        if (!now.isBefore(metadata.expires())) {
            throw new VerifyException(
                    "verify",
                    name(publisher, metadata.role()),
                    "it expired at " + metadata.expires(),
                    "Check this computer's clock; if it is right, the publisher has to publish again"
                            + " before updates can be trusted");
        }
    }

    private static VerifyException bad(PublisherId id, Role role, String reason) {
        return new VerifyException(
                "verify",
                name(id, role),
                reason,
                "Do not use it; try again later, and tell the publisher if that does not help");
    }

    private static String name(PublisherId id, Role role) {
        return "the " + role.text() + " metadata of publisher " + id;
    }

    public PublisherId publisher() {
        return publisher;
    }

    public Metadata.Root root() {
        return root;
    }

    public Optional<Metadata.Timestamp> timestamp() {
        return Optional.ofNullable(timestamp);
    }

    public Optional<Metadata.Snapshot> snapshot() {
        return Optional.ofNullable(snapshot);
    }

    public Optional<Metadata.Targets> targets() {
        return Optional.ofNullable(targets);
    }
}
