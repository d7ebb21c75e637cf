package dev.arclet.format.verify;

import dev.arclet.format.VerifyException;
import dev.arclet.format.blob.BlobChecks;
import dev.arclet.format.blob.BlobSource;
import dev.arclet.format.chunk.LayerCheck;
import dev.arclet.format.model.Descriptor;
import dev.arclet.format.model.Disk;
import dev.arclet.format.model.Layer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.HashSet;
import java.util.Set;

/** Reads every byte that a verified spec leads to, and checks it. */
public final class TreeCheck {
    /**
     * What was found good.
     *
     * @param blobs different blobs
     * @param bytes their length together
     * @param chunks chunks decompressed and checked
     */
    public record Report(int blobs, long bytes, long chunks) {}

    private TreeCheck() {}

    public static Report check(VerifiedArclet arclet, BlobSource source)
            throws VerifyException, IOException {
        Set<Descriptor> blobs = new HashSet<>(arclet.blobs());
        long chunks = 0;
        for (Disk disk : arclet.spec().disks()) {
            for (Layer layer : disk.layers()) {
                LayerCheck.Result result = LayerCheck.check(layer, source);
                blobs.addAll(result.blobs());
                chunks += result.chunks();
            }
        }
        long bytes = 0;
        for (Descriptor blob : blobs) {
            try (InputStream in = source.open(blob.digest(), blob.size())) {
                BlobChecks.copy(in, blob, OutputStream.nullOutputStream());
            }
            bytes += blob.size();
        }
        return new Report(blobs.size(), bytes, chunks);
    }
}
