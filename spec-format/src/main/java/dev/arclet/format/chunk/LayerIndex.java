package dev.arclet.format.chunk;

import dev.arclet.format.VerifyException;
import dev.arclet.format.blob.BlobChecks;
import dev.arclet.format.blob.BlobSource;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.model.Descriptor;
import dev.arclet.format.model.Layer;
import dev.arclet.format.model.MediaTypes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The verified root page of a layer's two-level index: which packs there are, and which leaf page
 * describes which blocks. All numbers are little-endian; every bound is checked before anything is
 * allocated from it.
 */
public final class LayerIndex {
    /** A leaf page as the root names it. */
    record PageRef(long firstBlock, long endBlock, int extents, Digest digest) {
        Descriptor descriptor() {
            return new Descriptor(MediaTypes.LAYER_PAGE, digest, LayerFormat.pageSize(extents));
        }
    }

    private final Digest root;
    private final long diskSize;
    private final List<Descriptor> packs;
    private final List<PageRef> pages;

    LayerIndex(Digest root, long diskSize, List<Descriptor> packs, List<PageRef> pages) {
        this.root = root;
        this.diskSize = diskSize;
        this.packs = List.copyOf(packs);
        this.pages = List.copyOf(pages);
    }

    /** Fetches and checks the root page that a signed spec names. */
    public static LayerIndex load(Layer layer, BlobSource source)
            throws VerifyException, IOException {
        LayerIndex index = parse(BlobChecks.readAll(source, layer.index()), layer.index().digest());
        if (index.diskSize != layer.diskSize()) {
            throw bad(
                    "layer index " + layer.index().digest(),
                    "it describes " + index.diskSize + " bytes, the spec " + layer.diskSize());
        }
        return index;
    }

