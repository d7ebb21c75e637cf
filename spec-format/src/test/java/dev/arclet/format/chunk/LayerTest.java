package dev.arclet.format.chunk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.Zstd;
import dev.arclet.format.Samples;
import dev.arclet.format.VerifyException;
import dev.arclet.format.blob.BlobSink;
import dev.arclet.format.blob.BlobSource;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.model.Descriptor;
import dev.arclet.format.model.Layer;
import dev.arclet.format.model.MediaTypes;
import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LayerTest {
    private static final int B = LayerFormat.BLOCK;

    @TempDir Path dir;
    private int files;

    /** Blobs in memory. */
    private static final class Store implements BlobSink, BlobSource {
        final Map<Digest, byte[]> blobs = new HashMap<>();
        final List<Descriptor> order = new ArrayList<>();

        @Override
        public Descriptor put(String mediaType, byte[] bytes) {
            Descriptor d = new Descriptor(mediaType, Digest.of(bytes), bytes.length);
            if (blobs.put(d.digest(), bytes) == null) {
                order.add(d);
            }
            return d;
        }

        @Override
        public Descriptor put(String mediaType, Path file) throws IOException {
            return put(mediaType, Files.readAllBytes(file));
        }

        @Override
        public InputStream open(Digest digest, long size) throws IOException {
            byte[] bytes = blobs.get(digest);
            if (bytes == null) {
                throw new FileNotFoundException(digest.toString());
            }
            return new ByteArrayInputStream(bytes);
        }

        long count(String mediaType) {
            return order.stream().filter(d -> d.mediaType().equals(mediaType)).count();
        }
    }

    private DiskImage image(byte[] content) throws IOException {
        Path file = dir.resolve("image" + files++);
        Files.write(file, content);
        return DiskImage.open(file);
    }

    private Layer write(Store store, byte[] content, Optional<byte[]> base, Layer... lower)
            throws Exception {
        LayerWriter writer = new LayerWriter(store, 3);
        for (Layer l : lower) {
            writer.reuse(LayerIndex.load(l, store), store, true);
        }
        try (DiskImage image = image(content);
                DiskImage below = image(base.orElse(new byte[0]))) {
            return writer.write(image, base.map(b -> below));
        }
    }

    private static byte[] read(List<Layer> layers, BlobSource source) throws Exception {
        LayerStack stack = LayerStack.open(layers, source);
        byte[] out = new byte[(int) stack.size()];
        stack.read(0, out, 0, out.length);
        return out;
    }

    private static byte[] noise(long seed, int blocks) {
        byte[] out = new byte[blocks * B];
        new Random(seed).nextBytes(out);
        return out;
    }

    private static List<Extent> extents(Layer layer, BlobSource source) throws Exception {
        LayerIndex index = LayerIndex.load(layer, source);
        List<Extent> all = new ArrayList<>();
        for (int i = 0; i < index.pageCount(); i++) {
            all.addAll(index.loadPage(i, source));
        }
        return all;
    }

    @Test
    void chunkSizesAreAsTheFormatSays() throws Exception {
        Store store = new Store();
        byte[] data = noise(1, 3200);
        Layer layer = write(store, data, Optional.empty());
        assertArrayEquals(data, read(List.of(layer), store));
        List<Extent> extents = extents(layer, store);
        for (Extent e : extents.subList(0, extents.size() - 1)) {
            assertTrue(e.blocks() >= 4 && e.blocks() <= 64, e.toString());
        }
        double mean = 3200.0 / extents.size();
        assertTrue(mean > 14 && mean < 24, "mean of " + mean + " blocks");
        assertEquals(2, store.count(MediaTypes.LAYER_PACK), "13 MB fill two packs of 8 MiB");
        assertTrue(store.count(MediaTypes.LAYER_PAGE) >= 2, "more than one leaf page");
        long packed = 0;
        for (Descriptor d : store.order) {
            packed += d.mediaType().equals(MediaTypes.LAYER_INDEX) ? 0 : d.size();
        }
        assertEquals(packed, layer.packedSize());
    }

    @Test
    void movedDataMeetsTheSameChunks() throws Exception {
        byte[] data = noise(2, 2000);
        byte[] moved = new byte[data.length + 3 * B];
        System.arraycopy(noise(3, 3), 0, moved, 0, 3 * B);
        System.arraycopy(data, 0, moved, 3 * B, data.length);
        Store store = new Store();
        Set<Digest> before = new HashSet<>();
        extents(write(store, data, Optional.empty()), store).forEach(e -> before.add(e.chunk()));
        List<Extent> after = extents(write(store, moved, Optional.empty()), store);
        long fresh = after.stream().filter(e -> !before.contains(e.chunk())).count();
        assertTrue(fresh <= 2, fresh + " new chunks of " + after.size());
    }

    @Test
    void zerosCostNothing() throws Exception {
        Store store = new Store();
        byte[] data = new byte[3_000 * B];
        System.arraycopy(noise(4, 5), 0, data, 2_900 * B, 5 * B);
        Layer layer = write(store, data, Optional.empty());
        assertTrue(layer.packedSize() < 22_000, "" + layer.packedSize());
        assertArrayEquals(data, read(List.of(layer), store));
        Layer empty = write(store, new byte[10 * B], Optional.empty());
        assertEquals(0, empty.packedSize());
        assertArrayEquals(new byte[10 * B], read(List.of(empty), store));
        // Over a base, a long run of zeros needs several hole extents.
        Layer erased = write(store, new byte[3_000 * B], Optional.of(data), layer);
        assertArrayEquals(new byte[3_000 * B], read(List.of(layer, erased), store));
    }

    /** A hole extent holds 65,535 blocks at most. */
    @Test
    @Tag("slow")
    void longHolesTakeSeveralExtents() throws Exception {
        Store store = new Store();
        byte[] full = new byte[70_000 * B];
        Arrays.fill(full, (byte) 1);
        Layer ones = write(store, full, Optional.empty());
        Layer zeros = write(store, new byte[70_000 * B], Optional.of(full), ones);
        assertEquals(2, extents(zeros, store).size());
        assertArrayEquals(new byte[70_000 * B], read(List.of(ones, zeros), store));
    }

    @Test
    void aLastPartialBlockIsPadded() throws Exception {
        Store store = new Store();
        byte[] data = Arrays.copyOf(noise(5, 3), 2 * B + 17);
        Layer layer = write(store, data, Optional.empty());
        assertEquals(3 * B, layer.diskSize());
        assertArrayEquals(Arrays.copyOf(data, 3 * B), read(List.of(layer), store));
    }

    /** Random edits, growth and shrinkage through a deep stack give what the last image was. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void stacksGiveTheLastImage(long seed) throws Exception {
        Random random = new Random(seed);
        Store store = new Store();
        List<Layer> layers = new ArrayList<>();
        byte[] image = Samples.disk(random, 200);
        layers.add(write(store, image, Optional.empty()));
        for (int depth = 1; depth < 8; depth++) {
            byte[] next = Arrays.copyOf(image, (100 + random.nextInt(200)) * B);
            for (int i = 0; i < 20; i++) {
                int block = random.nextInt(next.length / B);
                int n = Math.min(1 + random.nextInt(9), next.length / B - block);
                byte[] edit =
                        random.nextInt(3) == 0 ? new byte[n * B] : noise(random.nextLong(), n);
                System.arraycopy(edit, 0, next, block * B, n * B);
            }
            layers.add(write(store, next, Optional.of(image), layers.toArray(new Layer[0])));
            image = next;
            assertArrayEquals(image, read(layers, store), "seed " + seed + ", depth " + depth);
        }
    }

    @Test
    void unchangedChildrenAreEmpty() throws Exception {
        Store store = new Store();
        byte[] data = noise(6, 100);
        Layer base = write(store, data, Optional.empty());
        Layer child = write(store, data, Optional.of(data), base);
        assertEquals(0, child.packedSize());
        assertArrayEquals(data, read(List.of(base, child), store));
    }

    @Test
    void chunksOfLowerLayersAreReferredTo() throws Exception {
        Store store = new Store();
        byte[] data = noise(7, 200);
        Layer base = write(store, data, Optional.empty());
        byte[] doubled = Arrays.copyOf(data, 400 * B);
        System.arraycopy(data, 0, doubled, 200 * B, 200 * B);
        long packs = store.count(MediaTypes.LAYER_PACK);
        Layer child = write(store, doubled, Optional.of(data), base);
        assertEquals(packs, store.count(MediaTypes.LAYER_PACK), "no new pack");
        assertArrayEquals(doubled, read(List.of(base, child), store));
    }

    @Test
    void damagedOldPacksAreNotReferredTo() throws Exception {
        Store store = new Store();
        byte[] data = noise(8, 100);
        Layer old = write(store, data, Optional.empty());
        Descriptor pack = LayerIndex.load(old, store).packs().getFirst();
        byte[] damaged = store.blobs.get(pack.digest()).clone();
        damaged[100] ^= 1;
        store.blobs.put(pack.digest(), damaged);
        Store fresh = new Store();
        LayerWriter writer = new LayerWriter(fresh, 4);
        writer.reuse(LayerIndex.load(old, store), store, false);
        try (DiskImage image = image(data)) {
            Layer again = writer.write(image, Optional.empty());
            assertArrayEquals(data, read(List.of(again), fresh));
        }
    }

    @Test
    void readsOutsideAreRefused() throws Exception {
        Store store = new Store();
        LayerStack stack =
                LayerStack.open(List.of(write(store, noise(9, 4), Optional.empty())), store);
        byte[] buffer = new byte[B];
        assertThrows(IndexOutOfBoundsException.class, () -> stack.read(-1, buffer, 0, 1));
        assertThrows(IndexOutOfBoundsException.class, () -> stack.read(4 * B - 1, buffer, 0, 2));
        assertThrows(IndexOutOfBoundsException.class, () -> stack.read(0, buffer, 1, B));
        assertThrows(
                IndexOutOfBoundsException.class, () -> stack.read(Long.MAX_VALUE, buffer, 0, 1));
    }

    /** A signed but hostile root page: numbers that would hurt if they were believed. */
    @Test
    void hostileRootPagesAreRefused() throws Exception {
        Store store = new Store();
        Layer layer = write(store, noise(10, 300), Optional.empty());
        byte[] good = store.blobs.get(layer.index().digest());
        int pages = LayerFormat.ROOT_HEADER + LayerFormat.PACK_ENTRY;
        Map<String, int[]> changes = new HashMap<>();
        changes.put("magic", new int[] {0, 7});
        changes.put("block size", new int[] {8, 512});
        changes.put("flags", new int[] {12, 1});
        changes.put("disk size", new int[] {16, 4097});
        changes.put("disk size 0", new int[] {16, 0});
        changes.put("huge disk", new int[] {20, 0x7FFFFFFF});
        changes.put("pack count", new int[] {24, -1});
        changes.put("pack count 0", new int[] {24, 0});
        changes.put("page count", new int[] {28, 0x7FFFFFFF});
        changes.put("pack size", new int[] {64, -1});
        changes.put("pack size 0", new int[] {64, 0});
        changes.put("page range", new int[] {pages, 299_000});
        changes.put("page end", new int[] {pages + 4, 0});
        changes.put("page beyond disk", new int[] {pages + 4, 301});
        changes.put("extents", new int[] {pages + 8, 129});
        changes.put("no extents", new int[] {pages + 8, 0});
        changes.put("reserved", new int[] {pages + 8, 1 | 1 << 16});
        for (Map.Entry<String, int[]> c : changes.entrySet()) {
            byte[] bad = good.clone();
            ByteBuffer.wrap(bad)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt(c.getValue()[0], c.getValue()[1]);
            Descriptor d = store.put(MediaTypes.LAYER_INDEX, bad);
            Layer lying = new Layer(d, layer.diskSize(), layer.packedSize());
            assertThrows(VerifyException.class, () -> LayerIndex.load(lying, store), c.getKey());
        }
        for (int length : new int[] {0, 1, 31, 32, good.length - 1}) {
            Descriptor d = store.put(MediaTypes.LAYER_INDEX, Arrays.copyOf(good, length));
            Layer lying = new Layer(d, layer.diskSize(), layer.packedSize());
            assertThrows(VerifyException.class, () -> LayerIndex.load(lying, store));
        }
        Layer otherSize = new Layer(layer.index(), layer.diskSize() + B, layer.packedSize());
        assertThrows(VerifyException.class, () -> LayerIndex.load(otherSize, store));
    }

    /** Signed but hostile leaf pages. */
    @Test
    void hostileLeafPagesAreRefused() throws Exception {
        Store store = new Store();
        Layer layer = write(store, noise(11, 300), Optional.empty());
        Extent e = extents(layer, store).getFirst();
        int last = 0xFFFF;
        for (Extent bad :
                List.of(
                        new Extent(0, 0, e.pack(), e.offset(), e.length(), e.chunk()),
                        new Extent(0, 65, e.pack(), e.offset(), e.length(), e.chunk()),
                        new Extent(299, 4, e.pack(), e.offset(), e.length(), e.chunk()),
                        new Extent(0, 4, 1, e.offset(), e.length(), e.chunk()),
                        new Extent(0, 4, e.pack(), 0xFFFFFFFFL, e.length(), e.chunk()),
                        new Extent(0, 4, e.pack(), e.offset(), -1, e.chunk()),
                        new Extent(0, 4, e.pack(), e.offset(), 0, e.chunk()),
                        new Extent(0, 4, e.pack(), 0, 5 * B, e.chunk()),
                        new Extent(0, 4, last, 1, 0, Extent.NO_CHUNK),
                        new Extent(0, 4, last, 0, 1, Extent.NO_CHUNK),
                        new Extent(0, 4, last, 0, 0, e.chunk()))) {
            assertThrows(VerifyException.class, () -> readWith(store, layer, List.of(bad)));
        }
        Extent fine = new Extent(0, e.blocks(), e.pack(), e.offset(), e.length(), e.chunk());
        // Overlap and disorder.
        assertThrows(VerifyException.class, () -> readWith(store, layer, List.of(fine, fine)));
        assertThrows(
                VerifyException.class,
                () -> readWith(store, layer, List.of(Extent.hole(10, 5), Extent.hole(0, 2))));
        readWith(store, layer, List.of(fine));
    }

    private static void readWith(Store store, Layer layer, List<Extent> extents) throws Exception {
        LayerIndex index = LayerIndex.load(layer, store);
        Descriptor page = store.put(MediaTypes.LAYER_PAGE, LayerIndex.writePage(extents));
        byte[] root =
                new LayerIndex(
                                index.root(),
                                index.diskSize(),
                                index.packs(),
                                List.of(
                                        new LayerIndex.PageRef(
                                                0, 300, extents.size(), page.digest())))
                        .write();
        Descriptor d = store.put(MediaTypes.LAYER_INDEX, root);
        read(List.of(new Layer(d, layer.diskSize(), layer.packedSize())), store);
    }

    /**
     * Frames that lie about their size must not make us allocate or write more than the index says.
     */
    @Test
    void decompressionIsBounded() throws Exception {
        byte[] bomb = Zstd.compress(new byte[64 << 20], 19);
        assertThrows(
                VerifyException.class, () -> ChunkCodec.decompress(bomb, 4 * B, Digest.of(bomb)));
        byte[] plain = noise(12, 4);
        byte[] good = ChunkCodec.compress(plain, plain.length, 3);
        assertArrayEquals(plain, ChunkCodec.decompress(good, plain.length, Digest.of(plain)));
        for (int length : new int[] {0, 1, 4, 5, good.length - 1}) {
            byte[] cut = Arrays.copyOf(good, length);
            assertThrows(
                    VerifyException.class,
                    () -> ChunkCodec.decompress(cut, plain.length, Digest.of(plain)));
        }
        // A second frame after the first would write past the chunk.
        byte[] two = Arrays.copyOf(good, 2 * good.length);
        System.arraycopy(good, 0, two, good.length, good.length);
        assertThrows(
                VerifyException.class,
                () -> ChunkCodec.decompress(two, plain.length, Digest.of(plain)));
        Random random = new Random(77);
        int refused = 0;
        for (int i = 0; i < 3000; i++) {
            byte[] bad = good.clone();
            bad[random.nextInt(bad.length)] ^= (byte) (1 + random.nextInt(255));
            try {
                // Bits that zstd ignores may change; the plain bytes then are still right.
                assertArrayEquals(
                        plain, ChunkCodec.decompress(bad, plain.length, Digest.of(plain)));
            } catch (VerifyException expected) {
                refused++;
            }
        }
        assertTrue(refused > 2900, refused + " of 3000 refused");
    }

    /**
     * A publisher may sign what it likes: indexes and pages with wrong numbers in them, all digests
     * right.
     */
    @Test
    void anySignedIndexIsRefusedOrALayer() throws Exception {
        int refused = fuzzIndexes(0, 1500);
        assertTrue(refused > 500 && refused < 1500, refused + " of 1500 refused");
    }

    /** {@code -Darclet.fuzz.seconds=N} sets for how long. */
    @Test
    @Tag("slow")
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void fuzz() throws Exception {
        long end = System.nanoTime() + Long.getLong("arclet.fuzz.seconds", 60) * 1_000_000_000L;
        long seed = 1500;
        for (; System.nanoTime() < end; seed += 1500) {
            fuzzIndexes(seed, seed + 1500);
        }
        System.out.println("LayerTest: " + seed + " indexes");
    }

    private int fuzzIndexes(long from, long until) throws Exception {
        Store store = new Store();
        byte[] content = noise(21, 300);
        Arrays.fill(content, 40 * B, 90 * B, (byte) 0);
        Layer base = write(store, content, Optional.empty());
        byte[] changed = content.clone();
        Arrays.fill(changed, 100 * B, 180 * B, (byte) 0);
        System.arraycopy(noise(22, 20), 0, changed, 200 * B, 20 * B);
        Layer top = write(store, changed, Optional.of(content), base);
        Set<Digest> good = Set.copyOf(store.blobs.keySet());
        int refused = 0;
        for (long seed = from; seed < until; seed++) {
            Random random = new Random(seed);
            try {
                Layer bad = damage(store, random.nextBoolean() ? base : top, random);
                LayerStack stack =
                        LayerStack.open(
                                random.nextBoolean() ? List.of(base, bad) : List.of(bad), store);
                byte[] buffer = new byte[64 * B];
                for (int i = 0; i < 8; i++) {
                    int length = (int) Math.min(buffer.length, stack.size());
                    long at = i * 64L * B % (stack.size() - length + 1);
                    stack.read(at, buffer, 0, length);
                }
            } catch (VerifyException | FileNotFoundException e) {
                refused++;
                assertTrue(!e.getMessage().isBlank(), "seed " + seed);
            } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
                throw new AssertionError("seed " + seed, e);
            }
            store.blobs.keySet().retainAll(good);
            store.order.clear();
        }
        return refused;
    }

    private static Layer damage(Store store, Layer layer, Random random) {
        byte[] root = store.blobs.get(layer.index().digest()).clone();
        ByteBuffer in = ByteBuffer.wrap(root).order(ByteOrder.LITTLE_ENDIAN);
        int pages = in.getInt(28);
        int table = LayerFormat.ROOT_HEADER + in.getInt(24) * LayerFormat.PACK_ENTRY;
        if (random.nextInt(3) > 0 && pages > 0) {
            int entry = table + random.nextInt(pages) * LayerFormat.PAGE_ENTRY + 12;
            byte[] raw = Arrays.copyOfRange(root, entry, entry + Digest.BYTES);
            byte[] page = store.blobs.get(Digest.ofRaw(raw)).clone();
            change(page, LayerFormat.EXTENT_ENTRY, random);
            Descriptor named = store.put(MediaTypes.LAYER_PAGE, page);
            System.arraycopy(named.digest().raw(), 0, root, entry, Digest.BYTES);
        }
        if (random.nextInt(3) == 0) {
            change(root, LayerFormat.PAGE_ENTRY, random);
        }
        if (random.nextInt(30) == 0) {
            root = Arrays.copyOf(root, random.nextInt(root.length));
        }
        long size = random.nextInt(10) == 0 ? in.getLong(16) : layer.diskSize();
        return new Layer(store.put(MediaTypes.LAYER_INDEX, root), size, layer.packedSize());
    }

    /** Changes numbers more often than digests, which are most of the bytes. */
    private static void change(byte[] bytes, int entry, Random random) {
        for (int i = random.nextInt(3); i >= 0; i--) {
            int at = random.nextInt(bytes.length);
            if (random.nextInt(4) > 0) {
                at = Math.min(bytes.length - 1, at / entry * entry + random.nextInt(16));
            }
            switch (random.nextInt(3)) {
                case 0 -> bytes[at] = (byte) random.nextInt();
                case 1 -> bytes[at] += (byte) (random.nextInt(3) - 1);
                default -> bytes[at] ^= (byte) (1 << random.nextInt(8));
            }
        }
    }
}
