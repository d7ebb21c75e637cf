package dev.arclet.format.tree;

import dev.arclet.format.BuildException;
import dev.arclet.format.FormatException;
import dev.arclet.format.SpecException;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.envelope.Envelope;
import dev.arclet.format.json.Fields;
import dev.arclet.format.json.StrictJson;
import dev.arclet.format.model.Descriptor;
import dev.arclet.format.model.MediaTypes;
import dev.arclet.format.model.PublisherId;
import dev.arclet.format.model.Spec;
import dev.arclet.format.sign.SigningKey;
import dev.arclet.format.trust.Metadata;
import dev.arclet.format.trust.PublisherKeys;
import dev.arclet.format.trust.Role;
import dev.arclet.format.trust.SignedMetadata;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import tools.jackson.databind.node.ObjectNode;

/**
 * One signed change of a publisher's channel in a locked tree. Collect changes, then {@link
 * #commit}: roots, targets, snapshot, and the timestamp last, which makes it all visible at once.
 */
public final class ChannelUpdate {
    /**
     * Lifetimes in simple mode: an author without a daily job must be able to keep a tree alive.
     */
    public static final Duration TIMESTAMP_LIFE = Duration.ofDays(30);

    public static final Duration SNAPSHOT_LIFE = Duration.ofDays(60);
    public static final Duration TARGETS_LIFE = Duration.ofDays(180);

    /** A root that ends within this time is renewed on the way. */
    private static final Duration ROOT_RENEWAL = Duration.ofDays(90);

    private final TreeWriter writer;
    private final FolderTree tree;
    private final Map<String, Metadata.Target> targets = new TreeMap<>();
    private final Set<Digest> revoked = new TreeSet<>();
    private PublisherKeys keys;
    private long lastVersion;
    private Set<String> oldFiles = Set.of();

    private ChannelUpdate(TreeWriter writer, PublisherKeys keys) {
        this.writer = writer;
        this.tree = new FolderTree(writer.root());
        this.keys = keys;
    }

    /** Starts from what the tree holds of this publisher, which may be nothing. */
    public static ChannelUpdate begin(TreeWriter writer, PublisherKeys keys)
            throws FormatException, IOException {
        ChannelUpdate update = new ChannelUpdate(writer, keys);
        if (Channel.exists(update.tree, keys.id())) {
            update.load(Channel.read(update.tree, keys.id()));
        }
        return update;
    }

    private void load(Channel channel) throws FormatException, IOException {
        if (channel.roots().size() > keys.rootChain().size()) {
            throw new BuildException(
                    "update",
                    "tree " + writer.root(),
                    "it knows root version "
                            + channel.roots().size()
                            + " of this publisher, the key folder only "
                            + keys.rootChain().size(),
                    "Use the newest copy of the key folder");
        }
        revoked.addAll(channel.targets().revoked());
        long snapshot = channel.trusted().snapshot().orElseThrow().version();
        lastVersion =
                Math.max(
                        channel.trusted().timestamp().orElseThrow().version(),
                        Math.max(snapshot, channel.targets().version()));
        oldFiles =
                Set.of(
                        Role.SNAPSHOT.fileName(snapshot),
                        Role.TARGETS.fileName(channel.targets().version()));
        for (Map.Entry<String, Metadata.Target> t : channel.targets().targets().entrySet()) {
            targets.put(t.getKey(), resigned(channel, t.getKey(), t.getValue()));
        }
    }

    /** After a key rotation the old key's envelopes need the new key's signature. */
    private Metadata.Target resigned(Channel channel, String path, Metadata.Target target)
            throws FormatException, IOException {
        if (channel.roots().size() == keys.rootChain().size()) {
            return target;
        }
        Channel.Published p = channel.published(path, tree);
        if (p.envelope().signers(List.of(keys.onlineKey())).size() == 1) {
            return target;
        }
        byte[] payload = p.envelope().unverifiedPayload();
        return target(putEnvelope(payload));
    }

    private Descriptor putEnvelope(byte[] spec) throws IOException {
        Envelope envelope = Envelope.sign(MediaTypes.SPEC, spec, List.of(keys.onlineSigner()));
        return writer.put(MediaTypes.ENVELOPE, envelope.write());
    }

