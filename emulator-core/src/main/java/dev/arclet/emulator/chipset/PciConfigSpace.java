package dev.arclet.emulator.chipset;

import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * A function's configuration space with a type 0 header (PCI Local Bus Specification 2.1, chapter
 * 6): which bits are writable or cleared by writing ones, and base address registers that map their
 * range while the command register enables it.
 */
public final class PciConfigSpace {
    /** Interrupt line register: a scratch byte for firmware. */
    public static final int INTERRUPT_LINE = 0x3C;

    private static final int SIZE = 256;
    private static final int VENDOR = 0x00;
    private static final int DEVICE = 0x02;
    private static final int COMMAND = 0x04;
    private static final int STATUS = 0x06;
    private static final int REVISION = 0x08;
    private static final int HEADER_TYPE = 0x0E;
    private static final int BAR0 = 0x10;
    private static final int CAPABILITIES = 0x34;
    private static final int EXPANSION_ROM = 0x30;
    private static final int INTERRUPT_PIN = 0x3D;

    private static final int COMMAND_IO = 0x01;
    private static final int COMMAND_MEMORY = 0x02;
    private static final int COMMAND_BUS_MASTER = 0x04;
    private static final int COMMAND_INTERRUPT_DISABLE = 0x0400;
    private static final int COMMAND_WRITABLE = 0x0547;
    private static final int STATUS_INTERRUPT = 0x08;
    private static final int STATUS_CAPABILITIES = 0x10;
    private static final int STATUS_CLEARABLE = 0xF900;
    private static final int ROM_ENABLE = 0x01;

    private static final int BAR_IO = 0x01;
    private static final int BAR_PREFETCHABLE = 0x08;
    private static final int ROM_INDEX = 6;
    private static final long UNMAPPED = -1;

    /** Addresses that the function answers to, when and where its registers say so. */
    private static final class Range {
        private final PciBar target;
        private final long size;
        private final boolean io;
        private final LongSupplier wanted;
        private long mappedAt = UNMAPPED;

        private Range(PciBar target, long size, boolean io, LongSupplier wanted) {
            this.target = target;
            this.size = size;
            this.io = io;
            this.wanted = wanted;
        }

        private void unmap() {
            target.unmap(mappedAt);
            mappedAt = UNMAPPED;
        }

        private boolean isMapped() {
            return mappedAt != UNMAPPED;
        }
    }

    private final byte[] data = new byte[SIZE];
    private final byte[] resetData = new byte[SIZE];
    private final byte[] writable = new byte[SIZE];
    private final byte[] clearable = new byte[SIZE];
    private final Range[] bars = new Range[ROM_INDEX + 1];
    private final List<Range> ranges = new ArrayList<>();
    private Runnable settle = () -> settle(List.of(this));

    /**
     * A header with every base address register absent.
     *
     * @param vendor vendor ID
     * @param device device ID
     * @param classCode class, subclass and programming interface, such as {@code 0x060000}
     * @param revision revision ID
     */
    public PciConfigSpace(int vendor, int device, int classCode, int revision) {
        define(VENDOR, 2, vendor, 0);
        define(DEVICE, 2, device, 0);
        define(COMMAND, 2, 0, COMMAND_WRITABLE);
        define(REVISION, 4, classCode << 8 | revision, 0);
        define(INTERRUPT_LINE, 1, 0, 0xFF);
        define(0x0C, 1, 0, 0xFF);
        clearable[STATUS + 1] = (byte) (STATUS_CLEARABLE >>> 8);
    }

    /**
     * Defines a register: its value after reset and its writable bits.
     *
     * @param offset 0..255
     * @param bytes 1, 2 or 4
     */
    public PciConfigSpace define(int offset, int bytes, int value, int writableBits) {
        for (int i = 0; i < bytes; i++) {
            resetData[offset + i] = (byte) (value >>> 8 * i);
            data[offset + i] = resetData[offset + i];
            writable[offset + i] = (byte) (writableBits >>> 8 * i);
        }
        return this;
    }

    /** Marks the device as one of several functions (header type bit 7). */
    public PciConfigSpace multifunction() {
        return define(HEADER_TYPE, 1, 0x80, 0);
    }

    /** Sets the interrupt pin: 1 for INTA# to 4 for INTD#. */
    public PciConfigSpace interruptPin(int pin) {
        return define(INTERRUPT_PIN, 1, pin, 0);
    }

