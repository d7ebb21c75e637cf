package dev.arclet.format.json;

import dev.arclet.format.SpecException;
import dev.arclet.format.model.Arch;
import dev.arclet.format.model.Audio;
import dev.arclet.format.model.Boot;
import dev.arclet.format.model.BootDevice;
import dev.arclet.format.model.Capabilities;
import dev.arclet.format.model.Clipboard;
import dev.arclet.format.model.Descriptor;
import dev.arclet.format.model.Device;
import dev.arclet.format.model.Disk;
import dev.arclet.format.model.DiskBus;
import dev.arclet.format.model.DiskKind;
import dev.arclet.format.model.Display;
import dev.arclet.format.model.FirmwareBoot;
import dev.arclet.format.model.FolderRequest;
import dev.arclet.format.model.KernelBoot;
import dev.arclet.format.model.Layer;
import dev.arclet.format.model.Machine;
import dev.arclet.format.model.MediaTypes;
import dev.arclet.format.model.Network;
import dev.arclet.format.model.NetworkMode;
import dev.arclet.format.model.NetworkRule;
import dev.arclet.format.model.PortRequest;
import dev.arclet.format.model.Protocol;
import dev.arclet.format.model.Publisher;
import dev.arclet.format.model.PublisherId;
import dev.arclet.format.model.Spec;
import dev.arclet.format.model.SpecRules;
import dev.arclet.format.model.Writes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The spec as JSON ({@code docs/format.md}, section Spec; {@code schema/spec.v1.schema.json}).
 * Unknown members are skipped unless {@code critical} names them; unknown media types, versions and
 * choices are always refused.
 */
public final class SpecJson {
    /** The only value of {@code formatVersion} that this version reads. */
    public static final int FORMAT_VERSION = 1;

    /**
     * Paths of all members this version understands, without list positions; what critical may
     * name.
     */
    public static final Set<String> MEMBERS =
            Set.of(
                    "mediaType",
                    "formatVersion",
                    "name",
                    "version",
                    "title",
                    "description",
                    "publisher",
                    "publisher.id",
                    "publisher.name",
                    "machine",
                    "machine.arch",
                    "machine.memory",
                    "machine.cpus",
                    "machine.display",
                    "machine.display.width",
                    "machine.display.height",
                    "machine.devices",
                    "boot",
                    "boot.kernel",
                    "boot.initrd",
                    "boot.commandLine",
                    "boot.firmware",
                    "boot.vgaBios",
                    "boot.order",
                    "disks",
                    "disks.name",
                    "disks.kind",
                    "disks.bus",
                    "disks.writes",
                    "disks.layers",
                    "disks.layers.index",
                    "disks.layers.diskSize",
                    "disks.layers.packedSize",
                    "capabilities",
                    "capabilities.network",
                    "capabilities.network.mode",
                    "capabilities.network.allow",
                    "capabilities.network.allow.protocol",
                    "capabilities.network.allow.host",
                    "capabilities.network.allow.firstPort",
                    "capabilities.network.allow.lastPort",
                    "capabilities.clipboard",
                    "capabilities.audio",
                    "capabilities.folders",
                    "capabilities.folders.name",
                    "capabilities.folders.writable",
                    "capabilities.folders.purpose",
                    "capabilities.ports",
                    "capabilities.ports.protocol",
                    "capabilities.ports.guestPort",
                    "capabilities.ports.purpose",
                    "screenshot",
                    "critical");

    private static final String DOCUMENT = "the spec";

    private SpecJson() {}

    /** Parses and validates a spec of at most 1 MiB. */
    public static Spec parse(byte[] json) throws SpecException {
        Fields f = Fields.of(StrictJson.parse(json, DOCUMENT), DOCUMENT);
        String mediaType = f.string("mediaType");
        if (!mediaType.equals(MediaTypes.SPEC)) {
            throw f.problem(
                    "mediaType", "is \"" + mediaType + "\"; this version reads " + MediaTypes.SPEC);
        }
        long version = f.integer("formatVersion");
        if (version != FORMAT_VERSION) {
            throw f.problem(
                    "formatVersion", "is " + version + "; this version reads " + FORMAT_VERSION);
        }
        // Before anything else: a member we do not know may change the meaning of those we do.
        List<String> critical = critical(f);
        Spec spec =
                new Spec(
                        f.string("name"),
                        f.string("version"),
                        f.string("title"),
                        f.optionalString("description").orElse(""),
                        publisher(f.object("publisher")),
                        machine(f.object("machine")),
                        boot(f.object("boot")),
                        disks(f),
                        f.has("capabilities")
                                ? capabilities(f.object("capabilities"))
                                : Capabilities.NONE,
                        descriptor(f, "screenshot", MediaTypes.PNG),
                        critical);
        SpecRules.check(spec, DOCUMENT);
        return spec;
    }