    private static Metadata.Target target(Descriptor envelope) {
        return new Metadata.Target(envelope.size(), envelope.digest());
    }

    /**
     * The spec that the tree publishes under a name now; empty if there is none or it is damaged.
     */
    public Optional<Spec> currentSpec(String vmName) throws IOException {
        String path = Metadata.Targets.pathOf(vmName);
        if (!targets.containsKey(path)) {
            return Optional.empty();
        }
        try {
            return Optional.of(Channel.read(tree, keys.id()).published(path, tree).spec());
        } catch (FormatException e) {
            return Optional.empty();
        }
    }

    /** Fails if another publisher has this name in the tree. */
    public void requireFree(String vmName) throws FormatException, IOException {
        Optional<PublisherId> owner = owner(tree, vmName);
        if (owner.isPresent() && !owner.get().equals(keys.id())) {
            throw taken(vmName, owner.get());
        }
    }

    static BuildException taken(String vmName, PublisherId owner) {
        return new BuildException(
                "publish",
                "\"" + vmName + "\"",
                "this tree has a VM of that name by publisher " + owner,
                "Choose another name or another tree");
    }

    /** The publisher that a name's pointer in the tree states. */
    static Optional<PublisherId> owner(FolderTree tree, String vmName)
            throws SpecException, IOException {
        Optional<byte[]> pointer = tree.metadata(TreeLayout.pointerPath(vmName), 4096);
        return pointer.isPresent() ? Optional.of(parsePointer(pointer.get())) : Optional.empty();
    }

    /** Reads a pointer file: advisory, unsigned. */
    public static PublisherId parsePointer(byte[] json) throws SpecException {
        Fields f = Fields.of(StrictJson.parse(json, "the pointer", 4096), "the pointer");
        String type = f.string("mediaType");
        if (!type.equals(MediaTypes.POINTER)) {
            throw f.problem("mediaType", "is \"" + type + "\"; expected " + MediaTypes.POINTER);
        }
        return PublisherId.parse(f.string("publisher"));
    }

    static byte[] pointer(PublisherId publisher) {
        ObjectNode o = StrictJson.object();
        o.put("mediaType", MediaTypes.POINTER).put("publisher", publisher.text());
        return StrictJson.write(o);
    }

    /**
     * Signs a spec and makes it the current one of its name.
     *
     * @param spec exact bytes of the spec
     * @return the envelope
     */
    public Descriptor put(String vmName, byte[] spec) throws FormatException, IOException {
        refuseRevoked(vmName, Digest.of(spec));
        Descriptor envelope = putEnvelope(spec);
        put(vmName, envelope);
        return envelope;
    }

    /** Makes an envelope, already in the tree, the current one of a name. */
    void put(String vmName, Descriptor envelope) throws FormatException {
        refuseRevoked(vmName, envelope.digest());
        targets.put(Metadata.Targets.pathOf(vmName), target(envelope));
    }

    private void refuseRevoked(String vmName, Digest digest) throws BuildException {
        if (revoked.contains(digest)) {
            throw new BuildException(
                    "publish",
                    "\"" + vmName + "\"",
                    digest + " has been revoked",
                    "Give the fixed VM a new version and build it again");
        }
    }

    /** Revokes an envelope or spec by digest, and stops publishing it if it is current. */
    void revoke(Digest digest) throws FormatException, IOException {
        for (String path : List.copyOf(targets.keySet())) {
            Digest envelope = targets.get(path).digest();
            byte[] bytes =
                    tree.metadata(TreeLayout.blobPath(envelope), Envelope.MAX_BYTES)
                            .orElse(new byte[0]);
            boolean spec =
                    bytes.length > 0
                            && Digest.of(Envelope.parse(bytes).unverifiedPayload()).equals(digest);
            if (envelope.equals(digest) || spec) {
                remove(path.substring(Metadata.Targets.pathOf("").length()));
            }
        }
        revoked.add(digest);
    }

    void revokeAll(List<Digest> digests) {
        revoked.addAll(digests);
    }

    /** Stops publishing a name. Its blobs stay, for those who have started it. */
    void remove(String vmName) throws BuildException, IOException {
        if (targets.remove(Metadata.Targets.pathOf(vmName)) == null) {
            throw new BuildException(
                    "remove",
                    "\"" + vmName + "\"",
                    "the publisher has no VM of that name in this tree",
                    "List the names with \"arclet inspect\" on the tree");
        }
        writer.delete(TreeLayout.pointerPath(vmName));
    }

