package dev.arclet.launcher.run;

import dev.arclet.format.blob.BlobSource;
import dev.arclet.format.verify.VerifiedArclet;
import dev.arclet.launcher.fetch.BlobOrigin;
import java.time.Instant;
import java.util.Optional;

/**
 * A link that has been followed to a verified spec.
 *
 * @param origin where its blobs can be fetched
 * @param source the local store, filled from the origin on demand
 * @param missing bytes still to be fetched, at most
 * @param knownSince when the user first ran something of this publisher; empty if never
 */
public record Resolved(
        VerifiedArclet verified,
        BlobOrigin origin,
        BlobSource source,
        long missing,
        Optional<Instant> knownSince) {}
