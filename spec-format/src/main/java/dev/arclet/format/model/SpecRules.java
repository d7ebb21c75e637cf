package dev.arclet.format.model;

import dev.arclet.format.SpecException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Bounds that every spec keeps, whether parsed or built. They exist so that nothing later has to
 * fear an allocation, a file name or a display line that comes from a spec.
 */
public final class SpecRules {
    public static final long MIB = 1L << 20;
    public static final long MAX_MEMORY = 64L << 30;
    public static final int MAX_CPUS = 32;
    public static final long MAX_KERNEL = 256 * MIB;
    public static final long MAX_INITRD = (2L << 30) - 1;
    public static final long MAX_FIRMWARE = 16 * MIB;
    public static final long MAX_VGA_BIOS = MIB / 4;
    public static final long MAX_SCREENSHOT = 4 * MIB;
    public static final long MAX_INDEX = 16 * MIB;
    public static final long MAX_DISK = 2L << 40;
    public static final long MAX_FLOPPY = 4 * MIB;
    public static final int MAX_DISKS = 8;
    public static final int MAX_LAYERS = 8;
    public static final int MAX_RULES = 64;
    public static final int MAX_REQUESTS = 16;

    /** Disk sizes are multiples of this many bytes: the block of the layer format. */
    public static final int BLOCK = 4096;

    /** VM names are path segments and link parts, so they are kept to a safe subset of both. */
    public static final Pattern NAME = Pattern.compile("[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?");

    private static final Pattern VERSION = Pattern.compile("[A-Za-z0-9][A-Za-z0-9.+_-]{0,63}");
    private static final Pattern COMMAND_LINE = Pattern.compile("[ -~]{0,2047}");
    private static final Pattern HOST =
            Pattern.compile(
                    "\\*|(\\*\\.)?(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
                            + "(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*|[0-9a-f:]{2,39}");

    private final String document;

    private SpecRules(String document) {
        this.document = document;
    }

    /**
     * Checks a spec.
     *
     * @param document what it is, for messages
     */
    public static void check(Spec spec, String document) throws SpecException {
        new SpecRules(document).spec(spec);
    }

    private void spec(Spec s) throws SpecException {
        require(NAME.matcher(s.name()).matches(), "name", s.name(), "1 to 64 of a-z, 0-9, inner -");
        require(
                VERSION.matcher(s.version()).matches(),
                "version",
                s.version(),
                "1 to 64 of A-Z a-z 0-9 . + _ -, starting with a letter or digit");
        line("title", s.title(), 1, 120);
        text("description", s.description(), 4000);
        line("publisher.name", s.publisher().name(), 1, 80);
        machine(s.machine());
        boot(s.boot(), s.machine());
        disks(s.disks());
        capabilities(s.capabilities());
        if (s.screenshot().isPresent()) {
            size("screenshot.size", s.screenshot().get().size(), 1, MAX_SCREENSHOT);
        }
    }

    private void machine(Machine m) throws SpecException {
        size("machine.memory", m.memory(), MIB, MAX_MEMORY);
        require(m.memory() % MIB == 0, "machine.memory", m.memory(), "a multiple of 1 MiB");
        size("machine.cpus", m.cpus(), 1, MAX_CPUS);
        if (m.display().isPresent()) {
            size("machine.display.width", m.display().get().width(), 320, 3840);
            size("machine.display.height", m.display().get().height(), 200, 2160);
        }
        unique("machine.devices", m.devices());
    }

    private void boot(Boot boot, Machine machine) throws SpecException {
        switch (boot) {
            case KernelBoot k -> {
                size("boot.kernel.size", k.kernel().size(), 1, MAX_KERNEL);
                long loaded = k.kernel().size();
                if (k.initrd().isPresent()) {
                    size("boot.initrd.size", k.initrd().get().size(), 1, MAX_INITRD);
                    loaded += k.initrd().get().size();
                }
                require(
                        COMMAND_LINE.matcher(k.commandLine()).matches(),
                        "boot.commandLine",
                        k.commandLine(),
                        "at most 2047 printable ASCII characters");
                require(
                        loaded < machine.memory(),
                        "machine.memory",
                        machine.memory(),
                        "more than kernel and initrd together, " + loaded);
            }
            case FirmwareBoot f -> {
                size("boot.firmware.size", f.firmware().size(), 1, MAX_FIRMWARE);
                if (f.vgaBios().isPresent()) {
                    size("boot.vgaBios.size", f.vgaBios().get().size(), 1, MAX_VGA_BIOS);
                }
                size("boot.order", f.order().size(), 1, BootDevice.values().length);
                unique("boot.order", f.order());
            }
        }
    }

