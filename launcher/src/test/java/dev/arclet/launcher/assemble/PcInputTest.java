package dev.arclet.launcher.assemble;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class PcInputTest {
    @Test
    void everyPixelIsItselfAgainHoweverTheGuestScales() {
        for (int pixels : new int[] {640, 720, 1024, 1366, 1920}) {
            for (int x = 0; x < pixels; x++) {
                int place = PcInput.coordinate(x, pixels);
                assertEquals(x, place * pixels / 0x10000, "truncated, of " + pixels);
                assertEquals(
                        x, Math.round(place * (pixels - 1) / 65535.0), "rounded, of " + pixels);
            }
        }
    }

    @Test
    void whatIsOutsideStaysAtTheEdge() {
        assertEquals(0, PcInput.coordinate(-50, 1024));
        assertEquals(0xFFFF, PcInput.coordinate(2000, 1024));
        assertEquals(0xFFFF, PcInput.coordinate(1, 0));
    }
}
