package dev.arclet.format.verify;

import dev.arclet.format.VerifyException;
import dev.arclet.format.model.PublisherId;
import dev.arclet.format.tree.TreeLayout;
import dev.arclet.format.trust.MetadataSource;
import dev.arclet.format.trust.Role;
import dev.arclet.format.trust.SignedMetadata;
import dev.arclet.format.trust.TrustedMetadata;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;

/** Brings a publisher's metadata up to date: TUF's client workflow with a store and a source. */
final class MetadataUpdater {
    /** Root versions taken in one go; a publisher with more rotations than this is implausible. */
    static final int MAX_ROOT_STEPS = 64;

    private final PublisherStore store;
    private final PublisherId id;

    MetadataUpdater(PublisherStore store, PublisherId id) {
        this.store = store;
        this.id = id;
    }

    /** Fetches what is new, trusts it step by step, and keeps what it trusts. */
    TrustedMetadata online(MetadataSource source, Instant now) throws VerifyException, IOException {
        TrustedMetadata trusted = trustedRoot(source);
        int steps = 0;
        for (; steps < MAX_ROOT_STEPS; steps++) {
            Optional<byte[]> next = fetch(source, Role.ROOT, trusted.root().version() + 1);
            if (next.isEmpty()) {
                break;
            }
            trusted.updateRoot(next.get());
            // Saved at once: a root once seen is never gone behind.
            store.saveMetadata(id, Role.ROOT.text(), next.get());
        }
        if (steps == MAX_ROOT_STEPS) {
            throw problem(
                    Role.ROOT, "it has more than " + MAX_ROOT_STEPS + " versions not seen before");
        }
        loadStored(trusted);
        byte[] timestamp = require(source, Role.TIMESTAMP, 0);
        trusted.updateTimestamp(timestamp, now);
        byte[] snapshot =
                require(
                        source,
                        Role.SNAPSHOT,
                        trusted.timestamp().orElseThrow().snapshot().version());
        trusted.updateSnapshot(snapshot, now);
        byte[] targets =
                require(source, Role.TARGETS, trusted.snapshot().orElseThrow().targets().version());
        trusted.updateTargets(targets, now);
        store.saveMetadata(id, Role.TIMESTAMP.text(), timestamp);
        store.saveMetadata(id, Role.SNAPSHOT.text(), snapshot);
        store.saveMetadata(id, Role.TARGETS.text(), targets);
        return trusted;
    }

    /** What the store holds, however stale; empty if that is not all four roles. */
    Optional<TrustedMetadata> offline() throws VerifyException, IOException {
        Optional<byte[]> root = store.metadata(id, Role.ROOT.text());
        if (root.isEmpty()) {
            return Optional.empty();
        }
        TrustedMetadata trusted = TrustedMetadata.ofTrustedRoot(id, root.get());
        loadStored(trusted);
        return trusted.targets().isPresent() ? Optional.of(trusted) : Optional.empty();
    }

    private TrustedMetadata trustedRoot(MetadataSource source) throws VerifyException, IOException {
        Optional<byte[]> stored = store.metadata(id, Role.ROOT.text());
        if (stored.isPresent()) {
            return TrustedMetadata.ofTrustedRoot(id, stored.get());
        }
        byte[] first = require(source, Role.ROOT, 1);
        TrustedMetadata trusted = TrustedMetadata.ofFirstRoot(id, first);
        store.saveMetadata(id, Role.ROOT.text(), first);
        return trusted;
    }

    /**
     * Stored documents bound versions from below. Those that the present root no longer vouches for
     * (its keys were replaced) are passed over: that is TUF's way out of a fast-forward attack.
     */
    private void loadStored(TrustedMetadata trusted) throws IOException {
        Optional<byte[]> timestamp = store.metadata(id, Role.TIMESTAMP.text());
        Optional<byte[]> snapshot = store.metadata(id, Role.SNAPSHOT.text());
        Optional<byte[]> targets = store.metadata(id, Role.TARGETS.text());
        try {
            if (timestamp.isPresent()) {
                trusted.updateTimestamp(timestamp.get(), Instant.MIN);
                if (snapshot.isPresent()) {
                    trusted.updateSnapshot(snapshot.get(), Instant.MIN);
                    if (targets.isPresent()) {
                        trusted.updateTargets(targets.get(), Instant.MIN);
                    }
                }
            }
        } catch (VerifyException e) {
            return;
        }
    }

    private Optional<byte[]> fetch(MetadataSource source, Role role, long version)
            throws VerifyException, IOException {
        int max = SignedMetadata.maxBytes(role);
        Optional<byte[]> bytes =
                source.metadata(TreeLayout.metadataPath(id, role.fileName(version)), max);
        if (bytes.isPresent() && bytes.get().length > max) {
            throw problem(role, "it has more than " + max + " bytes");
        }
        return bytes;
    }

    private byte[] require(MetadataSource source, Role role, long version)
            throws VerifyException, IOException {
        Optional<byte[]> bytes = fetch(source, role, version);
        if (bytes.isEmpty()) {
            throw problem(
                    role,
                    "the server has no " + TreeLayout.metadataPath(id, role.fileName(version)));
        }
        return bytes.get();
    }

    private VerifyException problem(Role role, String reason) {
        return new VerifyException(
                "verify",
                "the " + role.text() + " metadata of publisher " + id,
                reason,
                "Check the link; if it is right, tell the publisher");
    }
}