    private void disks(List<Disk> disks) throws SpecException {
        size("disks", disks.size(), 0, MAX_DISKS);
        Set<String> names = new HashSet<>();
        for (Disk d : disks) {
            String at = "disks." + d.name();
            require(
                    NAME.matcher(d.name()).matches() && names.add(d.name()),
                    "disks.name",
                    d.name(),
                    "unique, 1 to 64 of a-z, 0-9, inner -");
            boolean floppy = d.kind() == DiskKind.FLOPPY;
            require(
                    floppy == (d.bus() == DiskBus.FLOPPY)
                            && (d.kind() != DiskKind.CDROM || d.bus() == DiskBus.IDE),
                    at + ".bus",
                    d.bus(),
                    "floppy for a floppy, ide for a CD-ROM, ide or virtio for a disk");
            require(
                    d.kind() != DiskKind.CDROM || d.writes() == Writes.READ_ONLY,
                    at + ".writes",
                    d.writes(),
                    "read-only for a CD-ROM");
            size(at + ".layers", d.layers().size(), 1, MAX_LAYERS);
            for (Layer l : d.layers()) {
                size(at + ".layers.index.size", l.index().size(), 1, MAX_INDEX);
                size(at + ".layers.diskSize", l.diskSize(), BLOCK, floppy ? MAX_FLOPPY : MAX_DISK);
                require(
                        l.diskSize() % BLOCK == 0,
                        at + ".layers.diskSize",
                        l.diskSize(),
                        "a multiple of " + BLOCK);
                // A pack or a page is never larger than twice what it describes, plus a page.
                size(at + ".layers.packedSize", l.packedSize(), 0, 2 * MAX_DISK);
            }
        }
    }

    private void capabilities(Capabilities c) throws SpecException {
        List<NetworkRule> rules = c.network().allow();
        size("capabilities.network.allow", rules.size(), 0, MAX_RULES);
        require(
                c.network().mode() != NetworkMode.NONE || rules.isEmpty(),
                "capabilities.network.allow",
                "not empty",
                "empty when the mode is none");
        for (NetworkRule r : rules) {
            require(
                    HOST.matcher(r.host()).matches(),
                    "capabilities.network.allow.host",
                    r.host(),
                    "*, a lower-case DNS name, one with a leading *., or a literal address");
            boolean ports =
                    r.protocol() == Protocol.ICMP
                            ? r.firstPort() == 0 && r.lastPort() == 0
                            : r.firstPort() >= 1
                                    && r.lastPort() >= r.firstPort()
                                    && r.lastPort() <= 65_535;
            require(
                    ports,
                    "capabilities.network.allow.firstPort",
                    r.firstPort() + " to " + r.lastPort(),
                    "a range within 1 to 65535, or 0 and 0 for icmp");
        }
        size("capabilities.folders", c.folders().size(), 0, MAX_REQUESTS);
        Set<String> names = new HashSet<>();
        for (FolderRequest f : c.folders()) {
            require(
                    NAME.matcher(f.name()).matches() && names.add(f.name()),
                    "capabilities.folders.name",
                    f.name(),
                    "unique, 1 to 64 of a-z, 0-9, inner -");
            line("capabilities.folders.purpose", f.purpose(), 1, 200);
        }
        size("capabilities.ports", c.ports().size(), 0, MAX_REQUESTS);
        Set<String> ports = new HashSet<>();
        for (PortRequest p : c.ports()) {
            require(
                    p.protocol() != Protocol.ICMP && ports.add(p.protocol() + "/" + p.guestPort()),
                    "capabilities.ports",
                    p.protocol() + "/" + p.guestPort(),
                    "unique, tcp or udp");
            size("capabilities.ports.guestPort", p.guestPort(), 1, 65_535);
            line("capabilities.ports.purpose", p.purpose(), 1, 200);
        }
    }

    private void unique(String member, List<?> values) throws SpecException {
        require(
                new HashSet<>(values).size() == values.size(),
                member,
                values,
                "a list without repetition");
    }

    private void size(String member, long value, long min, long max) throws SpecException {
        require(value >= min && value <= max, member, value, "from " + min + " to " + max);
    }

    /** One line of visible text. */
    private void line(String member, String value, int min, int max) throws SpecException {
        int length = value.codePointCount(0, value.length());
        require(
                length >= min && length <= max && value.codePoints().noneMatch(SpecRules::hidden),
                member,
                value,
                min + " to " + max + " visible characters on one line");
        require(value.equals(value.strip()), member, value, "free of outer white space");
    }

    private void text(String member, String value, int max) throws SpecException {
        require(
                value.codePointCount(0, value.length()) <= max
                        && value.codePoints().noneMatch(c -> c != '\n' && hidden(c)),
                member,
                value,
                "at most " + max + " visible characters and line feeds");
    }

    /** Control, formatting (bidirectional overrides among them), line separators, unassigned. */
    private static boolean hidden(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED ->
                    true;
            default -> false;
        };
    }

    private void require(boolean ok, String member, Object value, String wanted)
            throws SpecException {
        if (!ok) {
            throw new SpecException(
                    "accept",
                    document,
                    "\"" + member + "\" is \"" + value + "\"; it must be " + wanted,
                    "Correct the member at its source");
        }
    }
}
