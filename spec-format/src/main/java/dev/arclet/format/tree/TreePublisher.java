package dev.arclet.format.tree;

import dev.arclet.format.BuildException;
import dev.arclet.format.FormatException;
import dev.arclet.format.chunk.LayerIndex;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.model.Descriptor;
import dev.arclet.format.model.Disk;
import dev.arclet.format.model.Layer;
import dev.arclet.format.model.PublisherId;
import dev.arclet.format.trust.Metadata;
import dev.arclet.format.trust.PublisherKeys;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Copies built VMs into a published folder and keeps its channels alive. The order is packs,
 * indexes, boot files, envelope, channel; so whatever a reader finds named is there, at every
 * moment.
 */
public final class TreePublisher {
    private TreePublisher() {}

    /**
     * Publishes everything in a built tree. Every blob is verified while it is copied; those
     * already there are kept.
     *
     * @param keys with them the channel of the destination is merged with the built one and signed
     *     anew; without them the built channel is copied as it is, which is refused if it would
     *     take anything away from the destination
     */
    public static PublishReport publish(
            Path builtTree, Path destDir, Optional<PublisherKeys> keys, Instant now)
            throws FormatException, IOException {
        if (Files.exists(destDir) && Files.isSameFile(builtTree, destDir)) {
            throw new BuildException(
                    "publish",
                    "tree " + builtTree,
                    "it is the destination itself",
                    "Name another destination");
        }
        FolderTree from = new FolderTree(builtTree);
        List<PublisherId> publishers = publishers(builtTree);
        if (publishers.isEmpty()) {
            throw new BuildException(
                    "publish",
                    "tree " + builtTree,
                    "it holds no publisher's channel",
                    "Build a VM into it first with \"arclet build\"");
        }
        try (TreeWriter writer = TreeWriter.open(destDir)) {
            List<String> names = new ArrayList<>();
            for (PublisherId id : publishers) {
                Channel built = Channel.read(from, id);
                if (keys.isEmpty()) {
                    mirror(built, from, writer, names);
                } else if (keys.get().id().equals(id)) {
                    merge(built, from, writer, keys.get(), names, now);
                } else {
                    throw new BuildException(
                            "publish",
                            "tree " + builtTree,
                            "it is of publisher " + id + ", the keys are of " + keys.get().id(),
                            "Use the keys that the tree was built with");
                }
            }
            return new PublishReport(names, writer.newBytes(), writer.reusedBytes());
        }
    }

    private static List<PublisherId> publishers(Path tree) throws FormatException, IOException {
        List<PublisherId> ids = new ArrayList<>();
        Path dir = tree.resolve(TreeLayout.PUBLISHERS);
        if (Files.isDirectory(dir)) {
            try (DirectoryStream<Path> children = Files.newDirectoryStream(dir)) {
                for (Path child : children) {
                    ids.add(PublisherId.parse(child.getFileName().toString()));
                }
            }
        }
        return ids;
    }

    private static void merge(
            Channel built,
            FolderTree from,
            TreeWriter writer,
            PublisherKeys keys,
            List<String> names,
            Instant now)
            throws FormatException, IOException {
        ChannelUpdate update = ChannelUpdate.begin(writer, keys);
        update.revokeAll(built.targets().revoked());
        for (String path : built.targets().targets().keySet()) {
            Channel.Published p = built.published(path, from);
            update.requireFree(p.spec().name());
            copyBlobs(p, from, writer);
            if (p.envelope().signers(List.of(keys.onlineKey())).isEmpty()) {
                update.put(p.spec().name(), p.envelope().unverifiedPayload());
            } else {
                update.put(p.spec().name(), p.descriptor());
            }
            names.add(p.spec().name());
        }
        update.commit(now);
    }