    private static List<String> critical(Fields f) throws SpecException {
        if (!f.has("critical")) {
            return List.of();
        }
        List<String> names = f.strings("critical", 64);
        Set<String> seen = new HashSet<>();
        for (String name : names) {
            if (!MEMBERS.contains(name)) {
                throw f.problem(
                        "critical", "names \"" + name + "\", which this version does not know");
            }
            if (!seen.add(name)) {
                throw f.problem("critical", "names \"" + name + "\" twice");
            }
        }
        return names;
    }

    public static Publisher publisher(Fields f) throws SpecException {
        return new Publisher(PublisherId.parse(f.string("id")), f.string("name"));
    }

    public static Machine machine(Fields f) throws SpecException {
        Optional<Display> display = Optional.empty();
        if (f.has("display")) {
            Fields d = f.object("display");
            display =
                    Optional.of(
                            new Display(
                                    (int) d.integer("width", 0, 1 << 20),
                                    (int) d.integer("height", 0, 1 << 20)));
        }
        return new Machine(
                f.choice("arch", Arch.class),
                f.integer("memory"),
                (int) f.integer("cpus", 0, 1 << 20),
                display,
                f.has("devices") ? f.choices("devices", Device.class, 64) : List.of());
    }

    private static Boot boot(Fields f) throws SpecException {
        if (f.has("kernel") == f.has("firmware")) {
            throw f.problem("", "must have either \"kernel\" or \"firmware\"");
        }
        if (f.has("kernel")) {
            refuse(f, "vgaBios", "order");
            return new KernelBoot(
                    descriptor(f.object("kernel"), MediaTypes.KERNEL),
                    descriptor(f, "initrd", MediaTypes.INITRD),
                    f.optionalString("commandLine").orElse(""));
        }
        refuse(f, "initrd", "commandLine");
        return new FirmwareBoot(
                descriptor(f.object("firmware"), MediaTypes.FIRMWARE),
                descriptor(f, "vgaBios", MediaTypes.VGA_BIOS),
                f.choices("order", BootDevice.class, 8));
    }

    private static void refuse(Fields f, String... members) throws SpecException {
        for (String member : members) {
            if (f.has(member)) {
                throw f.problem(member, "does not belong to this way of booting");
            }
        }
    }

    private static Optional<Descriptor> descriptor(Fields parent, String member, String type)
            throws SpecException {
        return parent.has(member)
                ? Optional.of(descriptor(parent.object(member), type))
                : Optional.empty();
    }

    public static Descriptor descriptor(Fields f, String type) throws SpecException {
        String mediaType = f.string("mediaType");
        if (!mediaType.equals(type)) {
            throw f.problem("mediaType", "is \"" + mediaType + "\"; expected " + type);
        }
        return new Descriptor(
                mediaType, f.digest("digest"), f.integer("size", 0, StrictJson.MAX_INTEGER));
    }

    private static List<Disk> disks(Fields f) throws SpecException {
        List<Disk> disks = new ArrayList<>();
        if (f.has("disks")) {
            for (Fields d : f.objects("disks", 64)) {
                List<Layer> layers = new ArrayList<>();
                for (Fields l : d.objects("layers", 64)) {
                    layers.add(
                            new Layer(
                                    descriptor(l.object("index"), MediaTypes.LAYER_INDEX),
                                    l.integer("diskSize"),
                                    l.integer("packedSize")));
                }
                disks.add(
                        new Disk(
                                d.string("name"),
                                d.choice("kind", DiskKind.class),
                                d.choice("bus", DiskBus.class),
                                layers,
                                d.choice("writes", Writes.class)));
            }
        }
        return disks;
    }

    public static Capabilities capabilities(Fields f) throws SpecException {
        Network network = Network.NONE;
        if (f.has("network")) {
            Fields n = f.object("network");
            List<NetworkRule> rules = new ArrayList<>();
            if (n.has("allow")) {
                for (Fields r : n.objects("allow", 256)) {
                    rules.add(
                            new NetworkRule(
                                    r.choice("protocol", Protocol.class),
                                    r.string("host"),
                                    (int) r.integer("firstPort", 0, 65_535),
                                    (int) r.integer("lastPort", 0, 65_535)));
                }
            }
            network = new Network(n.choice("mode", NetworkMode.class), rules);
        }
        List<FolderRequest> folders = new ArrayList<>();
        if (f.has("folders")) {
            for (Fields d : f.objects("folders", 64)) {
                folders.add(
                        new FolderRequest(
                                d.string("name"), d.bool("writable"), d.string("purpose")));
            }
        }
        List<PortRequest> ports = new ArrayList<>();
        if (f.has("ports")) {
            for (Fields p : f.objects("ports", 64)) {
                ports.add(
                        new PortRequest(
                                p.choice("protocol", Protocol.class),
                                (int) p.integer("guestPort", 1, 65_535),
                                p.string("purpose")));
            }
        }
        return new Capabilities(
                network,
                f.has("clipboard") ? f.choice("clipboard", Clipboard.class) : Clipboard.NONE,
                f.has("audio") ? f.choice("audio", Audio.class) : Audio.NONE,
                folders,
                ports);
    }

