package dev.arclet.launcher.rfb;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * A viewer for tests, written from the protocol's description and not from the server: it decodes
 * what it asked for into a picture of raw pixel values in its own format.
 */
final class RfbTestClient implements AutoCloseable {
    /** What the client's pixels look like. */
    record Format(
            int bits,
            int depth,
            boolean big,
            int redMax,
            int greenMax,
            int blueMax,
            int redShift,
            int greenShift,
            int blueShift) {
        static final Format RGB888 = new Format(32, 24, false, 255, 255, 255, 16, 8, 0);
        static final Format BGR888_BIG = new Format(32, 24, true, 255, 255, 255, 8, 16, 24);
        static final Format RGB10 = new Format(32, 30, false, 1023, 1023, 1023, 20, 10, 0);
        static final Format RGB565 = new Format(16, 16, false, 31, 63, 31, 11, 5, 0);
        static final Format RGB555_BIG = new Format(16, 15, true, 31, 31, 31, 10, 5, 0);
        static final Format BGR233 = new Format(8, 8, false, 7, 7, 3, 0, 3, 6);

        int expected(int rgb) {
            return part(rgb >> 16, redMax) << redShift
                    | part(rgb >> 8, greenMax) << greenShift
                    | part(rgb, blueMax) << blueShift;
        }

        private static int part(int component, int max) {
            return (int) Math.round((component & 0xFF) * (double) max / 255);
        }
    }

    private final Socket socket;
    final DataInputStream in;
    final DataOutputStream out;
    private final Inflater[] tight = new Inflater[4];
    private final Inflater zrle = new Inflater();
    Format format = Format.RGB888;
    int width;
    int height;
    String name;
    int[] pixels;

    /** How many rectangles of each encoding have come. */
    final Map<Integer, Integer> seen = new HashMap<>();

    int fencesSeen;
    int endsOfContinuousUpdates;
    int leds = -1;
    int sizeStatus = -1;
    boolean answerFences = true;

    RfbTestClient(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(20_000);
        in = new DataInputStream(new java.io.BufferedInputStream(socket.getInputStream()));
        out = new DataOutputStream(socket.getOutputStream());
    }

    RfbTestClient handshake() throws IOException {
        return handshake(8);
    }

