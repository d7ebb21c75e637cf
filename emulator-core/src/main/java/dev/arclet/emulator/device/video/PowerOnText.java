package dev.arclet.emulator.device.video;

import dev.arclet.emulator.display.TextFont;
import dev.arclet.emulator.memory.GuestMemory;

/**
 * Programs 80x25 colour text, as a video BIOS leaves it after mode 3, for machines that boot
 * without one. Register values: IBM PS/2 Hardware Interface Technical Reference, "Video Modes".
 */
final class PowerOnText {
    private static final int[] SEQUENCER = {0x03, 0x00, 0x03, 0x00, 0x02};
    private static final int[] CRTC = {
        0x5F, 0x4F, 0x50, 0x82, 0x55, 0x81, 0xBF, 0x1F, 0x00, 0x4F, 0x0D, 0x0E, 0x00, 0x00, 0x00,
        0x00, 0x9C, 0x8E, 0x8F, 0x28, 0x1F, 0x96, 0xB9, 0xA3, 0xFF
    };
    private static final int[] GRAPHICS = {0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0E, 0x00, 0xFF};
    private static final int MISC = 0x67;
    private static final int COLUMNS = 80;
    private static final int ROWS = 25;
    private static final int BLANK = 0x0720;

    private PowerOnText() {}

    static void program(VgaRegisters r, GuestMemory vram) {
        r.misc = MISC;
        System.arraycopy(SEQUENCER, 0, r.sequencer, 0, SEQUENCER.length);
        System.arraycopy(CRTC, 0, r.crtc, 0, CRTC.length);
        System.arraycopy(GRAPHICS, 0, r.graphics, 0, GRAPHICS.length);
        for (int i = 0; i < 16; i++) {
            // Brown is dark yellow with half the green; the bright colours live at 38h.
            r.setAttribute(i, i == 6 ? 0x14 : i < 8 ? i : 0x30 + i);
        }
        r.setAttribute(0x10, 0x0C);
        r.setAttribute(0x11, 0);
        r.setAttribute(0x12, 0x0F);
        r.setAttribute(0x13, 0x08);
        r.setAttribute(0x14, 0);
        for (int i = 0; i < 64; i++) {
            r.dac[3 * i] = (byte) level(i >> 2, i >> 5);
            r.dac[3 * i + 1] = (byte) level(i >> 1, i >> 4);
            r.dac[3 * i + 2] = (byte) level(i, i >> 3);
        }
        r.enableDisplay();
        for (int i = 0; i < COLUMNS * ROWS; i++) {
            // Word addressing: cell i is at plane offset 2i.
            long at = 4L * 2 * i;
            vram.write(at, 2, BLANK);
        }
        byte[] font = TextFont.glyphs();
        for (int code = 0; code < 256; code++) {
            for (int line = 0; line < 32; line++) {
                int bits = line < TextFont.HEIGHT ? font[code * TextFont.HEIGHT + line] : 0;
                vram.write(4L * (32 * code + line) + 2, 1, bits);
            }
        }
    }

    /**
     * A component of the EGA's 64 colours: two thirds from the main bit, one third from the other.
     */
    private static int level(int main, int half) {
        return (main & 1) * 0x2A + (half & 1) * 0x15;
    }
}
