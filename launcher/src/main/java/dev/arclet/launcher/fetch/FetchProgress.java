package dev.arclet.launcher.fetch;

/** Told how far a fetch is. Called from several threads, one call at a time. */
public interface FetchProgress {
    /** Ignores everything. */
    FetchProgress NONE = (done, total) -> {};

    /**
     * @param done bytes that are on disk, never less than at an earlier call
     * @param total bytes of all blobs, those in the store before included; constant
     */
    void fetched(long done, long total);
}
