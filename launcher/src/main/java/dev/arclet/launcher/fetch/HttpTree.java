package dev.arclet.launcher.fetch;

import dev.arclet.format.model.Descriptor;
import dev.arclet.format.tree.TreeLayout;
import dev.arclet.format.trust.MetadataSource;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.util.Optional;

/** A published tree behind an HTTP(S) address. */
public final class HttpTree implements BlobOrigin, MetadataSource {
    private static final int METADATA_ATTEMPTS = 3;

    private final HttpReader reader;
    private final URI base;
    private final Backoff backoff;

    /**
     * @param base ends with a slash
     */
    public HttpTree(HttpReader reader, URI base, Backoff backoff) {
        if (!base.getPath().endsWith("/")) {
            throw new IllegalArgumentException("base without a final slash: " + base);
        }
        this.reader = reader;
        this.base = base;
        this.backoff = backoff;
    }

    @Override
    public HttpReader.Answer open(Descriptor blob, long offset)
            throws IOException, InterruptedException {
        URI uri = base.resolve(TreeLayout.blobPath(blob.digest()));
        return reader.get(uri, offset, blob.size())
                .orElseThrow(() -> new FileNotFoundException(uri + " is not there (404)"));
    }

    @Override
    public Optional<byte[]> metadata(String path, int maxLength) throws IOException {
        URI uri = base.resolve(path);
        try {
            for (int failures = 0; ; ) {
                try {
                    return once(uri, maxLength);
                } catch (TransientFetchException e) {
                    if (++failures == METADATA_ATTEMPTS) {
                        throw e;
                    }
                    backoff.pause(failures);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("fetching " + uri + " was interrupted", e);
        }
    }

    private Optional<byte[]> once(URI uri, int maxLength) throws IOException, InterruptedException {
        Optional<HttpReader.Answer> found = reader.get(uri, 0, -1);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        try (HttpReader.Answer answer = found.get()) {
            byte[] bytes = answer.body().readNBytes(maxLength + 1);
            if (bytes.length > maxLength) {
                throw new IOException(uri + " is longer than the limit of " + maxLength + " bytes");
            }
            return Optional.of(bytes);
        }
    }

    @Override
    public String name() {
        return base.toString();
    }
}
