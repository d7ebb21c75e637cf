package dev.arclet.emulator.device.video;

import java.util.Arrays;

/**
 * What the CRT controller fetches for each scan line of a frame: the address counter at the line's
 * start and the row scan within the character, with split screen (line compare), preset row scan,
 * byte panning and double scanning applied.
 */
final class CrtcScan {
    private static final int MAX_LINES = 1024;

    /** Address counter at the start of each line. */
    final int[] address = new int[MAX_LINES];

    /** Row scan within the character, 0..31. */
    final int[] rowScan = new int[MAX_LINES];

    /** Whether the line belongs to the part below a split, where panning may be off. */
    final boolean[] below = new boolean[MAX_LINES];

    int lines;

    /** Character clocks a line. */
    int columns;

    /** Displayed dots of one pixel clock: 2 when the dot clock is halved. */
    int dotRepeat;

    void compute(VgaRegisters r) {
        int[] crtc = r.crtc;
        lines = r.displayedLines();
        columns = crtc[1] + 1;
        dotRepeat = (r.sequencer[1] & 8) != 0 ? 2 : 1;
        int compare = r.lineCompare();
        int lastScan = crtc[9] & 0x1F;
        boolean doubled = (crtc[9] & 0x80) != 0;
        int advance = 2 * crtc[0x13];
        int counter = (crtc[0x0C] << 8 | crtc[0x0D]) + (crtc[8] >> 5 & 3);
        int scan = crtc[8] & 0x1F;
        boolean again = doubled;
        boolean split = false;
        for (int y = 0; y < lines; y++) {
            address[y] = counter & 0xFFFF;
            rowScan[y] = scan;
            below[y] = split;
            if (y == compare) {
                counter = 0;
                scan = 0;
                again = doubled;
                split = true;
            } else if (again) {
                again = false;
            } else {
                again = doubled;
                if (scan == lastScan) {
                    scan = 0;
                    counter += advance;
                } else {
                    scan = scan + 1 & 0x1F;
                }
            }
        }
    }

    /**
     * The plane offset for an address counter: byte, word or doubleword addressing, and the row
     * scan lines that CGA and Hercules modes put into address bits 13 and 14.
     */
    static int planeOffset(int[] crtc, int counter, int rowScan) {
        int at;
        if ((crtc[0x14] & 0x40) != 0) {
            at = counter << 2 | counter >> 14 & 3;
        } else if ((crtc[0x17] & 0x40) == 0) {
            at = counter << 1 | counter >> ((crtc[0x17] & 0x20) != 0 ? 15 : 13) & 1;
        } else {
            at = counter;
        }
        if ((crtc[0x17] & 1) == 0) {
            at = at & ~0x2000 | (rowScan & 1) << 13;
        }
        if ((crtc[0x17] & 2) == 0) {
            at = at & ~0x4000 | (rowScan & 2) << 13;
        }
        return at & 0xFFFF;
    }

    /** Whether both describe lines of the same shape, wherever they are fetched from. */
    boolean sameShape(CrtcScan other) {
        return lines == other.lines
                && columns == other.columns
                && dotRepeat == other.dotRepeat
                && Arrays.equals(rowScan, 0, lines, other.rowScan, 0, lines)
                && Arrays.equals(below, 0, lines, other.below, 0, lines);
    }

    /** Whether both fetch the same. */
    boolean same(CrtcScan other) {
        return sameShape(other) && Arrays.equals(address, 0, lines, other.address, 0, lines);
    }
}