    RfbTestClient handshake(int minor) throws IOException {
        byte[] version = in.readNBytes(12);
        check("RFB 003.008\n", new String(version, StandardCharsets.US_ASCII));
        out.write("RFB 003.00%d\n".formatted(minor).getBytes(StandardCharsets.US_ASCII));
        if (minor == 3) {
            check(1, in.readInt());
        } else {
            check(1, in.readUnsignedByte());
            check(1, in.readUnsignedByte());
            out.write(1);
            if (minor == 8) {
                check(0, in.readInt());
            }
        }
        out.write(1);
        width = in.readUnsignedShort();
        height = in.readUnsignedShort();
        in.readNBytes(16);
        name = new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8);
        pixels = new int[width * height];
        return this;
    }

    private static void check(Object expected, Object actual) {
        if (!expected.equals(actual)) {
            throw new AssertionError("expected " + expected + " but was " + actual);
        }
    }

    void setFormat(Format newFormat) throws IOException {
        format = newFormat;
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        DataOutputStream fields = new DataOutputStream(message);
        fields.writeInt(0);
        fields.write(newFormat.bits);
        fields.write(newFormat.depth);
        fields.write(newFormat.big ? 1 : 0);
        fields.write(1);
        fields.writeShort(newFormat.redMax);
        fields.writeShort(newFormat.greenMax);
        fields.writeShort(newFormat.blueMax);
        fields.write(newFormat.redShift);
        fields.write(newFormat.greenShift);
        fields.write(newFormat.blueShift);
        fields.write(new byte[3]);
        out.write(message.toByteArray());
    }

    void setEncodings(int... encodings) throws IOException {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        DataOutputStream fields = new DataOutputStream(message);
        fields.writeShort(0x0200);
        fields.writeShort(encodings.length);
        for (int encoding : encodings) {
            fields.writeInt(encoding);
        }
        out.write(message.toByteArray());
    }

    void request(boolean incremental) throws IOException {
        request(incremental, 0, 0, width, height);
    }

    void request(boolean incremental, int x, int y, int w, int h) throws IOException {
        area(3, incremental ? 1 : 0, x, y, w, h);
    }

    void continuous(boolean enable) throws IOException {
        area(150, enable ? 1 : 0, 0, 0, width, height);
    }

    private void area(int type, int flag, int x, int y, int w, int h) throws IOException {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        DataOutputStream fields = new DataOutputStream(message);
        fields.write(type);
        fields.write(flag);
        fields.writeShort(x);
        fields.writeShort(y);
        fields.writeShort(w);
        fields.writeShort(h);
        out.write(message.toByteArray());
    }

    void fence(int flags, byte[] payload) throws IOException {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        DataOutputStream fields = new DataOutputStream(message);
        fields.writeInt(248 << 24);
        fields.writeInt(flags);
        fields.write(payload.length);
        fields.write(payload);
        out.write(message.toByteArray());
    }

    /** Reads one message; returns its type. */
    int readMessage() throws IOException {
        int type = in.readUnsignedByte();
        switch (type) {
            case 0 -> readUpdate();
            case 1 -> {
                in.readNBytes(3);
                in.readNBytes(6 * in.readUnsignedShort());
            }
            case 150 -> endsOfContinuousUpdates++;
            case 248 -> {
                in.readNBytes(3);
                int flags = in.readInt();
                byte[] payload = in.readNBytes(in.readUnsignedByte());
                fencesSeen++;
                if (flags < 0 && answerFences) {
                    fence(flags & 7, payload);
                }
            }
            default -> throw new AssertionError("message type " + type);
        }
        return type;
    }

    /** Reads messages until an update has come. */
    void readUntilUpdate() throws IOException {
        while (readMessage() != 0) {
            // Others are noted by themselves.
        }
    }

    private void readUpdate() throws IOException {
        in.readByte();
        int count = in.readUnsignedShort();
        for (int i = 0; i < count; i++) {
            int x = in.readUnsignedShort();
            int y = in.readUnsignedShort();
            int w = in.readUnsignedShort();
            int h = in.readUnsignedShort();
            int encoding = in.readInt();
            seen.merge(encoding, 1, Integer::sum);
            switch (encoding) {
                case 0 -> rawPixels(in.readNBytes(w * h * format.bits / 8), x, y, w, h);
                case 1 -> copyRect(x, y, w, h);
                case 7 -> tightRect(x, y, w, h);
                case 16 -> zrleRect(x, y, w, h);
                case -223 -> resize(w, h);
                case -308 -> {
                    sizeStatus = y;
                    in.readNBytes(in.readUnsignedByte() * 16 + 3);
                    if (w != width || h != height) {
                        resize(w, h);
                    }
                }
                case -258 -> {}
                case -261 -> leds = in.readUnsignedByte();
                default -> throw new AssertionError("encoding " + encoding);
            }
        }
    }

    private void resize(int w, int h) {
        width = w;
        height = h;
        pixels = new int[w * h];
    }

    private void copyRect(int x, int y, int w, int h) throws IOException {
        int fromX = in.readUnsignedShort();
        int fromY = in.readUnsignedShort();
        int[] copy = new int[w * h];
        for (int line = 0; line < h; line++) {
            System.arraycopy(pixels, (fromY + line) * width + fromX, copy, line * w, w);
        }
        for (int line = 0; line < h; line++) {
            System.arraycopy(copy, line * w, pixels, (y + line) * width + x, w);
        }
    }

    private int pixel(byte[] data, int at, int bytes) {
        int value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= (data[at + i] & 0xFF) << (8 * (format.big ? bytes - 1 - i : i));
        }
        return value;
    }

    private void rawPixels(byte[] data, int x, int y, int w, int h) {
        int bytes = format.bits / 8;
        for (int i = 0; i < w * h; i++) {
            pixels[(y + i / w) * width + x + i % w] = pixel(data, i * bytes, bytes);
        }
    }

    private boolean tightCompact() {
        return format.bits == 32
                && format.depth == 24
                && format.redMax == 255
                && format.greenMax == 255
                && format.blueMax == 255;
    }

    private int tightPixel(byte[] data, int at) {
        if (!tightCompact()) {
            return pixel(data, at, format.bits / 8);
        }
        return (data[at] & 0xFF) << format.redShift
                | (data[at + 1] & 0xFF) << format.greenShift
                | (data[at + 2] & 0xFF) << format.blueShift;
    }

    private int compactLength() throws IOException {
        int a = in.readUnsignedByte();
        if (a < 128) {
            return a;
        }
        int b = in.readUnsignedByte();
        if (b < 128) {
            return a & 127 | b << 7;
        }
        return a & 127 | (b & 127) << 7 | in.readUnsignedByte() << 14;
    }

    private byte[] tightData(int stream, int length) throws IOException {
        if (length < 12) {
            return in.readNBytes(length);
        }
        byte[] packed = in.readNBytes(compactLength());
        if (tight[stream] == null) {
            tight[stream] = new Inflater();
        }
        return inflate(tight[stream], packed, length);
    }

    private static byte[] inflate(Inflater inflater, byte[] packed, int length) {
        byte[] data = new byte[length];
        inflater.setInput(packed);
        try {
            int got = 0;
            while (got < length) {
                int n = inflater.inflate(data, got, length - got);
                if (n == 0) {
                    throw new AssertionError("zlib data ends after " + got + " of " + length);
                }
                got += n;
            }
        } catch (DataFormatException e) {
            throw new AssertionError(e);
        }
        return data;
    }

    private void tightRect(int x, int y, int w, int h) throws IOException {
        int control = in.readUnsignedByte();
        int pixelBytes = tightCompact() ? 3 : format.bits / 8;
        check(0, control & 0x0F);
        if (control >> 4 == 8) {
            int colour = tightPixel(in.readNBytes(pixelBytes), 0);
            for (int line = y; line < y + h; line++) {
                Arrays.fill(pixels, line * width + x, line * width + x + w, colour);
            }
            return;
        }
        int stream = control >> 4 & 3;
        boolean filtered = (control & 0x40) != 0;
        if (!filtered) {
            byte[] data = tightData(stream, w * h * pixelBytes);
            for (int i = 0; i < w * h; i++) {
                pixels[(y + i / w) * width + x + i % w] = tightPixel(data, i * pixelBytes);
            }
            return;
        }
        check(1, in.readUnsignedByte());
        int count = in.readUnsignedByte() + 1;
        byte[] colours = in.readNBytes(count * pixelBytes);
        if (count == 2) {
            int rowBytes = (w + 7) / 8;
            byte[] data = tightData(stream, rowBytes * h);
            for (int i = 0; i < w * h; i++) {
                int bit = data[i / w * rowBytes + i % w / 8] >> (7 - i % w % 8) & 1;
                pixels[(y + i / w) * width + x + i % w] = tightPixel(colours, bit * pixelBytes);
            }
            return;
        }
        byte[] data = tightData(stream, w * h);
        for (int i = 0; i < w * h; i++) {
            pixels[(y + i / w) * width + x + i % w] =
                    tightPixel(colours, (data[i] & 0xFF) * pixelBytes);
        }
    }

    /** Reads the inflated bytes of a ZRLE rectangle. */
    private final class ZrleData {
        private final int compact = compactShift();
        private byte[] packed;

        ZrleData(byte[] packed) {
            this.packed = packed;
            zrle.setInput(packed);
        }

        private int compactShift() {
            long used =
                    (long) format.redMax << format.redShift
                            | (long) format.greenMax << format.greenShift
                            | (long) format.blueMax << format.blueShift;
            if (format.bits != 32 || format.depth > 24) {
                return -1;
            }
            return used <= 0xFFFFFF ? 0 : (used & 0xFF) == 0 ? 8 : -1;
        }

        int u8() {
            return bytes(1)[0] & 0xFF;
        }

        byte[] bytes(int n) {
            byte[] data = new byte[n];
            try {
                for (int got = 0; got < n; ) {
                    int more = zrle.inflate(data, got, n - got);
                    if (more == 0) {
                        throw new AssertionError("zlib data of " + packed.length + " ends early");
                    }
                    got += more;
                }
            } catch (DataFormatException e) {
                throw new AssertionError(e);
            }
            return data;
        }

        int pixel() {
            if (compact < 0) {
                int n = format.bits / 8;
                return RfbTestClient.this.pixel(bytes(n), 0, n);
            }
            return RfbTestClient.this.pixel(bytes(3), 0, 3) << compact;
        }

        int run() {
            int length = 1;
            int more;
            do {
                more = u8();
                length += more;
            } while (more == 255);
            return length;
        }
    }

    private void zrleRect(int x, int y, int w, int h) throws IOException {
        ZrleData data = new ZrleData(in.readNBytes(in.readInt()));
        for (int top = y; top < y + h; top += 64) {
            for (int left = x; left < x + w; left += 64) {
                zrleTile(data, left, top, Math.min(64, x + w - left), Math.min(64, y + h - top));
            }
        }
    }

    private void zrleTile(ZrleData data, int x, int y, int w, int h) {
        int type = data.u8();
        int[] tile = new int[w * h];
        int colours = type & 127;
        int[] palette = new int[Math.max(1, colours)];
        for (int i = 0; i < colours; i++) {
            palette[i] = data.pixel();
        }
        if (type == 0) {
            for (int i = 0; i < tile.length; i++) {
                tile[i] = data.pixel();
            }
        } else if (type == 1) {
            Arrays.fill(tile, palette[0]);
        } else if (type <= 16) {
            int bits = colours == 2 ? 1 : colours <= 4 ? 2 : 4;
            for (int line = 0; line < h; line++) {
                byte[] row = data.bytes((w * bits + 7) / 8);
                for (int i = 0; i < w; i++) {
                    int at = i * bits;
                    int index = row[at / 8] >> (8 - bits - at % 8) & (1 << bits) - 1;
                    tile[line * w + i] = palette[index];
                }
            }
        } else if (type >= 128 && type != 129) {
            int at = 0;
            while (at < tile.length) {
                int colour;
                int run = 1;
                if (type == 128) {
                    colour = data.pixel();
                    run = data.run();
                } else {
                    int index = data.u8();
                    colour = palette[index & 127];
                    run = index >= 128 ? data.run() : 1;
                }
                Arrays.fill(tile, at, at + run, colour);
                at += run;
            }
        } else {
            throw new AssertionError("ZRLE tile type " + type);
        }
        for (int line = 0; line < h; line++) {
            System.arraycopy(tile, line * w, pixels, (y + line) * width + x, w);
        }
    }

    int count(int encoding) {
        return seen.getOrDefault(encoding, 0);
    }

    @Override
    public void close() throws IOException {
        socket.close();
        zrle.end();
        for (Inflater inflater : tight) {
            if (inflater != null) {
                inflater.end();
            }
        }
    }
}
