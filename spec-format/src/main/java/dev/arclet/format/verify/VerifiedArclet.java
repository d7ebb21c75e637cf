package dev.arclet.format.verify;

import dev.arclet.format.digest.Digest;
import dev.arclet.format.link.ArcletLink;
import dev.arclet.format.model.Descriptor;
import dev.arclet.format.model.PublisherId;
import dev.arclet.format.model.Spec;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A spec that may be shown for consent. Its blobs are not fetched yet; their digests are signed.
 *
 * @param envelope digest of the signed envelope, what {@code #m=} links name
 * @param specDigest digest of the spec's bytes
 * @param publisher as the spec states it; proven unless trust is {@link Trust#EXACT_UNCONFIRMED}
 * @param fresh whether the channel is unexpired; false for unconfirmed exact links and for stale
 *     offline use, which a launcher has to say
 * @param expires when the channel's timestamp ends; absent if there was no channel
 */
public record VerifiedArclet(
        ArcletLink link,
        Spec spec,
        Digest envelope,
        Digest specDigest,
        PublisherId publisher,
        Trust trust,
        boolean fresh,
        Optional<Instant> expires) {

    /** Boot files, layer index roots, screenshot. Packs are found by {@code LayerIndex.load}. */
    public List<Descriptor> blobs() {
        return spec.blobs();
    }

    /** Bytes of a first full download, packs included; an upper bound. */
    public long downloadSize() {
        return spec.downloadSize();
    }
}
