package dev.arclet.launcher.fetch;

import dev.arclet.format.model.Descriptor;
import java.io.IOException;

/** Where the store gets its blobs. Not trusted. */
public interface BlobOrigin {
    /**
     * Opens a blob, if possible from {@code offset} on; the answer tells where it really starts.
     *
     * @throws java.io.FileNotFoundException if there is no such blob
     * @throws IOException if it cannot be had; the message is a clause that gives the cause
     */
    HttpReader.Answer open(Descriptor blob, long offset) throws IOException, InterruptedException;

    /** Names the origin, for messages. */
    String name();
}
