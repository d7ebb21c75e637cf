package dev.arclet.format.build;

import dev.arclet.format.SpecException;
import dev.arclet.format.json.EnumText;
import dev.arclet.format.json.Fields;
import dev.arclet.format.model.Arch;
import dev.arclet.format.model.Audio;
import dev.arclet.format.model.BootDevice;
import dev.arclet.format.model.Capabilities;
import dev.arclet.format.model.Clipboard;
import dev.arclet.format.model.Device;
import dev.arclet.format.model.DiskBus;
import dev.arclet.format.model.DiskKind;
import dev.arclet.format.model.Display;
import dev.arclet.format.model.FolderRequest;
import dev.arclet.format.model.Machine;
import dev.arclet.format.model.Network;
import dev.arclet.format.model.NetworkMode;
import dev.arclet.format.model.NetworkRule;
import dev.arclet.format.model.PortRequest;
import dev.arclet.format.model.Protocol;
import dev.arclet.format.model.Writes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What an author writes: {@code vm.yaml} ({@code docs/format.md}, section vm.yaml). Files are named
 * relative to its folder; the build turns them into blobs and layers. Unknown members are refused,
 * since in this form they are spelling mistakes.
 *
 * @param compression zstd level of the layers, 1 to 19
 */
public record VmYaml(
        String name,
        String version,
        String title,
        String description,
        Machine machine,
        BootFiles boot,
        List<DiskFiles> disks,
        Capabilities capabilities,
        Optional<String> screenshot,
        int compression) {
    /** Level used when the author names none: near the knee of size against time. */
    public static final int DEFAULT_COMPRESSION = 9;

    private static final Pattern SIZE = Pattern.compile("([1-9][0-9]{0,5}) ?([MG])(iB)?");
    private static final Pattern MODE = Pattern.compile("([0-9]{1,5})x([0-9]{1,5})");
    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,9}");
    private static final Pattern RULE =
            Pattern.compile("(tcp|udp|icmp) +(\\S+)(?: +([0-9]{1,5})(?:-([0-9]{1,5}))?)?");

    /** Boot files: either kernel or firmware is set. */
    public record BootFiles(
            Optional<String> kernel,
            Optional<String> initrd,
            String commandLine,
            Optional<String> firmware,
            Optional<String> vgaBios,
            List<BootDevice> order) {
        public BootFiles {
            order = List.copyOf(order);
        }
    }

    /**
     * A disk.
     *
     * @param images raw images, each of the whole disk; the first is the base, and every other one
     *     becomes a layer of what differs from the one before
     */
    public record DiskFiles(
            String name, DiskKind kind, DiskBus bus, Writes writes, List<String> images) {
        public DiskFiles {
            images = List.copyOf(images);
        }
    }

    public VmYaml {
        disks = List.copyOf(disks);
    }

    /** Parses the file's bytes. Bounds of the spec itself are checked when it is built. */
    public static VmYaml parse(byte[] yaml) throws SpecException {
        Fields f = Fields.of(StrictYaml.parse(yaml, "vm.yaml"), "vm.yaml");
        VmYaml out =
                new VmYaml(
                        f.string("name"),
                        f.string("version"),
                        f.string("title"),
                        f.optionalString("description").orElse("").strip(),
                        machine(f.object("machine")),
                        boot(f.object("boot")),
                        disks(f),
                        f.has("capabilities")
                                ? capabilities(f.object("capabilities"))
                                : Capabilities.NONE,
                        f.optionalString("screenshot"),
                        f.has("compression")
                                ? number(f, "compression", 1, 19)
                                : DEFAULT_COMPRESSION);
        f.refuseUnknown();
        return out;
    }

    private static int number(Fields f, String member, int min, int max) throws SpecException {
        String text = f.string(member);
        if (!NUMBER.matcher(text).matches()
                || Integer.parseInt(text) < min
                || Integer.parseInt(text) > max) {
            throw f.problem(
                    member, "is \"" + text + "\"; it must be a number from " + min + " to " + max);
        }
        return Integer.parseInt(text);
    }

    private static boolean flag(Fields f, String member) throws SpecException {
        String text = f.string(member);
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw f.problem(member, "is \"" + text + "\"; it must be true or false");
        };
    }

    private static Machine machine(Fields f) throws SpecException {
        Matcher size = SIZE.matcher(f.string("memory"));
        if (!size.matches()) {
            throw f.problem("memory", "must be a number and M or G, such as 256M");
        }
        long unit = size.group(2).equals("M") ? 1L << 20 : 1L << 30;
        Optional<Display> display = Optional.of(new Display(1024, 768));
        if (f.has("display")) {
            String text = f.string("display");
            Matcher mode = MODE.matcher(text);
            if (mode.matches()) {
                display =
                        Optional.of(
                                new Display(
                                        Integer.parseInt(mode.group(1)),
                                        Integer.parseInt(mode.group(2))));
            } else if (text.equals("none")) {
                display = Optional.empty();
            } else {
                throw f.problem("display", "must be a size such as 1024x768, or none");
            }
        }
        Machine machine =
                new Machine(
                        f.choice("arch", Arch.class),
                        Long.parseLong(size.group(1)) * unit,
                        f.has("cpus") ? number(f, "cpus", 1, 32) : 1,
                        display,
                        f.has("devices") ? f.choices("devices", Device.class, 64) : List.of());
        f.refuseUnknown();
        return machine;
    }

    private static BootFiles boot(Fields f) throws SpecException {
        BootFiles boot =
                new BootFiles(
                        f.optionalString("kernel"),
                        f.optionalString("initrd"),
                        f.optionalString("command-line").orElse("").strip(),
                        f.optionalString("firmware"),
                        f.optionalString("vga-bios"),
                        f.has("order") ? f.choices("order", BootDevice.class, 8) : List.of());
        f.refuseUnknown();
        if (boot.kernel().isPresent() == boot.firmware().isPresent()) {
            throw f.problem("", "must have either \"kernel\" or \"firmware\"");
        }
        if (boot.firmware().isPresent()
                && (boot.initrd().isPresent() || !boot.commandLine().isEmpty())) {
            throw f.problem("", "has \"initrd\" or \"command-line\" without \"kernel\"");
        }
        if (boot.kernel().isPresent() && (boot.vgaBios().isPresent() || !boot.order().isEmpty())) {
            throw f.problem("", "has \"vga-bios\" or \"order\" without \"firmware\"");
        }
        return boot;
    }

    private static List<DiskFiles> disks(Fields f) throws SpecException {
        List<DiskFiles> disks = new ArrayList<>();
        if (f.has("disks")) {
            for (Fields d : f.objects("disks", 64)) {
                DiskKind kind = d.has("kind") ? d.choice("kind", DiskKind.class) : DiskKind.DISK;
                DiskBus usual =
                        switch (kind) {
                            case DISK -> DiskBus.VIRTIO;
                            case CDROM -> DiskBus.IDE;
                            case FLOPPY -> DiskBus.FLOPPY;
                        };
                Writes writes = kind == DiskKind.CDROM ? Writes.READ_ONLY : Writes.DISCARD;
                if (d.has("image") == d.has("layers")) {
                    throw d.problem("", "must have either \"image\" or \"layers\"");
                }
                disks.add(
                        new DiskFiles(
                                d.string("name"),
                                kind,
                                d.has("bus") ? d.choice("bus", DiskBus.class) : usual,
                                d.has("writes") ? d.choice("writes", Writes.class) : writes,
                                d.has("image")
                                        ? List.of(d.string("image"))
                                        : d.strings("layers", 64)));
                d.refuseUnknown();
            }
        }
        return disks;
    }

    private static Capabilities capabilities(Fields f) throws SpecException {
        Network network = Network.NONE;
        if (f.has("network")) {
            Fields n = f.object("network");
            List<NetworkRule> rules = new ArrayList<>();
            if (n.has("allow")) {
                for (String rule : n.strings("allow", 256)) {
                    rules.add(rule(n, rule));
                }
            }
            network = new Network(n.choice("mode", NetworkMode.class), rules);
            n.refuseUnknown();
        }
        List<FolderRequest> folders = new ArrayList<>();
        if (f.has("folders")) {
            for (Fields d : f.objects("folders", 64)) {
                folders.add(
                        new FolderRequest(
                                d.string("name"),
                                d.has("writable") && flag(d, "writable"),
                                d.string("purpose")));
                d.refuseUnknown();
            }
        }
        List<PortRequest> ports = new ArrayList<>();
        if (f.has("ports")) {
            for (Fields p : f.objects("ports", 64)) {
                ports.add(
                        new PortRequest(
                                p.has("protocol")
                                        ? p.choice("protocol", Protocol.class)
                                        : Protocol.TCP,
                                number(p, "port", 1, 65_535),
                                p.string("purpose")));
                p.refuseUnknown();
            }
        }
        Capabilities c =
                new Capabilities(
                        network,
                        f.has("clipboard")
                                ? f.choice("clipboard", Clipboard.class)
                                : Clipboard.NONE,
                        f.has("audio") ? f.choice("audio", Audio.class) : Audio.NONE,
                        folders,
                        ports);
        f.refuseUnknown();
        return c;
    }

    /** {@code tcp mirror.example.org 80-443}, {@code udp * 53}, {@code icmp *}. */
    private static NetworkRule rule(Fields f, String text) throws SpecException {
        Matcher m = RULE.matcher(text);
        boolean icmp = text.startsWith("icmp");
        if (!m.matches() || icmp != (m.group(3) == null)) {
            throw f.problem(
                    "allow",
                    "has the rule \""
                            + text
                            + "\"; write \"tcp host port\", \"udp host first-last\""
                            + " or \"icmp host\"");
        }
        int first = icmp ? 0 : Integer.parseInt(m.group(3));
        int last = icmp || m.group(4) == null ? first : Integer.parseInt(m.group(4));
        Protocol protocol = EnumText.parse(Protocol.class, m.group(1)).orElseThrow();
        return new NetworkRule(protocol, m.group(2), first, last);
    }
}
