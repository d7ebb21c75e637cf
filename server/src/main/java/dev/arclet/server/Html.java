package dev.arclet.server;

import dev.arclet.format.json.EnumText;
import dev.arclet.format.model.Audio;
import dev.arclet.format.model.Capabilities;
import dev.arclet.format.model.Clipboard;
import dev.arclet.format.model.FolderRequest;
import dev.arclet.format.model.NetworkMode;
import dev.arclet.format.model.NetworkRule;
import dev.arclet.format.model.PortRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Text for pages: escaping, sizes, and capabilities in plain words. */
final class Html {
    private Html() {}

    /** Text safe in element content and in double-quoted attributes. */
    static String escape(String text) {
        StringBuilder out = new StringBuilder(text.length() + 16);
        for (char c : text.toCharArray()) {
            switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                case '\'' -> out.append("&#39;");
                default -> out.append(c);
            }
        }
        return out.toString();
    }

    /** Bytes as people read them, such as {@code 6.3 MiB}. */
    static String size(long bytes) {
        if (bytes < 1 << 10) {
            return bytes + " B";
        }
        String[] units = {"KiB", "MiB", "GiB", "TiB"};
        double value = bytes;
        int unit = -1;
        while (value >= 1024 && unit < units.length - 1) {
            value /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, value < 10 ? "%.1f %s" : "%.0f %s", value, units[unit]);
    }

    /**
     * What a VM asks for beyond its own screen, memory and disk; one sentence each, none if
     * nothing.
     */
    static List<String> wishes(Capabilities asked) {
        List<String> out = new ArrayList<>();
        if (asked.network().mode() != NetworkMode.NONE) {
            List<NetworkRule> rules = asked.network().allow();
            if (rules.isEmpty()) {
                out.add("network (no destination is allowed yet)");
            }
            for (NetworkRule rule : rules) {
                out.add(
                        "network: %s to %s, ports %d to %d"
                                .formatted(
                                        EnumText.of(rule.protocol()),
                                        rule.host(),
                                        rule.firstPort(),
                                        rule.lastPort()));
            }
        }
        if (asked.clipboard() != Clipboard.NONE) {
            out.add(
                    switch (asked.clipboard()) {
                        case TO_GUEST -> "reading your clipboard when you paste";
                        case FROM_GUEST -> "writing to your clipboard";
                        default -> "reading and writing your clipboard";
                    });
        }
        if (asked.audio() != Audio.NONE) {
            out.add("playing sound");
        }
        for (FolderRequest folder : asked.folders()) {
            out.add(
                    "a folder that you choose, %s (%s)"
                            .formatted(
                                    folder.writable() ? "to read and write" : "to read",
                                    folder.purpose()));
        }
        for (PortRequest port : asked.ports()) {
            out.add("a local port to its port %d (%s)".formatted(port.guestPort(), port.purpose()));
        }
        return out;
    }

    /** A complete page. */
    static String page(String title, String body) {
        return """
               <!doctype html>
               <html lang="en">
               <head>
               <meta charset="utf-8">
               <meta name="viewport" content="width=device-width, initial-scale=1">
               <title>%s</title>
               <link rel="stylesheet" href="/assets/gallery.css">
               </head>
               <body>
               %s
               </body>
               </html>
               """
                .formatted(escape(title), body);
    }
}