    /** Sets the status register's fixed bits. */
    public PciConfigSpace status(int bits) {
        return define(STATUS, 2, bits, 0);
    }

    /** Sets the subsystem vendor and device IDs. */
    public PciConfigSpace subsystem(int vendor, int device) {
        return define(0x2C, 4, device << 16 | vendor, 0);
    }

    /**
     * Adds a capability to the list that starts at 0x34 (PCI 2.2, section 6.7). The registers are
     * read-only until {@link #define} says otherwise.
     *
     * @param offset where it stands, 0x40..0xF8, a multiple of 4; the caller places them without
     *     overlap
     * @param id capability ID, such as 0x09 for vendor specific
     * @param body what follows ID and next pointer
     */
    public PciConfigSpace capability(int offset, int id, byte[] body) {
        define(offset, 2, resetData[CAPABILITIES] << 8 | id, 0);
        for (int i = 0; i < body.length; i++) {
            define(offset + 2 + i, 1, body[i], 0);
        }
        define(STATUS, 1, resetData[STATUS] | STATUS_CAPABILITIES, 0);
        return define(CAPABILITIES, 1, offset, 0);
    }

    /** Whether the function may read and write guest memory by itself (command register bit 2). */
    public boolean busMaster() {
        return (data[COMMAND] & COMMAND_BUS_MASTER) != 0;
    }

    /** Whether the function must keep its interrupt pin quiet (command register bit 10). */
    boolean interruptDisabled() {
        return (data[COMMAND + 1] & COMMAND_INTERRUPT_DISABLE >>> 8) != 0;
    }

    /** Shows in the status register (bit 3) whether the function requests an interrupt. */
    void showInterrupt(boolean pending) {
        data[STATUS] =
                (byte)
                        (pending
                                ? data[STATUS] | STATUS_INTERRUPT
                                : data[STATUS] & ~STATUS_INTERRUPT);
    }

    /** The interrupt pin: 1 for INTA# to 4 for INTD#, 0 for none. */
    public int interruptPin() {
        return data[INTERRUPT_PIN];
    }

    /**
     * Adds a base address register for ports. All 32 bits decode, as PCI 2.1 section 6.2.5.1 wants
     * and SeaBIOS relies upon when it sizes the register.
     *
     * @param index 0..5
     * @param size a power of two, 4..256
     */
    public PciConfigSpace ioBar(int index, int size, PciBar target) {
        bars[index] = addRange(target, size, true, () -> wanted(index, size, true));
        return define(BAR0 + 4 * index, 4, BAR_IO, -size & 0xFFFFFFFC);
    }

    /**
     * Adds a 32-bit base address register for memory.
     *
     * @param index 0..5
     * @param size a power of two, 16 bytes to 2 GiB
     */
    public PciConfigSpace memoryBar(int index, long size, boolean prefetchable, PciBar target) {
        bars[index] = addRange(target, size, false, () -> wanted(index, size, false));
        return define(
                BAR0 + 4 * index, 4, prefetchable ? BAR_PREFETCHABLE : 0, (int) -size & 0xFFFFFFF0);
    }

    /**
     * Adds an expansion ROM.
     *
     * @param size a power of two, 2 KiB to 16 MiB
     */
    public PciConfigSpace expansionRom(long size, PciBar target) {
        bars[ROM_INDEX] = addRange(target, size, false, () -> wanted(ROM_INDEX, size, false));
        return define(EXPANSION_ROM, 4, 0, (int) -size & 0xFFFFF800 | ROM_ENABLE);
    }

    /**
     * Adds a range of ports that registers of the function's own place.
     *
     * @param base where it shall answer, or -1; a function of the configuration space
     */
    public PciConfigSpace ports(int size, LongSupplier base, PciBar target) {
        addRange(target, size, true, base);
        return this;
    }

    private Range addRange(PciBar target, long size, boolean io, LongSupplier wanted) {
        Range range = new Range(target, size, io, wanted);
        ranges.add(range);
        return range;
    }

    /** Sets what brings the mappings of this function, and others, in line with the registers. */
    void onChange(Runnable settler) {
        settle = settler;
    }

