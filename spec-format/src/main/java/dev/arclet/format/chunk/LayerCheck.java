package dev.arclet.format.chunk;

import dev.arclet.format.VerifyException;
import dev.arclet.format.blob.BlobSource;
import dev.arclet.format.model.Descriptor;
import dev.arclet.format.model.Layer;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;

/** Checks every chunk of a layer. */
public final class LayerCheck {
    /**
     * A good layer.
     *
     * @param blobs its packs and pages; not read as wholes yet
     * @param chunks extents whose chunk was checked
     */
    public record Result(Set<Descriptor> blobs, long chunks) {
        public Result {
            blobs = Set.copyOf(blobs);
        }
    }

    private LayerCheck() {}

    public static Result check(Layer layer, BlobSource source) throws VerifyException, IOException {
        LayerIndex index = LayerIndex.load(layer, source);
        Set<Descriptor> blobs = new HashSet<>(index.pages());
        blobs.addAll(index.packs());
        long chunks = 0;
        for (int page = 0; page < index.pageCount(); page++) {
            for (Extent e : index.loadPage(page, source)) {
                if (!e.isHole()) {
                    Descriptor pack = index.packs().get(e.pack());
                    byte[] frame = source.read(pack.digest(), pack.size(), e.offset(), e.length());
                    ChunkCodec.decompress(frame, e.blocks() * LayerFormat.BLOCK, e.chunk());
                    chunks++;
                }
            }
        }
        return new Result(blobs, chunks);
    }
}
