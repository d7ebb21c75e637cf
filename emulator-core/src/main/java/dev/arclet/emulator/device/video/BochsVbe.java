package dev.arclet.emulator.device.video;

import dev.arclet.emulator.bus.PioDevice;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.display.Screen;
import dev.arclet.emulator.memory.DirtyLog;
import dev.arclet.emulator.memory.GuestMemory;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;

/**
 * The "display interface" registers of the Bochs VBE extension: an index at port 1CEh, 16-bit data
 * at 1CFh (also answered at 1D0h, which 16-bit aligned buses use).
 *
 * <p>Facts from the VBE extension's public description (interface identifiers B0C0h..B0C5h). Writes
 * are taken at any time and bent into what video memory can show.
 */
final class BochsVbe implements PioDevice, Resettable {
    static final int BASE = 0x1CE;
    static final int PORTS = 3;

    static final int ID = 0;
    static final int XRES = 1;
    static final int YRES = 2;
    static final int BPP = 3;
    static final int ENABLE = 4;
    static final int BANK = 5;
    static final int VIRT_WIDTH = 6;
    static final int VIRT_HEIGHT = 7;
    static final int X_OFFSET = 8;
    static final int Y_OFFSET = 9;
    static final int MEMORY_64K = 10;
    private static final int STORED = 10;

    static final int FIRST_ID = 0xB0C0;
    static final int LAST_ID = 0xB0C5;

    static final int ENABLED = 0x01;
    static final int GET_CAPABILITIES = 0x02;
    static final int WIDE_DAC = 0x20;
    static final int LINEAR = 0x40;
    static final int NO_CLEAR = 0x80;

    private static final int BANK_WRITE = 0x4000;
    private static final int BANK_READ = 0x8000;
    private static final int BANK_NUMBER = 0x01FF;

    private final VgaRegisters registers;
    private final GuestMemory vram;
    private final DirtyLog dirty;
    private final int[] values = new int[STORED];
    private int index;
    private int readBank;
    private int writeBank;

    BochsVbe(VgaRegisters registers, GuestMemory vram, DirtyLog dirty) {
        this.registers = registers;
        this.vram = vram;
        this.dirty = dirty;
        reset();
    }

    @Override
    public void reset() {
        java.util.Arrays.fill(values, 0);
        values[ID] = LAST_ID;
        values[BPP] = 8;
        index = 0;
        readBank = 0;
        writeBank = 0;
    }

    boolean enabled() {
        return (values[ENABLE] & ENABLED) != 0;
    }

    /** Whether the window at A0000h is a plain bank of video memory. */
    boolean linearBank() {
        return enabled() && values[BPP] != 4;
    }

    /** Whether a 16-colour planar VBE mode is on. */
    boolean planar() {
        return enabled() && values[BPP] == 4;
    }

    long readBank() {
        return (long) readBank << 16;
    }

    long writeBank() {
        return (long) writeBank << 16;
    }

    int width() {
        return values[XRES];
    }

    int height() {
        return values[YRES];
    }

    /** Bits per pixel: 4, 8, 15, 16, 24 or 32. */
    int depth() {
        return values[BPP];
    }

    /** Bytes from one row to the next. */
    int lineBytes() {
        return lineBytes(values[VIRT_WIDTH]);
    }

    private int lineBytes(int pixels) {
        return switch (values[BPP]) {
            case 4 -> pixels / 2;
            case 8 -> pixels;
            case 15, 16 -> 2 * pixels;
            case 24 -> 3 * pixels;
            default -> 4 * pixels;
        };
    }

    /** Offset in video memory of the pixel at the top left, for modes of 8 or more bits a pixel. */
    long startOffset() {
        return (long) values[Y_OFFSET] * lineBytes() + lineBytes(values[X_OFFSET]);
    }

    int xOffset() {
        return values[X_OFFSET];
    }

    int yOffset() {
        return values[Y_OFFSET];
    }

    @Override
    public int readPort(int offset, int bytes) {
        if (bytes == 4) {
            return index & 0xFFFF | readRegister(index) << 16;
        }
        int value = offset == 0 ? index : readRegister(index);
        return bytes == 1 ? value & 0xFF : value;
    }

    @Override
    public void writePort(int offset, int bytes, int value) {
        if (offset == 0) {
            index = value & 0xFFFF;
        } else if (bytes != 1) {
            writeRegister(index, value & 0xFFFF);
        }
    }

