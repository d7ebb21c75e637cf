package dev.arclet.emulator.device.video;

import dev.arclet.emulator.bus.Clock;
import dev.arclet.emulator.bus.MmioDevice;
import dev.arclet.emulator.bus.PioBus;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.display.Screen;
import dev.arclet.emulator.memory.DirtyLog;
import dev.arclet.emulator.memory.GuestMemory;
import dev.arclet.emulator.memory.PhysicalMap;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;
import java.util.BitSet;

/**
 * The display adapter: a standard VGA with the Bochs VBE extension and a linear frame buffer, as
 * the PCI device 1234h:1111h presents it.
 *
 * <p>This class owns the video memory and assembles the parts: registers ({@link VgaRegisters}),
 * the window at A0000h ({@link VgaWindow}), the VBE ({@link BochsVbe}) and the renderers. {@link
 * #refresh} brings a {@link Screen} up to date.
 *
 * <p>Machine thread only.
 */
public final class VgaAdapter implements Resettable, Stateful, AutoCloseable {
    /** Video memory of the standard configuration, in bytes. */
    public static final int DEFAULT_VRAM = 16 << 20;

    private final GuestMemory vram;
    private final DirtyLog dirty = new DirtyLog();
    private final VgaRegisters registers;
    private final BochsVbe vbe;
    private final VgaWindow window;
    private final TextRenderer text;
    private final GraphicsRenderer graphics;
    private final LinearRenderer linear;

    private enum Picture {
        NONE,
        BLANK,
        TEXT,
        GRAPHICS,
        LINEAR
    }

    private Picture shown = Picture.NONE;
    private Screen lastScreen;
    private PhysicalMap frameBufferMap;
    private long frameBufferBase;

    /**
     * A powered-on adapter that nothing has programmed: its screen is blank until a video BIOS,
     * {@link #setTextMode} or {@link #setLinearMode} does.
     *
     * @param clock virtual time, for retrace and blinking
     * @param vramBytes video memory, a multiple of 64 KiB from 256 KiB to 256 MiB; as a PCI BAR it
     *     must be a power of two
     */
    public VgaAdapter(Clock clock, int vramBytes) {
        if (vramBytes < 256 << 10 || vramBytes > 256 << 20 || (vramBytes & 0xFFFF) != 0) {
            throw new IllegalArgumentException("video memory of " + vramBytes + " bytes");
        }
        vram = new GuestMemory(vramBytes);
        registers = new VgaRegisters(clock);
        vbe = new BochsVbe(registers, vram, dirty);
        window = new VgaWindow(registers, vbe, vram, dirty);
        text = new TextRenderer(registers, vram);
        graphics = new GraphicsRenderer(registers, vbe, vram);
        linear = new LinearRenderer(registers, vbe, vram);
    }

    /** Registers the legacy ports and the window at A0000h. */
    public void attach(PhysicalMap map, PioBus ports) {
        ports.register(VgaRegisters.BASE, VgaRegisters.PORTS, "VGA", registers);
        ports.register(BochsVbe.BASE, BochsVbe.PORTS, "Bochs VBE", vbe);
        map.mapMmio("VGA window", VgaWindow.BASE, VgaWindow.SIZE, window);
    }

    /**
     * Maps the linear frame buffer at a physical address, instead of where it was; BAR 0 of the PCI
     * function.
     *
     * @param base a multiple of 4 KiB
     */
    public void mapFrameBuffer(PhysicalMap map, long base) {
        unmapFrameBuffer();
        map.mapLoggedRam("VGA frame buffer", base, vram, dirty);
        frameBufferMap = map;
        frameBufferBase = base;
    }

    /** Takes the linear frame buffer out of the physical map. */
    public void unmapFrameBuffer() {
        if (frameBufferMap != null) {
            frameBufferMap.unmap(frameBufferBase);
            frameBufferMap = null;
        }
    }

    /** The registers as memory, 4 KiB; BAR 2 of the PCI function. */
    public MmioDevice registerWindow() {
        return new VgaMmioRegisters(registers, vbe);
    }

    /** Bytes of video memory. */
    public int vramBytes() {
        return (int) vram.size();
    }

    /** Where the linear frame buffer is mapped, or -1. */
    public long frameBufferBase() {
        return frameBufferMap == null ? -1 : frameBufferBase;
    }

