package dev.arclet.format.blob;

import dev.arclet.format.model.Descriptor;
import java.io.IOException;
import java.nio.file.Path;

/** Where a build puts its blobs. Putting the same bytes twice is harmless. */
public interface BlobSink {
    Descriptor put(String mediaType, byte[] bytes) throws IOException;

    /** Puts a file's content, which must not change meanwhile. */
    Descriptor put(String mediaType, Path file) throws IOException;
}