    /** The one byte sequence this version writes for a spec; optional members only when set. */
    public static byte[] write(Spec spec) {
        ObjectNode o = StrictJson.object();
        o.put("mediaType", MediaTypes.SPEC);
        o.put("formatVersion", FORMAT_VERSION);
        o.put("name", spec.name());
        o.put("version", spec.version());
        o.put("title", spec.title());
        if (!spec.description().isEmpty()) {
            o.put("description", spec.description());
        }
        writePublisher(o.putObject("publisher"), spec.publisher());
        writeMachine(o.putObject("machine"), spec.machine());
        ObjectNode boot = o.putObject("boot");
        switch (spec.boot()) {
            case KernelBoot k -> {
                writeDescriptor(boot.putObject("kernel"), k.kernel());
                k.initrd().ifPresent(i -> writeDescriptor(boot.putObject("initrd"), i));
                boot.put("commandLine", k.commandLine());
            }
            case FirmwareBoot f -> {
                writeDescriptor(boot.putObject("firmware"), f.firmware());
                f.vgaBios().ifPresent(v -> writeDescriptor(boot.putObject("vgaBios"), v));
                ArrayNode order = boot.putArray("order");
                f.order().forEach(d -> order.add(EnumText.of(d)));
            }
        }
        if (!spec.disks().isEmpty()) {
            ArrayNode disks = o.putArray("disks");
            spec.disks().forEach(d -> writeDisk(disks.addObject(), d));
        }
        if (!spec.capabilities().equals(Capabilities.NONE)) {
            writeCapabilities(o.putObject("capabilities"), spec.capabilities());
        }
        spec.screenshot().ifPresent(s -> writeDescriptor(o.putObject("screenshot"), s));
        if (!spec.critical().isEmpty()) {
            ArrayNode critical = o.putArray("critical");
            spec.critical().forEach(critical::add);
        }
        return StrictJson.write(o);
    }

    public static void writePublisher(ObjectNode o, Publisher publisher) {
        o.put("id", publisher.id().text());
        o.put("name", publisher.name());
    }

    public static void writeMachine(ObjectNode o, Machine machine) {
        o.put("arch", EnumText.of(machine.arch()));
        o.put("memory", machine.memory());
        o.put("cpus", machine.cpus());
        machine.display()
                .ifPresent(
                        d ->
                                o.putObject("display")
                                        .put("width", d.width())
                                        .put("height", d.height()));
        if (!machine.devices().isEmpty()) {
            ArrayNode devices = o.putArray("devices");
            machine.devices().forEach(d -> devices.add(EnumText.of(d)));
        }
    }

    public static void writeDescriptor(ObjectNode o, Descriptor d) {
        o.put("mediaType", d.mediaType());
        o.put("digest", d.digest().toString());
        o.put("size", d.size());
    }

    private static void writeDisk(ObjectNode o, Disk disk) {
        o.put("name", disk.name());
        o.put("kind", EnumText.of(disk.kind()));
        o.put("bus", EnumText.of(disk.bus()));
        o.put("writes", EnumText.of(disk.writes()));
        ArrayNode layers = o.putArray("layers");
        for (Layer layer : disk.layers()) {
            ObjectNode l = layers.addObject();
            writeDescriptor(l.putObject("index"), layer.index());
            l.put("diskSize", layer.diskSize());
            l.put("packedSize", layer.packedSize());
        }
    }

    public static void writeCapabilities(ObjectNode o, Capabilities c) {
        if (!c.network().equals(Network.NONE)) {
            ObjectNode n = o.putObject("network");
            n.put("mode", EnumText.of(c.network().mode()));
            ArrayNode allow = n.putArray("allow");
            for (NetworkRule r : c.network().allow()) {
                allow.addObject()
                        .put("protocol", EnumText.of(r.protocol()))
                        .put("host", r.host())
                        .put("firstPort", r.firstPort())
                        .put("lastPort", r.lastPort());
            }
        }
        if (c.clipboard() != Clipboard.NONE) {
            o.put("clipboard", EnumText.of(c.clipboard()));
        }
        if (c.audio() != Audio.NONE) {
            o.put("audio", EnumText.of(c.audio()));
        }
        if (!c.folders().isEmpty()) {
            ArrayNode folders = o.putArray("folders");
            for (FolderRequest f : c.folders()) {
                folders.addObject()
                        .put("name", f.name())
                        .put("writable", f.writable())
                        .put("purpose", f.purpose());
            }
        }
        if (!c.ports().isEmpty()) {
            ArrayNode ports = o.putArray("ports");
            for (PortRequest p : c.ports()) {
                ports.addObject()
                        .put("protocol", EnumText.of(p.protocol()))
                        .put("guestPort", p.guestPort())
                        .put("purpose", p.purpose());
            }
        }
    }
}
