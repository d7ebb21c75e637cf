package dev.arclet.emulator.display;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * What the guest shows, at rest between two refreshes: the meeting point of the video adapter
 * (which draws on the machine thread) and of viewers (on their own threads).
 *
 * <p>Pixels are {@code 0x00RRGGBB}, row by row without padding. All access to the pixels and the
 * text happens while holding this object's monitor; listeners are called without it, on the machine
 * thread, and must return at once.
 */
public final class Screen {
    /** Largest width and height in pixels that any mode may have. */
    public static final int MAX_WIDTH = 2560;

    /** See {@link #MAX_WIDTH}. */
    public static final int MAX_HEIGHT = 1600;

    /** A rectangle of changed pixels. */
    public record Rect(int x, int y, int width, int height) {}

    /**
     * A text-mode screen.
     *
     * @param columns characters in a row
     * @param rows rows
     * @param cells {@code rows * columns} cells as in text memory: character code in bits 0..7,
     *     attribute in bits 8..15
     * @param cursor index of the cell with the cursor, or -1 if it is off
     */
    public record Text(int columns, int rows, char[] cells, int cursor) {
        /** The rows as Unicode (code page 437), joined by newlines, trailing blanks removed. */
        public String toPlainText() {
            StringBuilder out = new StringBuilder();
            for (int row = 0; row < rows; row++) {
                StringBuilder line = new StringBuilder();
                for (int column = 0; column < columns; column++) {
                    line.append(CodePage437.toUnicode(cells[row * columns + column] & 0xFF));
                }
                out.append(line.toString().stripTrailing()).append('\n');
            }
            return out.toString();
        }
    }

    /** Someone who looks at the screen. */
    public interface Listener {
        /** These rectangles have changed. */
        void damaged(List<Rect> rects);

        /** The size has changed; everything is damaged. */
        void resized(int width, int height);

        /**
         * The screen is up to date; called after each refresh, the other two methods before it.
         * While nobody watches nothing is drawn, so a new viewer waits for this before it trusts
         * the pixels.
         */
        default void refreshed() {}
    }

    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private final List<Rect> pending = new ArrayList<>();
    private int width = 720;
    private int height = 400;
    private int[] pixels = new int[720 * 400];
    private Text text;
    private boolean resizePending;

    /** Adds a viewer. */
    public void addListener(Listener listener) {
        listeners.add(listener);
    }

    /** Removes a viewer. */
    public void removeListener(Listener listener) {
        listeners.remove(listener);
    }

    /** Whether anybody looks; an adapter need not draw otherwise. */
    public boolean watched() {
        return !listeners.isEmpty();
    }

    /** Width in pixels. */
    public synchronized int width() {
        return width;
    }

    /** Height in pixels. */
    public synchronized int height() {
        return height;
    }

    /** The pixels themselves, {@code width * height} of them; hold the monitor while using them. */
    public int[] pixels() {
        assert Thread.holdsLock(this);
        return pixels;
    }

    /** The text screen, or null in a graphics mode. */
    public synchronized Text text() {
        return text;
    }

    /** For the adapter: sets the text screen, or null in a graphics mode. */
    public synchronized void setText(Text newText) {
        text = newText;
    }

    /** For the adapter: changes the size; the new pixels are black. */
    public synchronized void resize(int newWidth, int newHeight) {
        if (newWidth < 1 || newHeight < 1 || newWidth > MAX_WIDTH || newHeight > MAX_HEIGHT) {
            throw new IllegalArgumentException("screen of " + newWidth + "x" + newHeight);
        }
        if (newWidth != width || newHeight != height) {
            width = newWidth;
            height = newHeight;
            pixels = new int[newWidth * newHeight];
            pending.clear();
            resizePending = true;
        }
    }

    /**
     * For the adapter: notes changed pixels (at least those of the rectangle, which lies within the
     * screen); {@link #publish} tells the viewers.
     */
    public synchronized void damage(int x, int y, int w, int h) {
        if (!pending.isEmpty()) {
            // Adjacent rows of a scrolled or filled area become one rectangle.
            Rect last = pending.getLast();
            if (last.y + last.height == y && last.x < x + w && x < last.x + last.width) {
                int left = Math.min(x, last.x);
                int right = Math.max(x + w, last.x + last.width);
                pending.removeLast();
                pending.add(new Rect(left, last.y, right - left, last.height + h));
                return;
            }
        }
        pending.add(new Rect(x, y, w, h));
    }

    /**
     * For the adapter: shows a row, and notes what differs from the row that was there.
     *
     * @param y row, within the screen
     * @param row pixels, {@link #width} of them from {@code from}
     */
    public synchronized void putRow(int y, int[] row, int from) {
        int at = y * width;
        int first = Arrays.mismatch(row, from, from + width, pixels, at, at + width);
        if (first < 0) {
            return;
        }
        int last = width - 1;
        while (row[from + last] == pixels[at + last]) {
            last--;
        }
        System.arraycopy(row, from + first, pixels, at + first, last - first + 1);
        damage(first, y, last - first + 1, 1);
    }

    /** For the adapter: makes the whole screen black. */
    public synchronized void blank() {
        Arrays.fill(pixels, 0);
        damage(0, 0, width, height);
    }

    /** A copy of the pixels, for a picture of the screen: {@code width * height} of them. */
    public synchronized int[] copyPixels() {
        return pixels.clone();
    }

    /**
     * For the adapter, at the end of a refresh: tells the viewers what has changed.
     *
     * @return whether anything has
     */
    public boolean publish() {
        boolean resized;
        int w;
        int h;
        List<Rect> rects;
        synchronized (this) {
            resized = resizePending;
            resizePending = false;
            w = width;
            h = height;
            rects = List.copyOf(pending);
            pending.clear();
        }
        for (Listener listener : listeners) {
            if (resized) {
                listener.resized(w, h);
            }
            if (!rects.isEmpty()) {
                listener.damaged(rects);
            }
            listener.refreshed();
        }
        return resized || !rects.isEmpty();
    }
}