    /**
     * Sets a packed-pixel mode without a video BIOS, for a directly booted kernel that is told of a
     * linear frame buffer. Video memory is cleared.
     *
     * @param width pixels, a multiple of 8, at most {@link Screen#MAX_WIDTH}
     * @param height pixels, at most {@link Screen#MAX_HEIGHT}
     * @param bitsPerPixel 8, 15, 16, 24 or 32
     * @return bytes from one row to the next
     * @throws IllegalArgumentException if the mode does not exist or video memory is too small
     */
    public int setLinearMode(int width, int height, int bitsPerPixel) {
        setTextMode();
        vbe.writeRegister(BochsVbe.ENABLE, 0);
        vbe.writeRegister(BochsVbe.XRES, width);
        vbe.writeRegister(BochsVbe.YRES, height);
        vbe.writeRegister(BochsVbe.BPP, bitsPerPixel);
        vbe.writeRegister(BochsVbe.ENABLE, BochsVbe.ENABLED | BochsVbe.LINEAR);
        if (vbe.width() != width
                || vbe.height() != height
                || vbe.depth() != bitsPerPixel
                || bitsPerPixel == 4) {
            vbe.writeRegister(BochsVbe.ENABLE, 0);
            throw new IllegalArgumentException(
                    "no linear mode %dx%dx%d".formatted(width, height, bitsPerPixel));
        }
        return vbe.lineBytes();
    }

    /** Sets 80x25 text with our own font without a video BIOS (BIOS mode 3). */
    public void setTextMode() {
        vbe.reset();
        registers.reset();
        PowerOnText.program(registers, vram);
        for (long page = 0; page < 64; page++) {
            dirty.mark(page);
        }
    }

    /**
     * Brings the screen up to date and tells its viewers. Costs little when nothing has changed; to
     * be called some 60 times a second while somebody watches.
     */
    public boolean refresh(Screen screen) {
        BitSet written = dirty.harvest();
        if (screen != lastScreen) {
            lastScreen = screen;
            shown = Picture.NONE;
        }
        synchronized (screen) {
            draw(screen, written);
        }
        return screen.publish();
    }

    private void draw(Screen screen, BitSet written) {
        Picture picture = picture();
        boolean changed = picture != shown;
        shown = picture;
        if (changed && picture != Picture.TEXT) {
            screen.setText(null);
        }
        switch (picture) {
            case NONE -> {}
            case BLANK -> {
                if (changed) {
                    screen.blank();
                }
            }
            case TEXT -> {
                if (changed) {
                    text.invalidate();
                }
                text.draw(screen, !written.isEmpty());
            }
            case GRAPHICS -> {
                if (changed) {
                    graphics.invalidate();
                }
                graphics.draw(screen, written);
            }
            case LINEAR -> {
                if (changed) {
                    linear.invalidate();
                }
                linear.draw(screen, written);
            }
        }
    }

    private Picture picture() {
        if (registers.blanked()) {
            return Picture.BLANK;
        }
        if (vbe.enabled()) {
            return vbe.planar() ? Picture.GRAPHICS : Picture.LINEAR;
        }
        return registers.graphicsMode() ? Picture.GRAPHICS : Picture.TEXT;
    }

    @Override
    public void reset() {
        registers.reset();
        vbe.reset();
        for (int page = 0; page < vram.size() >>> GuestMemory.PAGE_SHIFT; page++) {
            if (!vram.isUntouched(page)) {
                dirty.mark(page);
            }
        }
        vram.clear();
    }

    @Override
    public String sectionId() {
        return "vga";
    }

    @Override
    public int sectionVersion() {
        return 1;
    }

    @Override
    public void save(SnapshotWriter out) {
        registers.save(out);
        vbe.save(out);
        out.putInt("vramBytes", (int) vram.size());
        byte[] page = new byte[GuestMemory.PAGE_SIZE];
        for (int number = 0; number < vram.size() >>> GuestMemory.PAGE_SHIFT; number++) {
            if (!isZero(number, page)) {
                out.putInt("page", number);
                out.putBytes("bytes", page);
            }
        }
        out.putInt("page", -1);
    }

    private boolean isZero(int number, byte[] page) {
        if (vram.isUntouched(number)) {
            return true;
        }
        vram.read((long) number << GuestMemory.PAGE_SHIFT, page, 0, page.length);
        for (byte b : page) {
            if (b != 0) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        if (version != 1) {
            throw new SnapshotException(
                    "cannot restore snapshot section 'vga': version %d is not known, only 1; start the machine without the snapshot"
                            .formatted(version));
        }
        registers.restore(in);
        vbe.restore(in);
        in.getInt("vramBytes", (int) vram.size(), (int) vram.size());
        vram.clear();
        byte[] page = new byte[GuestMemory.PAGE_SIZE];
        int pages = (int) (vram.size() >>> GuestMemory.PAGE_SHIFT);
        int previous = -1;
        while (true) {
            int number = in.getInt("page", -1, pages - 1);
            if (number < 0) {
                break;
            }
            if (number <= previous) {
                throw new SnapshotException(
                        "cannot restore snapshot section 'vga', field 'page': pages are out of order; the snapshot is damaged, start the machine without it");
            }
            previous = number;
            in.getBytes("bytes", page);
            vram.write((long) number << GuestMemory.PAGE_SHIFT, page, 0, page.length);
        }
        in.end();
        shown = Picture.NONE;
        for (int number = 0; number < pages; number++) {
            dirty.mark(number);
        }
    }

    /** Gives the video memory back; nothing may touch the adapter afterwards. */
    @Override
    public void close() {
        unmapFrameBuffer();
        vram.close();
    }
}
