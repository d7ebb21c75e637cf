package dev.arclet.format.trust;

import dev.arclet.format.KeyException;
import dev.arclet.format.SpecException;
import dev.arclet.format.VerifyException;
import dev.arclet.format.json.Fields;
import dev.arclet.format.json.StrictJson;
import dev.arclet.format.model.PublisherId;
import dev.arclet.format.sign.KeyFiles;
import dev.arclet.format.sign.PublicKey;
import dev.arclet.format.sign.SigningKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.node.ObjectNode;

/**
 * A publisher's key folder in simple mode: {@code root.pem} signs root metadata only, {@code
 * online.pem} everything else; beside them the root chain {@code 1.root.json, 2.root.json…} and
 * {@code publisher.json} with the name. Everything but the two .pem files is public.
 */
public final class PublisherKeys {
    /** How long root metadata lasts. */
    public static final Duration ROOT_LIFE = Duration.ofDays(365);

    private static final String ROOT_PEM = "root.pem";
    private static final String ONLINE_PEM = "online.pem";
    private static final String PUBLISHER_JSON = "publisher.json";

    private final Path dir;
    private final PublisherId id;
    private final String name;
    private final PublicKey rootKey;
    private final Optional<SigningKey> root;
    private final SigningKey online;
    private final List<byte[]> chain;

    private PublisherKeys(
            Path dir,
            PublisherId id,
            String name,
            PublicKey rootKey,
            Optional<SigningKey> root,
            SigningKey online,
            List<byte[]> chain) {
        this.dir = dir;
        this.id = id;
        this.name = name;
        this.rootKey = rootKey;
        this.root = root;
        this.online = online;
        this.chain = chain;
    }

    /**
     * Makes new keys and the first root metadata.
     *
     * @param dir created if missing; must hold no keys yet
     * @param name shown to visitors beside the id, 1 to 80 characters
     */
    public static PublisherKeys create(Path dir, String name, Instant now)
            throws KeyException, IOException {
        if (name.isBlank()
                || name.length() > 80
                || name.chars().anyMatch(Character::isISOControl)) {
            throw new KeyException(
                    "create",
                    "publisher \"" + name + "\"",
                    "a publisher's name has 1 to 80 visible characters",
                    "Choose another name");
        }
        for (String file : List.of(ROOT_PEM, ONLINE_PEM, PUBLISHER_JSON, "1.root.json")) {
            if (Files.exists(dir.resolve(file))) {
                throw new KeyException(
                        "create",
                        "keys in " + dir,
                        file + " exists already",
                        "Choose another folder; a publisher's keys are never overwritten");
            }
        }
        Files.createDirectories(dir);
        SecureRandom random = new SecureRandom();
        SigningKey root = SigningKey.generate(random);
        SigningKey online = SigningKey.generate(random);
        byte[] first = rootMetadata(1, root, online, List.of(root), now);
        PublisherId id = PublisherId.ofFirstRoot(first);
        KeyFiles.write(dir.resolve(ROOT_PEM), root);
        KeyFiles.write(dir.resolve(ONLINE_PEM), online);
        writeWhole(dir.resolve("1.root.json"), first);
        ObjectNode publisher = StrictJson.object();
        publisher.put("name", name.strip()).put("id", id.text());
        writeWhole(dir.resolve(PUBLISHER_JSON), StrictJson.write(publisher));
        return load(dir);
    }

    private static byte[] rootMetadata(
            long version,
            SigningKey root,
            SigningKey online,
            List<SigningKey> signers,
            Instant now) {
        Map<Role, Metadata.RoleKeys> roles = new EnumMap<>(Role.class);
        for (Role role : Role.values()) {
            PublicKey key = (role == Role.ROOT ? root : online).publicKey();
            roles.put(role, new Metadata.RoleKeys(Set.of(key), 1));
        }
        return SignedMetadata.sign(new Metadata.Root(version, now.plus(ROOT_LIFE), roles), signers);
    }

