package dev.arclet.format.chunk;

import dev.arclet.format.VerifyException;
import dev.arclet.format.blob.BlobSource;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.model.Descriptor;
import dev.arclet.format.model.Disk;
import dev.arclet.format.model.Layer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Reads a disk through its layers. No byte comes out before root page, leaf page and chunk have
 * been checked against the signed root. Pages and chunks are cached within fixed bounds. Safe for
 * use by several threads, one at a time.
 */
public final class LayerStack {
    private static final int CACHED_PAGES = 256;
    private static final int CACHED_CHUNKS = 64;

    private record PageKey(Digest layer, int number) {}

    /** What the stack holds at a block: an extent of some layer, or nothing (zeros). */
    private record Found(LayerIndex layer, Extent extent, long untilBlock) {}

    private final List<LayerIndex> layers;
    private final BlobSource source;
    private final Map<PageKey, List<Extent>> pages = lru(CACHED_PAGES);
    private final Map<Digest, byte[]> chunks = lru(CACHED_CHUNKS);

    private LayerStack(List<LayerIndex> layers, BlobSource source) {
        this.layers = layers;
        this.source = source;
    }

    /** Loads the root pages of a disk's layers. */
    public static LayerStack open(Disk disk, BlobSource source)
            throws VerifyException, IOException {
        return open(disk.layers(), source);
    }

    /**
     * Loads the root pages of a stack.
     *
     * @param layers base first, 1 to 8
     */
    public static LayerStack open(List<Layer> layers, BlobSource source)
            throws VerifyException, IOException {
        List<LayerIndex> indexes = new ArrayList<>();
        for (Layer layer : layers) {
            indexes.add(LayerIndex.load(layer, source));
        }
        return new LayerStack(List.copyOf(indexes), source);
    }

    /** Bytes that the disk has: those of its top layer. */
    public long size() {
        return layers.getLast().diskSize();
    }

    /** The layers' indexes, base first. */
    public List<LayerIndex> layers() {
        return layers;
    }

    /**
     * Reads verified bytes.
     *
     * @param offset on the disk; any alignment
     * @throws IndexOutOfBoundsException if the range leaves the disk or the array
     */
    public synchronized void read(long offset, byte[] into, int at, int length)
            throws VerifyException, IOException {
        Objects.checkFromIndexSize(offset, length, size());
        Objects.checkFromIndexSize(at, length, into.length);
        long position = offset;
        long end = offset + length;
        while (position < end) {
            long block = position / LayerFormat.BLOCK;
            Found found = find(block);
            long until = Math.min(end, found.untilBlock() * LayerFormat.BLOCK);
            int n = (int) (until - position);
            int to = at + (int) (position - offset);
            if (found.extent() == null || found.extent().isHole()) {
                Arrays.fill(into, to, to + n, (byte) 0);
            } else {
                byte[] chunk = chunk(found.layer(), found.extent());
                long chunkStart = found.extent().firstBlock() * LayerFormat.BLOCK;
                System.arraycopy(chunk, (int) (position - chunkStart), into, to, n);
            }
            position = until;
        }
    }

    private Found find(long block) throws VerifyException, IOException {
        long until = size() / LayerFormat.BLOCK;
        for (int i = layers.size() - 1; i >= 0; i--) {
            LayerIndex layer = layers.get(i);
            long blocks = layer.diskSize() / LayerFormat.BLOCK;
            if (block >= blocks) {
                // Past the end of a smaller layer is nothing, whatever lies further below.
                return new Found(layer, null, until);
            }
            until = Math.min(until, blocks);
            int number = layer.pageOf(block);
            if (number < 0) {
                until = Math.min(until, layer.nextPageStart(block));
                continue;
            }
            List<Extent> extents = page(layer, number);
            int e = lastStartingAtOrBefore(extents, block);
            if (e >= 0 && block < extents.get(e).endBlock()) {
                return new Found(layer, extents.get(e), Math.min(until, extents.get(e).endBlock()));
            }
            // A gap: nothing of this layer until its next extent.
            until =
                    Math.min(
                            until,
                            e + 1 < extents.size()
                                    ? extents.get(e + 1).firstBlock()
                                    : layer.nextPageStart(block));
        }
        return new Found(layers.getLast(), null, until);
    }

    private static int lastStartingAtOrBefore(List<Extent> extents, long block) {
        int low = 0;
        int high = extents.size();
        while (low < high) {
            int mid = (low + high) >>> 1;
            if (extents.get(mid).firstBlock() <= block) {
                low = mid + 1;
            } else {
                high = mid;
            }
        }
        return low - 1;
    }

    private List<Extent> page(LayerIndex layer, int number) throws VerifyException, IOException {
        PageKey key = new PageKey(layer.root(), number);
        List<Extent> page = pages.get(key);
        if (page == null) {
            page = layer.loadPage(number, source);
            pages.put(key, page);
        }
        return page;
    }

    private byte[] chunk(LayerIndex layer, Extent extent) throws VerifyException, IOException {
        byte[] plain = chunks.get(extent.chunk());
        int plainLength = extent.blocks() * LayerFormat.BLOCK;
        // The same id always has the same length; a differing extent lies and must be refused.
        if (plain == null || plain.length != plainLength) {
            Descriptor pack = layer.packs().get(extent.pack());
            byte[] frame =
                    source.read(pack.digest(), pack.size(), extent.offset(), extent.length());
            plain = ChunkCodec.decompress(frame, plainLength, extent.chunk());
            chunks.put(extent.chunk(), plain);
        }
        return plain;
    }

    private static <K, V> Map<K, V> lru(int bound) {
        return new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
                return size() > bound;
            }
        };
    }
}
