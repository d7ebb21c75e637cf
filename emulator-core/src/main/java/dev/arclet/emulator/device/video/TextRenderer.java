package dev.arclet.emulator.device.video;

import dev.arclet.emulator.display.Screen;
import dev.arclet.emulator.memory.GuestMemory;
import java.util.Arrays;

/**
 * Draws the alphanumeric modes. Each cell is compared with what was drawn last, so that typing
 * costs one cell and not a screen.
 *
 * <p>Source: IBM PS/2 Hardware Interface Technical Reference, "Alphanumeric Modes"; planes 0 and 1
 * hold characters and attributes, plane 2 the fonts, 32 bytes a character.
 */
final class TextRenderer {
    private static final int GLYPH_BYTES = 32;
    private static final int FONT_BYTES = 256 * GLYPH_BYTES;

    /** Plane 2 offsets of the eight character maps. */
    private static final int[] MAP_OFFSETS = {
        0x0000, 0x4000, 0x8000, 0xC000, 0x2000, 0x6000, 0xA000, 0xE000
    };

    /** Cursor blinks with 16 frames a cycle, characters with 32, at 70 frames a second. */
    private static final long CURSOR_HALF_NANOS = 8 * 14_268_000L;

    private static final int CURSOR = 1 << 16;
    private static final int FADED = 1 << 17;

    private final VgaRegisters registers;
    private final GuestMemory vram;
    private CrtcScan scan = new CrtcScan();
    private CrtcScan lastScan = new CrtcScan();

    /** First line and number of lines of each character row. */
    private int[] rowStart = new int[0];

    private int rows;
    private int[] drawn = new int[0];
    private int[] look = new int[0];
    private byte[] fonts = new byte[2 * FONT_BYTES];
    private byte[] newFonts = new byte[2 * FONT_BYTES];
    private char[] cells = new char[0];
    private int textCursor = -1;
    private boolean cursorLit;
    private boolean charactersLit;
    private boolean valid;

    TextRenderer(VgaRegisters registers, GuestMemory vram) {
        this.registers = registers;
        this.vram = vram;
    }

    /** Forgets what was drawn. */
    void invalidate() {
        valid = false;
    }

    /** Draws what has changed. The caller holds the screen's monitor. */
    void draw(Screen screen, boolean memoryChanged) {
        long phase = registers.nanos() / CURSOR_HALF_NANOS;
        boolean newCursorLit = (phase & 1) == 0;
        boolean newCharactersLit = (phase & 2) == 0;
        CrtcScan swap = lastScan;
        lastScan = scan;
        scan = swap;
        scan.compute(registers);
        boolean shapeChanged = !valid || !scan.sameShape(lastScan);
        boolean sourceChanged = memoryChanged || shapeChanged || !scan.same(lastScan);
        int[] newLook = look();
        boolean lookChanged = !Arrays.equals(look, newLook);
        if (!sourceChanged
                && !lookChanged
                && newCursorLit == cursorLit
                && newCharactersLit == charactersLit) {
            return;
        }
        cursorLit = newCursorLit;
        charactersLit = newCharactersLit;
        look = newLook;
        boolean all = shapeChanged || lookChanged;
        if (all) {
            layOut();
            screen.resize(
                    Math.min(scan.columns * cellWidth(), Screen.MAX_WIDTH),
                    Math.min(scan.lines, Screen.MAX_HEIGHT));
        }
        if (loadFonts() || all) {
            Arrays.fill(drawn, -1);
        }
        valid = true;
        drawRows(screen);
    }

    private int cellWidth() {
        return ((registers.sequencer[1] & 1) != 0 ? 8 : 9) * scan.dotRepeat;
    }

    /** All that changes every cell when it changes, except geometry. */
    private int[] look() {
        int[] crtc = registers.crtc;
        int[] attribute = registers.attribute;
        int[] result = new int[25];
        for (int i = 0; i < 16; i++) {
            result[i] = registers.paletteColour(i);
        }
        result[16] = crtc[0x0A];
        result[17] = crtc[0x0B];
        result[18] = crtc[0x14];
        result[19] = attribute[0x10];
        result[20] = attribute[0x13];
        result[21] = registers.sequencer[1];
        result[22] = registers.sequencer[3];
        result[23] = crtc[9];
        result[24] = crtc[0x13];
        return result;
    }

    private void layOut() {
        rowStart = new int[scan.lines + 1];
        rows = 0;
        for (int y = 0; y < scan.lines; y++) {
            boolean starts =
                    y == 0
                            || scan.rowScan[y] < scan.rowScan[y - 1]
                            || scan.below[y] != scan.below[y - 1]
                            || scan.address[y] != scan.address[y - 1];
            if (starts) {
                rowStart[rows++] = y;
            }
        }
        rowStart[rows] = scan.lines;
        // One column more than shown, for panning.
        drawn = new int[rows * (scan.columns + 1)];
        cells = new char[0];
    }

    private boolean loadFonts() {
        int select = registers.sequencer[3];
        int mapB = MAP_OFFSETS[select & 3 | select >> 2 & 4];
        int mapA = MAP_OFFSETS[select >> 2 & 3 | select >> 3 & 4];
        load(mapB, 0);
        if (mapA == mapB) {
            System.arraycopy(newFonts, 0, newFonts, FONT_BYTES, FONT_BYTES);
        } else {
            load(mapA, FONT_BYTES);
        }
        if (Arrays.equals(fonts, newFonts)) {
            return false;
        }
        byte[] swap = fonts;
        fonts = newFonts;
        newFonts = swap;
        return true;
    }

