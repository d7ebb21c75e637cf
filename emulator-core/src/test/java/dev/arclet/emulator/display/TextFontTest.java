package dev.arclet.emulator.display;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TextFontTest {
    private final byte[] font = TextFont.glyphs();

    private byte[] glyph(int code) {
        return Arrays.copyOfRange(font, 16 * code, 16 * code + 16);
    }

    @Test
    void everyVisibleCharacterHasItsOwnGlyph() {
        Map<String, Integer> seen = new HashMap<>();
        for (int code = 1; code < 255; code++) {
            if (code == ' ') {
                continue;
            }
            String art = Arrays.toString(glyph(code));
            assertNotEquals(Arrays.toString(new byte[16]), art, "code " + code + " is blank");
            Integer twin = seen.put(art, code);
            assertEquals(null, twin, "code " + code + " looks like another");
        }
        assertEquals(Arrays.toString(new byte[16]), Arrays.toString(glyph(' ')));
    }

    @Test
    void lineGraphicsMeetAtTheCellBorders() {
        // The dots on a border depend only on the weight of the arm that crosses it.
        int[] up = {0xB3, 0xB4, 0xB5, 0xC0, 0xC1, 0xC3, 0xC5, 0xC6, 0xCF, 0xD4, 0xD8, 0xD9, 0xBE};
        for (int code : up) {
            assertEquals(0x18, glyph(code)[0] & 0xFF, Integer.toHexString(code));
        }
        int[] down = {0xBA, 0xBB, 0xB9, 0xC9, 0xCB, 0xCC, 0xCE, 0xB6, 0xB7, 0xC7, 0xD2, 0xD6, 0xD7};
        for (int code : down) {
            assertEquals(0x24, glyph(code)[15] & 0xFF, Integer.toHexString(code));
        }
    }
}
