package dev.arclet.launcher.policy;

import dev.arclet.format.json.EnumText;
import dev.arclet.format.model.Capabilities;
import dev.arclet.format.model.Disk;
import dev.arclet.format.model.FolderRequest;
import dev.arclet.format.model.NetworkMode;
import dev.arclet.format.model.NetworkRule;
import dev.arclet.format.model.PortRequest;
import dev.arclet.format.model.Protocol;
import dev.arclet.format.model.Spec;
import dev.arclet.launcher.Printable;
import java.util.ArrayList;
import java.util.List;

/** What a spec asks for, in words: one list for the consent page and for the terminal. */
public final class CapabilityText {
    /**
     * One thing asked for.
     *
     * @param kind memory, cpus, disk, network, clipboard, audio, folder or port
     * @param text a short sentence part
     * @param grantable whether the user may refuse it on its own
     * @param available whether this version is able to give it
     */
    public record Item(String kind, String text, boolean grantable, boolean available) {}

    private CapabilityText() {}

    /** Everything that a spec asks for, in the order to show it. */
    public static List<Item> describe(Spec spec, Abilities able) {
        List<Item> out = new ArrayList<>();
        out.add(
                new Item(
                        "memory",
                        bytes(spec.machine().memory()) + " of this computer's memory",
                        false,
                        true));
        int cpus = spec.machine().cpus();
        out.add(new Item("cpus", cpus == 1 ? "one processor" : cpus + " processors", false, true));
        for (Disk disk : spec.disks()) {
            out.add(
                    new Item(
                            "disk",
                            "a disk of "
                                    + bytes(disk.size())
                                    + " named "
                                    + Printable.line(disk.name())
                                    + switch (disk.writes()) {
                                        case READ_ONLY -> ", read only";
                                        case DISCARD -> ", changes are dropped at the end";
                                        case KEEP -> ", changes are kept on this computer";
                                    },
                            false,
                            true));
        }
        Capabilities c = spec.capabilities();
        if (c.network().mode() != NetworkMode.NONE) {
            if (c.network().allow().isEmpty()) {
                out.add(
                        new Item(
                                "network",
                                "a network without any destination",
                                true,
                                able.network()));
            }
            for (NetworkRule rule : c.network().allow()) {
                out.add(new Item("network", network(rule), true, able.network()));
            }
        }
        switch (c.clipboard()) {
            case NONE -> {}
            case TO_GUEST ->
                    out.add(new Item("clipboard", "to read what you copy", true, able.clipboard()));
            case FROM_GUEST ->
                    out.add(new Item("clipboard", "to set your clipboard", true, able.clipboard()));
            case BOTH ->
                    out.add(
                            new Item(
                                    "clipboard",
                                    "to read what you copy and to set your clipboard",
                                    true,
                                    able.clipboard()));
        }
        switch (c.audio()) {
            case NONE -> {}
            case OUTPUT -> out.add(new Item("audio", "to play sound", true, able.audio()));
        }
        for (FolderRequest folder : c.folders()) {
            out.add(
                    new Item(
                            "folder",
                            "to "
                                    + (folder.writable() ? "read and change" : "read")
                                    + " a folder that you choose (\""
                                    + Printable.line(folder.name())
                                    + "\": "
                                    + Printable.line(folder.purpose())
                                    + ")",
                            true,
                            able.folders()));
        }
        for (PortRequest port : c.ports()) {
            out.add(
                    new Item(
                            "port",
                            "to answer on this computer for its "
                                    + EnumText.of(port.protocol())
                                    + " port "
                                    + port.guestPort()
                                    + " ("
                                    + Printable.line(port.purpose())
                                    + ")",
                            true,
                            able.ports()));
        }
        return List.copyOf(out);
    }

    private static String network(NetworkRule rule) {
        String where =
                switch (rule.host()) {
                    case "*" -> "any public host";
                    case "127.0.0.1", "localhost", "host.internal" -> "programs on this computer";
                    default -> Printable.line(rule.host());
                };
        if (rule.protocol() == Protocol.ICMP) {
            return "to ping " + where;
        }
        String ports;
        if (rule.firstPort() == 1 && rule.lastPort() == 65_535) {
            ports = "any port";
        } else if (rule.firstPort() == rule.lastPort()) {
            ports = "port " + rule.firstPort();
        } else {
            ports = "ports " + rule.firstPort() + " to " + rule.lastPort();
        }
        return "to connect to " + where + ", " + EnumText.of(rule.protocol()) + " " + ports;
    }

    /** A size for people: binary units, one decimal where it matters. */
    public static String bytes(long n) {
        if (n < 1024) {
            return n + " bytes";
        }
        String[] units = {"KiB", "MiB", "GiB", "TiB"};
        double value = n;
        int unit = -1;
        while (value >= 1024 && unit < units.length - 1) {
            value /= 1024;
            unit++;
        }
        String number =
                value >= 100 || value == Math.rint(value)
                        ? String.valueOf(Math.round(value))
                        : String.format(java.util.Locale.ROOT, "%.1f", value);
        return number + " " + units[unit];
    }
}
