package dev.arclet.launcher.rfb;

import dev.arclet.emulator.display.Screen;
import java.util.Arrays;
import java.util.Random;

/** Draws on a screen what guests draw: fills, text-like specks, gradients, noise, scrolls. */
final class Drawing {
    private Drawing() {}

    static void random(Screen screen, Random random) {
        synchronized (screen) {
            int width = screen.width();
            int height = screen.height();
            int w = 1 + random.nextInt(width);
            int h = 1 + random.nextInt(height);
            int x = random.nextInt(width - w + 1);
            int y = random.nextInt(height - h + 1);
            int[] row = new int[width];
            int kind = random.nextInt(5);
            int base = random.nextInt(1 << 24);
            int other = random.nextInt(1 << 24);
            int colours = 2 + random.nextInt(300);
            for (int line = y; line < y + h; line++) {
                System.arraycopy(screen.pixels(), line * width, row, 0, width);
                for (int i = x; i < x + w; i++) {
                    row[i] =
                            switch (kind) {
                                case 0 -> base;
                                case 1 -> random.nextInt(4) == 0 ? other : base;
                                case 2 -> (i & 0xFF) << 16 | (line & 0xFF) << 8 | 0x40;
                                case 3 -> random.nextInt(1 << 24);
                                default -> random.nextInt(colours) * 7919 & 0xFFFFFF;
                            };
                }
                screen.putRow(line, row, 0);
            }
        }
        screen.publish();
    }

    /** Rows of random specks, as lines of text are. */
    static void page(Screen screen, Random random) {
        synchronized (screen) {
            int[] row = new int[screen.width()];
            for (int y = 0; y < screen.height(); y++) {
                for (int i = 0; i < row.length; i++) {
                    row[i] = random.nextInt(3) == 0 ? 0xAAAAAA : 0;
                }
                screen.putRow(y, row, 0);
            }
        }
        screen.publish();
    }

    /** Moves everything up by {@code shift} rows (down if negative); what comes in is blue. */
    static void scroll(Screen screen, int shift) {
        synchronized (screen) {
            int width = screen.width();
            int height = screen.height();
            int[] before = screen.copyPixels();
            int[] row = new int[width];
            for (int y = 0; y < height; y++) {
                int from = y + shift;
                if (from >= 0 && from < height) {
                    screen.putRow(y, before, from * width);
                } else {
                    Arrays.fill(row, 0x0000AA);
                    screen.putRow(y, row, 0);
                }
            }
        }
        screen.publish();
    }
}
