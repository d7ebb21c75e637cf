package dev.arclet.format.link;

import dev.arclet.format.SpecException;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.model.PublisherId;
import dev.arclet.format.model.SpecRules;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A link to a VM: {@code https://host[:port]/…/vm/<name>}, then {@code #p=<publisher id>} to follow
 * a publisher, {@code #m=sha256-<base64url of the envelope's digest>} for one exact envelope, both
 * joined by {@code &}, or no fragment. Everything else is refused, since links come from strangers.
 *
 * @param base where the published tree begins; ends with a slash
 * @param name of the VM
 * @param publisher from the fragment
 * @param manifest digest of the exact envelope, from the fragment
 */
public record ArcletLink(
        URI base, String name, Optional<PublisherId> publisher, Optional<Digest> manifest) {
    /** Longest link accepted, in characters. */
    public static final int MAX_LENGTH = 2048;

    private static final Pattern LINK =
            Pattern.compile(
                    "(?<scheme>https?)://(?<host>[A-Za-z0-9.-]+|\\[[0-9a-fA-F:.]+\\])"
                            + "(:(?<port>[1-9][0-9]{0,4}))?"
                            + "(?<prefix>(/[A-Za-z0-9._~-]+)*)/vm/(?<name>[^/#?]+)/?"
                            + "(#(?<fragment>[^#]*))?");
    private static final Pattern HOST_NAME =
            Pattern.compile(
                    "(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
                            + "(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*");
    private static final Set<String> LOOPBACK = Set.of("127.0.0.1", "[::1]", "localhost");

    /** Parses a link as written on a page or typed by a person. */
    public static ArcletLink parse(String link) throws SpecException {
        if (link.length() > MAX_LENGTH) {
            throw bad(link, "it has more than " + MAX_LENGTH + " characters");
        }
        if (!link.chars().allMatch(c -> c > ' ' && c < 0x7F)) {
            throw bad(link, "it has white space, control characters or characters beyond ASCII");
        }
        Matcher m = LINK.matcher(link);
        if (!m.matches()) {
            throw bad(
                    link,
                    "it is not of the form https://host/vm/name#p=publisher (no user name, query or"
                            + " percent escapes)");
        }
        String scheme = m.group("scheme");
        String host = m.group("host").toLowerCase(Locale.ROOT);
        if (!host.startsWith("[") && !HOST_NAME.matcher(host).matches()) {
            throw bad(link, "\"" + host + "\" is not a host name");
        }
        if (scheme.equals("http") && !LOOPBACK.contains(host)) {
            throw bad(link, "http is accepted for this computer itself only");
        }
        String port = m.group("port");
        if (port != null && Integer.parseInt(port) > 65_535) {
            throw bad(link, "port " + port + " does not exist");
        }
        for (String segment : m.group("prefix").split("/", -1)) {
            if (segment.equals(".") || segment.equals("..")) {
                throw bad(link, "its path has dot segments");
            }
        }
        String name = m.group("name");
        if (!SpecRules.NAME.matcher(name).matches()) {
            throw bad(link, "\"" + name + "\" is not a VM name (a-z, 0-9 and inner hyphens)");
        }
        boolean standardPort = (scheme.equals("https") ? "443" : "80").equals(port);
        String authority = host + (port == null || standardPort ? "" : ":" + port);
        URI base;
        try {
            base = new URI(scheme + "://" + authority + m.group("prefix") + "/");
        } catch (URISyntaxException e) {
            throw bad(link, "its host is not valid");
        }
        return withFragment(base, name, Optional.ofNullable(m.group("fragment")), link);
    }

    private static ArcletLink withFragment(
            URI base, String name, Optional<String> fragment, String link) throws SpecException {
        Optional<PublisherId> publisher = Optional.empty();
        Optional<Digest> manifest = Optional.empty();
        Set<String> seen = new HashSet<>();
        if (fragment.isPresent()) {
            for (String part : fragment.get().split("&", -1)) {
                int equals = part.indexOf('=');
                String key = equals < 0 ? part : part.substring(0, equals);
                String value = equals < 0 ? "" : part.substring(equals + 1);
                if (!seen.add(key)) {
                    throw bad(link, "its fragment has \"" + key + "\" twice");
                }
                switch (key) {
                    case "p" -> publisher = Optional.of(PublisherId.parse(value));
                    case "m" -> manifest = Optional.of(digest(value, link));
                    default -> throw bad(link, "its fragment has the unknown key \"" + key + "\"");
                }
            }
        }
        return new ArcletLink(base, name, publisher, manifest);
    }

    private static Digest digest(String value, String link) throws SpecException {
        String prefix = "sha256-";
        if (value.startsWith(prefix)) {
            String text = value.substring(prefix.length());
            try {
                byte[] raw = Base64.getUrlDecoder().decode(text);
                if (raw.length == Digest.BYTES && Digest.ofRaw(raw).base64Url().equals(text)) {
                    return Digest.ofRaw(raw);
                }
            } catch (IllegalArgumentException e) {
                throw bad(link, "\"m\" is not base64url");
            }
        }
        throw bad(link, "\"m\" is not \"sha256-\" and 43 characters of base64url");
    }

    private static SpecException bad(String link, String reason) {
        return new SpecException(
                "open",
                "link \"" + link + "\"",
                reason,
                "Copy the whole link again from the page that offered it");
    }

    /** A link to a published tree in a local folder. */
    public static ArcletLink forFolder(Path tree, String vmName, Optional<PublisherId> publisher)
            throws SpecException {
        if (!SpecRules.NAME.matcher(vmName).matches()) {
            throw bad(vmName, "it is not a VM name (a-z, 0-9 and inner hyphens)");
        }
        String uri = tree.toAbsolutePath().normalize().toUri().toString();
        return new ArcletLink(
                URI.create(uri.endsWith("/") ? uri : uri + "/"),
                vmName,
                publisher,
                Optional.empty());
    }

    /** Base, {@code vm/} and name, without fragment: what a first-use pin is for. */
    public String location() {
        return base + "vm/" + name;
    }

    /** The whole link in its one normal spelling. */
    @Override
    public String toString() {
        StringBuilder out = new StringBuilder(location());
        publisher.ifPresent(p -> out.append("#p=").append(p));
        manifest.ifPresent(
                m ->
                        out.append(publisher.isPresent() ? "&" : "#")
                                .append("m=sha256-")
                                .append(m.base64Url()));
        return out.toString();
    }
}
