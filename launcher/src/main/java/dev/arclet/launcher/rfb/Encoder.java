package dev.arclet.launcher.rfb;

/** Turns pixels into rectangles of an update. One per viewer: it may carry compression state. */
interface Encoder extends AutoCloseable {
    /** Largest width and height of a rectangle for {@link #encode}. */
    int maxSize();

    /**
     * Appends one rectangle, head included.
     *
     * @param pixels a picture, {@code 0x00RRGGBB}
     * @param stride pixels from one of its rows to the next
     */
    void encode(
            int[] pixels,
            int stride,
            int x,
            int y,
            int width,
            int height,
            PixelFormat format,
            OutBuffer out);

    @Override
    void close();
}
