package dev.arclet.launcher.rfb;

import dev.arclet.emulator.display.Screen.Rect;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** What of a screen a viewer has not seen yet, in tiles: bounded, whatever is drawn. */
final class Damage {
    /** Width and height of a tile. */
    static final int TILE = 32;

    private int width;
    private int height;
    private int columns;
    private final BitSet tiles = new BitSet();

    /** Starts anew for a screen of another size, all of it damaged. */
    void resize(int newWidth, int newHeight) {
        width = newWidth;
        height = newHeight;
        columns = (newWidth + TILE - 1) / TILE;
        tiles.clear();
        add(0, 0, newWidth, newHeight);
    }

    boolean isEmpty() {
        return tiles.isEmpty();
    }

    /** Adds a rectangle, clipped to the screen. */
    void add(int x, int y, int w, int h) {
        int left = Math.max(0, x) / TILE;
        int right = (Math.min(width, x + w) + TILE - 1) / TILE;
        int bottom = (Math.min(height, y + h) + TILE - 1) / TILE;
        if (right <= left) {
            return;
        }
        for (int row = Math.max(0, y) / TILE; row < bottom; row++) {
            tiles.set(row * columns + left, row * columns + right);
        }
    }

    /** Whether anything in a rectangle is damaged. */
    boolean intersects(int x, int y, int w, int h) {
        int left = Math.max(0, x) / TILE;
        int right = (Math.min(width, x + w) + TILE - 1) / TILE;
        int bottom = (Math.min(height, y + h) + TILE - 1) / TILE;
        for (int row = Math.max(0, y) / TILE; row < bottom; row++) {
            int next = tiles.nextSetBit(row * columns + left);
            if (next >= 0 && next < row * columns + right) {
                return true;
            }
        }
        return false;
    }

    /** Takes out the damage in a rectangle, as rectangles of whole tiles clipped to the screen. */
    List<Rect> take(int x, int y, int w, int h) {
        List<Rect> result = new ArrayList<>();
        int left = Math.max(0, x) / TILE;
        int right = (Math.min(width, x + w) + TILE - 1) / TILE;
        int bottom = (Math.min(height, y + h) + TILE - 1) / TILE;
        List<Rect> above = new ArrayList<>();
        for (int row = Math.max(0, y) / TILE; row < bottom; row++) {
            List<Rect> current = new ArrayList<>();
            int end = row * columns + right;
            int from = tiles.nextSetBit(row * columns + left);
            while (from >= 0 && from < end) {
                int to = Math.min(end, tiles.nextClearBit(from));
                tiles.clear(from, to);
                int rx = (from - row * columns) * TILE;
                int rw = Math.min(width, (to - row * columns) * TILE) - rx;
                int rh = Math.min(height, (row + 1) * TILE) - row * TILE;
                current.add(grown(above, rx, row * TILE, rw, rh));
                from = tiles.nextSetBit(to);
            }
            result.addAll(above);
            above = current;
        }
        result.addAll(above);
        return result;
    }

    /** The rectangle, joined with one that ends just above it and is as wide. */
    private static Rect grown(List<Rect> above, int x, int y, int w, int h) {
        for (int i = 0; i < above.size(); i++) {
            Rect rect = above.get(i);
            if (rect.x() == x && rect.width() == w) {
                above.remove(i);
                return new Rect(x, rect.y(), w, rect.height() + h);
            }
        }
        return new Rect(x, y, w, h);
    }
}
