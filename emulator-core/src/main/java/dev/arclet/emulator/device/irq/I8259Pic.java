package dev.arclet.emulator.device.irq;

import dev.arclet.emulator.bus.IrqLine;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.device.BytePorts;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;

/**
 * Intel 8259A programmable interrupt controller (datasheet 231468), with the edge/level control
 * register that the PIIX3 puts in place of ICW1's LTIM bit (datasheet 290550, section 2.5.4).
 *
 * <p>Offset 0 is A0 = 0 (ICW1, OCW2, OCW3, IRR/ISR/poll), offset 1 is A0 = 1 (ICW2..4, IMR).
 * Vectors are always those of 8086 mode; the MCS-80 call sequence does not exist on a PC.
 */
public final class I8259Pic implements BytePorts, Resettable, Stateful {
    private static final int ICW1 = 0x10;
    private static final int ICW1_NEEDS_ICW4 = 0x01;
    private static final int ICW1_SINGLE = 0x02;
    private static final int ICW4_AUTO_EOI = 0x02;
    private static final int ICW4_SPECIAL_FULLY_NESTED = 0x10;
    private static final int OCW3 = 0x08;
    private static final int OCW3_READ_ISR = 0x01;
    private static final int OCW3_READ_SELECT = 0x02;
    private static final int OCW3_POLL = 0x04;
    private static final int OCW3_SPECIAL_MASK = 0x20;
    private static final int OCW3_SPECIAL_MASK_SELECT = 0x40;

    private static final int SPURIOUS_LEVEL = 7;
    private static final int POLL_REQUEST = 0x80;

    private final String sectionId;
    private final IrqLine output;
    private final int elcrWritable;
    private I8259Pic slave;
    private int slaveInput = -1;

    /** Levels of the eight input pins. */
    private int inputs;

    /** Requests: the latched rising edges whose pin is still high, or the level triggered pins. */
    private int irr;

    private int isr;
    private int imr;
    private int elcr;
    private int vectorBase;
    private int icw3;
    private int icw4;
    private boolean single;
    private boolean needsIcw4;

    /** The ICW (2..4) that the next write at A0 = 1 is, or 0 outside an initialisation. */
    private int expectedIcw;

    private int lowestPriority;
    private boolean rotateOnAutoEoi;
    private boolean specialMask;
    private boolean readIsr;
    private boolean poll;
    private boolean outputLevel;

    /**
     * Creates a chip after power-on.
     *
     * @param sectionId its snapshot section, such as {@code "pic.master"}
     * @param elcrWritable which inputs may be made level triggered (PIIX3: 0xF8 master, 0xDE slave)
     * @param output the INT pin
     */
    public I8259Pic(String sectionId, int elcrWritable, IrqLine output) {
        this.sectionId = sectionId;
        this.elcrWritable = elcrWritable;
        this.output = output;
        lowestPriority = 7;
    }

    /** Says which chip's INT pin drives {@code input}, so that acknowledging it asks that chip. */
    public void cascade(int input, I8259Pic chip) {
        slaveInput = input;
        slave = chip;
    }

    /** Drives input pin {@code input} (0..7). */
    public void setInput(int input, boolean high) {
        int bit = 1 << input;
        if (high == ((inputs & bit) != 0)) {
            return;
        }
        inputs ^= bit;
        if (high) {
            irr |= bit;
        } else {
            // Datasheet, "IR triggering": a pin must stay high until the acknowledge, in edge mode
            // too, or the request is gone and the acknowledge finds the default IR7.
            irr &= ~bit;
        }
        update();
    }

    /** The level of the INT pin. */
    public boolean output() {
        return outputLevel;
    }

    /** Whether the request register holds {@code input} (0..7) and the mask does not. */
    boolean waits(int input) {
        return (irr & ~imr & 1 << input) != 0;
    }

    private int levelTriggered(int bit) {
        return elcr & bit;
    }

