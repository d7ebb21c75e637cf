package dev.arclet.emulator.device.dma;

import dev.arclet.emulator.bus.PioDevice;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.device.BytePorts;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;
import java.util.Arrays;

/**
 * The PC/AT's seven DMA channels: two 8237A and the page registers (IBM PC/AT Technical Reference,
 * "Direct memory access"). Ports: {@link #first} 0x00..0x0F (channels 0 to 3, bytes), {@link
 * #second} 0xC0..0xDF (channels 5 to 7, words), {@link #pages} 0x81..0x8F, of which those that are
 * no page register are plain latches, as is {@link #diagnosticLatch} 0x80.
 *
 * <p>Devices call {@link #toMemory} and {@link #fromMemory} when they want to move data; the
 * transfer happens at once.
 */
public final class IsaDma implements Resettable, Stateful {
    /** Guest memory as a bus master reaches it. */
    @FunctionalInterface
    public interface Transfer {
        /** Moves {@code length} bytes between {@code data[from...]} and guest-physical memory. */
        void move(long physical, byte[] data, int from, int length);
    }

    private static final int PAGES = 16;
    private static final int CASCADE = 4;

    /** The page register of each channel, as an offset from port 0x80. */
    private static final int[] PAGE_OF_CHANNEL = {0x7, 0x3, 0x1, 0x2, 0xF, 0xB, 0x9, 0xA};

    private final I8237Dma first = new I8237Dma("dma.first", 0);
    private final I8237Dma second = new I8237Dma("dma.second", 1);
    private final byte[] pages = new byte[PAGES];
    private final Transfer read;
    private final Transfer write;
    private int terminalCounts;

    /**
     * Creates the controllers.
     *
     * @param read copies from guest memory, such as {@code PhysicalMap::readExternal}
     * @param write copies to guest memory, such as {@code PhysicalMap::writeExternal}
     */
    public IsaDma(Transfer read, Transfer write) {
        this.read = read;
        this.write = write;
    }

    /** Sixteen ports at 0x00. */
    public PioDevice first() {
        return first;
    }

    /** Thirty-two ports at 0xC0. */
    public PioDevice second() {
        return second;
    }

    /** Fifteen ports at 0x81. */
    public PioDevice pages() {
        return latches(1);
    }

    /** One port at 0x80, a latch where programs show how far they are. */
    public PioDevice diagnosticLatch() {
        return latches(0);
    }

    private BytePorts latches(int first) {
        return new BytePorts() {
            @Override
            public int readByte(int offset) {
                return pages[first + offset & PAGES - 1] & 0xFF;
            }

            @Override
            public void writeByte(int offset, int value) {
                pages[first + offset & PAGES - 1] = (byte) value;
            }
        };
    }

    /** The last byte written to port 0x80. */
    public int postCode() {
        return pages[0] & 0xFF;
    }

    private I8237Dma chip(int channel) {
        return channel < CASCADE ? first : second;
    }

    /** Whether the guest has programmed and unmasked the channel, so that a request is answered. */
    public boolean ready(int channel) {
        return channel != CASCADE && chip(channel).ready(channel & 3);
    }

    /** Whether the channel's last transfer reached terminal count. */
    public boolean terminalCount(int channel) {
        return (terminalCounts & 1 << channel) != 0;
    }

    /**
     * A device gives data.
     *
     * @param channel 0..7 without 4
     * @return how many bytes were taken; less than {@code length} at terminal count, 0 if the
     *     channel is masked or programmed for the other direction
     */
    public int toMemory(int channel, byte[] data, int from, int length) {
        return transfer(channel, data, from, length, I8237Dma.TO_MEMORY, write);
    }

    /**
     * A device takes data.
     *
     * @param channel 0..7 without 4
     * @return how many bytes were given; less than {@code length} at terminal count, 0 if the
     *     channel is masked or programmed for the other direction
     */
    public int fromMemory(int channel, byte[] data, int from, int length) {
        return transfer(channel, data, from, length, I8237Dma.FROM_MEMORY, read);
    }

    private int transfer(
            int channel, byte[] data, int from, int length, int direction, Transfer mover) {
        terminalCounts &= ~(1 << channel);
        if (!ready(channel)) {
            return 0;
        }
        I8237Dma chip = chip(channel);
        int index = channel & 3;
        int programmed = chip.direction(index);
        if (programmed != direction && programmed != 0) {
            return 0;
        }
        int shift = channel < CASCADE ? 0 : 1;
        int moved = 0;
        boolean done = false;
        while (!done && length - moved >= 1 << shift) {
            int address = chip.address(index);
            int units = Math.min(length - moved >> shift, chip.remaining(index));
            // The address counter wraps inside its page of 64 Ki transfers.
            units = chip.decrements(index) ? 1 : Math.min(units, 0x10000 - address);
            int bytes = units << shift;
            if (programmed != 0) {
                mover.move(physical(channel, address), data, from + moved, bytes);
            }
            moved += bytes;
            done = chip.advance(index, units);
        }
        if (done) {
            terminalCounts |= 1 << channel;
        }
        return moved;
    }

    private long physical(int channel, int address) {
        int page = pages[PAGE_OF_CHANNEL[channel]] & 0xFF;
        return channel < CASCADE
                ? (long) page << 16 | address
                : (long) (page & 0xFE) << 16 | (long) address << 1;
    }

    @Override
    public void reset() {
        first.reset();
        second.reset();
        Arrays.fill(pages, (byte) 0);
        terminalCounts = 0;
    }

    @Override
    public String sectionId() {
        return "dma";
    }

    @Override
    public int sectionVersion() {
        return 1;
    }

    @Override
    public void save(SnapshotWriter out) {
        first.save(out);
        second.save(out);
        out.putBytes("pages", pages);
        out.putInt("terminalCounts", terminalCounts);
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        first.restore(in, version);
        second.restore(in, version);
        in.getBytes("pages", pages);
        terminalCounts = in.getInt("terminalCounts", 0, 0xFF);
    }
}