    static LayerIndex parse(byte[] bytes, Digest digest) throws VerifyException {
        String object = "layer index " + digest;
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.length < LayerFormat.ROOT_HEADER || in.getLong() != LayerFormat.ROOT_MAGIC) {
            throw bad(object, "it is no version 1 root page");
        }
        int blockSize = in.getInt();
        int flags = in.getInt();
        if (blockSize != LayerFormat.BLOCK || flags != 0) {
            throw bad(object, "it uses block size " + blockSize + " and flags " + flags);
        }
        long diskSize = in.getLong();
        long packCount = Integer.toUnsignedLong(in.getInt());
        long pageCount = Integer.toUnsignedLong(in.getInt());
        long diskBlocks = diskSize / LayerFormat.BLOCK;
        if (diskSize <= 0
                || diskSize % LayerFormat.BLOCK != 0
                || diskBlocks > LayerFormat.MAX_DISK_BLOCKS) {
            throw bad(object, "a disk of " + diskSize + " bytes is out of bounds");
        }
        long expected =
                LayerFormat.ROOT_HEADER
                        + packCount * LayerFormat.PACK_ENTRY
                        + pageCount * LayerFormat.PAGE_ENTRY;
        if (packCount > LayerFormat.MAX_PACKS || expected != bytes.length) {
            throw bad(object, "its counts do not fit its length");
        }
        List<Descriptor> packs = new ArrayList<>((int) packCount);
        for (int i = 0; i < packCount; i++) {
            Digest pack = digest(in);
            long size = Integer.toUnsignedLong(in.getInt());
            if (size == 0 || size > LayerFormat.PACK_MAX) {
                throw bad(object, "a pack of " + size + " bytes is out of bounds");
            }
            packs.add(new Descriptor(MediaTypes.LAYER_PACK, pack, size));
        }
        List<PageRef> pages = new ArrayList<>((int) pageCount);
        long covered = 0;
        for (int i = 0; i < pageCount; i++) {
            long first = Integer.toUnsignedLong(in.getInt());
            long end = Integer.toUnsignedLong(in.getInt());
            int extents = Short.toUnsignedInt(in.getShort());
            int reserved = in.getShort();
            if (first < covered
                    || end <= first
                    || end > diskBlocks
                    || extents == 0
                    || extents > LayerFormat.PAGE_EXTENTS
                    || reserved != 0) {
                throw bad(object, "entry " + i + " of its page table is out of bounds or order");
            }
            covered = end;
            pages.add(new PageRef(first, end, extents, digest(in)));
        }
        return new LayerIndex(digest, diskSize, packs, pages);
    }

    byte[] write() {
        int size =
                LayerFormat.ROOT_HEADER
                        + packs.size() * LayerFormat.PACK_ENTRY
                        + pages.size() * LayerFormat.PAGE_ENTRY;
        ByteBuffer out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(LayerFormat.ROOT_MAGIC).putInt(LayerFormat.BLOCK).putInt(0).putLong(diskSize);
        out.putInt(packs.size()).putInt(pages.size());
        for (Descriptor pack : packs) {
            out.put(pack.digest().raw()).putInt((int) pack.size());
        }
        for (PageRef page : pages) {
            out.putInt((int) page.firstBlock()).putInt((int) page.endBlock());
            out.putShort((short) page.extents()).putShort((short) 0).put(page.digest().raw());
        }
        return out.array();
    }

    static byte[] writePage(List<Extent> extents) {
        ByteBuffer out =
                ByteBuffer.allocate(LayerFormat.pageSize(extents.size()))
                        .order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(LayerFormat.PAGE_MAGIC).putInt(extents.size());
        for (Extent e : extents) {
            out.putInt((int) e.firstBlock())
                    .putShort((short) e.blocks())
                    .putShort((short) e.pack());
            out.putInt((int) e.offset()).putInt(e.length()).put(e.chunk().raw());
        }
        return out.array();
    }

    /** Fetches leaf page {@code number} and checks it against the root page. */
    List<Extent> loadPage(int number, BlobSource source) throws VerifyException, IOException {
        PageRef ref = pages.get(number);
        String object = "index page " + ref.digest();
        byte[] bytes = BlobChecks.readAll(source, ref.descriptor());
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (in.getLong() != LayerFormat.PAGE_MAGIC || in.getInt() != ref.extents()) {
            throw bad(object, "it is no version 1 page of " + ref.extents() + " extents");
        }
        List<Extent> extents = new ArrayList<>(ref.extents());
        long covered = ref.firstBlock();
        for (int i = 0; i < ref.extents(); i++) {
            Extent e =
                    new Extent(
                            Integer.toUnsignedLong(in.getInt()),
                            Short.toUnsignedInt(in.getShort()),
                            Short.toUnsignedInt(in.getShort()),
                            Integer.toUnsignedLong(in.getInt()),
                            in.getInt(),
                            digest(in));
            boolean placed =
                    e.firstBlock() >= covered && e.blocks() > 0 && e.endBlock() <= ref.endBlock();
            if (!placed || !(e.isHole() ? isPlainHole(e) : fitsPack(e))) {
                throw bad(object, "its extent " + i + " is out of bounds or order");
            }
            covered = e.endBlock();
            extents.add(e);
        }
        return extents;
    }

    private static boolean isPlainHole(Extent e) {
        return e.offset() == 0 && e.length() == 0 && e.chunk().equals(Extent.NO_CHUNK);
    }

    private boolean fitsPack(Extent e) {
        return e.blocks() <= LayerFormat.MAX_BLOCKS
                && e.pack() < packs.size()
                && e.length() > 0
                && e.length() <= e.blocks() * LayerFormat.BLOCK + LayerFormat.FRAME_SLACK
                && e.offset() + e.length() <= packs.get(e.pack()).size();
    }

    private static Digest digest(ByteBuffer in) {
        byte[] raw = new byte[Digest.BYTES];
        in.get(raw);
        return Digest.ofRaw(raw);
    }

    /** The number of the leaf page that covers {@code block}, or -1 if none does. */
    int pageOf(long block) {
        int low = 0;
        int high = pages.size() - 1;
        while (low <= high) {
            int mid = (low + high) >>> 1;
            PageRef page = pages.get(mid);
            if (block < page.firstBlock()) {
                high = mid - 1;
            } else if (block >= page.endBlock()) {
                low = mid + 1;
            } else {
                return mid;
            }
        }
        return -1;
    }

    /** First block after {@code block} at which a page begins, or the end of the disk. */
    long nextPageStart(long block) {
        int low = 0;
        int high = pages.size();
        while (low < high) {
            int mid = (low + high) >>> 1;
            if (pages.get(mid).firstBlock() > block) {
                high = mid;
            } else {
                low = mid + 1;
            }
        }
        return low < pages.size() ? pages.get(low).firstBlock() : diskSize / LayerFormat.BLOCK;
    }

    int pageCount() {
        return pages.size();
    }

    /** Digest of the root page. */
    public Digest root() {
        return root;
    }

    /** Bytes of the disk. */
    public long diskSize() {
        return diskSize;
    }

    /** All packs that the layer refers to, some perhaps shared with layers below. */
    public List<Descriptor> packs() {
        return packs;
    }

    /** All leaf pages. */
    public List<Descriptor> pages() {
        return pages.stream().map(PageRef::descriptor).toList();
    }

    private static VerifyException bad(String object, String reason) {
        return new VerifyException(
                "use", object, reason, "Ask its publisher to build and publish it again");
    }
}
