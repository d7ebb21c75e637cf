package dev.arclet.emulator.device.video;

import dev.arclet.emulator.display.Screen;
import dev.arclet.emulator.memory.GuestMemory;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Draws the VGA's own graphics modes dot by dot as a monitor would get them: 16-colour planes, the
 * interleaved 4-colour shift mode of the CGA, and 256 colours (mode 13h and its unchained
 * relatives, whose pixels are two dots wide). 320x200 modes therefore fill 640x400.
 *
 * <p>Source: IBM PS/2 Hardware Interface Technical Reference, "Graphics Modes", shift register
 * modes.
 */
final class GraphicsRenderer {
    private final VgaRegisters registers;
    private final BochsVbe vbe;
    private final GuestMemory vram;
    private CrtcScan scan = new CrtcScan();
    private CrtcScan lastScan = new CrtcScan();
    private final int[] palette = new int[256];
    private int[] look = new int[0];
    private int[] row = new int[0];
    private boolean valid;

    GraphicsRenderer(VgaRegisters registers, BochsVbe vbe, GuestMemory vram) {
        this.registers = registers;
        this.vbe = vbe;
        this.vram = vram;
    }

    /** Forgets what was drawn. */
    void invalidate() {
        valid = false;
    }

    /** Draws the lines whose memory is in a dirty page. The caller holds the screen's monitor. */
    void draw(Screen screen, BitSet dirty) {
        CrtcScan swap = lastScan;
        lastScan = scan;
        scan = swap;
        if (vbe.planar()) {
            scanVbe();
        } else {
            scan.compute(registers);
        }
        int[] newLook = look();
        boolean all = !valid || !scan.same(lastScan) || !Arrays.equals(look, newLook);
        look = newLook;
        valid = true;
        if (!all && dirty.isEmpty()) {
            return;
        }
        int width = Math.min(scan.columns * 8 * scan.dotRepeat, Screen.MAX_WIDTH);
        screen.resize(width, Math.min(scan.lines, Screen.MAX_HEIGHT));
        int needed = (scan.columns + 1) * 8 * scan.dotRepeat + 16;
        if (row.length < needed) {
            row = new int[needed];
        }
        for (int y = 0; y < screen.height(); y++) {
            if (all || touched(y, dirty)) {
                int from = drawLine(y);
                screen.putRow(y, row, from);
            }
        }
    }

    private void scanVbe() {
        scan.lines = vbe.height();
        scan.columns = vbe.width() / 8;
        scan.dotRepeat = 1;
        for (int y = 0; y < scan.lines && y < scan.address.length; y++) {
            scan.address[y] = (vbe.yOffset() + y) * (vbe.lineBytes() / 4) + vbe.xOffset() / 8;
            scan.rowScan[y] = 0;
            scan.below[y] = false;
        }
        scan.lines = Math.min(scan.lines, scan.address.length);
    }

    private boolean deep() {
        return (registers.graphics[5] & 0x40) != 0 && !vbe.planar();
    }

    private int[] look() {
        int[] crtc = registers.crtc;
        int colours = deep() ? 256 : 16;
        int[] result = new int[colours + 8];
        for (int i = 0; i < colours; i++) {
            palette[i] = deep() ? registers.dacColour(i) : registers.paletteColour(i);
        }
        System.arraycopy(palette, 0, result, 0, colours);
        int at = colours;
        result[at++] = crtc[0x14];
        result[at++] = crtc[0x17];
        result[at++] = registers.attribute[0x10];
        result[at++] = registers.attribute[0x13];
        result[at++] = registers.graphics[5];
        result[at++] = registers.sequencer[1];
        result[at++] = vbe.planar() ? 1 : 0;
        result[at] = vbe.planar() ? vbe.xOffset() : 0;
        return result;
    }

    private int wordAt(int y, int clock) {
        if (vbe.planar()) {
            return scan.address[y] + clock;
        }
        // "Count by two" and "count by four" hold the counter for that many character clocks.
        int[] crtc = registers.crtc;
        int divide = (crtc[0x14] & 0x20) != 0 ? 2 : (crtc[0x17] & 0x08) != 0 ? 1 : 0;
        return CrtcScan.planeOffset(
                crtc, scan.address[y] + (clock >> divide) & 0xFFFF, scan.rowScan[y]);
    }

    private boolean touched(int y, BitSet dirty) {
        int first = wordAt(y, 0) >> 10;
        int last = wordAt(y, scan.columns) >> 10;
        if (last < first) {
            return true;
        }
        int page = dirty.nextSetBit(first);
        return page >= 0 && page <= last;
    }

    /** Fills {@link #row} and returns the index of the first visible dot. */
    private int drawLine(int y) {
        int shift = registers.graphics[5] & 0x60;
        int repeat = scan.dotRepeat;
        int planarWords = (int) (vram.size() / 4);
        int at = 0;
        for (int clock = 0; clock <= scan.columns; clock++) {
            int word = VgaWindow.planeWord(vram, wordAt(y, clock) % planarWords);
            if (deep()) {
                for (int i = 0; i < 4; i++) {
                    at = put(at, palette[word >>> (8 * i) & 0xFF], 2 * repeat);
                }
            } else if (shift == 0x20 && !vbe.planar()) {
                for (int i = 0; i < 8; i++) {
                    int pair = word >>> (i < 4 ? 0 : 8);
                    int down = 6 - 2 * (i & 3);
                    at = put(at, palette[pair >> down & 3 | (pair >> 16 + down & 3) << 2], repeat);
                }
            } else {
                for (int down = 7; down >= 0; down--) {
                    int bits = word >>> down;
                    int pixel = bits & 1 | bits >> 7 & 2 | bits >> 14 & 4 | bits >> 21 & 8;
                    at = put(at, palette[pixel], repeat);
                }
            }
        }
        if (vbe.planar()) {
            return vbe.xOffset() & 7;
        }
        boolean pans = !(scan.below[y] && (registers.attribute[0x10] & 0x20) != 0);
        return pans ? (registers.attribute[0x13] & 7) * repeat : 0;
    }

    private int put(int at, int colour, int times) {
        for (int i = 0; i < times; i++) {
            row[at++] = colour;
        }
        return at;
    }
}
