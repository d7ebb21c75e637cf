package dev.arclet.launcher.rfb;

/**
 * What a viewer's list of encodings amounts to.
 *
 * @param encoding {@link Rfb#TIGHT}, {@link Rfb#ZRLE} or {@link Rfb#RAW}, whichever it names first
 * @param level zlib level 0 to 9
 */
record Wishes(
        int encoding,
        boolean copyRect,
        boolean desktopSize,
        boolean extendedDesktopSize,
        boolean extendedKeys,
        boolean leds,
        boolean fence,
        boolean continuousUpdates,
        int level) {
    static final Wishes NONE = of(new int[0]);

    /** Levels above cost much more time than they save bytes. */
    private static final int MAX_LEVEL = 6;

    boolean resizable() {
        return desktopSize || extendedDesktopSize;
    }

    static Wishes of(int[] encodings) {
        int encoding = -1;
        boolean copyRect = false;
        boolean desktopSize = false;
        boolean extendedDesktopSize = false;
        boolean extendedKeys = false;
        boolean leds = false;
        boolean fence = false;
        boolean continuousUpdates = false;
        int level = 1;
        for (int e : encodings) {
            switch (e) {
                case Rfb.TIGHT, Rfb.ZRLE, Rfb.RAW -> encoding = encoding < 0 ? e : encoding;
                case Rfb.COPY_RECT -> copyRect = true;
                case Rfb.DESKTOP_SIZE -> desktopSize = true;
                case Rfb.EXTENDED_DESKTOP_SIZE -> extendedDesktopSize = true;
                case Rfb.QEMU_EXTENDED_KEY -> extendedKeys = true;
                case Rfb.QEMU_LED_STATE -> leds = true;
                case Rfb.FENCE -> fence = true;
                case Rfb.CONTINUOUS_UPDATES -> continuousUpdates = true;
                default -> {
                    if (e >= Rfb.COMPRESSION_LEVEL_0 && e <= Rfb.COMPRESSION_LEVEL_0 + 9) {
                        level = Math.min(e - Rfb.COMPRESSION_LEVEL_0, MAX_LEVEL);
                    }
                }
            }
        }
        return new Wishes(
                Math.max(encoding, Rfb.RAW),
                copyRect,
                desktopSize,
                extendedDesktopSize,
                extendedKeys,
                leds,
                fence,
                continuousUpdates,
                level);
    }
}
