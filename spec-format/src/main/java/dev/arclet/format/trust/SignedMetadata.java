package dev.arclet.format.trust;

import dev.arclet.format.KeyException;
import dev.arclet.format.SpecException;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.json.Fields;
import dev.arclet.format.json.StrictJson;
import dev.arclet.format.sign.PublicKey;
import dev.arclet.format.sign.SigningKey;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A metadata document: its content, the canonical bytes that are signed, and the signatures. */
public final class SignedMetadata {
    /** The TUF version whose rules we keep; readers accept any 1.x. */
    public static final String TUF_VERSION = "1.0.34";

    private static final int MAX_SIGNATURES = 32;
    private static final int MAX_KEYS = 32;
    private static final int MAX_TARGETS = 4096;
    private static final int MAX_REVOKED = 4096;
    private static final Pattern TIME =
            Pattern.compile("\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}Z");

    /** One spelling only: upper case would be a second one. */
    private static final Pattern HEX = Pattern.compile("([0-9a-f]{2}){0,256}");

    private final Metadata content;
    private final byte[] canonical;
    private final List<byte[]> signatures;

    private SignedMetadata(Metadata content, byte[] canonical, List<byte[]> signatures) {
        this.content = content;
        this.canonical = canonical;
        this.signatures = signatures;
    }

    public Metadata content() {
        return content;
    }

    /** Those of {@code keys} that signed it. Key ids play no part; a key counts once. */
    public Set<PublicKey> signers(Collection<PublicKey> keys) {
        Set<PublicKey> good = new LinkedHashSet<>();
        for (PublicKey key : keys) {
            if (signatures.stream().anyMatch(s -> key.verifies(canonical, s))) {
                good.add(key);
            }
        }
        return good;
    }

    /** Fixed limit for a role's file in bytes, valid before anything is known about it. */
    public static int maxBytes(Role role) {
        return switch (role) {
            case TIMESTAMP -> 1 << 14;
            case SNAPSHOT -> 1 << 14;
            case ROOT -> 1 << 17;
            case TARGETS -> 1 << 20;
        };
    }

    /** Parses a document that must be of one role; nothing is verified yet. */
    public static SignedMetadata parse(byte[] bytes, Role role) throws SpecException {
        String document = "the publisher's " + role.text() + " metadata";
        ObjectNode root = StrictJson.parse(bytes, document, maxBytes(role));
        Fields f = Fields.of(root, document);
        Fields s = f.object("signed");
        String type = s.string("_type");
        if (!type.equals(role.text())) {
            throw s.problem("_type", "is \"" + type + "\"; expected " + role.text());
        }
        String version = s.string("spec_version");
        if (!version.startsWith("1.")) {
            throw s.problem("spec_version", "is \"" + version + "\"; this version reads 1.x");
        }
        List<byte[]> signatures = new ArrayList<>();
        for (Fields signature : f.objects("signatures", MAX_SIGNATURES)) {
            signature.string("keyid");
            signatures.add(hex(signature, "sig"));
        }
        Metadata content =
                switch (role) {
                    case ROOT -> root(s);
                    case TIMESTAMP ->
                            new Metadata.Timestamp(
                                    version(s), expires(s), fileRef(s, "snapshot.json"));
                    case SNAPSHOT ->
                            new Metadata.Snapshot(
                                    version(s), expires(s), fileRef(s, "targets.json"));
                    case TARGETS -> targets(s);
                };
        return new SignedMetadata(content, CanonicalJson.of(root.get("signed")), signatures);
    }

    private static long version(Fields s) throws SpecException {
        return s.integer("version", 1, StrictJson.MAX_INTEGER);
    }

    private static Instant expires(Fields s) throws SpecException {
        String text = s.string("expires");
        try {
            if (TIME.matcher(text).matches()) {
                return Instant.parse(text);
            }
        } catch (DateTimeParseException e) {
            // Falls through to the one message for every bad time.
        }
        throw s.problem(
                "expires", "is \"" + text + "\"; expected a time like 2026-01-31T00:00:00Z");
    }

    private static byte[] hex(Fields f, String member) throws SpecException {
        String text = f.string(member);
        if (!HEX.matcher(text).matches()) {
            throw f.problem(member, "is not lower-case hexadecimal");
        }
        return HexFormat.of().parseHex(text);
    }

    private static Metadata.FileRef fileRef(Fields s, String file) throws SpecException {
        Fields ref = s.object("meta").object(file);
        return new Metadata.FileRef(
                version(ref), ref.integer("length", 1, StrictJson.MAX_BYTES), sha256(ref));
    }

    private static Digest sha256(Fields f) throws SpecException {
        return Digest.parse("sha256:" + f.object("hashes").string("sha256"));
    }

