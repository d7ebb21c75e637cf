package dev.arclet.format.tree;

import dev.arclet.format.FormatException;
import dev.arclet.format.SpecException;
import dev.arclet.format.json.Fields;
import dev.arclet.format.json.SpecJson;
import dev.arclet.format.json.StrictJson;
import dev.arclet.format.model.MediaTypes;
import dev.arclet.format.model.PublisherId;
import dev.arclet.format.model.SpecRules;
import dev.arclet.format.trust.Metadata;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a tree offers: {@code catalog.json}. It is unsigned and advisory: a gallery may show it, but
 * a launcher decides by the signed documents alone.
 *
 * @param entries by name
 */
public record Catalog(List<CatalogEntry> entries) {
    /** Most entries read from one catalog. */
    public static final int MAX_ENTRIES = 4096;

    /** Largest catalog in bytes. */
    public static final int MAX_BYTES = 8 << 20;

    private static final String DOCUMENT = "the catalog";

    public Catalog {
        entries = List.copyOf(entries);
    }

    /** The catalog of a tree in a folder; empty if it has none. */
    public static Catalog read(Path tree) throws SpecException, IOException {
        Optional<byte[]> json = new FolderTree(tree).metadata(TreeLayout.CATALOG, MAX_BYTES);
        return json.isPresent() ? parse(json.get()) : new Catalog(List.of());
    }

    public static Catalog parse(byte[] json) throws SpecException {
        Fields f = Fields.of(StrictJson.parse(json, DOCUMENT, MAX_BYTES), DOCUMENT);
        String type = f.string("mediaType");
        if (!type.equals(MediaTypes.CATALOG)) {
            throw f.problem("mediaType", "is \"" + type + "\"; expected " + MediaTypes.CATALOG);
        }
        List<CatalogEntry> entries = new ArrayList<>();
        for (Fields e : f.objects("entries", MAX_ENTRIES)) {
            String name = e.string("name");
            if (!SpecRules.NAME.matcher(name).matches()) {
                throw e.problem("name", "is not a VM name");
            }
            entries.add(
                    new CatalogEntry(
                            name,
                            e.string("version"),
                            e.string("title"),
                            e.optionalString("description").orElse(""),
                            SpecJson.publisher(e.object("publisher")),
                            e.digest("envelope"),
                            e.integer("downloadSize", 0, StrictJson.MAX_INTEGER),
                            SpecJson.machine(e.object("machine")),
                            SpecJson.capabilities(e.object("capabilities")),
                            e.has("screenshot")
                                    ? Optional.of(
                                            SpecJson.descriptor(
                                                    e.object("screenshot"), MediaTypes.PNG))
                                    : Optional.empty()));
        }
        return new Catalog(entries);
    }

    /** As JSON. */
    public byte[] write() {
        ObjectNode o = StrictJson.object();
        o.put("mediaType", MediaTypes.CATALOG);
        o.put("advisory", true);
        ArrayNode list = o.putArray("entries");
        for (CatalogEntry e : entries) {
            ObjectNode n = list.addObject();
            n.put("name", e.name()).put("version", e.version()).put("title", e.title());
            n.put("description", e.description());
            SpecJson.writePublisher(n.putObject("publisher"), e.publisher());
            n.put("link", e.linkPath());
            n.put("envelope", e.envelope().toString());
            n.put("downloadSize", e.downloadSize());
            SpecJson.writeMachine(n.putObject("machine"), e.machine());
            SpecJson.writeCapabilities(n.putObject("capabilities"), e.capabilities());
            e.screenshot().ifPresent(s -> SpecJson.writeDescriptor(n.putObject("screenshot"), s));
        }
        return StrictJson.write(o);
    }

    /**
     * Derives the catalog from the signed documents of a tree. A VM whose documents do not verify
     * is left out rather than shown.
     */
    static Catalog derive(Path tree) throws IOException {
        List<CatalogEntry> entries = new ArrayList<>();
        Path publishers = tree.resolve(TreeLayout.PUBLISHERS);
        if (Files.isDirectory(publishers)) {
            try (DirectoryStream<Path> dirs = Files.newDirectoryStream(publishers)) {
                for (Path dir : dirs) {
                    addPublisher(tree, dir.getFileName().toString(), entries);
                }
            }
        }
        entries.sort(
                Comparator.comparing(CatalogEntry::name)
                        .thenComparing(e -> e.publisher().id().text()));
        return new Catalog(entries);
    }

    private static void addPublisher(Path tree, String dir, List<CatalogEntry> entries)
            throws IOException {
        FolderTree source = new FolderTree(tree);
        Channel channel;
        try {
            channel = Channel.read(source, PublisherId.parse(dir));
        } catch (FormatException e) {
            return;
        }
        for (Map.Entry<String, Metadata.Target> t : channel.targets().targets().entrySet()) {
            entry(channel, t.getKey(), t.getValue(), source).ifPresent(entries::add);
        }
    }

    private static Optional<CatalogEntry> entry(
            Channel channel, String path, Metadata.Target target, FolderTree source)
            throws IOException {
        try {
            Channel.Published p = channel.published(path, source);
            return Optional.of(CatalogEntry.of(p.spec(), target.digest()));
        } catch (FormatException e) {
            return Optional.empty();
        }
    }
}
