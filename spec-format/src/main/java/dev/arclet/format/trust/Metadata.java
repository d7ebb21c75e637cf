package dev.arclet.format.trust;

import dev.arclet.format.digest.Digest;
import dev.arclet.format.sign.PublicKey;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Contents of the signed part of TUF metadata (specification 1.0, sections 4.2 to 4.7). */
public sealed interface Metadata {
    Role role();

    /** Grows with every change; 1 or more. */
    long version();

    /** From this moment on the document is stale. */
    Instant expires();

    /**
     * Who may sign for a role.
     *
     * @param keys different keys
     * @param threshold how many of them must
     */
    record RoleKeys(Set<PublicKey> keys, int threshold) {
        public RoleKeys {
            keys = Set.copyOf(keys);
        }
    }

    /** Keys of all roles. */
    record Root(long version, Instant expires, Map<Role, RoleKeys> roles) implements Metadata {
        public Root {
            roles = Map.copyOf(roles);
        }

        @Override
        public Role role() {
            return Role.ROOT;
        }

        public RoleKeys keysOf(Role role) {
            return roles.get(role);
        }
    }

    /** A metadata file as another one pins it. */
    record FileRef(long version, long length, Digest digest) {}

    /** Points to the current snapshot; short-lived. */
    record Timestamp(long version, Instant expires, FileRef snapshot) implements Metadata {
        @Override
        public Role role() {
            return Role.TIMESTAMP;
        }
    }

    /** Pins the targets metadata, so that files of different times cannot be mixed. */
    record Snapshot(long version, Instant expires, FileRef targets) implements Metadata {
        @Override
        public Role role() {
            return Role.SNAPSHOT;
        }
    }

    /**
     * A published envelope.
     *
     * @param length bytes of the envelope
     */
    record Target(long length, Digest digest) {}

    /**
     * What is published, and what is published no more.
     *
     * @param targets by path, {@code vm/<name>}
     * @param revoked digests of envelopes or specs that must not run
     */
    record Targets(long version, Instant expires, Map<String, Target> targets, List<Digest> revoked)
            implements Metadata {
        public Targets {
            targets = Map.copyOf(targets);
            revoked = List.copyOf(revoked);
        }

        @Override
        public Role role() {
            return Role.TARGETS;
        }

        /** The target of a VM name. */
        public Optional<Target> find(String vmName) {
            return Optional.ofNullable(targets.get(pathOf(vmName)));
        }

        public static String pathOf(String vmName) {
            return "vm/" + vmName;
        }

        /** Whether any of the digests is revoked. */
        public boolean revokes(Digest... digests) {
            return Arrays.stream(digests).anyMatch(revoked::contains);
        }
    }
}
