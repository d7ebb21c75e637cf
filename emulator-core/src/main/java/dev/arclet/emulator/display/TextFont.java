package dev.arclet.emulator.display;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * The 8x16 font for code page 437 that a machine without a video BIOS shows. Letters and symbols
 * come from the readable resource {@code font-8x16.txt}; line graphics, blocks and shades are
 * computed.
 */
public final class TextFont {
    /** Rows of a glyph. */
    public static final int HEIGHT = 16;

    private static final int ART_TOP = 2;
    private static final int ART_ROWS = 13;
    private static final int ART_DOTS = 6;
    private static final int ART_COLUMNS = 8;

    /** Line graphics from code B3h on: weight (0 to 2) of the arms up, down, left and right. */
    private static final String LINES =
            "1100 1110 1120 2210 0210 0120 2220 2200 0220 2020 2010 1020 0110 1001 1011 0111 1101 0011"
                    + " 1111 1102 2201 2002 0202 2022 0222 2202 0022 2222 1022 2011 0122 0211 2001 1002"
                    + " 0102 0201 2211 1122 1010 0101";

    private static final int FIRST_LINE = 0xB3;

    private TextFont() {}

    /**
     * The glyphs of codes 0..255, {@link #HEIGHT} bytes each, from the top row down; the leftmost
     * dot is bit 7.
     */
    public static byte[] glyphs() {
        byte[] font = new byte[256 * HEIGHT];
        Map<String, byte[]> drawn = readArt();
        for (int code = 1; code < 255; code++) {
            String name = String.valueOf(CodePage437.toUnicode(code));
            byte[] glyph = drawn.get(name);
            if (glyph != null) {
                System.arraycopy(glyph, 0, font, code * HEIGHT, HEIGHT);
            }
        }
        String[] lines = LINES.split(" ", -1);
        for (int i = 0; i < lines.length; i++) {
            drawLines(font, (FIRST_LINE + i) * HEIGHT, lines[i]);
        }
        drawBlocks(font);
        invert(font, 0x07, 0x08);
        invert(font, 0x09, 0x0A);
        return font;
    }

