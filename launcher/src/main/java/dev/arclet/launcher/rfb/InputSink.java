package dev.arclet.launcher.rfb;

/**
 * Where viewers' keys and pointers go. Called on the viewers' threads, several at once; must return
 * at once.
 */
public interface InputSink {
    /**
     * A key goes down, is repeated, or goes up.
     *
     * @param scanCode set 1 make code: {@code 0x01..0x7F}, or {@code 0xE000 | code} for keys with
     *     the E0 prefix
     */
    void key(int scanCode, boolean down);

    /**
     * The pointer moves, or its buttons change.
     *
     * @param x column of the pixel, within the screen
     * @param y row of the pixel, within the screen
     * @param buttons held buttons: bit 0 left, 1 middle, 2 right; bits 3 and 4 are one notch of the
     *     wheel up and down, 5 and 6 left and right
     */
    void pointer(int x, int y, int buttons);

    /** The keyboard's lights, or -1 if unknown: bit 0 scroll lock, 1 num lock, 2 caps lock. */
    default int leds() {
        return -1;
    }
}
