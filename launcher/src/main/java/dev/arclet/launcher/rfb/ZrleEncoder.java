package dev.arclet.launcher.rfb;

import java.util.zip.Deflater;

/** Zlib run-length encoding (RFC 6143, section 7.7.6). */
final class ZrleEncoder implements Encoder {
    private static final int TILE = 64;
    private static final int SOLID = 1;
    private static final int PLAIN_RLE = 128;
    private static final int PALETTE_RLE = 128;
    private static final int MAX_PACKED = 16;
    private static final int MAX_PALETTE = 127;

    private final Deflater deflater = new Deflater(1);
    private final Palette palette = new Palette();
    private byte[] plain = new byte[1 << 16];
    private int size;

    /** Sets the zlib level, 0 to 9. */
    void level(int level) {
        deflater.setLevel(level);
    }

    @Override
    public int maxSize() {
        return 512;
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
        out.rectangle(x, y, width, height, Rfb.ZRLE);
        size = 0;
        for (int top = y; top < y + height; top += TILE) {
            for (int left = x; left < x + width; left += TILE) {
                tile(
                        pixels,
                        stride,
                        left,
                        top,
                        Math.min(TILE, x + width - left),
                        Math.min(TILE, y + height - top),
                        format);
            }
        }
        int lengthAt = out.size();
        out.u32(0);
        out.deflate(deflater, plain, size);
        out.u32At(lengthAt, out.size() - lengthAt - 4);
    }

    private void reserve(int more) {
        if (plain.length - size < more) {
            plain = java.util.Arrays.copyOf(plain, 2 * plain.length + more);
        }
    }

    private void tile(
            int[] pixels, int stride, int x, int y, int width, int height, PixelFormat format) {
        int area = width * height;
        int pixelBytes = format.zrleBytes();
        // The worst case: every pixel a run of its own.
        reserve(1 + 4 * MAX_PALETTE + area * (pixelBytes + 1));
        boolean few = palette.collect(pixels, stride, x, y, width, height, MAX_PALETTE);
        int colours = palette.count();
        if (few && colours == 1) {
            plain[size++] = SOLID;
            size = format.putZrle(plain, size, palette.colour(0));
            return;
        }
        int runs = 0;
        int singles = 0;
        int rleBytes = 0;
        int start = y * stride + x;
        int colour = pixels[start];
        int length = 0;
        for (int line = 0; line < height; line++) {
            for (int i = start + line * stride, end = i + width; i < end; i++) {
                if (pixels[i] == colour) {
                    length++;
                } else {
                    runs++;
                    singles += length == 1 ? 1 : 0;
                    rleBytes += 1 + (length - 1) / 255;
                    colour = pixels[i];
                    length = 1;
                }
            }
        }
        runs++;
        singles += length == 1 ? 1 : 0;
        rleBytes += 1 + (length - 1) / 255;
        int raw = area * pixelBytes;
        int plainRle = runs * pixelBytes + rleBytes;
        int paletteRle = few ? colours * pixelBytes + runs + rleBytes - singles : Integer.MAX_VALUE;
        int bits = colours <= 2 ? 1 : colours <= 4 ? 2 : 4;
        int packed =
                few && colours <= MAX_PACKED
                        ? colours * pixelBytes + (width * bits + 7) / 8 * height
                        : Integer.MAX_VALUE;
        int best = Math.min(Math.min(raw, plainRle), Math.min(paletteRle, packed));
        if (best == packed) {
            plain[size++] = (byte) colours;
            putPalette(format);
            pack(pixels, stride, x, y, width, height, bits);
        } else if (best == paletteRle) {
            plain[size++] = (byte) (PALETTE_RLE + colours);
            putPalette(format);
            runs(pixels, stride, x, y, width, height, format, true);
        } else if (best == plainRle) {
            plain[size++] = (byte) PLAIN_RLE;
            runs(pixels, stride, x, y, width, height, format, false);
        } else {
            plain[size++] = 0;
            for (int line = 0; line < height; line++) {
                for (int i = start + line * stride, end = i + width; i < end; i++) {
                    size = format.putZrle(plain, size, pixels[i]);
                }
            }
        }
    }

    private void putPalette(PixelFormat format) {
        for (int i = 0; i < palette.count(); i++) {
            size = format.putZrle(plain, size, palette.colour(i));
        }
    }

    private void pack(int[] pixels, int stride, int x, int y, int width, int height, int bits) {
        for (int line = y; line < y + height; line++) {
            int value = 0;
            int used = 0;
            for (int i = line * stride + x, end = i + width; i < end; i++) {
                value = value << bits | palette.index(pixels[i]);
                used += bits;
                if (used == 8) {
                    plain[size++] = (byte) value;
                    value = 0;
                    used = 0;
                }
            }
            if (used > 0) {
                plain[size++] = (byte) (value << (8 - used));
            }
        }
    }

    private void runs(
            int[] pixels,
            int stride,
            int x,
            int y,
            int width,
            int height,
            PixelFormat format,
            boolean indexed) {
        int colour = pixels[y * stride + x];
        int length = 0;
        for (int line = y; line < y + height; line++) {
            for (int i = line * stride + x, end = i + width; i < end; i++) {
                if (pixels[i] == colour) {
                    length++;
                } else {
                    run(colour, length, format, indexed);
                    colour = pixels[i];
                    length = 1;
                }
            }
        }
        run(colour, length, format, indexed);
    }

    private void run(int colour, int length, PixelFormat format, boolean indexed) {
        if (indexed) {
            int index = palette.index(colour);
            if (length == 1) {
                plain[size++] = (byte) index;
                return;
            }
            plain[size++] = (byte) (index | 0x80);
        } else {
            size = format.putZrle(plain, size, colour);
        }
        int rest = length - 1;
        while (rest >= 255) {
            plain[size++] = (byte) 255;
            rest -= 255;
        }
        plain[size++] = (byte) rest;
    }

    @Override
    public void close() {
        deflater.end();
    }
}
