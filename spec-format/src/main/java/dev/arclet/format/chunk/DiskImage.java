package dev.arclet.format.chunk;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/** A raw disk image file, block by block; a last partial block is padded with zeros. */
public final class DiskImage implements Closeable {
    private final FileChannel channel;
    private final long length;

    private DiskImage(FileChannel channel, long length) {
        this.channel = channel;
        this.length = length;
    }

    public static DiskImage open(Path file) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        return new DiskImage(channel, channel.size());
    }

    /** Blocks, the padded one included. */
    public long blocks() {
        return (length + LayerFormat.BLOCK - 1) / LayerFormat.BLOCK;
    }

    /**
     * Reads blocks; those past the end of the file read as zeros.
     *
     * @param into its length is a multiple of the block size
     */
    void read(long firstBlock, byte[] into) throws IOException {
        long position = firstBlock * LayerFormat.BLOCK;
        int n = (int) Math.clamp(length - position, 0, into.length);
        ByteBuffer buffer = ByteBuffer.wrap(into, 0, n);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, position + buffer.position()) < 0) {
                throw new EOFException("the image shrank while it was read");
            }
        }
        Arrays.fill(into, n, into.length, (byte) 0);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