    private void load(int map, int to) {
        byte[] page = new byte[GuestMemory.PAGE_SIZE];
        for (int at = 0; at < FONT_BYTES; at += page.length / 4) {
            vram.read(4L * (map + at), page, 0, page.length);
            for (int i = 0; i < page.length / 4; i++) {
                newFonts[to + at + i] = page[4 * i + 2];
            }
        }
    }

    private void drawRows(Screen screen) {
        int[] crtc = registers.crtc;
        int columns = scan.columns;
        int cursorAddress = crtc[0x0E] << 8 | crtc[0x0F];
        boolean cursorOn = (crtc[0x0A] & 0x20) == 0;
        boolean blinks = (registers.attribute[0x10] & 8) != 0;
        char[] newCells = new char[rows * columns];
        int newTextCursor = -1;
        for (int row = 0; row < rows; row++) {
            int y = rowStart[row];
            int first = columns;
            int last = -1;
            for (int column = 0; column <= columns; column++) {
                int counter = scan.address[y] + column & 0xFFFF;
                int word =
                        VgaWindow.planeWord(
                                vram, CrtcScan.planeOffset(crtc, counter, scan.rowScan[y]));
                int cell = word & 0xFFFF;
                boolean cursor = cursorOn && counter == cursorAddress;
                if (column < columns) {
                    newCells[row * columns + column] = (char) cell;
                    if (cursor) {
                        newTextCursor = row * columns + column;
                    }
                }
                if (cursor && cursorLit) {
                    cell |= CURSOR;
                }
                if (blinks && !charactersLit && (cell & 0x8000) != 0) {
                    cell |= FADED;
                }
                int index = row * (columns + 1) + column;
                if (drawn[index] != cell) {
                    drawn[index] = cell;
                    drawCell(screen, row, column, cell);
                    first = Math.min(first, column);
                    last = column;
                }
            }
            if (last >= 0) {
                damage(screen, row, first, last);
            }
        }
        if (newTextCursor != textCursor || !Arrays.equals(newCells, cells)) {
            cells = newCells;
            textCursor = newTextCursor;
            screen.setText(new Screen.Text(columns, rows, newCells, newTextCursor));
        } else if (screen.text() == null) {
            screen.setText(new Screen.Text(columns, rows, cells, textCursor));
        }
    }

    private int pan(int row) {
        if (scan.below[rowStart[row]] && (registers.attribute[0x10] & 0x20) != 0) {
            return 0;
        }
        int pan = registers.attribute[0x13] & 0x0F;
        if ((registers.sequencer[1] & 1) == 0) {
            pan = pan >= 8 ? 0 : pan + 1;
        } else {
            pan &= 7;
        }
        return pan * scan.dotRepeat;
    }

    private void damage(Screen screen, int row, int first, int last) {
        int cellWidth = cellWidth();
        int x = Math.max(0, first * cellWidth - pan(row));
        int right = Math.min(screen.width(), (last + 1) * cellWidth - pan(row));
        int y = rowStart[row];
        int bottom = Math.min(screen.height(), rowStart[row + 1]);
        if (right > x && bottom > y) {
            screen.damage(x, y, right - x, bottom - y);
        }
    }

    private void drawCell(Screen screen, int row, int column, int cell) {
        int attributes = cell >> 8 & 0xFF;
        boolean blinks = (registers.attribute[0x10] & 8) != 0;
        int paper = look[blinks ? attributes >> 4 & 7 : attributes >> 4];
        int ink = (cell & FADED) != 0 ? paper : look[attributes & 0x0F];
        int code = cell & 0xFF;
        int glyph = ((attributes & 8) != 0 ? FONT_BYTES : 0) + code * GLYPH_BYTES;
        boolean wide = (registers.sequencer[1] & 1) == 0;
        // Line graphics join across the ninth dot.
        boolean joins = (code & 0xE0) == 0xC0 && (registers.attribute[0x10] & 4) != 0;
        int cursorStart = look[16] & 0x1F;
        int cursorEnd = look[17] & 0x1F;
        int underline = (attributes & 0x77) == 1 ? look[18] & 0x1F : -1;
        int[] pixels = screen.pixels();
        int stride = screen.width();
        int left = column * cellWidth() - pan(row);
        int dots = wide ? 9 : 8;
        int bottom = Math.min(rowStart[row + 1], screen.height());
        boolean whole = scan.dotRepeat == 1 && left >= 0 && left + dots <= stride;
        for (int y = rowStart[row]; y < bottom; y++) {
            int line = scan.rowScan[y];
            int bits = (fonts[glyph + line] & 0xFF) << 1;
            if (joins) {
                bits |= bits >> 1 & 1;
            }
            boolean inCursor = (cell & CURSOR) != 0 && line >= cursorStart && line <= cursorEnd;
            if (inCursor || line == underline) {
                bits = 0x1FF;
            }
            if (whole) {
                int at = y * stride + left;
                for (int dot = 0; dot < dots; dot++) {
                    pixels[at + dot] = (bits & 0x100 >> dot) != 0 ? ink : paper;
                }
                continue;
            }
            int x = left;
            for (int dot = 0; dot < dots; dot++) {
                int colour = (bits >> (8 - dot) & 1) != 0 ? ink : paper;
                for (int i = 0; i < scan.dotRepeat; i++, x++) {
                    if (x >= 0 && x < stride) {
                        pixels[y * stride + x] = colour;
                    }
                }
            }
        }
    }
}
