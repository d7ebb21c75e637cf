package dev.arclet.emulator.chipset;

import dev.arclet.emulator.bus.DmaMemory;
import dev.arclet.emulator.device.ide.DmaChannel;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;

/**
 * One channel's bus master (Programming Interface for Bus Master IDE Controller, revision 1.0;
 * PIIX3 290550, section 2.5): eight bytes of registers and a walk through the table of physical
 * region descriptors.
 */
final class IdeBusMaster implements DmaChannel {
    private static final int COMMAND = 0;
    private static final int STATUS = 2;
    private static final int TABLE = 4;

    private static final int COMMAND_START = 0x01;
    private static final int COMMAND_TO_MEMORY = 0x08;
    private static final int STATUS_ACTIVE = 0x01;
    private static final int STATUS_ERROR = 0x02;
    private static final int STATUS_INTERRUPT = 0x04;

    /** Drive capability bits, which software uses among itself. */
    private static final int STATUS_SCRATCH = 0x60;

    private static final int DESCRIPTOR_BYTES = 8;
    private static final int END_OF_TABLE = 0x8000_0000;

    private final DmaMemory memory;
    private final Runnable started;
    private int command;
    private int status;
    private int table;

    /** Where the walk is: the next descriptor, what is left of the present one, whether it ends. */
    private int nextDescriptor;

    private int address;
    private int remaining;
    private boolean last;

    /**
     * An idle bus master.
     *
     * @param started run when the guest starts it: a device may be waiting
     */
    IdeBusMaster(DmaMemory memory, Runnable started) {
        this.memory = memory;
        this.started = started;
    }

    int read(int offset) {
        return switch (offset) {
            case COMMAND -> command;
            case STATUS -> status;
            case TABLE, TABLE + 1, TABLE + 2, TABLE + 3 -> table >>> 8 * (offset - TABLE) & 0xFF;
            default -> 0;
        };
    }

    void write(int offset, int value) {
        switch (offset) {
            case COMMAND -> writeCommand(value);
            case STATUS ->
                    status =
                            status & ~(value & (STATUS_INTERRUPT | STATUS_ERROR) | STATUS_SCRATCH)
                                    | value & STATUS_SCRATCH;
            case TABLE, TABLE + 1, TABLE + 2, TABLE + 3 -> {
                int shift = 8 * (offset - TABLE);
                table = (table & ~(0xFF << shift) | value << shift) & ~3;
            }
            default -> {}
        }
    }

    private void writeCommand(int value) {
        boolean wasOn = (command & COMMAND_START) != 0;
        command = value & (COMMAND_START | COMMAND_TO_MEMORY);
        boolean on = (command & COMMAND_START) != 0;
        if (on && !wasOn) {
            nextDescriptor = table;
            remaining = 0;
            last = false;
            status |= STATUS_ACTIVE;
            started.run();
        } else if (!on) {
            status &= ~STATUS_ACTIVE;
        }
    }

    /** The device's interrupt rises: latched, whether by DMA or not. */
    void interrupt() {
        status |= STATUS_INTERRUPT;
    }

    @Override
    public int toMemory(byte[] data, int from, int length) {
        return move(data, from, length, true);
    }

    @Override
    public int fromMemory(byte[] data, int from, int length) {
        return move(data, from, length, false);
    }

    private int move(byte[] data, int from, int length, boolean toMemory) {
        if ((status & STATUS_ACTIVE) == 0 || (command & COMMAND_TO_MEMORY) != 0 != toMemory) {
            return 0;
        }
        int moved = 0;
        while (moved < length && (remaining > 0 || load())) {
            int n = Math.min(remaining, length - moved);
            long physical = address & 0xFFFF_FFFFL;
            if (toMemory) {
                memory.writeExternal(physical, data, from + moved, n);
            } else {
                memory.readExternal(physical, data, from + moved, n);
            }
            moved += n;
            address += n;
            remaining -= n;
            if (remaining == 0 && last) {
                // The table is used up: idle, whether or not the device wants more.
                status &= ~STATUS_ACTIVE;
                break;
            }
        }
        return moved;
    }

    /** Reads the next descriptor; false if the last one is used up. */
    private boolean load() {
        if (last) {
            status &= ~STATUS_ACTIVE;
            return false;
        }
        byte[] raw = new byte[DESCRIPTOR_BYTES];
        memory.readExternal(nextDescriptor & 0xFFFF_FFFFL, raw, 0, raw.length);
        nextDescriptor += DESCRIPTOR_BYTES;
        address = word(raw, 0) & ~1;
        int count = word(raw, 4);
        remaining = count & 0xFFFE;
        if (remaining == 0) {
            remaining = 0x1_0000;
        }
        last = (count & END_OF_TABLE) != 0;
        return true;
    }

    private static int word(byte[] raw, int at) {
        return raw[at] & 0xFF
                | (raw[at + 1] & 0xFF) << 8
                | (raw[at + 2] & 0xFF) << 16
                | raw[at + 3] << 24;
    }

    void reset() {
        command = 0;
        status = 0;
        table = 0;
        nextDescriptor = 0;
        address = 0;
        remaining = 0;
        last = false;
    }

    void save(SnapshotWriter out) {
        out.putInt("command", command);
        out.putInt("status", status);
        out.putInt("table", table);
        out.putInt("nextDescriptor", nextDescriptor);
        out.putInt("address", address);
        out.putInt("remaining", remaining);
        out.putBoolean("last", last);
    }

    void restore(SnapshotReader in) throws SnapshotException {
        command = in.getInt("command", 0, 0xFF) & (COMMAND_START | COMMAND_TO_MEMORY);
        status =
                in.getInt("status", 0, 0xFF)
                        & (STATUS_ACTIVE | STATUS_ERROR | STATUS_INTERRUPT | STATUS_SCRATCH);
        table = in.getInt("table") & ~3;
        nextDescriptor = in.getInt("nextDescriptor");
        address = in.getInt("address"); // odd within a region of which an odd part is done
        remaining = in.getInt("remaining", 0, 0x1_0000);
        last = in.getBoolean("last");
    }
}
