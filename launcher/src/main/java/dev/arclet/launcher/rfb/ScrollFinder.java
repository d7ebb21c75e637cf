package dev.arclet.launcher.rfb;

import dev.arclet.emulator.display.Screen.Rect;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds out that an area has moved up or down, so that a viewer can copy what it has. Rows of what
 * the viewer shows and of what it should show are hashed, the shift most rows agree on is taken,
 * and every row is compared in full before it is believed.
 */
final class ScrollFinder {
    /** Smaller areas are cheaper to send than to think about. */
    private static final int MIN_WIDTH = 64;

    private static final int MIN_HEIGHT = 32;
    private static final int MIN_ROWS = 8;
    private static final int MAX_COPIES = 64;
    private static final int SAMPLE_STEP = 3;

    /** A copy: {@code target} gets what was {@code shift} rows below (above if negative). */
    record Copy(Rect target, int shift) {}

    private ScrollFinder() {}

    /**
     * The copies, in an order in which none overwrites what a later one reads; empty if it was no
     * scroll.
     *
     * @param shown what the viewer shows
     * @param wanted what it should show
     * @param stride pixels of a row of both
     * @param area where they differ
     */
    static List<Copy> find(int[] shown, int[] wanted, int stride, Rect area) {
        if (area.width() < MIN_WIDTH || area.height() < MIN_HEIGHT) {
            return List.of();
        }
        int height = area.height();
        Map<Long, Integer> rows = new HashMap<>();
        for (int y = 0; y < height; y++) {
            long hash = hash(shown, stride, area, y);
            if (hash != 0) {
                // Rows that occur twice prove nothing.
                rows.merge(hash, y, (a, b) -> -1);
            }
        }
        int[] votes = new int[2 * height];
        int candidates = 0;
        for (int y = 0; y < height; y++) {
            long hash = hash(wanted, stride, area, y);
            if (hash == 0) {
                continue;
            }
            candidates++;
            int from = rows.getOrDefault(hash, -1);
            if (from >= 0) {
                votes[from - y + height]++;
            }
        }
        int best = 0;
        for (int i = 1; i < votes.length; i++) {
            if (i != height && votes[i] > votes[best]) {
                best = i;
            }
        }
        int shift = best - height;
        if (votes[best] < MIN_ROWS || votes[best] * 4 < candidates || shift == 0) {
            return List.of();
        }
        return runs(shown, wanted, stride, area, shift);
    }

    private static List<Copy> runs(int[] shown, int[] wanted, int stride, Rect area, int shift) {
        List<Copy> copies = new ArrayList<>();
        int start = -1;
        for (int y = 0; y <= area.height(); y++) {
            boolean moved =
                    y < area.height()
                            && y + shift >= 0
                            && y + shift < area.height()
                            && same(shown, wanted, stride, area, y, shift);
            if (moved && start < 0) {
                start = y;
            } else if (!moved && start >= 0) {
                copies.add(
                        new Copy(
                                new Rect(area.x(), area.y() + start, area.width(), y - start),
                                shift));
                start = -1;
            }
        }
        if (copies.size() > MAX_COPIES) {
            return List.of();
        }
        return shift > 0 ? copies : copies.reversed();
    }

    private static boolean same(
            int[] shown, int[] wanted, int stride, Rect area, int y, int shift) {
        int to = (area.y() + y) * stride + area.x();
        int from = to + shift * stride;
        return Arrays.equals(wanted, to, to + area.width(), shown, from, from + area.width());
    }

    /**
     * A hash of samples of a row, or 0 if they are all equal. Samples are enough: what moves is
     * compared in full.
     */
    private static long hash(int[] pixels, int stride, Rect area, int y) {
        int at = (area.y() + y) * stride + area.x();
        long hash = 0x9E3779B97F4A7C15L;
        int first = pixels[at];
        int differ = 0;
        for (int i = at; i < at + area.width(); i += SAMPLE_STEP) {
            int pixel = pixels[i];
            differ |= pixel ^ first;
            hash = (hash ^ pixel) * 0x100000001B3L;
            hash ^= hash >>> 29;
        }
        return differ == 0 ? 0 : hash | 1;
    }
}
