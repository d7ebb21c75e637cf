package dev.arclet.launcher.run;

import dev.arclet.format.FormatException;
import dev.arclet.format.SpecException;
import dev.arclet.format.VerifyException;
import dev.arclet.format.blob.BlobChecks;
import dev.arclet.format.chunk.LayerIndex;
import dev.arclet.format.link.ArcletLink;
import dev.arclet.format.model.Descriptor;
import dev.arclet.format.model.Disk;
import dev.arclet.format.model.Layer;
import dev.arclet.format.model.PublisherId;
import dev.arclet.format.model.Spec;
import dev.arclet.format.tree.Catalog;
import dev.arclet.format.tree.FolderTree;
import dev.arclet.format.tree.TreeLayout;
import dev.arclet.format.trust.MetadataSource;
import dev.arclet.format.verify.ArcletVerifier;
import dev.arclet.format.verify.FolderPublisherStore;
import dev.arclet.format.verify.PublisherStore;
import dev.arclet.format.verify.Trust;
import dev.arclet.format.verify.VerifiedArclet;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.LauncherException.Kind;
import dev.arclet.launcher.fetch.Backoff;
import dev.arclet.launcher.fetch.BlobOrigin;
import dev.arclet.launcher.fetch.FetchException;
import dev.arclet.launcher.fetch.FetchLimits;
import dev.arclet.launcher.fetch.FetchProgress;
import dev.arclet.launcher.fetch.Fetcher;
import dev.arclet.launcher.fetch.FolderOrigin;
import dev.arclet.launcher.fetch.HttpReader;
import dev.arclet.launcher.fetch.HttpTree;
import dev.arclet.launcher.fetch.StoreSource;
import dev.arclet.launcher.store.ArcletHome;
import dev.arclet.launcher.store.BlobStore;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Follows links to verified specs and brings in what they need. The one place where store, fetch
 * and verification meet.
 */
public final class Resolver implements Closeable {
    private final ArcletHome home;
    private final Clock clock;
    private final BlobStore store;
    private final HttpReader http;
    private final Backoff backoff;
    private final Fetcher fetcher;
    private final PublisherStore publishers;

    public Resolver(ArcletHome home, Clock clock, FetchLimits limits) throws IOException {
        this.home = home;
        this.clock = clock;
        store = new BlobStore(home);
        http = new HttpReader(limits);
        backoff = new Backoff(limits, new SecureRandom());
        fetcher = new Fetcher(store, limits, backoff);
        publishers = new FolderPublisherStore(home.publishers());
    }

    /** The store that everything ends up in. */
    public BlobStore store() {
        return store;
    }

    /**
     * Reads what a person typed: a link, or the path of a published tree (if it publishes one
     * machine) or of {@code vm/NAME} in one; a path may end in {@code #p=ID}.
     */
    public static ArcletLink parse(String text)
            throws SpecException, LauncherException, IOException {
        if (text.contains("://")) {
            return ArcletLink.parse(text);
        }
        int hash = text.indexOf('#');
        Optional<PublisherId> publisher = Optional.empty();
        if (hash >= 0) {
            if (!text.startsWith("#p=", hash)) {
                throw notATree(text, "after a path only \"#p=\" and a publisher id may follow");
            }
            publisher = Optional.of(PublisherId.parse(text.substring(hash + 3)));
        }
        Path path;
        try {
            path = Path.of(hash < 0 ? text : text.substring(0, hash)).toAbsolutePath().normalize();
        } catch (InvalidPathException e) {
            throw notATree(text, "it is neither a link nor a path");
        }
        if (Files.isRegularFile(path.resolve(TreeLayout.CATALOG))) {
            Catalog catalog = Catalog.read(path);
            if (catalog.entries().size() != 1) {
                throw notATree(
                        text,
                        "it publishes "
                                + catalog.entries().size()
                                + " machines; add /vm/NAME to say which");
            }
            return ArcletLink.forFolder(path, catalog.entries().getFirst().name(), publisher);
        }
        Path vm = path.getParent();
        if (vm != null && vm.endsWith("vm") && vm.getParent() != null && Files.isDirectory(vm)) {
            return ArcletLink.forFolder(vm.getParent(), path.getFileName().toString(), publisher);
        }
        throw notATree(
                text,
                Files.exists(path)
                        ? "it is no published tree (it has no " + TreeLayout.CATALOG + ")"
                        : "there is no such file, and it is no link");
    }

    private static LauncherException notATree(String text, String reason) {
        return new LauncherException(
                Kind.USAGE,
                "open",
                "\"" + text + "\"",
                reason,
                "Give a link (https://host/vm/NAME#p=…) or the folder of a published tree");
    }

    /** Follows a link to a verified spec. Fetches metadata and the spec, nothing else. */
    public Resolved resolve(ArcletLink link)
            throws LauncherException, FormatException, IOException, InterruptedException {
        BlobOrigin origin;
        MetadataSource metadata;
        if (link.base().getScheme().equals("file")) {
            Path tree = Path.of(link.base());
            origin = new FolderOrigin(tree);
            metadata = new FolderTree(tree);
        } else {
            HttpTree tree = new HttpTree(http, link.base(), backoff);
            origin = tree;
            metadata = tree;
        }
        StoreSource source = new StoreSource(store, fetcher, origin);
        VerifiedArclet verified = verify(link, metadata, source);
        return new Resolved(
                verified,
                origin,
                source,
                missing(verified.spec()),
                verified.trust() == Trust.EXACT_UNCONFIRMED
                        ? Optional.empty()
                        : knownSince(verified.publisher()));
    }

