package dev.arclet.emulator.device.video;

import dev.arclet.emulator.bus.Clock;
import dev.arclet.emulator.bus.PioDevice;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;

/**
 * The registers of a VGA at ports 3B0h..3DFh (offset 0 is 3B0h): miscellaneous output, sequencer,
 * CRT controller, graphics controller, attribute controller and palette DAC.
 *
 * <p>Source: IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem"; FreeVGA's notes
 * for the undocumented read-backs. Known limits: the vertical retrace interrupt and the light pen
 * are absent, as on most clones; the monitor sense comparator always reports a monitor.
 */
final class VgaRegisters implements PioDevice, Resettable {
    /** First port of the range. */
    static final int BASE = 0x3B0;

    /** Number of ports. */
    static final int PORTS = 0x30;

    /** Bits that exist in each sequencer register. */
    private static final int[] SEQUENCER_BITS = {0x03, 0x3D, 0x0F, 0x3F, 0x0E};

    /** Bits that exist in each graphics controller register. */
    private static final int[] GRAPHICS_BITS = {
        0x0F, 0x0F, 0x0F, 0x1F, 0x03, 0x7B, 0x0F, 0x0F, 0xFF
    };

    private static final int CRTC_REGISTERS = 0x19;
    private static final int ATTRIBUTE_REGISTERS = 0x15;
    private static final int DAC_BYTES = 768;

    final int[] sequencer = new int[SEQUENCER_BITS.length];
    final int[] graphics = new int[GRAPHICS_BITS.length];
    final int[] crtc = new int[CRTC_REGISTERS];
    final int[] attribute = new int[ATTRIBUTE_REGISTERS];

    /** Red, green and blue of 256 entries, 6 bits each, or 8 when the VBE has widened the DAC. */
    final byte[] dac = new byte[DAC_BYTES];

    int misc;
    int dacMask;

    /** Whether DAC components have 8 bits (set through the VBE) rather than 6. */
    boolean wideDac;

    /** The four planes' bytes of the last CPU read, plane 0 in bits 0..7. */
    int latches;

    private final Clock clock;
    private int feature;
    private int sequencerIndex;
    private int graphicsIndex;
    private int crtcIndex;

    /** Index with the palette address source in bit 5. */
    private int attributeIndex;

    private boolean attributeTakesData;
    private int dacReadIndex;
    private int dacWriteIndex;
    private int dacComponent;
    private boolean dacReading;
    private final byte[] dacPending = new byte[3];

    VgaRegisters(Clock clock) {
        this.clock = clock;
        reset();
    }

    @Override
    public void reset() {
        zero(sequencer);
        zero(graphics);
        zero(crtc);
        zero(attribute);
        java.util.Arrays.fill(dac, (byte) 0);
        misc = 0;
        dacMask = 0xFF;
        wideDac = false;
        latches = 0;
        feature = 0;
        sequencerIndex = 0;
        graphicsIndex = 0;
        crtcIndex = 0;
        attributeIndex = 0;
        attributeTakesData = false;
        dacReadIndex = 0;
        dacWriteIndex = 0;
        dacComponent = 0;
        dacReading = false;
        java.util.Arrays.fill(dacPending, (byte) 0);
    }

    private static void zero(int[] registers) {
        java.util.Arrays.fill(registers, 0);
    }

