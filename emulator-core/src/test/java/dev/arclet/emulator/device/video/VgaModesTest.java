package dev.arclet.emulator.device.video;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.display.Screen;
import dev.arclet.emulator.display.TextFont;
import dev.arclet.emulator.memory.GuestMemory;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VgaModesTest {
    private final VgaBench bench = new VgaBench();

    @AfterEach
    void close() {
        bench.close();
    }

    private void hideCursor() {
        bench.index(0x3D4, 0x0A, 0x20);
    }

    @Test
    void textCellShowsItsGlyphInItsColours() {
        bench.vga.setTextMode();
        hideCursor();
        bench.map.write(0xB8000 + 2 * (3 * 80 + 5), 2, 0x1E00 | 'R');
        bench.refresh();
        assertEquals(720, bench.screen.width());
        assertEquals(400, bench.screen.height());
        byte[] font = TextFont.glyphs();
        for (int y = 0; y < 16; y++) {
            for (int x = 0; x < 9; x++) {
                boolean ink = x < 8 && (font['R' * 16 + y] >> (7 - x) & 1) != 0;
                assertEquals(
                        ink ? 0xFFFF55 : 0x0000AA,
                        bench.pixel(45 + x, 48 + y),
                        "dot " + x + "," + y);
            }
        }
        assertEquals("     R", bench.screen.text().toPlainText().split("\n", -1)[3]);
    }

    @Test
    void onlyTheChangedCellIsDamaged() {
        bench.vga.setTextMode();
        hideCursor();
        bench.refresh();
        bench.refresh();
        assertEquals(List.of(), bench.damage);
        bench.map.write(0xB8000 + 2 * 82, 1, 'x');
        bench.refresh();
        assertEquals(List.of(new Screen.Rect(18, 16, 9, 16)), bench.damage);
    }

    @Test
    void ninthDotJoinsLineGraphics() {
        bench.vga.setTextMode();
        hideCursor();
        bench.map.write(0xB8000, 4, 0x07B0_07C4);
        bench.refresh();
        assertEquals(0xAAAAAA, bench.pixel(8, 7));
        assertEquals(0, bench.pixel(17, 7));
    }

    @Test
    void cursorBlinksAndMoves() {
        bench.vga.setTextMode();
        bench.index(0x3D4, 0x0F, 2);
        bench.refresh();
        assertEquals(0xAAAAAA, bench.pixel(20, 14));
        assertEquals(2, bench.screen.text().cursor());
        bench.nanos += 120_000_000L;
        bench.refresh();
        assertEquals(0, bench.pixel(20, 14));
        bench.nanos += 120_000_000L;
        bench.index(0x3D4, 0x0F, 3);
        bench.refresh();
        assertEquals(0, bench.pixel(20, 14));
        assertEquals(0xAAAAAA, bench.pixel(29, 14));
    }

    @Test
    void attributeBit7BlinksOrBrightens() {
        bench.vga.setTextMode();
        hideCursor();
        bench.map.write(0xB8000, 2, 0x8700 | 0xDB);
        bench.refresh();
        assertEquals(0xAAAAAA, bench.pixel(4, 4));
        bench.nanos += 2 * 120_000_000L;
        bench.refresh();
        assertEquals(0, bench.pixel(4, 4));
        bench.attribute(0x30, 0x04);
        bench.map.write(0xB8000, 2, 0x8700 | 0x20);
        bench.refresh();
        assertEquals(0x555555, bench.pixel(4, 4));
    }

    @Test
    void fontsComeFromPlane2() {
        bench.vga.setTextMode();
        hideCursor();
        bench.map.write(0xB8000, 2, 0x0F41);
        bench.refresh();
        bench.index(0x3C4, 2, 4);
        bench.index(0x3C4, 4, 6);
        bench.index(0x3CE, 4, 2);
        bench.index(0x3CE, 5, 0);
        bench.index(0x3CE, 6, 4);
        assertEquals(
                TextFont.glyphs()['A' * 16 + 5] & 0xFF, bench.map.read(0xA0000 + 'A' * 32 + 5, 1));
        bench.map.write(0xA0000 + 'A' * 32, 1, 0x81);
        bench.index(0x3C4, 2, 3);
        bench.index(0x3C4, 4, 2);
        bench.index(0x3CE, 4, 0);
        bench.index(0x3CE, 5, 0x10);
        bench.index(0x3CE, 6, 0x0E);
        assertEquals(0x0F41, bench.map.read(0xB8000, 2));
        bench.refresh();
        assertEquals(0xFFFFFF, bench.pixel(0, 0));
        assertEquals(0, bench.pixel(1, 0));
        assertEquals(0xFFFFFF, bench.pixel(7, 0));
    }

    @Test
    void startAddressScrollsText() {
        bench.vga.setTextMode();
        hideCursor();
        bench.map.write(0xB8000 + 160, 2, 0x0700 | 'z');
        bench.refresh();
        bench.index(0x3D4, 0x0D, 80);
        bench.refresh();
        assertTrue(bench.screen.text().toPlainText().startsWith("z\n"));
    }

    @Test
    void fiftyLinesOfSmallCharacters() {
        bench.vga.setTextMode();
        bench.index(0x3D4, 9, 0x47);
        bench.map.write(0xB8000 + 2 * (49 * 80 + 79), 2, 0x0700 | 'e');
        bench.refresh();
        Screen.Text text = bench.screen.text();
        assertEquals(50, text.rows());
        assertEquals(80, text.columns());
        assertEquals(0x0700 | 'e', text.cells()[49 * 80 + 79]);
    }

    @Test
    void writeModesOfThePlanes() {
        bench.mode12h();
        // Write mode 0 with set/reset, bit mask and latches.
        bench.map.write(0xA0000, 1, 0xFF);
        bench.index(0x3CE, 0, 0x05);
        bench.index(0x3CE, 1, 0x0F);
        bench.index(0x3CE, 8, 0x3C);
        bench.map.read(0xA0000, 1);
        bench.map.write(0xA0000, 1, 0);
        bench.refresh();
        assertEquals(VgaBench.dac(15), bench.pixel(1, 0));
        assertEquals(VgaBench.dac(5), bench.pixel(2, 0));
        assertEquals(VgaBench.dac(5), bench.pixel(5, 0));
        assertEquals(VgaBench.dac(15), bench.pixel(6, 0));
        // Write mode 2 writes a colour; XOR with the latches.
        bench.index(0x3CE, 1, 0);
        bench.index(0x3CE, 8, 0xFF);
        bench.index(0x3CE, 5, 2);
        bench.index(0x3CE, 3, 0x18);
        bench.map.read(0xA0000, 1);
        bench.map.write(0xA0000, 1, 0x0A);
        bench.refresh();
        assertEquals(VgaBench.dac(15 ^ 10), bench.pixel(0, 0));
        assertEquals(VgaBench.dac(15), bench.pixel(3, 0));
        // Write mode 1 copies the latches.
        bench.index(0x3CE, 3, 0);
        bench.index(0x3CE, 5, 1);
        bench.map.read(0xA0000, 1);
        bench.map.write(0xA0000 + 80, 1, 0x77);
        bench.refresh();
        assertEquals(VgaBench.dac(5), bench.pixel(0, 1));
        assertEquals(VgaBench.dac(15), bench.pixel(3, 1));
        // Write mode 3: the byte, rotated, masks the set/reset colour.
        bench.index(0x3CE, 5, 3);
        bench.index(0x3CE, 0, 9);
        bench.index(0x3CE, 3, 1);
        bench.map.read(0xA0000 + 160, 1);
        bench.map.write(0xA0000 + 160, 1, 0x02);
        bench.refresh();
        assertEquals(VgaBench.dac(9), bench.pixel(7, 2));
        assertEquals(VgaBench.dac(0), bench.pixel(6, 2));
        // Read mode 1 finds a colour, read mode 0 a plane.
        bench.index(0x3CE, 5, 8);
        bench.index(0x3CE, 2, 9);
        assertEquals(0x01, bench.map.read(0xA0000 + 160, 1));
        bench.index(0x3CE, 7, 0);
        assertEquals(0xFF, bench.map.read(0xA0000 + 160, 1));
        bench.index(0x3CE, 5, 0);
        bench.index(0x3CE, 4, 3);
        assertEquals(0x01, bench.map.read(0xA0000 + 160, 1));
        bench.index(0x3CE, 4, 1);
        assertEquals(0x00, bench.map.read(0xA0000 + 160, 1));
    }

    @Test
    void mapMaskProtectsPlanes() {
        bench.mode12h();
        bench.index(0x3C4, 2, 0x0A);
        bench.map.write(0xA0000 + 80 * 479 + 79, 1, 0x01);
        bench.refresh();
        assertEquals(640, bench.screen.width());
        assertEquals(480, bench.screen.height());
        assertEquals(VgaBench.dac(10), bench.pixel(639, 479));
        assertNull(bench.screen.text());
    }

    @Test
    void mode13hChainsPlanesAndUnchainingFindsThem() {
        bench.mode13h();
        bench.map.write(0xA0000 + 320 * 7 + 13, 2, 0x2A19);
        bench.refresh();
        assertEquals(640, bench.screen.width());
        assertEquals(400, bench.screen.height());
        for (int i = 0; i < 4; i++) {
            assertEquals(VgaBench.dac(0x19), bench.pixel(26 + (i & 1), 14 + (i >> 1)));
            assertEquals(VgaBench.dac(0x2A), bench.pixel(28 + (i & 1), 14 + (i >> 1)));
        }
        assertEquals(VgaBench.dac(0), bench.pixel(30, 14));
        assertEquals(0x19, bench.map.read(0xA0000 + 320 * 7 + 13, 1));
        // Unchained, pixel 13 of row 7 is in plane 1 at the chained offset with the low bits clear.
        bench.index(0x3C4, 4, 6);
        bench.index(0x3CE, 4, 1);
        assertEquals(0x19, bench.map.read(0xA0000 + (320 * 7 + 13 & ~3), 1));
    }

    @Test
    void unchained256ColourModeUsesFourPlanes() {
        bench.mode13h();
        bench.index(0x3C4, 4, 6);
        bench.index(0x3D4, 0x14, 0);
        bench.index(0x3D4, 0x17, 0xE3);
        bench.index(0x3C4, 2, 4);
        bench.map.write(0xA0000 + 80 * 199 + 79, 1, 0x33);
        bench.refresh();
        assertEquals(VgaBench.dac(0x33), bench.pixel(636, 398));
        assertEquals(VgaBench.dac(0), bench.pixel(638, 398));
        // Panning moves the picture to the left by two dots a pixel.
        bench.attribute(0x33, 4);
        bench.refresh();
        assertEquals(VgaBench.dac(0x33), bench.pixel(632, 398));
    }

    @Test
    void lineCompareSplitsTheScreen() {
        bench.mode13h();
        bench.map.write(0xA0000, 1, 0x11);
        bench.map.write(0xA0000 + 320 * 10, 1, 0x22);
        bench.index(0x3D4, 0x0C, 320 * 10 / 4 >> 8);
        bench.index(0x3D4, 0x0D, 320 * 10 / 4 & 0xFF);
        bench.index(0x3D4, 0x18, 99);
        bench.index(0x3D4, 7, 0x0F);
        bench.index(0x3D4, 9, 0x01);
        bench.refresh();
        assertEquals(VgaBench.dac(0x22), bench.pixel(0, 0));
        assertEquals(VgaBench.dac(0x00), bench.pixel(0, 99));
        assertEquals(VgaBench.dac(0x11), bench.pixel(0, 100));
    }

    @Test
    void cgaShiftModeInterleavesRowsAndBitPairs() {
        bench.mode4();
        bench.map.write(0xB8000, 1, 0b00_01_10_11);
        bench.map.write(0xB8000 + 0x2000 + 1, 1, 0b11_00_00_00);
        bench.refresh();
        assertEquals(640, bench.screen.width());
        assertEquals(400, bench.screen.height());
        assertEquals(VgaBench.dac(3), bench.pixel(2, 0));
        assertEquals(VgaBench.dac(5), bench.pixel(4, 1));
        assertEquals(VgaBench.dac(7), bench.pixel(7, 0));
        assertEquals(VgaBench.dac(7), bench.pixel(8, 2));
        assertEquals(VgaBench.dac(0), bench.pixel(8, 0));
    }

    @ParameterizedTest
    @CsvSource({
        "8, 2A, 002A15",
        "15, 7C1F, FF00FF",
        "16, 07E8, 00FF42",
        "24, 123456, 123456",
        "32, FF654321, 654321"
    })
    void vbeDepths(int depth, String value, String colour) {
        int line = bench.vga.setLinearMode(800, 600, depth);
        int bytes = (depth + 7) / 8;
        assertEquals(800 * bytes, line);
        if (depth == 8) {
            // Entry 2Ah of a 6-bit DAC.
            bench.ports.write(0x3C8, 1, 0x2A);
            bench.ports.write(0x3C9, 1, 0);
            bench.ports.write(0x3C9, 1, 0x0A);
            bench.ports.write(0x3C9, 1, 0x05);
        }
        long raw = Long.parseLong(value, 16);
        bench.refresh();
        for (int i = 0; i < bytes; i++) {
            bench.map.write(
                    VgaBench.LFB + 599L * line + 799L * bytes + i, 1, raw >> (8 * i) & 0xFF);
        }
        bench.refresh();
        int expected = depth == 8 ? 0x002814 : Integer.parseInt(colour, 16);
        assertEquals(expected, bench.pixel(799, 599));
        assertEquals(List.of(new Screen.Rect(799, 599, 1, 1)), bench.damage);
    }

    @Test
    void directStoresThroughAWritablePageAreSeenEveryTime() {
        int line = bench.vga.setLinearMode(1024, 768, 32);
        bench.refresh();
        for (int i = 1; i <= 3; i++) {
            // The MMU asks again after each harvest, as the map tells it to.
            long host = bench.map.writablePage(VgaBench.LFB + 5L * line);
            GuestMemory.store32(host + 4L * i, 0x00ABCDE0 + i);
            bench.refresh();
            assertEquals(0xABCDE0 + i, bench.pixel(i, 5));
            assertEquals(List.of(new Screen.Rect(i, 5, 1, 1)), bench.damage);
        }
    }

    @Test
    void vbePansOverAVirtualScreen() {
        bench.vga.setLinearMode(640, 480, 32);
        bench.vbe(BochsVbe.VIRT_WIDTH, 1024);
        assertEquals(16 * 1024 * 1024 / 4096, bench.vbe(BochsVbe.VIRT_HEIGHT));
        bench.map.write(VgaBench.LFB + 4L * (100 * 1024 + 50), 4, 0xC0FFEE);
        bench.vbe(BochsVbe.X_OFFSET, 50);
        bench.vbe(BochsVbe.Y_OFFSET, 100);
        bench.refresh();
        assertEquals(0xC0FFEE, bench.pixel(0, 0));
    }

    @Test
    void vbeBanksReachAllOfVideoMemory() {
        bench.vga.setLinearMode(1024, 768, 8);
        bench.vbe(BochsVbe.BANK, 11);
        bench.map.write(0xA0000 + 5, 1, 0x3C);
        assertEquals(0x3C, bench.map.read(VgaBench.LFB + 11L * 65536 + 5, 1));
        assertEquals(0x3C, bench.map.read(0xA0005, 1));
        bench.vbe(BochsVbe.ENABLE, 0);
        assertEquals(0, bench.vbe(BochsVbe.BANK));
    }

    @Test
    void vbePlanarModeHas16Colours() {
        bench.mode12h();
        bench.vbe(BochsVbe.XRES, 800);
        bench.vbe(BochsVbe.YRES, 600);
        bench.vbe(BochsVbe.BPP, 4);
        bench.vbe(BochsVbe.ENABLE, 1);
        bench.index(0x3C4, 2, 6);
        bench.map.write(0xA0000 + 100 * 599 + 99, 1, 1);
        bench.refresh();
        assertEquals(800, bench.screen.width());
        assertEquals(VgaBench.dac(6), bench.pixel(799, 599));
    }

    @Test
    void vbeTellsItsLimits() {
        assertEquals(0xB0C5, bench.vbe(BochsVbe.ID));
        bench.vbe(BochsVbe.ID, 0xB0C2);
        assertEquals(0xB0C2, bench.vbe(BochsVbe.ID));
        bench.vbe(BochsVbe.ID, 0x1234);
        assertEquals(0xB0C2, bench.vbe(BochsVbe.ID));
        bench.vbe(BochsVbe.ENABLE, BochsVbe.GET_CAPABILITIES);
        assertEquals(2560, bench.vbe(BochsVbe.XRES));
        assertEquals(1600, bench.vbe(BochsVbe.YRES));
        assertEquals(32, bench.vbe(BochsVbe.BPP));
        assertEquals(256, bench.vbe(BochsVbe.MEMORY_64K));
    }

    @Test
    void registersAnswerAsMemoryToo() {
        bench.map.mapMmio("registers", 0xF000_0000L, 4096, bench.vga.registerWindow());
        long base = 0xF000_0000L;
        assertEquals(0xB0C5, bench.map.read(base + 0x500, 2));
        bench.map.write(base + 0x402, 1, 0xE3);
        assertEquals(0xE3, bench.map.read(base + 0x40C, 1));
        bench.map.write(base + 0x502, 2, 800);
        assertEquals(800, bench.vbe(BochsVbe.XRES));
        assertEquals(8, bench.map.read(base + 0x600, 4));
        assertEquals(0x1E1E1E1EL, bench.map.read(base + 0x604, 4));
        bench.map.write(base + 0x604, 4, 0xBEBEBEBEL);
        assertEquals(0x1E1E1E1EL, bench.map.read(base + 0x604, 4));
    }

    @Test
    void impossibleLinearModesAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> bench.vga.setLinearMode(2560, 2000, 32));
        assertThrows(IllegalArgumentException.class, () -> bench.vga.setLinearMode(801, 600, 32));
        assertThrows(IllegalArgumentException.class, () -> bench.vga.setLinearMode(800, 600, 12));
        assertEquals(10240, bench.vga.setLinearMode(2560, 1600, 32));
    }

    @Test
    void blankScreenIsBlackAndComesBack() {
        bench.vga.setTextMode();
        bench.map.write(0xB8000, 2, 0x07DB);
        bench.refresh();
        assertEquals(0xAAAAAA, bench.pixel(0, 0));
        bench.index(0x3C4, 1, 0x20);
        bench.refresh();
        assertEquals(0, bench.pixel(0, 0));
        bench.index(0x3C4, 1, 0);
        bench.refresh();
        assertEquals(0xAAAAAA, bench.pixel(0, 0));
    }

    @Test
    void retraceComesOnceAFrame() {
        bench.vga.setTextMode();
        int edges = 0;
        int lines = 0;
        boolean before = false;
        for (bench.nanos = 0; bench.nanos < 1_000_000_000L; bench.nanos += 10_000) {
            boolean now = (bench.ports.read(0x3DA, 1) & 8) != 0;
            edges += now && !before ? 1 : 0;
            lines += now ? 1 : 0;
            before = now;
        }
        assertTrue(edges >= 69 && edges <= 71, "retraces a second: " + edges);
        assertTrue(lines > edges && lines < 10 * edges, "samples in retrace: " + lines);
    }

    @Test
    void writeProtectedCrtcKeepsItsTiming() {
        bench.mode12h();
        bench.index(0x3D4, 0x11, 0x8C);
        bench.index(0x3D4, 0, 0x11);
        bench.index(0x3D4, 7, 0xEF);
        bench.ports.write(0x3D4, 1, 0);
        assertEquals(0x5F, bench.ports.read(0x3D5, 1));
        bench.ports.write(0x3D4, 1, 7);
        assertEquals(0x2E, bench.ports.read(0x3D5, 1));
    }

    @Test
    void dacReadsBackAndSkips() {
        bench.vga.setTextMode();
        bench.ports.write(0x3C8, 1, 5);
        bench.ports.write(0x3C9, 1, 0xFF);
        bench.ports.write(0x3C9, 1, 2);
        bench.ports.write(0x3C9, 1, 3);
        bench.ports.write(0x3C7, 1, 5);
        assertEquals(3, bench.ports.read(0x3C7, 1));
        assertEquals(0x3F, bench.ports.read(0x3C9, 1));
        assertEquals(2, bench.ports.read(0x3C9, 1));
        assertEquals(3, bench.ports.read(0x3C9, 1));
        bench.vbe(BochsVbe.ENABLE, BochsVbe.WIDE_DAC);
        bench.ports.write(0x3C7, 1, 5);
        assertEquals(0xFC, bench.ports.read(0x3C9, 1));
    }
}
