package dev.arclet.emulator.display;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;

/**
 * Writes pictures as PNG: 8-bit RGB, not interlaced, each row filtered by the row above.
 *
 * <p>Source: W3C, "Portable Network Graphics (PNG) Specification".
 */
public final class PngWriter {
    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    private static final int FILTER_UP = 2;

    private PngWriter() {}

    /** Writes what a screen shows now. */
    public static void write(Screen screen, OutputStream out) throws IOException {
        int width;
        int height;
        int[] pixels;
        synchronized (screen) {
            width = screen.width();
            height = screen.height();
            pixels = screen.copyPixels();
        }
        write(width, height, pixels, out);
    }

    /**
     * Writes a picture.
     *
     * @param pixels {@code width * height} pixels {@code 0x00RRGGBB}, row by row
     */
    public static void write(int width, int height, int[] pixels, OutputStream out)
            throws IOException {
        if (width < 1 || height < 1 || pixels.length != width * height) {
            throw new IllegalArgumentException("picture of " + width + "x" + height);
        }
        ByteArrayOutputStream header = new ByteArrayOutputStream();
        DataOutputStream fields = new DataOutputStream(header);
        fields.writeInt(width);
        fields.writeInt(height);
        fields.write(new byte[] {8, 2, 0, 0, 0});
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        Deflater deflater = new Deflater();
        try (DeflaterOutputStream deflate = new DeflaterOutputStream(data, deflater)) {
            byte[] above = new byte[3 * width];
            byte[] row = new byte[3 * width];
            byte[] filtered = new byte[1 + 3 * width];
            filtered[0] = FILTER_UP;
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    int pixel = pixels[y * width + x];
                    row[3 * x] = (byte) (pixel >> 16);
                    row[3 * x + 1] = (byte) (pixel >> 8);
                    row[3 * x + 2] = (byte) pixel;
                }
                for (int i = 0; i < row.length; i++) {
                    filtered[1 + i] = (byte) (row[i] - above[i]);
                }
                deflate.write(filtered);
                byte[] swap = above;
                above = row;
                row = swap;
            }
        } finally {
            deflater.end();
        }
        DataOutputStream file = new DataOutputStream(out);
        file.write(SIGNATURE);
        chunk(file, "IHDR", header.toByteArray());
        chunk(file, "IDAT", data.toByteArray());
        chunk(file, "IEND", new byte[0]);
        file.flush();
    }

    private static void chunk(DataOutputStream out, String type, byte[] data) throws IOException {
        byte[] name = type.getBytes(StandardCharsets.US_ASCII);
        CRC32 crc = new CRC32();
        crc.update(name);
        crc.update(data);
        out.writeInt(data.length);
        out.write(name);
        out.write(data);
        out.writeInt((int) crc.getValue());
    }
}