    /** Reads 1, 2 or 4 bytes, zero extended; beyond the end reads as ones. */
    public int read(int offset, int bytes) {
        int value = 0;
        for (int i = 0; i < bytes; i++) {
            int b = offset + i < SIZE ? data[offset + i] & 0xFF : 0xFF;
            value |= b << 8 * i;
        }
        return value;
    }

    /** Sets bytes whatever their writable bits, for registers that the function itself drives. */
    public void set(int offset, int bytes, int value) {
        for (int i = 0; i < bytes; i++) {
            data[offset + i] = (byte) (value >>> 8 * i);
        }
    }

    /** Writes 1, 2 or 4 bytes as the bus does, and moves ranges if their registers changed. */
    public void write(int offset, int bytes, int value) {
        for (int i = 0; i < bytes && offset + i < SIZE; i++) {
            int at = offset + i;
            int b = value >>> 8 * i & 0xFF;
            int kept = data[at] & ~writable[at];
            data[at] = (byte) ((kept | b & writable[at]) & ~(b & clearable[at]));
        }
        settle.run();
    }

    private long wanted(int index, long size, boolean io) {
        int command = read(COMMAND, 2);
        if ((command & (io ? COMMAND_IO : COMMAND_MEMORY)) == 0) {
            return UNMAPPED;
        }
        long register =
                read(index == ROM_INDEX ? EXPANSION_ROM : BAR0 + 4 * index, 4) & 0xFFFFFFFFL;
        if (index == ROM_INDEX && (register & ROM_ENABLE) == 0) {
            return UNMAPPED;
        }
        long base = register & -size;
        boolean fits = base != 0 && base + size <= (io ? 0x10000L : 0x1_0000_0000L);
        return fits ? base : UNMAPPED;
    }

    /**
     * Brings mappings in line with registers. Of PCI ranges that overlap, the first one answers:
     * that of the first function in the list, and of its own the one added first. Nothing depends
     * on which was there before, so that a machine restored from a snapshot is the same. All ones
     * during sizing, or an overlap with what is not of PCI, leaves a range unmapped.
     */
    static void settle(List<PciConfigSpace> functions) {
        List<Range> all = new ArrayList<>();
        for (PciConfigSpace function : functions) {
            for (Range range : function.ranges) {
                if (range.isMapped() && range.mappedAt != range.wanted.getAsLong()) {
                    range.unmap();
                }
                all.add(range);
            }
        }
        for (int i = 0; i < all.size(); i++) {
            Range range = all.get(i);
            long base = range.wanted.getAsLong();
            if (range.isMapped() || base == UNMAPPED) {
                continue;
            }
            for (Range later : all.subList(i + 1, all.size())) {
                if (later.isMapped()
                        && later.io == range.io
                        && later.mappedAt < base + range.size
                        && base < later.mappedAt + later.size) {
                    later.unmap();
                }
            }
            if (range.target.map(base)) {
                range.mappedAt = base;
            }
        }
    }

    /** Where a range answers now, or -1. Index 6 is the expansion ROM. */
    public long mappedAt(int index) {
        return bars[index] == null ? UNMAPPED : bars[index].mappedAt;
    }

    /** Back to the values after reset; ranges are unmapped unless those enable them. */
    public void reset() {
        System.arraycopy(resetData, 0, data, 0, SIZE);
        settle.run();
    }

    /** Writes the registers; mappings follow from them. */
    public void save(SnapshotWriter out) {
        out.putBytes("config", data);
    }

    /** Reads the registers and maps accordingly. Bits that no guest could write stay as built. */
    public void restore(SnapshotReader in) throws SnapshotException {
        byte[] saved = new byte[SIZE];
        in.getBytes("config", saved);
        for (int i = 0; i < REVISION + 4; i++) {
            if (i < COMMAND || i >= REVISION) {
                if (saved[i] != resetData[i]) {
                    throw new SnapshotException(
                            "cannot restore PCI function %04x:%04x: the snapshot has another device there; start the machine without it"
                                    .formatted(read(VENDOR, 2), read(DEVICE, 2)));
                }
            }
        }
        System.arraycopy(saved, 0, data, 0, SIZE);
        for (int i = 0; i < bars.length; i++) {
            int at = i == ROM_INDEX ? EXPANSION_ROM : BAR0 + 4 * i;
            for (int b = at; b < at + 4; b++) {
                data[b] = (byte) (saved[b] & writable[b] | resetData[b] & ~writable[b]);
            }
        }
        settle.run();
    }
}
