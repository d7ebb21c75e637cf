package dev.arclet.format.tree;

import dev.arclet.format.digest.Digest;
import dev.arclet.format.model.Capabilities;
import dev.arclet.format.model.Descriptor;
import dev.arclet.format.model.Machine;
import dev.arclet.format.model.Publisher;
import dev.arclet.format.model.Spec;
import java.util.Optional;

/**
 * One VM as a gallery shows it. A copy of what its signed spec says, for display only.
 *
 * @param downloadSize bytes of a first full download
 */
public record CatalogEntry(
        String name,
        String version,
        String title,
        String description,
        Publisher publisher,
        Digest envelope,
        long downloadSize,
        Machine machine,
        Capabilities capabilities,
        Optional<Descriptor> screenshot) {

    static CatalogEntry of(Spec spec, Digest envelope) {
        return new CatalogEntry(
                spec.name(),
                spec.version(),
                spec.title(),
                spec.description(),
                spec.publisher(),
                envelope,
                spec.downloadSize(),
                spec.machine(),
                spec.capabilities(),
                spec.screenshot());
    }

    /** Link relative to the tree's base: {@code vm/<name>#p=<publisher>}. */
    public String linkPath() {
        return "vm/" + name + "#p=" + publisher.id();
    }
}
