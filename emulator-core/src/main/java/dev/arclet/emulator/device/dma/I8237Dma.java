package dev.arclet.emulator.device.dma;

import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.device.BytePorts;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;
import java.util.Arrays;

/**
 * Intel 8237A DMA controller (datasheet 231466): the registers of four channels, 16 of them.
 * Transfers are made by {@link IsaDma}, which knows the page registers.
 *
 * <p>Known limit: memory-to-memory transfers, which a PC cannot use, and software requests move
 * nothing.
 */
public final class I8237Dma implements BytePorts, Resettable, Stateful {
    /** Mode register bits 2 and 3: the device's data goes to memory. */
    static final int TO_MEMORY = 1;

    /** The device gets data from memory. */
    static final int FROM_MEMORY = 2;

    private static final int COMMAND_STATUS = 0x8;
    private static final int REQUEST = 0x9;
    private static final int SINGLE_MASK = 0xA;
    private static final int MODE = 0xB;
    private static final int CLEAR_FLIP_FLOP = 0xC;
    private static final int MASTER_CLEAR = 0xD;
    private static final int CLEAR_MASK = 0xE;
    private static final int ALL_MASKS = 0xF;

    private static final int COMMAND_DISABLE = 0x04;
    private static final int MODE_AUTO_INIT = 0x10;
    private static final int MODE_DECREMENT = 0x20;
    private static final int CHANNELS = 4;

    private final String sectionId;
    private final int portShift;
    private final int[] baseAddress = new int[CHANNELS];
    private final int[] baseCount = new int[CHANNELS];
    private final int[] address = new int[CHANNELS];
    private final int[] count = new int[CHANNELS];
    private final int[] mode = new int[CHANNELS];
    private int command;
    private int status;
    private int mask = 0xF;
    private boolean highByteNext;

    /**
     * Creates a chip after power-on, all channels masked.
     *
     * @param sectionId its snapshot section
     * @param portShift 0 if its registers are at successive ports, 1 if at every second one
     */
    I8237Dma(String sectionId, int portShift) {
        this.sectionId = sectionId;
        this.portShift = portShift;
    }

    @Override
    public int readByte(int offset) {
        int register = offset >>> portShift & 0xF;
        if (register < COMMAND_STATUS) {
            int channel = register >>> 1;
            int value = (register & 1) == 0 ? address[channel] : count[channel];
            return flipFlop() ? value >>> 8 : value & 0xFF;
        }
        return switch (register) {
            case COMMAND_STATUS -> {
                int value = status;
                status &= 0xF0;
                yield value;
            }
            case ALL_MASKS -> 0xF0 | mask;
            case MASTER_CLEAR -> 0;
            default -> 0xFF;
        };
    }

    /** Toggles the byte pointer; true if the high byte is meant. */
    private boolean flipFlop() {
        highByteNext = !highByteNext;
        return !highByteNext;
    }

    @Override
    public void writeByte(int offset, int value) {
        int register = offset >>> portShift & 0xF;
        if (register < COMMAND_STATUS) {
            int channel = register >>> 1;
            int[] base = (register & 1) == 0 ? baseAddress : baseCount;
            int[] current = (register & 1) == 0 ? address : count;
            boolean high = flipFlop();
            base[channel] =
                    high ? base[channel] & 0xFF | value << 8 : base[channel] & 0xFF00 | value;
            current[channel] =
                    high ? current[channel] & 0xFF | value << 8 : current[channel] & 0xFF00 | value;
            return;
        }
        int bit = 1 << (value & 3);
        switch (register) {
            case COMMAND_STATUS -> command = value;
            case REQUEST -> status = (value & 4) != 0 ? status | bit << 4 : status & ~(bit << 4);
            case SINGLE_MASK -> mask = (value & 4) != 0 ? mask | bit : mask & ~bit;
            case MODE -> mode[value & 3] = value & 0xFC;
            case CLEAR_FLIP_FLOP -> highByteNext = false;
            case MASTER_CLEAR -> masterClear();
            case CLEAR_MASK -> mask = 0;
            default -> mask = value & 0xF;
        }
    }

    private void masterClear() {
        command = 0;
        status = 0;
        mask = 0xF;
        highByteNext = false;
    }

    /** Whether a device's request would be served: the channel unmasked, the chip enabled. */
    boolean ready(int channel) {
        return (mask & 1 << channel) == 0 && (command & COMMAND_DISABLE) == 0;
    }

    /** Direction that the channel is programmed for; 0 verifies without moving data. */
    int direction(int channel) {
        return mode[channel] >>> 2 & 3;
    }

    boolean decrements(int channel) {
        return (mode[channel] & MODE_DECREMENT) != 0;
    }

    int address(int channel) {
        return address[channel];
    }

    /** Transfers left until terminal count, 1..65,536. */
    int remaining(int channel) {
        return count[channel] + 1;
    }

    /** Counts {@code units} transfers, at most {@link #remaining}; true at terminal count. */
    boolean advance(int channel, int units) {
        int step = decrements(channel) ? -units : units;
        address[channel] = address[channel] + step & 0xFFFF;
        boolean done = units > count[channel];
        count[channel] = count[channel] - units & 0xFFFF;
        if (done) {
            status |= 1 << channel;
            if ((mode[channel] & MODE_AUTO_INIT) != 0) {
                address[channel] = baseAddress[channel];
                count[channel] = baseCount[channel];
            } else {
                mask |= 1 << channel;
            }
        }
        return done;
    }

    @Override
    public void reset() {
        Arrays.fill(baseAddress, 0);
        Arrays.fill(baseCount, 0);
        Arrays.fill(address, 0);
        Arrays.fill(count, 0);
        Arrays.fill(mode, 0);
        masterClear();
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
        out.putInts("baseAddress", baseAddress);
        out.putInts("baseCount", baseCount);
        out.putInts("address", address);
        out.putInts("count", count);
        out.putInts("mode", mode);
        out.putInt("command", command);
        out.putInt("status", status);
        out.putInt("mask", mask);
        out.putBoolean("highByteNext", highByteNext);
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        restore16(in, "baseAddress", baseAddress);
        restore16(in, "baseCount", baseCount);
        restore16(in, "address", address);
        restore16(in, "count", count);
        in.getInts("mode", mode);
        Arrays.setAll(mode, i -> mode[i] & 0xFC);
        command = in.getInt("command", 0, 0xFF);
        status = in.getInt("status", 0, 0xFF);
        mask = in.getInt("mask", 0, 0xF);
        highByteNext = in.getBoolean("highByteNext");
    }

    private static void restore16(SnapshotReader in, String name, int[] registers)
            throws SnapshotException {
        in.getInts(name, registers);
        Arrays.setAll(registers, i -> registers[i] & 0xFFFF);
    }
}