    @Override
    public int readPort(int offset, int bytes) {
        int value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= read(BASE + offset + i) << (8 * i);
        }
        return value;
    }

    @Override
    public void writePort(int offset, int bytes, int value) {
        for (int i = 0; i < bytes; i++) {
            write(BASE + offset + i, value >>> (8 * i) & 0xFF);
        }
    }

    /** Whether the screen is off: the palette belongs to the CPU, or the sequencer blanks. */
    boolean blanked() {
        return (attributeIndex & 0x20) == 0 || (sequencer[1] & 0x20) != 0;
    }

    /** Gives the palette to the display, as writing 20h to port 3C0h does. */
    void enableDisplay() {
        attributeIndex |= 0x20;
    }

    /** Whether a graphics mode is selected (graphics controller, miscellaneous register). */
    boolean graphicsMode() {
        return (graphics[6] & 1) != 0;
    }

    /** The colour of a DAC entry as {@code 0x00RRGGBB}. */
    int dacColour(int index) {
        int i = 3 * (index & dacMask);
        return component(dac[i]) << 16 | component(dac[i + 1]) << 8 | component(dac[i + 2]);
    }

    private int component(byte raw) {
        if (wideDac) {
            return raw & 0xFF;
        }
        int six = raw & 0x3F;
        return six << 2 | six >> 4;
    }

    /** The colour of a 4-bit pixel after the attribute controller's palette. */
    int paletteColour(int pixel) {
        int entry = attribute[pixel & attribute[0x12] & 0xF];
        int index =
                (attribute[0x10] & 0x80) != 0
                        ? (entry & 0x0F) | (attribute[0x14] & 0x0F) << 4
                        : (entry & 0x3F) | (attribute[0x14] & 0x0C) << 4;
        return dacColour(index);
    }

    /** Number of displayed scan lines, 1..1024. */
    int displayedLines() {
        return 1 + (crtc[0x12] | (crtc[7] & 0x02) << 7 | (crtc[7] & 0x40) << 3);
    }

    /** Scan line after which the address counter starts again at 0, 0..1023. */
    int lineCompare() {
        return crtc[0x18] | (crtc[7] & 0x10) << 4 | (crtc[9] & 0x40) << 3;
    }

    private int totalLines() {
        return 2 + (crtc[6] | (crtc[7] & 0x01) << 8 | (crtc[7] & 0x20) << 4);
    }

    private int retraceStart() {
        return crtc[0x10] | (crtc[7] & 0x04) << 6 | (crtc[7] & 0x80) << 2;
    }

    /** Nanoseconds of virtual time. */
    long nanos() {
        return clock.nanos();
    }

    private int inputStatus1() {
        attributeTakesData = false;
        int dots = (crtc[0] + 5) * ((sequencer[1] & 1) != 0 ? 8 : 9);
        int halved = (sequencer[1] & 8) != 0 ? 2 : 1;
        // 25.175 or 28.322 MHz; other clock selects count as the latter.
        double nanosPerDot = halved * ((misc & 0x0C) == 0 ? 39.722 : 35.308);
        double line = dots * nanosPerDot;
        int total = totalLines();
        double inFrame = clock.nanos() % (line * total);
        int y = (int) (inFrame / line);
        boolean hidden =
                y >= displayedLines() || inFrame - y * line > (crtc[1] + 1) * line / (crtc[0] + 5);
        int start = retraceStart();
        int length = (crtc[0x11] - start & 0x0F) + ((crtc[0x11] - start & 0x0F) == 0 ? 16 : 0);
        boolean retrace = y >= start && y < start + length;
        return (hidden || retrace ? 1 : 0) | (retrace ? 8 : 0);
    }

    private boolean colour() {
        return (misc & 1) != 0;
    }

    private int read(int port) {
        if (port >= 0x3D0 ? !colour() : port < 0x3C0 && colour()) {
            return 0xFF;
        }
        return switch (port) {
            case 0x3C0 -> attributeIndex;
            case 0x3C1 -> readAttribute();
            case 0x3C2 -> 0x10;
            case 0x3C4 -> sequencerIndex;
            case 0x3C5 -> sequencerIndex < sequencer.length ? sequencer[sequencerIndex] : 0;
            case 0x3C6 -> dacMask;
            case 0x3C7 -> dacReading ? 3 : 0;
            case 0x3C8 -> dacWriteIndex;
            case 0x3C9 -> readDac();
            case 0x3CA -> feature;
            case 0x3CC -> misc;
            case 0x3CE -> graphicsIndex;
            case 0x3CF -> graphicsIndex < graphics.length ? graphics[graphicsIndex] : 0;
            case 0x3B4, 0x3D4 -> crtcIndex;
            case 0x3B5, 0x3D5 -> readCrtc();
            case 0x3BA, 0x3DA -> inputStatus1();
            default -> 0xFF;
        };
    }

    private void write(int port, int value) {
        if (port >= 0x3D0 ? !colour() : port < 0x3C0 && colour()) {
            return;
        }
        switch (port) {
            case 0x3C0 -> writeAttribute(value);
            case 0x3C2 -> misc = value & 0xEF;
            case 0x3C4 -> sequencerIndex = value & 7;
            case 0x3C5 -> {
                if (sequencerIndex < sequencer.length) {
                    sequencer[sequencerIndex] = value & SEQUENCER_BITS[sequencerIndex];
                }
            }
            case 0x3C6 -> dacMask = value;
            case 0x3C7 -> {
                dacReadIndex = value;
                dacComponent = 0;
                dacReading = true;
            }
            case 0x3C8 -> {
                dacWriteIndex = value;
                dacComponent = 0;
                dacReading = false;
            }
            case 0x3C9 -> writeDac(value);
            case 0x3CE -> graphicsIndex = value & 0x0F;
            case 0x3CF -> {
                if (graphicsIndex < graphics.length) {
                    graphics[graphicsIndex] = value & GRAPHICS_BITS[graphicsIndex];
                }
            }
            case 0x3B4, 0x3D4 -> crtcIndex = value & 0x3F;
            case 0x3B5, 0x3D5 -> writeCrtc(value);
            case 0x3BA, 0x3DA -> feature = value & 0x0B;
            default -> {}
        }
    }

    private int readAttribute() {
        int index = attributeIndex & 0x1F;
        return index < attribute.length ? attribute[index] : 0;
    }

    private void writeAttribute(int value) {
        if (!attributeTakesData) {
            attributeIndex = value & 0x3F;
        } else {
            setAttribute(attributeIndex & 0x1F, value);
        }
        attributeTakesData = !attributeTakesData;
    }

    void setAttribute(int index, int value) {
        if (index < 0x10) {
            // The palette belongs to the display while the address source bit is set.
            if ((attributeIndex & 0x20) == 0) {
                attribute[index] = value & 0x3F;
            }
            return;
        }
        switch (index) {
            case 0x10 -> attribute[index] = value & 0xEF;
            case 0x11 -> attribute[index] = value;
            case 0x12 -> attribute[index] = value & 0x3F;
            case 0x13, 0x14 -> attribute[index] = value & 0x0F;
            default -> {}
        }
    }

    private int readCrtc() {
        if (crtcIndex < crtc.length) {
            return crtc[crtcIndex];
        }
        return switch (crtcIndex) {
            case 0x22 -> latches >>> (8 * (graphics[4] & 3)) & 0xFF;
            case 0x24 -> (attributeTakesData ? 0x80 : 0) | attributeIndex;
            default -> 0;
        };
    }

    private void writeCrtc(int value) {
        if (crtcIndex >= crtc.length) {
            return;
        }
        if (crtcIndex <= 7 && (crtc[0x11] & 0x80) != 0) {
            // Write protection leaves the line compare bit of the overflow register open.
            if (crtcIndex == 7) {
                crtc[7] = crtc[7] & ~0x10 | value & 0x10;
            }
            return;
        }
        crtc[crtcIndex] = value;
    }

    private int readDac() {
        int value = dac[3 * dacReadIndex + dacComponent] & 0xFF;
        if (++dacComponent == 3) {
            dacComponent = 0;
            dacReadIndex = dacReadIndex + 1 & 0xFF;
        }
        return value;
    }

    private void writeDac(int value) {
        dacPending[dacComponent] = (byte) (wideDac ? value : value & 0x3F);
        if (++dacComponent == 3) {
            System.arraycopy(dacPending, 0, dac, 3 * dacWriteIndex, 3);
            dacComponent = 0;
            dacWriteIndex = dacWriteIndex + 1 & 0xFF;
        }
    }

    void save(SnapshotWriter out) {
        out.putInts("sequencer", sequencer);
        out.putInts("graphics", graphics);
        out.putInts("crtc", crtc);
        out.putInts("attribute", attribute);
        out.putBytes("dac", dac);
        out.putInt("misc", misc);
        out.putInt("dacMask", dacMask);
        out.putBoolean("wideDac", wideDac);
        out.putInt("latches", latches);
        out.putInt("feature", feature);
        out.putInt("sequencerIndex", sequencerIndex);
        out.putInt("graphicsIndex", graphicsIndex);
        out.putInt("crtcIndex", crtcIndex);
        out.putInt("attributeIndex", attributeIndex);
        out.putBoolean("attributeTakesData", attributeTakesData);
        out.putInt("dacReadIndex", dacReadIndex);
        out.putInt("dacWriteIndex", dacWriteIndex);
        out.putInt("dacComponent", dacComponent);
        out.putBoolean("dacReading", dacReading);
        out.putBytes("dacPending", dacPending);
    }

    void restore(SnapshotReader in) throws SnapshotException {
        in.getInts("sequencer", sequencer);
        in.getInts("graphics", graphics);
        in.getInts("crtc", crtc);
        in.getInts("attribute", attribute);
        for (int i = 0; i < sequencer.length; i++) {
            sequencer[i] &= SEQUENCER_BITS[i];
        }
        for (int i = 0; i < graphics.length; i++) {
            graphics[i] &= GRAPHICS_BITS[i];
        }
        for (int i = 0; i < crtc.length; i++) {
            crtc[i] &= 0xFF;
        }
        for (int i = 0; i < attribute.length; i++) {
            attribute[i] &= 0xFF;
        }
        in.getBytes("dac", dac);
        misc = in.getInt("misc", 0, 0xFF);
        dacMask = in.getInt("dacMask", 0, 0xFF);
        wideDac = in.getBoolean("wideDac");
        latches = in.getInt("latches");
        feature = in.getInt("feature", 0, 0xFF);
        sequencerIndex = in.getInt("sequencerIndex", 0, 7);
        graphicsIndex = in.getInt("graphicsIndex", 0, 0x0F);
        crtcIndex = in.getInt("crtcIndex", 0, 0x3F);
        attributeIndex = in.getInt("attributeIndex", 0, 0x3F);
        attributeTakesData = in.getBoolean("attributeTakesData");
        dacReadIndex = in.getInt("dacReadIndex", 0, 0xFF);
        dacWriteIndex = in.getInt("dacWriteIndex", 0, 0xFF);
        dacComponent = in.getInt("dacComponent", 0, 2);
        dacReading = in.getBoolean("dacReading");
        in.getBytes("dacPending", dacPending);
    }
}