    private static Metadata.Root root(Fields s) throws SpecException {
        if (!s.bool("consistent_snapshot")) {
            throw s.problem("consistent_snapshot", "is false; this format needs it true");
        }
        Map<String, PublicKey> keys = new LinkedHashMap<>();
        for (Map.Entry<String, Fields> e : s.object("keys").members(MAX_KEYS).entrySet()) {
            Fields k = e.getValue();
            if (!k.string("keytype").equals("ed25519") || !k.string("scheme").equals("ed25519")) {
                throw k.problem("scheme", "is not ed25519, the only one in this format");
            }
            try {
                keys.put(e.getKey(), PublicKey.of(hex(k.object("keyval"), "public")));
            } catch (KeyException refused) {
                throw k.problem("keyval", "is refused: " + refused.reason());
            }
        }
        Map<Role, Metadata.RoleKeys> roles = new EnumMap<>(Role.class);
        Fields all = s.object("roles");
        for (Role role : Role.values()) {
            Fields r = all.object(role.text());
            Set<PublicKey> mayServe = new LinkedHashSet<>();
            for (String id : r.strings("keyids", MAX_KEYS)) {
                PublicKey key = keys.get(id);
                if (key == null) {
                    throw r.problem("keyids", "names the unknown key \"" + id + "\"");
                }
                if (!mayServe.add(key)) {
                    // Two labels for one key must not look like two people.
                    throw r.problem("keyids", "names one key twice");
                }
            }
            int threshold = (int) r.integer("threshold", 1, MAX_KEYS);
            if (threshold > mayServe.size()) {
                throw r.problem("threshold", "is more than the role has keys");
            }
            roles.put(role, new Metadata.RoleKeys(mayServe, threshold));
        }
        return new Metadata.Root(version(s), expires(s), roles);
    }

    private static Metadata.Targets targets(Fields s) throws SpecException {
        if (s.has("delegations")) {
            throw s.problem("delegations", "is not part of this version of the format");
        }
        Map<String, Metadata.Target> targets = new TreeMap<>();
        for (Map.Entry<String, Fields> e : s.object("targets").members(MAX_TARGETS).entrySet()) {
            Fields t = e.getValue();
            targets.put(
                    e.getKey(), new Metadata.Target(t.integer("length", 1, 1L << 31), sha256(t)));
        }
        Set<Digest> revoked = new TreeSet<>();
        if (s.has("x-arclet-revoked")) {
            for (String digest : s.strings("x-arclet-revoked", MAX_REVOKED)) {
                revoked.add(Digest.parse(digest));
            }
        }
        return new Metadata.Targets(version(s), expires(s), targets, List.copyOf(revoked));
    }

    /** Whole seconds: the only precision of the format's times. */
    public static Instant seconds(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS);
    }

    /** Writes and signs metadata; the bytes are a function of content and keys. */
    public static byte[] sign(Metadata content, Collection<SigningKey> keys) {
        ObjectNode signed = StrictJson.object();
        signed.put("_type", content.role().text());
        signed.put("spec_version", TUF_VERSION);
        signed.put("version", content.version());
        signed.put("expires", DateTimeFormatter.ISO_INSTANT.format(seconds(content.expires())));
        switch (content) {
            case Metadata.Root r -> writeRoot(signed, r);
            case Metadata.Timestamp t -> writeRef(signed, "snapshot.json", t.snapshot());
            case Metadata.Snapshot s -> writeRef(signed, "targets.json", s.targets());
            case Metadata.Targets t -> writeTargets(signed, t);
        }
        byte[] canonical = CanonicalJson.of(signed);
        ObjectNode document = StrictJson.object();
        ArrayNode signatures = document.putArray("signatures");
        for (SigningKey key : keys) {
            signatures
                    .addObject()
                    .put("keyid", key.publicKey().keyId())
                    .put("sig", HexFormat.of().formatHex(key.sign(canonical)));
        }
        document.set("signed", signed);
        return StrictJson.write(document);
    }

    private static void writeRoot(ObjectNode signed, Metadata.Root root) {
        signed.put("consistent_snapshot", true);
        Map<String, PublicKey> keys = new TreeMap<>();
        for (Metadata.RoleKeys role : root.roles().values()) {
            role.keys().forEach(k -> keys.put(k.keyId(), k));
        }
        ObjectNode keysNode = signed.putObject("keys");
        keys.forEach(
                (id, key) -> {
                    ObjectNode k = keysNode.putObject(id);
                    k.put("keytype", "ed25519").put("scheme", "ed25519");
                    k.putObject("keyval").put("public", HexFormat.of().formatHex(key.raw()));
                });
        ObjectNode roles = signed.putObject("roles");
        for (Role role : Role.values()) {
            ObjectNode r = roles.putObject(role.text());
            ArrayNode ids = r.putArray("keyids");
            root.keysOf(role).keys().stream().map(PublicKey::keyId).sorted().forEach(ids::add);
            r.put("threshold", root.keysOf(role).threshold());
        }
    }

    private static void writeRef(ObjectNode signed, String file, Metadata.FileRef ref) {
        ObjectNode meta = signed.putObject("meta").putObject(file);
        meta.put("version", ref.version()).put("length", ref.length());
        meta.putObject("hashes").put("sha256", ref.digest().hex());
    }

    private static void writeTargets(ObjectNode signed, Metadata.Targets targets) {
        ObjectNode node = signed.putObject("targets");
        new TreeMap<>(targets.targets())
                .forEach(
                        (path, target) -> {
                            ObjectNode t = node.putObject(path);
                            t.put("length", target.length());
                            t.putObject("hashes").put("sha256", target.digest().hex());
                        });
        if (!targets.revoked().isEmpty()) {
            ArrayNode revoked = signed.putArray("x-arclet-revoked");
            targets.revoked().stream().sorted().forEach(d -> revoked.add(d.toString()));
        }
    }
}
