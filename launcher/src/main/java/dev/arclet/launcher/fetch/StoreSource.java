package dev.arclet.launcher.fetch;

import dev.arclet.format.FormatException;
import dev.arclet.format.blob.BlobSource;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.model.Descriptor;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.store.BlobStore;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;

/** The store, filled from an origin as blobs are asked for. */
public final class StoreSource implements BlobSource {
    private final BlobStore store;
    private final Fetcher fetcher;
    private final BlobOrigin origin;

    public StoreSource(BlobStore store, Fetcher fetcher, BlobOrigin origin) {
        this.store = store;
        this.fetcher = fetcher;
        this.origin = origin;
    }

    @Override
    public InputStream open(Digest digest, long size) throws IOException {
        bring(digest, size);
        return store.open(digest, size);
    }

    @Override
    public byte[] read(Digest digest, long size, long offset, int length) throws IOException {
        bring(digest, size);
        return store.read(digest, size, offset, length);
    }

    private void bring(Digest digest, long size) throws IOException {
        try {
            fetcher.fetchOne(new Descriptor("application/octet-stream", digest, size), origin);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("fetching blob " + digest + " was interrupted", e);
        } catch (LauncherException e) {
            if (e.getCause() instanceof FileNotFoundException missing) {
                throw missing;
            }
            throw new FetchException(e);
        } catch (FormatException e) {
            throw new FetchException(
                    new LauncherException(
                            LauncherException.Kind.REFUSED,
                            e.action(),
                            e.object(),
                            e.reason(),
                            e.nextStep(),
                            e));
        }
    }
}
