package dev.arclet.format.tree;

import dev.arclet.format.SpecException;
import dev.arclet.format.VerifyException;
import dev.arclet.format.blob.BlobChecks;
import dev.arclet.format.blob.BlobSource;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.envelope.Envelope;
import dev.arclet.format.json.SpecJson;
import dev.arclet.format.model.Descriptor;
import dev.arclet.format.model.MediaTypes;
import dev.arclet.format.model.PublisherId;
import dev.arclet.format.model.Spec;
import dev.arclet.format.trust.Metadata;
import dev.arclet.format.trust.MetadataSource;
import dev.arclet.format.trust.Role;
import dev.arclet.format.trust.SignedMetadata;
import dev.arclet.format.trust.TrustedMetadata;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A publisher's channel as a tree holds it, verified but for expiry: the author's side has to read
 * stale channels in order to renew them.
 *
 * @param trusted with all four roles
 * @param roots bytes of the root chain, version 1 first
 */
record Channel(TrustedMetadata trusted, List<byte[]> roots, Files files) {
    /** Roots that one channel may have. */
    static final int MAX_ROOTS = 1024;

    /** The exact bytes of the three roles below root, with the versions in their file names. */
    record Files(
            long targetsVersion,
            byte[] targets,
            long snapshotVersion,
            byte[] snapshot,
            byte[] timestamp) {}

    /** A verified target. */
    record Published(Spec spec, Envelope envelope, Descriptor descriptor) {}

    static Channel read(MetadataSource tree, PublisherId id) throws VerifyException, IOException {
        List<byte[]> roots = new ArrayList<>();
        roots.add(require(tree, id, Role.ROOT, 1));
        TrustedMetadata trusted = TrustedMetadata.ofFirstRoot(id, roots.getFirst());
        while (roots.size() < MAX_ROOTS) {
            Optional<byte[]> next = fetch(tree, id, Role.ROOT, roots.size() + 1L);
            if (next.isEmpty()) {
                break;
            }
            trusted.updateRoot(next.get());
            roots.add(next.get());
        }
        byte[] timestamp = require(tree, id, Role.TIMESTAMP, 0);
        trusted.updateTimestamp(timestamp, Instant.MIN);
        long snapshotVersion = trusted.timestamp().orElseThrow().snapshot().version();
        byte[] snapshot = require(tree, id, Role.SNAPSHOT, snapshotVersion);
        trusted.updateSnapshot(snapshot, Instant.MIN);
        long targetsVersion = trusted.snapshot().orElseThrow().targets().version();
        byte[] targets = require(tree, id, Role.TARGETS, targetsVersion);
        trusted.updateTargets(targets, Instant.MIN);
        return new Channel(
                trusted,
                List.copyOf(roots),
                new Files(targetsVersion, targets, snapshotVersion, snapshot, timestamp));
    }

    /** Whether the tree has anything of this publisher. */
    static boolean exists(MetadataSource tree, PublisherId id) throws IOException {
        return fetch(tree, id, Role.TIMESTAMP, 0).isPresent();
    }

    private static Optional<byte[]> fetch(
            MetadataSource tree, PublisherId id, Role role, long version) throws IOException {
        return tree.metadata(
                TreeLayout.metadataPath(id, role.fileName(version)), SignedMetadata.maxBytes(role));
    }

    private static byte[] require(MetadataSource tree, PublisherId id, Role role, long version)
            throws VerifyException, IOException {
        Optional<byte[]> bytes = fetch(tree, id, role, version);
        if (bytes.isEmpty()) {
            throw new VerifyException(
                    "read",
                    "the channel of publisher " + id,
                    "the tree has no " + TreeLayout.metadataPath(id, role.fileName(version)),
                    "Check that the folder is a whole published tree");
        }
        return bytes.get();
    }

    Metadata.Targets targets() {
        return trusted.targets().orElseThrow();
    }

    /** Reads and verifies what a target path names. */
    Published published(String path, BlobSource blobs)
            throws VerifyException, SpecException, IOException {
        Metadata.Target target = targets().targets().get(path);
        if (target.length() > Envelope.MAX_BYTES) {
            throw bad(path, "its envelope has " + target.length() + " bytes");
        }
        Descriptor descriptor =
                new Descriptor(MediaTypes.ENVELOPE, target.digest(), target.length());
        Envelope envelope = Envelope.parse(BlobChecks.readAll(blobs, descriptor));
        Metadata.RoleKeys keys = trusted.root().keysOf(Role.TARGETS);
        Spec spec = SpecJson.parse(envelope.verify(keys.keys(), keys.threshold(), MediaTypes.SPEC));
        if (!Metadata.Targets.pathOf(spec.name()).equals(path)
                || !spec.publisher().id().equals(trusted.publisher())) {
            throw bad(path, "its spec belongs to another name or publisher");
        }
        return new Published(spec, envelope, descriptor);
    }

    Digest specDigest(Published p) {
        return Digest.of(p.envelope().unverifiedPayload());
    }

    private static VerifyException bad(String path, String reason) {
        return new VerifyException(
                "use", path, reason, "Build it again from its vm.yaml and publish it");
    }
}