    private VerifiedArclet verify(ArcletLink link, MetadataSource metadata, StoreSource source)
            throws LauncherException, FormatException, IOException {
        ArcletVerifier verifier = new ArcletVerifier(publishers);
        Instant now = clock.instant();
        try {
            return verifier.verify(link, metadata, source, now);
        } catch (FetchException e) {
            if (e.failure().kind() == Kind.REFUSED) {
                throw e.failure();
            }
            return offline(verifier, link, now, e.failure());
        } catch (IOException e) {
            return offline(
                    verifier,
                    link,
                    now,
                    new LauncherException(
                            Kind.TRANSFER,
                            "open",
                            link.location(),
                            String.valueOf(e.getMessage()),
                            "Check the network and the link, then try again",
                            e));
        }
    }

    /** Without the network, what was seen before still runs. */
    private VerifiedArclet offline(
            ArcletVerifier verifier, ArcletLink link, Instant now, LauncherException why)
            throws LauncherException, FormatException {
        try {
            return verifier.verifyOffline(link, store, now);
        } catch (VerifyException | IOException e) {
            why.addSuppressed(e);
            throw why;
        }
    }

    /** Remembers, after the user's consent, who publishes this. */
    public void consented(VerifiedArclet verified) throws IOException {
        if (verified.trust() == Trust.EXACT_UNCONFIRMED) {
            return; // nobody has proven who published it
        }
        if (publishers.pinned(verified.link().location()).isEmpty()) {
            publishers.pin(verified.link().location(), verified.publisher());
        }
        Path known = knownFile(verified.publisher());
        if (!Files.exists(known)) {
            ArcletHome.writeAtomically(
                    known, (clock.instant() + "\n").getBytes(StandardCharsets.US_ASCII));
        }
    }

    /**
     * Where a machine's disks keep their writes. A spec whose publisher nobody has proven may name
     * anyone, so its machine has a folder for itself and never sees what another one kept.
     */
    Path keepFolder(VerifiedArclet verified) throws IOException {
        String owner =
                verified.trust() == Trust.EXACT_UNCONFIRMED
                        ? "unconfirmed-" + verified.specDigest().hex()
                        : verified.publisher().toString();
        return home.state().resolve(owner).resolve(verified.spec().name());
    }

    private Path knownFile(PublisherId id) throws IOException {
        return home.publishers().resolve("known").resolve(id.toString());
    }

    private Optional<Instant> knownSince(PublisherId id) throws IOException {
        try {
            return Optional.of(Instant.parse(Files.readString(knownFile(id)).strip()));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (DateTimeException e) {
            // Damaged: the user is told that the publisher is new, which asks for more care.
            return Optional.empty();
        }
    }

    /**
     * Bytes to fetch before the machine can start. A layer whose index is not here yet counts in
     * full, so the truth may be less.
     */
    public long missing(Spec spec) throws IOException {
        long sum = 0;
        for (Descriptor blob : Set.copyOf(spec.blobs())) {
            if (!store.has(blob)) {
                sum += blob.size() - store.partialBytes(blob);
            }
        }
        Set<Descriptor> parts = new LinkedHashSet<>();
        for (Layer layer : layers(spec)) {
            if (!store.has(layer.index())) {
                sum = Math.addExact(sum, layer.packedSize());
                continue;
            }
            try {
                LayerIndex index = LayerIndex.load(layer, store);
                parts.addAll(index.pages());
                parts.addAll(index.packs());
            } catch (VerifyException | IOException e) {
                sum = Math.addExact(sum, layer.packedSize());
            }
        }
        for (Descriptor part : parts) {
            if (!store.has(part)) {
                sum += part.size() - store.partialBytes(part);
            }
        }
        return sum;
    }

    private static Set<Layer> layers(Spec spec) {
        Set<Layer> out = new LinkedHashSet<>();
        for (Disk disk : spec.disks()) {
            out.addAll(disk.layers());
        }
        return out;
    }

    /**
     * Fetches everything that the machine needs. Also looks through what is here already when
     * {@code audit} is set, and fetches damaged blobs anew.
     */
    public void fetch(Resolved resolved, boolean audit, FetchProgress progress)
            throws LauncherException, FormatException, IOException, InterruptedException {
        Spec spec = resolved.verified().spec();
        List<Descriptor> needed = new ArrayList<>(spec.blobs());
        if (audit) {
            discardDamaged(needed);
        }
        try {
            for (Layer layer : layers(spec)) {
                LayerIndex index = LayerIndex.load(layer, resolved.source());
                needed.addAll(index.pages());
                needed.addAll(index.packs());
            }
        } catch (FetchException e) {
            throw e.failure();
        }
        if (audit) {
            discardDamaged(needed);
        }
        fetcher.fetchAll(needed, resolved.origin(), progress, spec.name());
    }

    private void discardDamaged(List<Descriptor> blobs) throws IOException {
        for (Descriptor blob : blobs) {
            if (store.has(blob)) {
                try (var in = store.open(blob.digest(), blob.size())) {
                    BlobChecks.copy(in, blob, OutputStream.nullOutputStream());
                } catch (VerifyException e) {
                    store.discard(blob.digest());
                }
            }
        }
    }

    @Override
    public void close() throws IOException {
        http.close();
        store.close();
    }
}