    /**
     * Scans from the highest priority down: the first unmasked request that no in-service level
     * holds back, or -1.
     */
    private int pending() {
        if (expectedIcw != 0) {
            return -1;
        }
        int requests = irr & ~imr;
        if (requests == 0) {
            return -1;
        }
        int blocking = specialMask ? isr & ~imr : isr;
        for (int i = 1; i <= 8; i++) {
            int level = (lowestPriority + i) & 7;
            int bit = 1 << level;
            if ((blocking & bit) != 0) {
                // Special fully nested mode: further requests of the slave in service come through.
                boolean nested =
                        (icw4 & ICW4_SPECIAL_FULLY_NESTED) != 0
                                && level == slaveInput
                                && (requests & bit) != 0;
                return nested ? level : -1;
            }
            if ((requests & bit) != 0) {
                return level;
            }
        }
        return -1;
    }

    private void update() {
        boolean level = pending() >= 0;
        if (level != outputLevel) {
            outputLevel = level;
            output.set(level);
        }
    }

    /**
     * Both INTA cycles: the vector (0..255) to deliver. With no request left it is that of IR7 and
     * nothing is in service (the spurious interrupt).
     */
    public int acknowledge() {
        int level = pending();
        if (level < 0) {
            return vectorBase | SPURIOUS_LEVEL;
        }
        takeIntoService(level);
        int vector =
                level == slaveInput && slave != null ? slave.acknowledge() : vectorBase | level;
        update();
        return vector;
    }

    private void takeIntoService(int level) {
        int bit = 1 << level;
        if (levelTriggered(bit) == 0) {
            irr &= ~bit;
        }
        if ((icw4 & ICW4_AUTO_EOI) != 0) {
            if (rotateOnAutoEoi) {
                lowestPriority = level;
            }
        } else {
            isr |= bit;
        }
        // INT falls with the acknowledge even when another request is waiting: the master that this
        // chip may be cascaded to needs a new edge.
        if (outputLevel) {
            outputLevel = false;
            output.set(false);
        }
    }

    @Override
    public int readByte(int offset) {
        if (poll) {
            poll = false;
            int level = pending();
            if (level < 0) {
                return 0;
            }
            takeIntoService(level);
            update();
            return POLL_REQUEST | level;
        }
        if ((offset & 1) != 0) {
            return imr;
        }
        return readIsr ? isr : irr;
    }

    @Override
    public void writeByte(int offset, int value) {
        if ((offset & 1) != 0) {
            writeA0High(value);
        } else if ((value & ICW1) != 0) {
            initialise(value);
        } else if ((value & OCW3) != 0) {
            writeOcw3(value);
        } else {
            writeOcw2(value);
        }
        update();
    }

    private void initialise(int icw1) {
        single = (icw1 & ICW1_SINGLE) != 0;
        needsIcw4 = (icw1 & ICW1_NEEDS_ICW4) != 0;
        if (!needsIcw4) {
            icw4 = 0;
        }
        // The edge sense circuit is reset: only a pin that rises from now on requests.
        irr = inputs & elcr;
        isr = 0;
        imr = 0;
        lowestPriority = 7;
        rotateOnAutoEoi = false;
        specialMask = false;
        readIsr = false;
        poll = false;
        expectedIcw = 2;
    }

    private void writeA0High(int value) {
        switch (expectedIcw) {
            case 2 -> {
                vectorBase = value & 0xF8;
                expectedIcw = single ? (needsIcw4 ? 4 : 0) : 3;
            }
            case 3 -> {
                icw3 = value;
                expectedIcw = needsIcw4 ? 4 : 0;
            }
            case 4 -> {
                icw4 = value & 0x1F;
                expectedIcw = 0;
            }
            default -> imr = value;
        }
    }

    private void writeOcw3(int value) {
        poll = (value & OCW3_POLL) != 0;
        if ((value & OCW3_READ_SELECT) != 0) {
            readIsr = (value & OCW3_READ_ISR) != 0;
        }
        if ((value & OCW3_SPECIAL_MASK_SELECT) != 0) {
            specialMask = (value & OCW3_SPECIAL_MASK) != 0;
        }
    }