    int readRegister(int register) {
        if (register == MEMORY_64K) {
            return (int) (vram.size() >> 16);
        }
        if (register < 0 || register >= STORED) {
            return 0;
        }
        if ((values[ENABLE] & GET_CAPABILITIES) != 0) {
            switch (register) {
                case XRES -> {
                    return Screen.MAX_WIDTH;
                }
                case YRES -> {
                    return Screen.MAX_HEIGHT;
                }
                case BPP -> {
                    return 32;
                }
                default -> {}
            }
        }
        return values[register];
    }

    void writeRegister(int register, int value) {
        switch (register) {
            case ID -> {
                if (value >= FIRST_ID && value <= LAST_ID) {
                    values[ID] = value;
                }
            }
            case XRES, YRES, BPP, VIRT_WIDTH, X_OFFSET, Y_OFFSET -> {
                values[register] = value;
                fit();
            }
            case BANK -> {
                int number = value & BANK_NUMBER;
                values[BANK] = number;
                // Without a direction both banks move.
                boolean both = (value & (BANK_READ | BANK_WRITE)) == 0;
                if (both || (value & BANK_READ) != 0) {
                    readBank = number;
                }
                if (both || (value & BANK_WRITE) != 0) {
                    writeBank = number;
                }
            }
            case ENABLE -> enable(value);
            default -> {}
        }
    }

    private void enable(int value) {
        boolean before = enabled();
        values[ENABLE] = value & (ENABLED | GET_CAPABILITIES | WIDE_DAC | LINEAR | NO_CLEAR);
        setWideDac((value & WIDE_DAC) != 0);
        if (enabled() && !before) {
            values[VIRT_WIDTH] = 0;
            values[X_OFFSET] = 0;
            values[Y_OFFSET] = 0;
            fit();
            if ((value & NO_CLEAR) == 0) {
                clear();
            }
        }
        if (!enabled()) {
            readBank = 0;
            writeBank = 0;
            values[BANK] = 0;
        }
    }

    /** The DAC keeps its colours when its width changes. */
    private void setWideDac(boolean wide) {
        if (registers.wideDac == wide) {
            return;
        }
        registers.wideDac = wide;
        for (int i = 0; i < registers.dac.length; i++) {
            int v = registers.dac[i] & 0xFF;
            registers.dac[i] = (byte) (wide ? v << 2 & 0xFC : v >> 2);
        }
    }

    private void clear() {
        byte[] zeros = new byte[GuestMemory.PAGE_SIZE];
        long bytes = Math.min(vram.size(), (long) lineBytes() * values[YRES]);
        for (long at = 0; at < bytes; at += GuestMemory.PAGE_SIZE) {
            long page = at >>> GuestMemory.PAGE_SHIFT;
            if (!vram.isUntouched(page)) {
                vram.write(at, zeros, 0, (int) Math.min(zeros.length, bytes - at));
            }
            dirty.mark(page);
        }
    }

    private void fit() {
        switch (values[BPP]) {
            case 4, 8, 15, 16, 24, 32 -> {}
            case 0 -> values[BPP] = 8;
            default -> values[BPP] = 32;
        }
        if (!enabled()) {
            return;
        }
        int width = Math.clamp(values[XRES] & ~7, 8, Screen.MAX_WIDTH);
        int virtual = Math.clamp(values[VIRT_WIDTH] & ~7, width, 0xFFF8);
        if (lineBytes(virtual) > vram.size()) {
            virtual = width;
        }
        int rows = (int) Math.min(0xFFFF, vram.size() / lineBytes(virtual));
        int height = Math.clamp(values[YRES], 1, Math.min(rows, Screen.MAX_HEIGHT));
        values[XRES] = width;
        values[YRES] = height;
        values[VIRT_WIDTH] = virtual;
        values[VIRT_HEIGHT] = rows;
        values[X_OFFSET] = Math.min(values[X_OFFSET], virtual - width);
        values[Y_OFFSET] = Math.min(values[Y_OFFSET], rows - height);
    }

    void save(SnapshotWriter out) {
        out.putInts("vbe", values);
        out.putInt("vbeIndex", index);
        out.putInt("vbeReadBank", readBank);
        out.putInt("vbeWriteBank", writeBank);
    }

    void restore(SnapshotReader in) throws SnapshotException {
        in.getInts("vbe", values);
        for (int i = 0; i < STORED; i++) {
            values[i] &= 0xFFFF;
        }
        values[ID] = Math.clamp(values[ID], FIRST_ID, LAST_ID);
        fit();
        index = in.getInt("vbeIndex", 0, 0xFFFF);
        readBank = in.getInt("vbeReadBank", 0, BANK_NUMBER);
        writeBank = in.getInt("vbeWriteBank", 0, BANK_NUMBER);
    }
}
