package dev.arclet.emulator.device.video;

import dev.arclet.emulator.bus.MmioDevice;
import dev.arclet.emulator.memory.DirtyLog;
import dev.arclet.emulator.memory.GuestMemory;

/**
 * The CPU's window on video memory at A0000h..BFFFFh, through the VGA's graphics controller.
 *
 * <p>Planes are interleaved in video memory: byte {@code p} of the 32-bit word at {@code 4 *
 * offset} belongs to plane {@code p}, so one load fills all four latches. Chained modes address
 * planes as the chip does (the low address bits choose the plane and are zero in the plane's
 * offset), so a program that unchains mode 13h finds its pixels where it expects them.
 *
 * <p>While the VBE has a mode of 8 or more bits per pixel, the first 64 KiB are a plain bank of
 * video memory.
 *
 * <p>Source: IBM PS/2 Hardware Interface Technical Reference, "Graphics Controller Registers".
 */
final class VgaWindow implements MmioDevice {
    /** Physical address of the window. */
    static final long BASE = 0xA0000;

    /** Bytes of the window. */
    static final int SIZE = 0x20000;

    private static final int PLANE_MASK = 0xFFFF;
    private static final int[] PLANES = new int[16];

    static {
        for (int i = 0; i < 16; i++) {
            for (int plane = 0; plane < 4; plane++) {
                if ((i >> plane & 1) != 0) {
                    PLANES[i] |= 0xFF << (8 * plane);
                }
            }
        }
    }

    private final VgaRegisters registers;
    private final BochsVbe vbe;
    private final GuestMemory vram;
    private final DirtyLog dirty;
    private final int planarWords;

    VgaWindow(VgaRegisters registers, BochsVbe vbe, GuestMemory vram, DirtyLog dirty) {
        this.registers = registers;
        this.vbe = vbe;
        this.vram = vram;
        this.dirty = dirty;
        planarWords = (int) (vram.size() / 4);
    }

    /** Expands a 4-bit plane mask to 8 bits a plane. */
    static int planes(int mask) {
        return PLANES[mask & 0xF];
    }

    /** The four planes' bytes at a plane offset. */
    static int planeWord(GuestMemory vram, int offset) {
        return (int) vram.read(4L * offset, 4);
    }

    @Override
    public long readMmio(long offset, int bytes) {
        if (vbe.linearBank()) {
            long at = vbe.readBank() + offset;
            return offset + bytes > 0x10000 || at + bytes > vram.size()
                    ? -1L >>> (64 - 8 * bytes)
                    : vram.read(at, bytes);
        }
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= (long) readByte((int) offset + i) << (8 * i);
        }
        return value;
    }

    @Override
    public void writeMmio(long offset, int bytes, long value) {
        if (vbe.linearBank()) {
            long at = vbe.writeBank() + offset;
            if (offset + bytes <= 0x10000 && at + bytes <= vram.size()) {
                vram.write(at, bytes, value);
                dirty.mark(at >>> GuestMemory.PAGE_SHIFT);
                dirty.mark((at + bytes - 1) >>> GuestMemory.PAGE_SHIFT);
            }
            return;
        }
        for (int i = 0; i < bytes; i++) {
            writeByte((int) offset + i, (int) (value >>> (8 * i)) & 0xFF);
        }
    }

    /** Offset into the mapped aperture, or -1 if the window does not answer there. */
    private int aperture(int offset) {
        if ((registers.misc & 2) == 0) {
            return -1;
        }
        return switch (registers.graphics[6] >> 2 & 3) {
            case 0 -> offset;
            case 1 -> offset < 0x10000 ? offset : -1;
            case 2 -> offset >= 0x10000 && offset < 0x18000 ? offset - 0x10000 : -1;
            default -> offset >= 0x18000 ? offset - 0x18000 : -1;
        };
    }

    private int word(int address) {
        return vbe.planar()
                ? (int) ((vbe.readBank() + address) % planarWords)
                : address & PLANE_MASK;
    }

    private int readByte(int windowOffset) {
        int address = aperture(windowOffset);
        if (address < 0) {
            return 0xFF;
        }
        int[] graphics = registers.graphics;
        if ((registers.sequencer[4] & 8) != 0) {
            int latches = planeWord(vram, word(address & ~3));
            registers.latches = latches;
            return latches >>> (8 * (address & 3)) & 0xFF;
        }
        boolean oddEven = (graphics[5] & 0x10) != 0;
        int latches = planeWord(vram, word(oddEven ? address & ~1 : address));
        registers.latches = latches;
        if ((graphics[5] & 8) != 0) {
            int differ = (latches ^ planes(graphics[2])) & planes(graphics[7]);
            return ~(differ | differ >>> 8 | differ >>> 16 | differ >>> 24) & 0xFF;
        }
        int plane = oddEven ? graphics[4] & 2 | address & 1 : graphics[4];
        return latches >>> (8 * plane) & 0xFF;
    }

    private void writeByte(int windowOffset, int value) {
        int address = aperture(windowOffset);
        if (address < 0) {
            return;
        }
        int mask = registers.sequencer[2];
        if ((registers.sequencer[4] & 8) != 0) {
            mask &= 1 << (address & 3);
            address &= ~3;
        } else if ((registers.sequencer[4] & 4) == 0) {
            mask &= (address & 1) != 0 ? 0xA : 0x5;
            address &= ~1;
        }
        if (mask == 0) {
            return;
        }
        long at = 4L * word(address);
        int select = planes(mask);
        int old = (int) vram.read(at, 4);
        vram.write(at, 4, old & ~select | combine(value) & select);
        dirty.mark(at >>> GuestMemory.PAGE_SHIFT);
    }

    /** What the graphics controller makes of a CPU byte, for all four planes. */
    private int combine(int value) {
        int[] graphics = registers.graphics;
        int latches = registers.latches;
        int mode = graphics[5] & 3;
        if (mode == 1) {
            return latches;
        }
        int rotate = graphics[3] & 7;
        int rotated = (value >> rotate | value << (8 - rotate)) & 0xFF;
        int bitMask = graphics[8];
        int data;
        switch (mode) {
            case 0 -> {
                int setReset = planes(graphics[1]);
                data = rotated * 0x01010101 & ~setReset | planes(graphics[0]) & setReset;
            }
            case 2 -> data = planes(value);
            default -> {
                bitMask &= rotated;
                data = planes(graphics[0]);
            }
        }
        switch (graphics[3] >> 3 & 3) {
            case 1 -> data &= latches;
            case 2 -> data |= latches;
            case 3 -> data ^= latches;
            default -> {}
        }
        int spread = bitMask * 0x01010101;
        return data & spread | latches & ~spread;
    }
}
