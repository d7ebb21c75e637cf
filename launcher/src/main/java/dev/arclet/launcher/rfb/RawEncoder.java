package dev.arclet.launcher.rfb;

/** Plain pixels (RFC 6143, section 7.7.1). */
final class RawEncoder implements Encoder {
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
        out.rectangle(x, y, width, height, Rfb.RAW);
        int rowBytes = width * format.bytes;
        int at = out.claim(height * rowBytes);
        for (int line = y; line < y + height; line++) {
            format.putRow(out.array(), at, pixels, line * stride + x, width);
            at += rowBytes;
        }
    }

    @Override
    public void close() {}
}