    /** Signs and writes everything; readers see the old channel or the new one, never a mixture. */
    public void commit(Instant now) throws FormatException, IOException {
        byte[] latestRoot = keys.rootChain().getLast();
        Instant rootEnds = SignedMetadata.parse(latestRoot, Role.ROOT).content().expires();
        // Without the root key the channel goes on as it is, until that key is brought back.
        if (keys.hasRootKey() && rootEnds.isBefore(now.plus(ROOT_RENEWAL))) {
            keys = keys.renewRoot(now);
        }
        List<SigningKey> signer = List.of(keys.onlineSigner());
        // Seconds since 1970 as versions: they grow even if an author loses the old tree.
        long version = Math.max(lastVersion + 1, now.getEpochSecond());
        byte[] targetsBytes =
                SignedMetadata.sign(
                        new Metadata.Targets(
                                version, now.plus(TARGETS_LIFE), targets, List.copyOf(revoked)),
                        signer);
        byte[] snapshotBytes =
                SignedMetadata.sign(
                        new Metadata.Snapshot(
                                version, now.plus(SNAPSHOT_LIFE), ref(version, targetsBytes)),
                        signer);
        byte[] timestampBytes =
                SignedMetadata.sign(
                        new Metadata.Timestamp(
                                version, now.plus(TIMESTAMP_LIFE), ref(version, snapshotBytes)),
                        signer);
        requireReadable(targetsBytes);
        writeChannel(
                writer,
                keys.id(),
                keys.rootChain(),
                new Channel.Files(version, targetsBytes, version, snapshotBytes, timestampBytes),
                targets.keySet());
        prune(version);
        writer.write(TreeLayout.CATALOG, Catalog.derive(writer.root()).write());
    }

    private static void requireReadable(byte[] targets) throws FormatException {
        try {
            SignedMetadata.parse(targets, Role.TARGETS);
        } catch (SpecException e) {
            throw new BuildException(
                    "publish",
                    "the channel",
                    "it has grown beyond what readers accept: " + e.reason(),
                    "Remove VMs that are no longer offered",
                    e);
        }
    }

    private static Metadata.FileRef ref(long version, byte[] bytes) {
        return new Metadata.FileRef(version, bytes.length, Digest.of(bytes));
    }

    /** Writes a channel's files in the order that keeps every moment consistent for readers. */
    static void writeChannel(
            TreeWriter writer,
            PublisherId id,
            List<byte[]> roots,
            Channel.Files files,
            Set<String> targetPaths)
            throws IOException {
        for (int i = 0; i < roots.size(); i++) {
            String path = TreeLayout.metadataPath(id, Role.ROOT.fileName(i + 1L));
            if (!Files.exists(writer.root().resolve(path))) {
                writer.write(path, roots.get(i));
            }
        }
        write(writer, id, Role.TARGETS.fileName(files.targetsVersion()), files.targets());
        write(writer, id, Role.SNAPSHOT.fileName(files.snapshotVersion()), files.snapshot());
        write(writer, id, Role.TIMESTAMP.fileName(0), files.timestamp());
        for (String path : targetPaths) {
            String name = path.substring(Metadata.Targets.pathOf("").length());
            writer.write(TreeLayout.pointerPath(name), pointer(id));
        }
    }

    private static void write(TreeWriter writer, PublisherId id, String file, byte[] bytes)
            throws IOException {
        writer.write(TreeLayout.metadataPath(id, file), bytes);
    }

    /** Keeps the generation before this one, for readers that are just on their way through it. */
    private void prune(long version) throws IOException {
        Path dir = writer.root().resolve(TreeLayout.metadataPath(keys.id(), "x"));
        try (var files = Files.newDirectoryStream(dir.getParent(), "*.{snapshot,targets}.json")) {
            for (Path file : files) {
                String name = file.getFileName().toString();
                boolean current =
                        name.equals(Role.SNAPSHOT.fileName(version))
                                || name.equals(Role.TARGETS.fileName(version));
                if (!current && !oldFiles.contains(name)) {
                    writer.delete(TreeLayout.metadataPath(keys.id(), name));
                }
            }
        }
    }
}
