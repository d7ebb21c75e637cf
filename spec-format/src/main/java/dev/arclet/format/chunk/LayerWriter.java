package dev.arclet.format.chunk;

import dev.arclet.format.VerifyException;
import dev.arclet.format.blob.BlobChecks;
import dev.arclet.format.blob.BlobSink;
import dev.arclet.format.blob.BlobSource;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.model.Descriptor;
import dev.arclet.format.model.Layer;
import dev.arclet.format.model.MediaTypes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32C;

/**
 * Turns a disk image into a layer. The result is a function of the image, the base image, the
 * chunks known beforehand and the compression level: no clock, no randomness, no thread.
 */
public final class LayerWriter {
    private static final int READ_BLOCKS = 256;
    private static final byte[] ZERO_BLOCK = new byte[LayerFormat.BLOCK];

    /** A place in a pack that is perhaps still being filled. */
    private static final class Pack {
        final int number;
        Descriptor descriptor;

        Pack(int number) {
            this.number = number;
        }
    }

    private record Place(Pack pack, long offset, int length) {}

    /** A chunk stored by an earlier layer. */
    private record Known(Descriptor pack, long offset, int length, BlobSource source) {}

    private final BlobSink sink;
    private final int level;
    private final Map<Digest, Known> known = new HashMap<>();
    private final Map<Digest, Boolean> intact = new HashMap<>();
    private final Set<Digest> lowerPacks = new HashSet<>();

    private final List<Pack> packs = new ArrayList<>();
    private final Map<Digest, Pack> packsByDigest = new HashMap<>();
    private final Map<Digest, Place> places = new LinkedHashMap<>();
    private final List<Extent> extents = new ArrayList<>();
    private final ByteArrayOutputStream packBytes = new ByteArrayOutputStream();
    private Pack openPack;

    private final byte[] chunk = new byte[LayerFormat.MAX_BLOCKS * LayerFormat.BLOCK];
    private long chunkStart;
    private int chunkBlocks;
    private long zeroStart;
    private long zeroBlocks;
    private boolean overBase;

    /**
     * @param level zstd level, 1 to 22
     */
    public LayerWriter(BlobSink sink, int level) {
        this.sink = sink;
        this.level = level;
    }

    /**
     * Lets the new layer refer to the packs of a layer below it, or of an earlier version.
     *
     * @param below whether {@code layer} is under the new one, so that its packs are counted there
     */
    public void reuse(LayerIndex layer, BlobSource source, boolean below)
            throws VerifyException, IOException {
        for (int i = 0; i < layer.pageCount(); i++) {
            for (Extent e : layer.loadPage(i, source)) {
                if (!e.isHole()) {
                    known.putIfAbsent(
                            e.chunk(),
                            new Known(layer.packs().get(e.pack()), e.offset(), e.length(), source));
                }
            }
        }
        if (below) {
            layer.packs().forEach(p -> lowerPacks.add(p.digest()));
        }
    }

    /**
     * Writes the layer. A writer serves once.
     *
     * @param base the image that the layers below give; absent for a base layer. Only blocks that
     *     differ from it are stored.
     */
    public Layer write(DiskImage image, Optional<DiskImage> base) throws IOException {
        overBase = base.isPresent();
        long blocks = image.blocks();
        byte[] data = new byte[READ_BLOCKS * LayerFormat.BLOCK];
        byte[] old = new byte[data.length];
        for (long first = 0; first < blocks; first += READ_BLOCKS) {
            image.read(first, data);
            if (base.isPresent()) {
                base.get().read(first, old);
            }
            int n = (int) Math.min(READ_BLOCKS, blocks - first);
            for (int i = 0; i < n; i++) {
                int at = i * LayerFormat.BLOCK;
                int end = at + LayerFormat.BLOCK;
                boolean same = base.isPresent() && Arrays.equals(data, at, end, old, at, end);
                block(first + i, data, at, same);
            }
        }
        endRun();
        closePack();
        return finish(blocks * LayerFormat.BLOCK);
    }

    /** Takes the next block; {@code same} means that the layers below already give it. */
    private void block(long number, byte[] data, int at, boolean same) throws IOException {
        boolean zero =
                Arrays.equals(data, at, at + LayerFormat.BLOCK, ZERO_BLOCK, 0, LayerFormat.BLOCK);
        if (same) {
            endRun();
        } else if (zero) {
            if (zeroBlocks++ == 0) {
                zeroStart = number;
            }
        } else {
            if (zeroBlocks > 0) {
                absorbOrPunch();
            }
            append(number, data, at);
        }
    }

    /** A short run of zeros inside a chunk stays in it; any other becomes a hole. */
    private void absorbOrPunch() throws IOException {
        if (chunkBlocks > 0 && zeroBlocks < LayerFormat.HOLE_BLOCKS) {
            for (int i = 0; i < zeroBlocks; i++) {
                append(zeroStart + i, ZERO_BLOCK, 0);
            }
            zeroBlocks = 0;
        } else {
            endRun();
        }
    }