    /**
     * Loads a key folder and checks that its parts belong together. {@code root.pem} may be kept
     * elsewhere; only rotation and the yearly renewal of root metadata need it.
     */
    public static PublisherKeys load(Path dir) throws KeyException, IOException {
        Path rootPem = dir.resolve(ROOT_PEM);
        Optional<SigningKey> root =
                Files.exists(rootPem) ? Optional.of(KeyFiles.read(rootPem)) : Optional.empty();
        SigningKey online = KeyFiles.read(dir.resolve(ONLINE_PEM));
        try {
            Fields f =
                    Fields.of(
                            StrictJson.parse(
                                    Files.readAllBytes(dir.resolve(PUBLISHER_JSON)),
                                    PUBLISHER_JSON),
                            PUBLISHER_JSON);
            PublisherId id = PublisherId.parse(f.string("id"));
            List<byte[]> chain = new ArrayList<>();
            chain.add(Files.readAllBytes(dir.resolve(Role.ROOT.fileName(1))));
            TrustedMetadata trusted = TrustedMetadata.ofFirstRoot(id, chain.getFirst());
            for (long v = 2; Files.exists(dir.resolve(Role.ROOT.fileName(v))); v++) {
                byte[] next = Files.readAllBytes(dir.resolve(Role.ROOT.fileName(v)));
                trusted.updateRoot(next);
                chain.add(next);
            }
            Set<PublicKey> rootKeys = trusted.root().keysOf(Role.ROOT).keys();
            if ((root.isPresent() && !rootKeys.contains(root.get().publicKey()))
                    || !trusted.root().keysOf(Role.TARGETS).keys().contains(online.publicKey())) {
                throw problem(dir, "its private keys are not those of its latest root metadata");
            }
            return new PublisherKeys(
                    dir,
                    id,
                    f.string("name"),
                    rootKeys.iterator().next(),
                    root,
                    online,
                    List.copyOf(chain));
        } catch (SpecException | VerifyException e) {
            throw new KeyException(
                    "load", "keys in " + dir, e.reason(), "Restore the folder from its backup", e);
        } catch (NoSuchFileException e) {
            throw problem(dir, e.getFile() + " is missing");
        }
    }

    private static KeyException problem(Path dir, String reason) {
        return new KeyException(
                "load", "keys in " + dir, reason, "Restore the folder from its backup");
    }

    /**
     * Replaces the online key, as after a theft, by a new root version. The id stays. What the old
     * key signed must be published again ({@code TreePublisher.refresh} signs it anew).
     */
    public PublisherKeys rotateOnlineKey(Instant now) throws KeyException, IOException {
        SigningKey fresh = SigningKey.generate(new SecureRandom());
        long version = chain.size() + 1L;
        SigningKey signer = requireRoot();
        byte[] next = rootMetadata(version, signer, fresh, List.of(signer), now);
        Path staged = dir.resolve("online.next.pem");
        Files.deleteIfExists(staged);
        KeyFiles.write(staged, fresh);
        Files.move(
                dir.resolve(ONLINE_PEM),
                dir.resolve("online." + chain.size() + ".retired.pem"),
                StandardCopyOption.REPLACE_EXISTING);
        Files.move(staged, dir.resolve(ONLINE_PEM), StandardCopyOption.ATOMIC_MOVE);
        writeWhole(dir.resolve(Role.ROOT.fileName(version)), next);
        return load(dir);
    }

    /** Renews the root metadata without changing a key, before it expires. */
    public PublisherKeys renewRoot(Instant now) throws KeyException, IOException {
        long version = chain.size() + 1L;
        SigningKey signer = requireRoot();
        writeWhole(
                dir.resolve(Role.ROOT.fileName(version)),
                rootMetadata(version, signer, online, List.of(signer), now));
        return load(dir);
    }

    private static void writeWhole(Path file, byte[] bytes) throws IOException {
        Path aside = file.resolveSibling(file.getFileName() + ".part");
        Files.write(aside, bytes);
        Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE);
    }

    private SigningKey requireRoot() throws KeyException {
        return root.orElseThrow(
                () ->
                        new KeyException(
                                "sign",
                                "root metadata",
                                dir.resolve(ROOT_PEM) + " is not there",
                                "Bring the root key back for this step"));
    }

    /** Whether the root key is here. */
    public boolean hasRootKey() {
        return root.isPresent();
    }

    /** The publisher's id, for ever. */
    public PublisherId id() {
        return id;
    }

    public String name() {
        return name;
    }

    public PublicKey rootKey() {
        return rootKey;
    }

    public PublicKey onlineKey() {
        return online.publicKey();
    }

    /** Signs specs and metadata other than root. */
    public SigningKey onlineSigner() {
        return online;
    }

    /** Root metadata, version 1 first. */
    public List<byte[]> rootChain() {
        return chain.stream().map(byte[]::clone).toList();
    }
}
