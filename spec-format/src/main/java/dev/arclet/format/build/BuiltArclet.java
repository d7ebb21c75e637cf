package dev.arclet.format.build;

import dev.arclet.format.digest.Digest;
import dev.arclet.format.model.PublisherId;
import dev.arclet.format.model.Spec;
import java.nio.file.Path;

/**
 * A build's result.
 *
 * @param tree the static tree it was added to
 * @param envelope digest of the signed envelope
 * @param newBytes blob bytes written
 * @param reusedBytes blob bytes that the tree had already
 */
public record BuiltArclet(
        Path tree,
        Spec spec,
        Digest envelope,
        PublisherId publisher,
        long newBytes,
        long reusedBytes) {
    /** Fragment of a link that follows the publisher. */
    public String linkFragment() {
        return "p=" + publisher;
    }
}