    /** Ends chunk and hole. Over a base a hole must be said; in a base layer absence says it. */
    private void endRun() throws IOException {
        endChunk();
        for (long done = 0; overBase && done < zeroBlocks; done += 0xFFFF) {
            extents.add(Extent.hole(zeroStart + done, (int) Math.min(0xFFFF, zeroBlocks - done)));
        }
        zeroBlocks = 0;
    }

    private void append(long number, byte[] data, int at) throws IOException {
        if (chunkBlocks == 0) {
            chunkStart = number;
        }
        System.arraycopy(data, at, chunk, chunkBlocks * LayerFormat.BLOCK, LayerFormat.BLOCK);
        chunkBlocks++;
        boolean cut = (cutHash(data, at) & LayerFormat.CUT_MASK) == 0;
        if (chunkBlocks == LayerFormat.MAX_BLOCKS
                || (cut && chunkBlocks >= LayerFormat.MIN_BLOCKS)) {
            endChunk();
        }
    }

    /**
     * Depends on one block only, so that equal data meets equal cuts wherever it lies. The
     * multiplication (by 2^32 / golden ratio) lets every bit of the CRC reach the four that count.
     */
    private static int cutHash(byte[] data, int at) {
        CRC32C crc = new CRC32C();
        crc.update(data, at, LayerFormat.BLOCK);
        return ((int) crc.getValue() * 0x9E3779B1) >>> 28;
    }

    private void endChunk() throws IOException {
        if (chunkBlocks == 0) {
            return;
        }
        int length = chunkBlocks * LayerFormat.BLOCK;
        Digest id = Digest.of(chunk, 0, length);
        Place place = places.get(id);
        if (place == null) {
            Known before = known.get(id);
            place = before != null && isIntact(before) ? adopt(before) : store(length);
            places.put(id, place);
        }
        extents.add(
                new Extent(
                        chunkStart,
                        chunkBlocks,
                        place.pack().number,
                        place.offset(),
                        place.length(),
                        id));
        chunkBlocks = 0;
    }

    /** A damaged old pack is not built upon: its chunks are stored again. */
    private boolean isIntact(Known at) {
        return intact.computeIfAbsent(
                at.pack().digest(),
                d -> {
                    try (InputStream in = at.source().open(d, at.pack().size())) {
                        BlobChecks.copy(in, at.pack(), OutputStream.nullOutputStream());
                        return true;
                    } catch (VerifyException | IOException e) {
                        return false;
                    }
                });
    }

    private Place adopt(Known at) throws IOException {
        Pack pack = packsByDigest.get(at.pack().digest());
        if (pack == null) {
            pack = newPack();
            pack.descriptor = at.pack();
            packsByDigest.put(at.pack().digest(), pack);
        }
        return new Place(pack, at.offset(), at.length());
    }

    private Place store(int length) throws IOException {
        if (openPack == null) {
            openPack = newPack();
        }
        byte[] frame = ChunkCodec.compress(chunk, length, level);
        Place place = new Place(openPack, packBytes.size(), frame.length);
        packBytes.writeBytes(frame);
        if (packBytes.size() >= LayerFormat.PACK_TARGET) {
            closePack();
        }
        return place;
    }

    private Pack newPack() throws IOException {
        if (packs.size() >= LayerFormat.MAX_PACKS) {
            throw new IOException(
                    "a layer holds at most " + LayerFormat.MAX_PACKS + " packs; split the disk");
        }
        Pack pack = new Pack(packs.size());
        packs.add(pack);
        return pack;
    }

    private void closePack() throws IOException {
        if (openPack != null) {
            openPack.descriptor = sink.put(MediaTypes.LAYER_PACK, packBytes.toByteArray());
            packBytes.reset();
            openPack = null;
        }
    }

    private Layer finish(long diskSize) throws IOException {
        List<LayerIndex.PageRef> pages = new ArrayList<>();
        long packed = 0;
        for (int at = 0; at < extents.size(); at += LayerFormat.PAGE_EXTENTS) {
            List<Extent> page =
                    extents.subList(at, Math.min(at + LayerFormat.PAGE_EXTENTS, extents.size()));
            Descriptor blob = sink.put(MediaTypes.LAYER_PAGE, LayerIndex.writePage(page));
            packed += blob.size();
            pages.add(
                    new LayerIndex.PageRef(
                            page.getFirst().firstBlock(),
                            page.getLast().endBlock(),
                            page.size(),
                            blob.digest()));
        }
        List<Descriptor> table = packs.stream().map(p -> p.descriptor).toList();
        for (Descriptor pack : table) {
            if (!lowerPacks.contains(pack.digest())) {
                packed += pack.size();
            }
        }
        byte[] root = new LayerIndex(Digest.of(new byte[0]), diskSize, table, pages).write();
        return new Layer(sink.put(MediaTypes.LAYER_INDEX, root), diskSize, packed);
    }
}
