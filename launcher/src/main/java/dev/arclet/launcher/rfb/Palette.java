package dev.arclet.launcher.rfb;

import java.util.Arrays;

/** The colours of a tile, in order of appearance, up to a limit. */
final class Palette {
    private static final int SLOTS = 1024;

    private final int[] keys = new int[SLOTS];
    private final short[] indexes = new short[SLOTS];
    private final int[] colours = new int[256];
    private int count;

    int count() {
        return count;
    }

    int colour(int index) {
        return colours[index];
    }

    /** Index of a colour that {@link #collect} has seen. */
    int index(int colour) {
        int slot = slot(colour);
        while (keys[slot] != colour || indexes[slot] < 0) {
            slot = slot + 1 & SLOTS - 1;
        }
        return indexes[slot];
    }

    private static int slot(int colour) {
        return colour * 0x9E3779B1 >>> 22;
    }

    /**
     * Collects the colours of a tile.
     *
     * @param limit at most 256
     * @return whether there are at most {@code limit}
     */
    boolean collect(int[] pixels, int stride, int x, int y, int width, int height, int limit) {
        Arrays.fill(indexes, (short) -1);
        count = 0;
        int previous = ~pixels[y * stride + x];
        for (int line = y; line < y + height; line++) {
            for (int i = line * stride + x, end = i + width; i < end; i++) {
                int colour = pixels[i];
                if (colour == previous) {
                    continue;
                }
                previous = colour;
                int slot = slot(colour);
                while (indexes[slot] >= 0 && keys[slot] != colour) {
                    slot = slot + 1 & SLOTS - 1;
                }
                if (indexes[slot] < 0) {
                    if (count == limit) {
                        return false;
                    }
                    keys[slot] = colour;
                    indexes[slot] = (short) count;
                    colours[count++] = colour;
                }
            }
        }
        return true;
    }
}
