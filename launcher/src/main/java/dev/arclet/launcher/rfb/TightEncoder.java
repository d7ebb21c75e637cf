package dev.arclet.launcher.rfb;

import java.util.zip.Deflater;

/**
 * Tight without loss: a fill for one colour, a palette for up to 256, plain pixels otherwise, each
 * kind with a zlib stream of its own. Source: the community's RFB description, "Tight Encoding".
 *
 * <p>At level 0 zlib only copies, which is what a viewer on the same computer should ask for:
 * inflating takes it longer than the bytes that are saved.
 */
final class TightEncoder implements Encoder {
    private static final int FILL = 0x80;
    private static final int EXPLICIT_FILTER = 0x40;
    private static final int FILTER_PALETTE = 1;

    /** Shorter data is sent as it is. */
    private static final int MIN_TO_COMPRESS = 12;

    private static final int STREAM_FULL = 0;
    private static final int STREAM_MONO = 1;
    private static final int STREAM_INDEXED = 2;

    private final Deflater[] streams = new Deflater[3];
    private final Palette palette = new Palette();
    private final OutBuffer compressed = new OutBuffer();
    private byte[] work = new byte[256 * 256 * 4];
    private int level = 1;

    /** Sets the zlib level, 0 to 9, for what is encoded from now on. */
    void level(int newLevel) {
        if (newLevel == level) {
            return;
        }
        level = newLevel;
        for (Deflater stream : streams) {
            if (stream != null) {
                stream.setLevel(newLevel);
            }
        }
    }

    @Override
    public int maxSize() {
        return 256;
    }

    @Override
    public void encode(
            int[] pixels,
            int stride,
            int x,
            int y,
            int width,
            int height,
            PixelFormat format,
            OutBuffer out) {
        boolean few = palette.collect(pixels, stride, x, y, width, height, 256);
        out.rectangle(x, y, width, height, Rfb.TIGHT);
        if (few && palette.count() == 1) {
            out.u8(FILL);
            out.reserve(4);
            byte[] pixel = new byte[4];
            out.put(pixel, 0, format.putTight(pixel, 0, palette.colour(0)));
        } else if (few && palette.count() == 2) {
            palette(out, format, STREAM_MONO);
            data(out, STREAM_MONO, mono(pixels, stride, x, y, width, height));
        } else if (few && format.bytes > 1 && palette.count() * 4 <= width * height) {
            palette(out, format, STREAM_INDEXED);
            int at = 0;
            for (int line = y; line < y + height; line++) {
                for (int i = line * stride + x, end = i + width; i < end; i++) {
                    work[at++] = (byte) palette.index(pixels[i]);
                }
            }
            data(out, STREAM_INDEXED, at);
        } else {
            out.u8(STREAM_FULL << 4);
            int at = 0;
            for (int line = y; line < y + height; line++) {
                for (int i = line * stride + x, end = i + width; i < end; i++) {
                    at = format.putTight(work, at, pixels[i]);
                }
            }
            data(out, STREAM_FULL, at);
        }
    }

    private void palette(OutBuffer out, PixelFormat format, int stream) {
        out.u8(EXPLICIT_FILTER | stream << 4);
        out.u8(FILTER_PALETTE);
        out.u8(palette.count() - 1);
        byte[] pixel = new byte[4];
        for (int i = 0; i < palette.count(); i++) {
            out.put(pixel, 0, format.putTight(pixel, 0, palette.colour(i)));
        }
    }

    /** One bit a pixel, rows padded to bytes, the leftmost pixel in the high bit. */
    private int mono(int[] pixels, int stride, int x, int y, int width, int height) {
        int second = palette.colour(1);
        int at = 0;
        for (int line = y; line < y + height; line++) {
            int bits = 0;
            int count = 0;
            for (int i = line * stride + x, end = i + width; i < end; i++) {
                bits = bits << 1 | (pixels[i] == second ? 1 : 0);
                if (++count == 8) {
                    work[at++] = (byte) bits;
                    bits = 0;
                    count = 0;
                }
            }
            if (count > 0) {
                work[at++] = (byte) (bits << (8 - count));
            }
        }
        return at;
    }

    private void data(OutBuffer out, int stream, int length) {
        if (length < MIN_TO_COMPRESS) {
            out.put(work, 0, length);
            return;
        }
        if (streams[stream] == null) {
            streams[stream] = new Deflater(level);
        }
        compressed.clear();
        compressed.deflate(streams[stream], work, length);
        compactLength(out, compressed.size());
        out.put(compressed.array(), 0, compressed.size());
    }

    private static void compactLength(OutBuffer out, int length) {
        if (length < 1 << 7) {
            out.u8(length);
        } else if (length < 1 << 14) {
            out.u8(length & 0x7F | 0x80);
            out.u8(length >> 7);
        } else {
            out.u8(length & 0x7F | 0x80);
            out.u8(length >> 7 & 0x7F | 0x80);
            out.u8(length >> 14);
        }
    }

    @Override
    public void close() {
        for (Deflater stream : streams) {
            if (stream != null) {
                stream.end();
            }
        }
    }
}
