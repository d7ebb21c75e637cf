package dev.arclet.emulator.chipset;

import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.device.A20Gate;
import dev.arclet.emulator.device.BytePorts;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;

/**
 * System control port A, port 0x92 (IBM PS/2 Hardware Interface Technical Reference): bit 1 opens
 * A20, a rising bit 0 resets the CPU. The other bits are stored.
 */
public final class SystemControlPortA implements BytePorts, Resettable, Stateful {
    private static final int FAST_RESET = 0x01;
    private static final int FAST_A20 = 0x02;

    private final A20Gate a20;
    private final Runnable resetCpu;
    private int latch;

    /**
     * Creates the port.
     *
     * @param resetCpu run on a reset request; must only note it
     */
    public SystemControlPortA(A20Gate a20, Runnable resetCpu) {
        this.a20 = a20;
        this.resetCpu = resetCpu;
    }

    @Override
    public int readByte(int offset) {
        return latch & ~FAST_A20 | (a20.open() ? FAST_A20 : 0);
    }

    @Override
    public void writeByte(int offset, int value) {
        boolean reset = (value & ~latch & FAST_RESET) != 0;
        latch = value;
        a20.set((value & FAST_A20) != 0);
        if (reset) {
            resetCpu.run();
        }
    }

    @Override
    public void reset() {
        latch = 0;
    }

    @Override
    public String sectionId() {
        return "port92";
    }

    @Override
    public int sectionVersion() {
        return 1;
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putInt("latch", latch);
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        latch = in.getInt("latch", 0, 0xFF);
    }
}
