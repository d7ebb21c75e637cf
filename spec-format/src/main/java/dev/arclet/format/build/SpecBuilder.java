package dev.arclet.format.build;

import dev.arclet.format.BuildException;
import dev.arclet.format.FormatException;
import dev.arclet.format.VerifyException;
import dev.arclet.format.chunk.DiskImage;
import dev.arclet.format.chunk.LayerIndex;
import dev.arclet.format.chunk.LayerWriter;
import dev.arclet.format.json.SpecJson;
import dev.arclet.format.model.Boot;
import dev.arclet.format.model.BootDevice;
import dev.arclet.format.model.Descriptor;
import dev.arclet.format.model.Disk;
import dev.arclet.format.model.FirmwareBoot;
import dev.arclet.format.model.KernelBoot;
import dev.arclet.format.model.Layer;
import dev.arclet.format.model.MediaTypes;
import dev.arclet.format.model.Publisher;
import dev.arclet.format.model.Spec;
import dev.arclet.format.model.SpecRules;
import dev.arclet.format.tree.ChannelUpdate;
import dev.arclet.format.tree.FolderTree;
import dev.arclet.format.tree.TreeWriter;
import dev.arclet.format.trust.PublisherKeys;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Builds the folder of a vm.yaml into a static tree: blobs, layers, signed spec, channel. From an
 * empty tree the blobs are a function of the sources alone; in a tree that holds an earlier
 * version, chunks of that version are referred to instead of being stored again.
 */
