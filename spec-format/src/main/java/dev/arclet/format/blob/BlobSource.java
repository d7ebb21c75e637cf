package dev.arclet.format.blob;

import dev.arclet.format.digest.Digest;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/**
 * Where blobs come from: a folder, a cache, an HTTP server. Sources are not trusted; whoever reads
 * from one checks digests ({@link BlobChecks}).
 */
public interface BlobSource {
    /**
     * Opens a whole blob.
     *
     * @param size the signed length; readers stop there whatever the source would give
     * @throws java.io.FileNotFoundException or NoSuchFileException if the source has no such blob
     */
    InputStream open(Digest digest, long size) throws IOException;

    /**
     * Part of a blob. The default skips through {@link #open}; sources with random access do
     * better.
     *
     * @return exactly {@code length} bytes
     * @throws EOFException if the source ends early
     */
    default byte[] read(Digest digest, long size, long offset, int length) throws IOException {
        try (InputStream in = open(digest, size)) {
            in.skipNBytes(offset);
            byte[] out = in.readNBytes(length);
            if (out.length != length) {
                throw new EOFException("blob " + digest + " ends before its signed length");
            }
            return out;
        }
    }
}