    /** OCW2: the bits R, SL, EOI select one of eight commands. */
    private void writeOcw2(int value) {
        int level = value & 7;
        switch (value >>> 5) {
            case 0 -> rotateOnAutoEoi = false;
            case 1 -> endHighest(false);
            case 3 -> isr &= ~(1 << level);
            case 4 -> rotateOnAutoEoi = true;
            case 5 -> endHighest(true);
            case 6 -> lowestPriority = level;
            case 7 -> {
                isr &= ~(1 << level);
                lowestPriority = level;
            }
            default -> {}
        }
    }

    private void endHighest(boolean rotate) {
        // A masked level is not ended by a non-specific EOI in special mask mode (datasheet,
        // "special mask mode").
        int candidates = specialMask ? isr & ~imr : isr;
        for (int i = 1; i <= 8; i++) {
            int level = (lowestPriority + i) & 7;
            if ((candidates & 1 << level) != 0) {
                isr &= ~(1 << level);
                if (rotate) {
                    lowestPriority = level;
                }
                return;
            }
        }
    }

    /** The edge/level control register: bit set means level triggered. */
    public int readElcr() {
        return elcr;
    }

    /** Writes the edge/level control register; bits of inputs that must be edges stay clear. */
    public void writeElcr(int value) {
        int old = elcr;
        elcr = value & elcrWritable;
        int nowLevel = elcr & ~old;
        irr = irr & ~nowLevel | inputs & nowLevel;
        update();
    }

    @Override
    public void reset() {
        inputs = 0;
        irr = 0;
        isr = 0;
        imr = 0;
        elcr = 0;
        vectorBase = 0;
        icw3 = 0;
        icw4 = 0;
        single = false;
        needsIcw4 = false;
        expectedIcw = 0;
        lowestPriority = 7;
        rotateOnAutoEoi = false;
        specialMask = false;
        readIsr = false;
        poll = false;
        update();
    }

    @Override
    public String sectionId() {
        return sectionId;
    }

    @Override
    public int sectionVersion() {
        return 1;
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putInt("inputs", inputs);
        out.putInt("irr", irr);
        out.putInt("isr", isr);
        out.putInt("imr", imr);
        out.putInt("elcr", elcr);
        out.putInt("vectorBase", vectorBase);
        out.putInt("icw3", icw3);
        out.putInt("icw4", icw4);
        out.putBoolean("single", single);
        out.putBoolean("needsIcw4", needsIcw4);
        out.putInt("expectedIcw", expectedIcw);
        out.putInt("lowestPriority", lowestPriority);
        out.putBoolean("rotateOnAutoEoi", rotateOnAutoEoi);
        out.putBoolean("specialMask", specialMask);
        out.putBoolean("readIsr", readIsr);
        out.putBoolean("poll", poll);
        out.putBoolean("output", outputLevel);
    }

    /** {@inheritDoc} Drives INT to the restored level, since the CPU keeps no copy of the wire. */
    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        inputs = in.getInt("inputs", 0, 0xFF);
        irr = in.getInt("irr", 0, 0xFF);
        isr = in.getInt("isr", 0, 0xFF);
        imr = in.getInt("imr", 0, 0xFF);
        elcr = in.getInt("elcr", 0, 0xFF);
        vectorBase = in.getInt("vectorBase", 0, 0xF8);
        icw3 = in.getInt("icw3", 0, 0xFF);
        icw4 = in.getInt("icw4", 0, 0x1F);
        single = in.getBoolean("single");
        needsIcw4 = in.getBoolean("needsIcw4");
        expectedIcw = in.getInt("expectedIcw", 0, 4);
        lowestPriority = in.getInt("lowestPriority", 0, 7);
        rotateOnAutoEoi = in.getBoolean("rotateOnAutoEoi");
        specialMask = in.getBoolean("specialMask");
        readIsr = in.getBoolean("readIsr");
        poll = in.getBoolean("poll");
        outputLevel = in.getBoolean("output");
        output.set(outputLevel);
    }
}
