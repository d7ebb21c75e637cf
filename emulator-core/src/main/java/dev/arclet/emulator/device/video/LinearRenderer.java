package dev.arclet.emulator.device.video;

import dev.arclet.emulator.display.Screen;
import dev.arclet.emulator.memory.GuestMemory;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Draws the packed-pixel modes of the VBE (8, 15, 16, 24 and 32 bits per pixel, little endian, red
 * in the high bits), row by row where a dirty page says that something was written.
 */
final class LinearRenderer {
    private final VgaRegisters registers;
    private final BochsVbe vbe;
    private final GuestMemory vram;
    private final int[] palette = new int[256];
    private final int[] newPalette = new int[256];
    private byte[] packed = new byte[0];
    private int[] row = new int[0];
    private int width;
    private int height;
    private int depth;
    private int lineBytes;
    private long start;
    private boolean valid;

    LinearRenderer(VgaRegisters registers, BochsVbe vbe, GuestMemory vram) {
        this.registers = registers;
        this.vbe = vbe;
        this.vram = vram;
    }

    /** Forgets what was drawn. */
    void invalidate() {
        valid = false;
    }

    /** Draws the rows that touch dirty pages. The caller holds the screen's monitor. */
    void draw(Screen screen, BitSet dirty) {
        boolean all = modeChanged();
        if (!all && dirty.isEmpty()) {
            return;
        }
        screen.resize(width, height);
        int bytes = rowBytes();
        for (int y = 0; y < height; y++) {
            long at = start + (long) y * lineBytes;
            if (at + bytes > vram.size()) {
                break;
            }
            if (!all) {
                int page = dirty.nextSetBit((int) (at >>> GuestMemory.PAGE_SHIFT));
                if (page < 0) {
                    break;
                }
                if (page > at + bytes - 1 >>> GuestMemory.PAGE_SHIFT) {
                    continue;
                }
            }
            convert(at, bytes);
            screen.putRow(y, row, 0);
        }
    }

    private int rowBytes() {
        return switch (depth) {
            case 8 -> width;
            case 15, 16 -> 2 * width;
            case 24 -> 3 * width;
            default -> 4 * width;
        };
    }

    private boolean modeChanged() {
        boolean changed =
                !valid
                        || width != vbe.width()
                        || height != vbe.height()
                        || depth != vbe.depth()
                        || lineBytes != vbe.lineBytes()
                        || start != vbe.startOffset();
        width = vbe.width();
        height = vbe.height();
        depth = vbe.depth();
        lineBytes = vbe.lineBytes();
        start = vbe.startOffset();
        valid = true;
        if (row.length < width) {
            row = new int[width];
            packed = new byte[4 * width];
        }
        if (depth == 8) {
            for (int i = 0; i < 256; i++) {
                newPalette[i] = registers.dacColour(i);
            }
            if (!Arrays.equals(palette, newPalette)) {
                System.arraycopy(newPalette, 0, palette, 0, 256);
                changed = true;
            }
        }
        return changed;
    }

    private void convert(long at, int bytes) {
        if (depth == 32) {
            copy32(at);
            return;
        }
        vram.read(at, packed, 0, bytes);
        switch (depth) {
            case 8 -> {
                for (int x = 0; x < width; x++) {
                    row[x] = palette[packed[x] & 0xFF];
                }
            }
            case 15 -> {
                for (int x = 0; x < width; x++) {
                    int v = packed[2 * x] & 0xFF | (packed[2 * x + 1] & 0xFF) << 8;
                    row[x] = five(v >> 10) << 16 | five(v >> 5) << 8 | five(v);
                }
            }
            case 16 -> {
                for (int x = 0; x < width; x++) {
                    int v = packed[2 * x] & 0xFF | (packed[2 * x + 1] & 0xFF) << 8;
                    int green = v >> 5 & 0x3F;
                    row[x] = five(v >> 11) << 16 | (green << 2 | green >> 4) << 8 | five(v);
                }
            }
            default -> {
                for (int x = 0; x < width; x++) {
                    row[x] =
                            packed[3 * x] & 0xFF
                                    | (packed[3 * x + 1] & 0xFF) << 8
                                    | (packed[3 * x + 2] & 0xFF) << 16;
                }
            }
        }
    }

    private static int five(int value) {
        int v = value & 0x1F;
        return v << 3 | v >> 2;
    }

    private void copy32(long at) {
        int x = 0;
        while (x < width) {
            int inPage = (int) (at & GuestMemory.PAGE_SIZE - 1);
            int count = Math.min(width - x, (GuestMemory.PAGE_SIZE - inPage) / 4);
            long page = at >>> GuestMemory.PAGE_SHIFT;
            if (vram.isUntouched(page)) {
                Arrays.fill(row, x, x + count, 0);
            } else {
                GuestMemory.copyToInts(vram.pageAddress(page) + inPage, row, x, count);
            }
            x += count;
            at += 4L * count;
        }
        for (int i = 0; i < width; i++) {
            row[i] &= 0xFFFFFF;
        }
    }
}
