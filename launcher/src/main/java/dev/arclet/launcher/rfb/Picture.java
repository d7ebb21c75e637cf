package dev.arclet.launcher.rfb;

import dev.arclet.emulator.display.Screen;
import dev.arclet.emulator.display.Screen.Rect;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a viewer shows, what it should show, and the encoders that lead from one to the other. Used
 * by the session's thread alone.
 */
final class Picture implements AutoCloseable {
    /** Called between two rectangles, so that what is ready can go. */
    interface Pump {
        void pump() throws InterruptedException;
    }

    /** In {@link #shown}: the viewer's pixel is not known. No pixel has this value. */
    private static final int UNKNOWN = -1;

    private final Pump pump;
    private final RawEncoder raw = new RawEncoder();
    private final ZrleEncoder zrle = new ZrleEncoder();
    private final TightEncoder tight = new TightEncoder();
    private int width;
    private int height;
    private int[] shown = new int[0];
    private int[] wanted = new int[0];
    private Encoder encoder = raw;
    private PixelFormat format = PixelFormat.NATIVE;
    private boolean copyRect;
    private List<ScrollFinder.Copy> copies = List.of();
    private final List<Rect> rects = new ArrayList<>();

    Picture(Pump pump) {
        this.pump = pump;
    }

    /**
     * Sets what the next update is made for.
     *
     * @param refill whether the viewer's pixels must be sent even if they are thought to be right
     */
    void configure(
            int newWidth, int newHeight, boolean refill, Wishes wishes, PixelFormat newFormat) {
        if (newWidth != width || newHeight != height) {
            width = newWidth;
            height = newHeight;
            shown = new int[width * height];
            wanted = new int[width * height];
            Arrays.fill(shown, UNKNOWN);
        } else if (refill) {
            Arrays.fill(shown, UNKNOWN);
        }
        format = newFormat;
        copyRect = wishes.copyRect();
        tight.level(wishes.level());
        zrle.level(wishes.level());
        encoder =
                switch (wishes.encoding()) {
                    case Rfb.TIGHT -> tight;
                    case Rfb.ZRLE -> zrle;
                    default -> raw;
                };
    }

    /**
     * Copies areas of the screen. Where the viewer's picture is larger than the screen (it cannot
     * change its size) the rest is black.
     */
    void copy(Screen screen, List<Rect> areas) {
        synchronized (screen) {
            int[] pixels = screen.pixels();
            int screenWidth = screen.width();
            int screenHeight = screen.height();
            for (Rect area : areas) {
                int inside = Math.clamp(screenWidth - area.x(), 0, area.width());
                for (int y = area.y(); y < area.y() + area.height(); y++) {
                    int to = y * width + area.x();
                    int n = y < screenHeight ? inside : 0;
                    if (n > 0) {
                        System.arraycopy(pixels, y * screenWidth + area.x(), wanted, to, n);
                    }
                    Arrays.fill(wanted, to + n, to + area.width(), 0);
                }
            }
        }
    }

    /** Decides what to send for these areas; returns the number of rectangles. */
    int prepare(List<Rect> areas) {
        rects.clear();
        copies = copyRect ? findScroll(areas) : List.of();
        for (ScrollFinder.Copy copy : copies) {
            apply(copy);
        }
        int size = encoder.maxSize();
        for (Rect area : areas) {
            for (int y = area.y(); y < area.y() + area.height(); y += size) {
                int h = Math.min(size, area.y() + area.height() - y);
                for (int x = area.x(); x < area.x() + area.width(); x += size) {
                    int w = Math.min(size, area.x() + area.width() - x);
                    trim(x, y, w, h);
                }
            }
        }
        return copies.size() + rects.size();
    }

    private List<ScrollFinder.Copy> findScroll(List<Rect> areas) {
        int left = width;
        int top = height;
        int right = 0;
        int bottom = 0;
        long area = 0;
        for (Rect rect : areas) {
            left = Math.min(left, rect.x());
            top = Math.min(top, rect.y());
            right = Math.max(right, rect.x() + rect.width());
            bottom = Math.max(bottom, rect.y() + rect.height());
            area += (long) rect.width() * rect.height();
        }
        // Scattered damage is no scroll.
        if (right <= left || (long) (right - left) * (bottom - top) > 3 * area) {
            return List.of();
        }
        return ScrollFinder.find(
                shown, wanted, width, new Rect(left, top, right - left, bottom - top));
    }

    private void apply(ScrollFinder.Copy copy) {
        Rect target = copy.target();
        for (int i = 0; i < target.height(); i++) {
            int y = copy.shift() > 0 ? target.y() + i : target.y() + target.height() - 1 - i;
            int to = y * width + target.x();
            System.arraycopy(shown, to + copy.shift() * width, shown, to, target.width());
        }
    }

    /** Adds the smallest rectangle that covers what differs. */
    private void trim(int x, int y, int w, int h) {
        int left = w;
        int right = 0;
        int top = -1;
        int bottom = 0;
        for (int line = 0; line < h; line++) {
            int at = (y + line) * width + x;
            int first = Arrays.mismatch(shown, at, at + w, wanted, at, at + w);
            if (first < 0) {
                continue;
            }
            int last = w - 1;
            while (shown[at + last] == wanted[at + last]) {
                last--;
            }
            left = Math.min(left, first);
            right = Math.max(right, last + 1);
            top = top < 0 ? line : top;
            bottom = line + 1;
        }
        if (top < 0) {
            return;
        }
        rects.add(new Rect(x + left, y + top, right - left, bottom - top));
        for (int line = y + top; line < y + bottom; line++) {
            int at = line * width + x + left;
            System.arraycopy(wanted, at, shown, at, right - left);
        }
    }

    /** Appends the rectangles that {@link #prepare} has counted. */
    void encode(OutBuffer out) throws InterruptedException {
        for (ScrollFinder.Copy copy : copies) {
            Rect to = copy.target();
            out.rectangle(to.x(), to.y(), to.width(), to.height(), Rfb.COPY_RECT);
            out.u16(to.x());
            out.u16(to.y() + copy.shift());
        }
        for (Rect rect : rects) {
            encoder.encode(
                    shown, width, rect.x(), rect.y(), rect.width(), rect.height(), format, out);
            pump.pump();
        }
    }

    @Override
    public void close() {
        raw.close();
        zrle.close();
        tight.close();
    }
}
