package dev.arclet.format.trust;

import java.io.IOException;
import java.util.Optional;

/** Where small documents of a published tree come from. Not trusted. */
public interface MetadataSource {
    /**
     * Fetches a document.
     *
     * @param path relative to the tree's base, such as {@code publishers/<id>/timestamp.json}
     * @param maxLength the source fails with an IOException rather than take more bytes than this
     * @return empty if the tree has no such file
     */
    Optional<byte[]> metadata(String path, int maxLength) throws IOException;
}