    private static void mirror(
            Channel built, FolderTree from, TreeWriter writer, List<String> names)
            throws FormatException, IOException {
        PublisherId id = built.trusted().publisher();
        FolderTree to = new FolderTree(writer.root());
        if (Channel.exists(to, id)) {
            requireSuccessor(Channel.read(to, id), built, writer.root());
        }
        for (String path : built.targets().targets().keySet()) {
            Channel.Published p = built.published(path, from);
            Optional<PublisherId> owner = ChannelUpdate.owner(to, p.spec().name());
            if (owner.isPresent() && !owner.get().equals(id)) {
                throw ChannelUpdate.taken(p.spec().name(), owner.get());
            }
            copyBlobs(p, from, writer);
            names.add(p.spec().name());
        }
        ChannelUpdate.writeChannel(
                writer, id, built.roots(), built.files(), built.targets().targets().keySet());
        writer.write(TreeLayout.CATALOG, Catalog.derive(writer.root()).write());
    }

    /** Without keys a channel may only be replaced by one that came after it. */
    private static void requireSuccessor(Channel old, Channel built, Path dest)
            throws BuildException {
        Metadata.Targets before = old.targets();
        Metadata.Targets after = built.targets();
        boolean older =
                built.trusted().timestamp().orElseThrow().version()
                                < old.trusted().timestamp().orElseThrow().version()
                        || built.roots().size() < old.roots().size();
        boolean loses =
                !after.targets().keySet().containsAll(before.targets().keySet())
                        || !after.revoked().containsAll(before.revoked());
        if (older || loses) {
            throw new BuildException(
                    "publish",
                    "into " + dest,
                    older
                            ? "its channel of this publisher is newer than the built one"
                            : "its channel of this publisher has VMs or revocations that the built"
                                    + " one lacks",
                    "Publish with the publisher's keys, so that both can be merged");
        }
    }

    private static void copyBlobs(Channel.Published p, FolderTree from, TreeWriter writer)
            throws FormatException, IOException {
        List<Descriptor> packs = new ArrayList<>();
        List<Descriptor> pages = new ArrayList<>();
        Set<Descriptor> rest = new LinkedHashSet<>(p.spec().blobs());
        for (Disk disk : p.spec().disks()) {
            for (Layer layer : disk.layers()) {
                LayerIndex index = LayerIndex.load(layer, from);
                packs.addAll(index.packs());
                pages.addAll(index.pages());
            }
        }
        for (List<Descriptor> group : List.of(packs, pages, List.copyOf(rest))) {
            for (Descriptor blob : group) {
                writer.copy(from, blob);
            }
        }
        writer.copy(from, p.descriptor());
    }

    /**
     * Signs a tree's channel anew, before it expires or after a key rotation. After the theft of a
     * key build from the sources instead: this signs whatever the tree holds.
     */
    public static void refresh(Path tree, PublisherKeys keys, Instant now)
            throws FormatException, IOException {
        change(tree, keys, now, update -> {});
    }

    /** Revokes an envelope or spec: launchers that see the channel will not run it any more. */
    public static void revoke(Path tree, PublisherKeys keys, Digest envelopeOrSpec, Instant now)
            throws FormatException, IOException {
        change(tree, keys, now, update -> update.revoke(envelopeOrSpec));
    }

    /** Stops offering a VM without revoking it. */
    public static void remove(Path tree, PublisherKeys keys, String vmName, Instant now)
            throws FormatException, IOException {
        change(tree, keys, now, update -> update.remove(vmName));
    }

    private interface Change {
        void apply(ChannelUpdate update) throws FormatException, IOException;
    }

    private static void change(Path tree, PublisherKeys keys, Instant now, Change change)
            throws FormatException, IOException {
        if (!Channel.exists(new FolderTree(tree), keys.id())) {
            throw new BuildException(
                    "update",
                    "tree " + tree,
                    "it has no channel of publisher " + keys.id(),
                    "Name a tree that was built or published with these keys");
        }
        try (TreeWriter writer = TreeWriter.open(tree)) {
            ChannelUpdate update = ChannelUpdate.begin(writer, keys);
            change.apply(update);
            update.commit(now);
        }
    }
}