    private static Map<String, byte[]> readArt() {
        Map<String, byte[]> glyphs = new HashMap<>();
        Map<String, String[]> marks = new HashMap<>();
        try (InputStream in = TextFont.class.getResourceAsStream("font-8x16.txt");
                BufferedReader reader =
                        new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            String line = reader.readLine();
            while (line != null) {
                String[] words = line.split(" ", -1);
                switch (words[0]) {
                    case "=" -> readBlock(reader, words, glyphs);
                    case "~" -> marks.put(words[1], new String[] {words[2], words[3]});
                    case "+" ->
                            glyphs.put(
                                    words[1],
                                    accented(
                                            glyphs.get(words[2]),
                                            marks.get(words[3]),
                                            words[2],
                                            words[3]));
                    default -> {}
                }
                line = reader.readLine();
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the font resource of this build is unreadable", e);
        }
        return glyphs;
    }

    private static void readBlock(BufferedReader reader, String[] words, Map<String, byte[]> glyphs)
            throws IOException {
        byte[][] block = new byte[ART_COLUMNS][HEIGHT];
        for (int row = 0; row < ART_ROWS; row++) {
            String[] art = reader.readLine().split(" ", -1);
            for (int column = 0; column < ART_COLUMNS; column++) {
                block[column][ART_TOP + row] = (byte) bold(art[column]);
            }
        }
        for (int column = 0; column < ART_COLUMNS; column++) {
            glyphs.put(words[column + 1], block[column]);
        }
    }

    private static int bold(String art) {
        int bits = 0;
        for (int dot = 0; dot < ART_DOTS; dot++) {
            if (art.charAt(dot) == '#') {
                bits |= 0xC0 >> dot;
            }
        }
        return bits;
    }

    private static byte[] accented(byte[] letter, String[] mark, String name, String markName) {
        byte[] glyph = letter.clone();
        int top = 2;
        if (markName.equals("¸")) {
            top = 12;
        } else if (Character.isUpperCase(name.charAt(0))) {
            // A capital gives up one row of its stems for the accent.
            System.arraycopy(letter, 2, glyph, 3, 2);
            glyph[2] = 0;
            top = 0;
        }
        glyph[top] |= (byte) bold(mark[0]);
        glyph[top + 1] |= (byte) bold(mark[1]);
        return glyph;
    }

    private static void drawLines(byte[] font, int at, String arms) {
        int up = arms.charAt(0) - '0';
        int down = arms.charAt(1) - '0';
        int left = arms.charAt(2) - '0';
        int right = arms.charAt(3) - '0';
        vertical(font, at, up, down, left, right, 0, 6, 8);
        vertical(font, at, down, up, left, right, 15, 8, 6);
        horizontal(font, at, left, right, up, down, 0, 2, 5, 4);
        horizontal(font, at, right, left, up, down, 7, 5, 2, 3);
    }

    /** Where an arm ends: at the near or far line of what it meets, or in the middle. */
    private static int end(
            int weight, int opposite, int side, int otherSide, int near, int mid, int far) {
        if (weight == 1) {
            if (Math.max(side, otherSide) < 2 || opposite > 0) {
                return mid;
            }
            return side > 0 && otherSide > 0 ? near : far;
        }
        if (side > 0) {
            return side == 2 ? near : mid;
        }
        if (opposite > 0 || otherSide < 2) {
            return mid;
        }
        return far;
    }

    private static void vertical(
            byte[] font,
            int at,
            int weight,
            int opposite,
            int left,
            int right,
            int edge,
            int near,
            int far) {
        if (weight == 0) {
            return;
        }
        int leftBits = weight == 1 ? 0x18 : 0x20;
        int rightBits = weight == 1 ? 0x18 : 0x04;
        fillRows(font, at, edge, end(weight, opposite, left, right, near, 7, far), leftBits);
        fillRows(font, at, edge, end(weight, opposite, right, left, near, 7, far), rightBits);
    }

    private static void fillRows(byte[] font, int at, int from, int to, int bits) {
        for (int row = Math.min(from, to); row <= Math.max(from, to); row++) {
            font[at + row] |= (byte) bits;
        }
    }

    private static void horizontal(
            byte[] font,
            int at,
            int weight,
            int opposite,
            int up,
            int down,
            int edge,
            int near,
            int far,
            int mid) {
        if (weight == 0) {
            return;
        }
        int upRow = weight == 1 ? 7 : 6;
        int downRow = weight == 1 ? 7 : 8;
        fillDots(font, at + upRow, edge, end(weight, opposite, up, down, near, mid, far));
        fillDots(font, at + downRow, edge, end(weight, opposite, down, up, near, mid, far));
    }

    private static void fillDots(byte[] font, int at, int from, int to) {
        for (int dot = Math.min(from, to); dot <= Math.max(from, to); dot++) {
            font[at] |= (byte) (0x80 >> dot);
        }
    }

    private static void drawBlocks(byte[] font) {
        for (int row = 0; row < HEIGHT; row++) {
            int odd = row & 1;
            font[0xB0 * HEIGHT + row] = (byte) (odd == 0 ? 0x22 : 0x88);
            font[0xB1 * HEIGHT + row] = (byte) (odd == 0 ? 0xAA : 0x55);
            font[0xB2 * HEIGHT + row] = (byte) (odd == 0 ? 0xDD : 0x77);
            font[0xDB * HEIGHT + row] = (byte) 0xFF;
            font[0xDC * HEIGHT + row] = (byte) (row >= HEIGHT / 2 ? 0xFF : 0);
            font[0xDD * HEIGHT + row] = (byte) 0xF0;
            font[0xDE * HEIGHT + row] = (byte) 0x0F;
            font[0xDF * HEIGHT + row] = (byte) (row < HEIGHT / 2 ? 0xFF : 0);
        }
    }

    private static void invert(byte[] font, int from, int to) {
        for (int row = 0; row < HEIGHT; row++) {
            font[to * HEIGHT + row] = (byte) ~font[from * HEIGHT + row];
        }
    }
}
