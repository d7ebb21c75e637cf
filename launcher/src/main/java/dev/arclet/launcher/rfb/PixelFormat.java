package dev.arclet.launcher.rfb;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * How a viewer wants its pixels (RFC 6143, section 7.4), and the conversion from {@code
 * 0x00RRGGBB}. A viewer that asks for a colour map gets one that amounts to 3 bits red, 3 green, 2
 * blue.
 */
final class PixelFormat {
    /** 32 bits, little endian, {@code 0x00RRGGBB}: what a screen has. */
    static final PixelFormat NATIVE = new PixelFormat(32, 24, false, true, 255, 255, 255, 16, 8, 0);

    private static final VarHandle INTS =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    final int bitsPerPixel;
    final int bytes;
    final int depth;
    final boolean bigEndian;
    final boolean trueColour;
    private final int redMax;
    private final int greenMax;
    private final int blueMax;
    private final int redShift;
    private final int greenShift;
    private final int blueShift;
    private final int[] red = new int[256];
    private final int[] green = new int[256];
    private final int[] blue = new int[256];

    private PixelFormat(
            int bitsPerPixel,
            int depth,
            boolean bigEndian,
            boolean trueColour,
            int redMax,
            int greenMax,
            int blueMax,
            int redShift,
            int greenShift,
            int blueShift) {
        this.bitsPerPixel = bitsPerPixel;
        this.bytes = bitsPerPixel / 8;
        this.depth = depth;
        this.bigEndian = bigEndian;
        this.trueColour = trueColour;
        this.redMax = redMax;
        this.greenMax = greenMax;
        this.blueMax = blueMax;
        this.redShift = redShift;
        this.greenShift = greenShift;
        this.blueShift = blueShift;
        for (int i = 0; i < 256; i++) {
            red[i] = scale(i, redMax) << redShift;
            green[i] = scale(i, greenMax) << greenShift;
            blue[i] = scale(i, blueMax) << blueShift;
        }
    }

    private static int scale(int component, int max) {
        return (component * max + 127) / 255;
    }

    /** Reads the 16 bytes of a pixel format. */
    static PixelFormat read(byte[] in, int at) throws RfbProtocolException {
        int bits = in[at] & 0xFF;
        int depth = in[at + 1] & 0xFF;
        if ((bits != 8 && bits != 16 && bits != 32) || depth < 1 || depth > bits) {
            throw new RfbProtocolException(
                    "pixel format of " + bits + " bits and depth " + depth + " is not supported");
        }
        boolean bigEndian = in[at + 2] != 0;
        if (in[at + 3] == 0) {
            if (bits != 8) {
                throw new RfbProtocolException("a colour map needs 8 bits per pixel");
            }
            return new PixelFormat(8, depth, false, false, 7, 7, 3, 5, 2, 0);
        }
        int[] max = new int[3];
        int[] shift = new int[3];
        for (int i = 0; i < 3; i++) {
            max[i] = (in[at + 4 + 2 * i] & 0xFF) << 8 | in[at + 5 + 2 * i] & 0xFF;
            shift[i] = in[at + 10 + i] & 0xFF;
            int width = Integer.bitCount(max[i]);
            if (max[i] == 0 || (max[i] & max[i] + 1) != 0 || shift[i] + width > bits) {
                throw new RfbProtocolException(
                        "pixel format has maximum " + max[i] + " at shift " + shift[i]);
            }
        }
        return new PixelFormat(
                bits, depth, bigEndian, true, max[0], max[1], max[2], shift[0], shift[1], shift[2]);
    }

    /** Writes the 16 bytes of this format. */
    void write(OutBuffer out) {
        out.u8(bitsPerPixel);
        out.u8(depth);
        out.u8(bigEndian ? 1 : 0);
        out.u8(trueColour ? 1 : 0);
        out.u16(redMax);
        out.u16(greenMax);
        out.u16(blueMax);
        out.u8(redShift);
        out.u8(greenShift);
        out.u8(blueShift);
        out.u8(0);
        out.u8(0);
        out.u8(0);
    }

    /** A pixel in this format, as a number. */
    int convert(int rgb) {
        return red[rgb >> 16 & 0xFF] | green[rgb >> 8 & 0xFF] | blue[rgb & 0xFF];
    }

    /** Writes a pixel and returns the position after it. */
    int put(byte[] out, int at, int rgb) {
        int value = convert(rgb);
        switch (bytes) {
            case 1 -> out[at] = (byte) value;
            case 2 -> {
                out[at + (bigEndian ? 1 : 0)] = (byte) value;
                out[at + (bigEndian ? 0 : 1)] = (byte) (value >> 8);
            }
            default -> {
                for (int i = 0; i < 4; i++) {
                    out[at + (bigEndian ? 3 - i : i)] = (byte) (value >> (8 * i));
                }
            }
        }
        return at + bytes;
    }

    /** Writes pixels one after the other. */
    void putRow(byte[] out, int at, int[] pixels, int from, int count) {
        if (bytes != 4) {
            for (int i = 0; i < count; i++) {
                at = put(out, at, pixels[from + i]);
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            int value = convert(pixels[from + i]);
            INTS.set(out, at + 4 * i, bigEndian ? Integer.reverseBytes(value) : value);
        }
    }

    private boolean eightBitComponents() {
        return redMax == 255 && greenMax == 255 && blueMax == 255;
    }

    /** Bytes of a pixel in Tight (its TPIXEL). */
    int tightBytes() {
        return bytes == 4 && depth == 24 && trueColour && eightBitComponents() ? 3 : bytes;
    }

    /** Writes a TPIXEL. */
    int putTight(byte[] out, int at, int rgb) {
        if (tightBytes() != 3) {
            return put(out, at, rgb);
        }
        out[at] = (byte) (rgb >> 16);
        out[at + 1] = (byte) (rgb >> 8);
        out[at + 2] = (byte) rgb;
        return at + 3;
    }

    /**
     * Bytes by which a compact pixel of ZRLE is shifted right: 0, 1, or -1 if it is not compact.
     */
    private int compactShift() {
        if (bytes != 4 || depth > 24 || !trueColour) {
            return -1;
        }
        int used = redMax << redShift | greenMax << greenShift | blueMax << blueShift;
        return (used & 0xFF000000) == 0 ? 0 : (used & 0xFF) == 0 ? 1 : -1;
    }

    /** Bytes of a pixel in ZRLE (its CPIXEL). */
    int zrleBytes() {
        return compactShift() < 0 ? bytes : 3;
    }

    /** Writes a CPIXEL. */
    int putZrle(byte[] out, int at, int rgb) {
        int shift = compactShift();
        if (shift < 0) {
            return put(out, at, rgb);
        }
        int value = convert(rgb) >>> (8 * shift);
        for (int i = 0; i < 3; i++) {
            out[at + (bigEndian ? 2 - i : i)] = (byte) (value >> (8 * i));
        }
        return at + 3;
    }
}
