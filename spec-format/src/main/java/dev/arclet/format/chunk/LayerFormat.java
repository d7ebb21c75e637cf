package dev.arclet.format.chunk;

/** Numbers of the layer format, version 1 ({@code docs/format.md}, section Layers). */
public final class LayerFormat {
    /** Unit of everything: bytes of a block. */
    public static final int BLOCK = 4096;

    /** Chunk bounds in blocks: 16 KiB, and 256 KiB. */
    public static final int MIN_BLOCKS = 4;

    public static final int MAX_BLOCKS = 64;

    /** A chunk ends after a block whose cut hash has these bits clear: one block in 16. */
    static final int CUT_MASK = 15;

    /** Zero blocks in a row, from which on a run inside data becomes a hole: 16 KiB. */
    static final int HOLE_BLOCKS = 4;

    /** A pack is closed once it has this many bytes. */
    public static final int PACK_TARGET = 8 << 20;

    /** No pack is larger: most registries take it in one request. */
    public static final int PACK_MAX = 16 << 20;

    /** Extents in a full leaf page. */
    public static final int PAGE_EXTENTS = 128;

    /** Pack number that marks an extent of zeros. */
    public static final int HOLE_PACK = 0xFFFF;

    public static final int MAX_PACKS = 0xFFFF;

    /** Largest disk: 2 TiB. */
    public static final long MAX_DISK_BLOCKS = 1L << 29;

    /** Bytes a chunk's frame may exceed its plain size by (zstd's worst case is far less). */
    static final int FRAME_SLACK = 1024;

    static final long ROOT_MAGIC = magic("ARCLIDX1");
    static final long PAGE_MAGIC = magic("ARCLPAG1");
    static final int ROOT_HEADER = 32;
    static final int PACK_ENTRY = 36;
    static final int PAGE_ENTRY = 44;
    static final int PAGE_HEADER = 12;
    static final int EXTENT_ENTRY = 48;

    private LayerFormat() {}

    /** Eight ASCII characters as a little-endian number. */
    private static long magic(String text) {
        long value = 0;
        for (int i = 7; i >= 0; i--) {
            value = value << 8 | text.charAt(i);
        }
        return value;
    }

    /** Size of a leaf page with so many extents. */
    static int pageSize(int extents) {
        return PAGE_HEADER + extents * EXTENT_ENTRY;
    }
}
