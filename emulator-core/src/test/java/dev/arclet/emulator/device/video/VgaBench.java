package dev.arclet.emulator.device.video;

import dev.arclet.emulator.bus.PioBus;
import dev.arclet.emulator.display.Screen;
import dev.arclet.emulator.memory.PhysicalMap;
import java.util.ArrayList;
import java.util.List;

/** An adapter on its buses, with a viewer that notes what it is told. */
final class VgaBench implements AutoCloseable, Screen.Listener {
    static final long LFB = 0xE000_0000L;

    long nanos;
    final VgaAdapter vga = new VgaAdapter(() -> nanos, VgaAdapter.DEFAULT_VRAM);
    final PhysicalMap map = new PhysicalMap(36);
    final PioBus ports = new PioBus();
    final Screen screen = new Screen();
    final List<Screen.Rect> damage = new ArrayList<>();

    VgaBench() {
        vga.attach(map, ports);
        vga.mapFrameBuffer(map, LFB);
        screen.addListener(this);
    }

    void refresh() {
        damage.clear();
        vga.refresh(screen);
    }

    int pixel(int x, int y) {
        synchronized (screen) {
            return screen.pixels()[y * screen.width() + x];
        }
    }

    void index(int port, int index, int value) {
        ports.write(port, 2, index | value << 8);
    }

    void attribute(int index, int value) {
        ports.read(0x3DA, 1);
        ports.write(0x3C0, 1, index);
        ports.write(0x3C0, 1, value);
    }

    /** Sets the registers as a BIOS does; the DAC gets entry i = (i, 63 - i, i / 2). */
    void mode(int misc, int[] sequencer, int[] crtc, int[] graphics, int[] attributes) {
        ports.write(0x3C2, 1, misc);
        for (int i = 0; i < sequencer.length; i++) {
            index(0x3C4, i, sequencer[i]);
        }
        index(0x3D4, 0x11, 0);
        for (int i = 0; i < crtc.length; i++) {
            index(0x3D4, i, crtc[i]);
        }
        for (int i = 0; i < graphics.length; i++) {
            index(0x3CE, i, graphics[i]);
        }
        for (int i = 0; i < attributes.length; i++) {
            attribute(i, attributes[i]);
        }
        ports.read(0x3DA, 1);
        ports.write(0x3C0, 1, 0x20);
        ports.write(0x3C8, 1, 0);
        for (int i = 0; i < 256; i++) {
            ports.write(0x3C9, 1, i & 63);
            ports.write(0x3C9, 1, 63 - (i & 63));
            ports.write(0x3C9, 1, (i & 63) / 2);
        }
    }

    static int dac(int i) {
        return wide(i & 63) << 16 | wide(63 - (i & 63)) << 8 | wide((i & 63) / 2);
    }

    private static int wide(int six) {
        return six << 2 | six >> 4;
    }

    void mode12h() {
        mode(
                0xE3,
                new int[] {3, 1, 0x0F, 0, 6},
                new int[] {
                    0x5F, 0x4F, 0x50, 0x82, 0x54, 0x80, 0x0B, 0x3E, 0, 0x40, 0, 0, 0, 0, 0, 0, 0xEA,
                    0x8C, 0xDF, 0x28, 0, 0xE7, 0x04, 0xE3, 0xFF
                },
                new int[] {0, 0, 0, 0, 0, 0, 5, 0x0F, 0xFF},
                new int[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 1, 0, 15, 0, 0});
    }

    void mode13h() {
        mode(
                0x63,
                new int[] {3, 1, 0x0F, 0, 0x0E},
                new int[] {
                    0x5F, 0x4F, 0x50, 0x82, 0x54, 0x80, 0xBF, 0x1F, 0, 0x41, 0, 0, 0, 0, 0, 0, 0x9C,
                    0x8E, 0x8F, 0x28, 0x40, 0x96, 0xB9, 0xA3, 0xFF
                },
                new int[] {0, 0, 0, 0, 0, 0x40, 5, 0x0F, 0xFF},
                new int[] {
                    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0x41, 0, 15, 0, 0
                });
    }

    /** CGA's 320x200 in four colours. */
    void mode4() {
        mode(
                0x63,
                new int[] {3, 9, 3, 0, 2},
                new int[] {
                    0x2D, 0x27, 0x28, 0x90, 0x2B, 0x80, 0xBF, 0x1F, 0, 0xC1, 0, 0, 0, 0, 0, 0, 0x9C,
                    0x8E, 0x8F, 0x14, 0, 0x96, 0xB9, 0xA2, 0xFF
                },
                new int[] {0, 0, 0, 0, 0, 0x30, 0x0F, 0, 0xFF},
                new int[] {0, 3, 5, 7, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 1, 0, 3, 0, 0});
    }

    void vbe(int register, int value) {
        ports.write(0x1CE, 2, register);
        ports.write(0x1CF, 2, value);
    }

    int vbe(int register) {
        ports.write(0x1CE, 2, register);
        return ports.read(0x1CF, 2);
    }

    @Override
    public void damaged(List<Screen.Rect> rects) {
        damage.addAll(rects);
    }

    @Override
    public void resized(int width, int height) {
        damage.add(new Screen.Rect(0, 0, width, height));
    }

    @Override
    public void close() {
        vga.close();
    }
}
