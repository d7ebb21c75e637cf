package dev.arclet.format.chunk;

import dev.arclet.format.digest.Digest;

/**
 * A run of blocks: one chunk, or zeros.
 *
 * @param firstBlock position on the disk
 * @param blocks 1 to 64 for a chunk, 1 to 65535 for zeros
 * @param pack number in the root page's pack table, or {@link LayerFormat#HOLE_PACK}
 * @param offset of the zstd frame in the pack
 * @param length of the zstd frame
 * @param chunk SHA-256 of the plain bytes; all zero bits for a hole
 */
record Extent(long firstBlock, int blocks, int pack, long offset, int length, Digest chunk) {
    static final Digest NO_CHUNK = Digest.ofRaw(new byte[Digest.BYTES]);

    static Extent hole(long firstBlock, int blocks) {
        return new Extent(firstBlock, blocks, LayerFormat.HOLE_PACK, 0, 0, NO_CHUNK);
    }

    boolean isHole() {
        return pack == LayerFormat.HOLE_PACK;
    }

    long endBlock() {
        return firstBlock + blocks;
    }
}