public final class SpecBuilder {
    private static final byte[] PNG_SIGNATURE = {
        (byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'
    };

    private final SourceFolder sources;
    private final VmYaml yaml;
    private final TreeWriter writer;
    private final FolderTree tree;
    private final BuildListener listener;
    private final Optional<Spec> earlier;

    private SpecBuilder(
            SourceFolder sources,
            VmYaml yaml,
            TreeWriter writer,
            BuildListener listener,
            Optional<Spec> earlier) {
        this.sources = sources;
        this.yaml = yaml;
        this.writer = writer;
        this.tree = new FolderTree(writer.root());
        this.listener = listener;
        this.earlier = earlier;
    }

    /** As {@link #build(Path, Path, PublisherKeys, Instant, BuildListener)}, silently. */
    public static BuiltArclet build(Path dir, Path outTree, PublisherKeys keys, Instant now)
            throws FormatException, IOException {
        return build(dir, outTree, keys, now, BuildListener.NONE);
    }

    /**
     * Builds, signs, and makes the result the current VM of its name in the tree.
     *
     * @param dir holds vm.yaml and everything it names
     * @param outTree created if missing; may hold other VMs
     * @param now becomes the start of the channel's validity
     */
    public static BuiltArclet build(
            Path dir, Path outTree, PublisherKeys keys, Instant now, BuildListener listener)
            throws FormatException, IOException {
        SourceFolder sources = new SourceFolder(dir);
        Path file = sources.file("vm.yaml", "vm.yaml");
        if (Files.size(file) > StrictYaml.MAX_BYTES) {
            throw SourceFolder.bad("vm.yaml", "vm.yaml", "it is larger than a vm.yaml may be");
        }
        VmYaml yaml = VmYaml.parse(Files.readAllBytes(file));
        if (!SpecRules.NAME.matcher(yaml.name()).matches()) {
            throw SourceFolder.bad(
                    "name", yaml.name(), "a name has 1 to 64 of a-z, 0-9 and inner hyphens");
        }
        try (TreeWriter writer = TreeWriter.open(outTree)) {
            ChannelUpdate update = ChannelUpdate.begin(writer, keys);
            update.requireFree(yaml.name());
            SpecBuilder builder =
                    new SpecBuilder(
                            sources, yaml, writer, listener, update.currentSpec(yaml.name()));
            Spec spec = builder.spec(new Publisher(keys.id(), keys.name()));
            byte[] json = SpecJson.write(spec);
            SpecJson.parse(json);
            Descriptor envelope = update.put(spec.name(), json);
            update.commit(now);
            listener.note("signed " + spec.name() + " " + spec.version() + " as " + keys.id());
            return new BuiltArclet(
                    outTree,
                    spec,
                    envelope.digest(),
                    keys.id(),
                    writer.newBytes(),
                    writer.reusedBytes());
        }
    }

    private Spec spec(Publisher publisher) throws FormatException, IOException {
        Boot boot = boot();
        List<Disk> disks = new ArrayList<>();
        for (VmYaml.DiskFiles d : yaml.disks()) {
            disks.add(new Disk(d.name(), d.kind(), d.bus(), layers(d), d.writes()));
        }
        Spec spec =
                new Spec(
                        yaml.name(),
                        yaml.version(),
                        yaml.title(),
                        yaml.description(),
                        publisher,
                        yaml.machine(),
                        boot,
                        disks,
                        yaml.capabilities(),
                        screenshot(),
                        List.of());
        SpecRules.check(spec, "vm.yaml");
        return spec;
    }

    private Boot boot() throws FormatException, IOException {
        VmYaml.BootFiles b = yaml.boot();
        if (b.kernel().isPresent()) {
            return new KernelBoot(
                    blob("kernel", b.kernel().get(), MediaTypes.KERNEL, SpecRules.MAX_KERNEL),
                    optional("initrd", b.initrd(), MediaTypes.INITRD, SpecRules.MAX_INITRD),
                    b.commandLine());
        }
        List<BootDevice> order = b.order().isEmpty() ? List.of(BootDevice.DISK) : b.order();
        return new FirmwareBoot(
                blob(
                        "firmware",
                        b.firmware().orElseThrow(),
                        MediaTypes.FIRMWARE,
                        SpecRules.MAX_FIRMWARE),
                optional("vga-bios", b.vgaBios(), MediaTypes.VGA_BIOS, SpecRules.MAX_VGA_BIOS),
                order);
    }

    private Optional<Descriptor> optional(
            String member, Optional<String> name, String mediaType, long max)
            throws FormatException, IOException {
        return name.isPresent()
                ? Optional.of(blob(member, name.get(), mediaType, max))
                : Optional.empty();
    }

    private Descriptor blob(String member, String name, String mediaType, long max)
            throws BuildException, IOException {
        Path file = sources.file(member, name);
        long size = Files.size(file);
        if (size == 0 || size > max) {
            throw SourceFolder.bad(
                    member, name, "it has " + size + " bytes; 1 to " + max + " are allowed");
        }
        listener.note(member + ": " + name + ", " + size + " bytes");
        return writer.put(mediaType, file);
    }

    private Optional<Descriptor> screenshot() throws FormatException, IOException {
        if (yaml.screenshot().isEmpty()) {
            return Optional.empty();
        }
        String name = yaml.screenshot().get();
        try (InputStream in = Files.newInputStream(sources.file("screenshot", name))) {
            if (!Arrays.equals(in.readNBytes(PNG_SIGNATURE.length), PNG_SIGNATURE)) {
                throw SourceFolder.bad("screenshot", name, "it is not a PNG file");
            }
        }
        return Optional.of(blob("screenshot", name, MediaTypes.PNG, SpecRules.MAX_SCREENSHOT));
    }

    private List<Layer> layers(VmYaml.DiskFiles disk) throws FormatException, IOException {
        String member = "disks." + disk.name();
        if (disk.images().isEmpty() || disk.images().size() > SpecRules.MAX_LAYERS) {
            throw SourceFolder.bad(
                    member,
                    disk.images().size() + " layers",
                    "a disk has 1 to " + SpecRules.MAX_LAYERS);
        }
        List<Layer> layers = new ArrayList<>();
        Optional<DiskImage> below = Optional.empty();
        try {
            for (String name : disk.images()) {
                Path file = sources.file(member, name);
                long size = Files.size(file);
                if (size == 0 || size > SpecRules.MAX_DISK) {
                    throw SourceFolder.bad(member, name, "it has " + size + " bytes");
                }
                listener.note("disk " + disk.name() + ": " + name + ", " + size + " bytes");
                LayerWriter layer = new LayerWriter(writer, yaml.compression());
                for (Layer lower : layers) {
                    layer.reuse(LayerIndex.load(lower, tree), tree, true);
                }
                reuseEarlier(disk.name(), layer);
                DiskImage image = DiskImage.open(file);
                try {
                    layers.add(layer.write(image, below));
                } finally {
                    if (below.isPresent()) {
                        below.get().close();
                    }
                    below = Optional.of(image);
                }
            }
        } finally {
            if (below.isPresent()) {
                below.get().close();
            }
        }
        return layers;
    }

    /** An update refers to what the version before it stored, so that visitors fetch little. */
    private void reuseEarlier(String diskName, LayerWriter layer) throws IOException {
        if (earlier.isEmpty()) {
            return;
        }
        for (Disk disk : earlier.get().disks()) {
            if (disk.name().equals(diskName)) {
                for (Layer old : disk.layers()) {
                    try {
                        layer.reuse(LayerIndex.load(old, tree), tree, false);
                    } catch (VerifyException e) {
                        listener.note("the earlier version is not reused: " + e.getMessage());
                    }
                }
            }
        }
    }
}
