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
        byte[] row = new byte[width * format.bytes];
        for (int line = y; line < y + height; line++) {
            int at = 0;
            for (int i = line * stride + x, end = i + width; i < end; i++) {
                at = format.put(row, at, pixels[i]);
            }
            out.put(row, 0, at);
        }
    }

    @Override
    public void close() {}
}
