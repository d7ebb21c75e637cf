package dev.arclet.emulator.device.irq;

import dev.arclet.emulator.bus.IrqLine;
import dev.arclet.emulator.bus.PioDevice;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.device.BytePorts;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;
import java.util.Arrays;

/**
 * The two 8259A of a PC: the slave's INT drives the master's IR2. Ports: {@link #master} at
 * 0x20..0x21, {@link #slave} at 0xA0..0xA1, {@link #elcr} at 0x4D0..0x4D1.
 *
 * <p>An ISA interrupt line may have several drivers; {@link #line} makes one input per driver, and
 * the pin is high while any of them is.
 */
public final class PicPair implements Resettable, Stateful {
    private static final int IRQS = 16;
    private static final int CASCADE = 2;
    private static final int MAX_DRIVERS = 31;
    private static final int MASTER_ELCR = 0xF8;
    private static final int SLAVE_ELCR = 0xDE;

    private final I8259Pic master;
    private final I8259Pic slave;
    private final int[] drivers = new int[IRQS];
    private final int[] driverCount = new int[IRQS];

    /**
     * Creates both chips.
     *
     * @param intr the CPU's INTR pin
     */
    public PicPair(IrqLine intr) {
        master = new I8259Pic("pic.master", MASTER_ELCR, intr);
        slave = new I8259Pic("pic.slave", SLAVE_ELCR, high -> master().setInput(CASCADE, high));
        master.cascade(CASCADE, slave);
    }

    /** The first chip; its ports are 0x20 and 0x21. */
    public I8259Pic master() {
        return master;
    }

    /** The second chip; its ports are 0xA0 and 0xA1. */
    public I8259Pic slave() {
        return slave;
    }

    /** The edge/level control registers, two ports at 0x4D0. */
    public PioDevice elcr() {
        return new BytePorts() {
            @Override
            public int readByte(int offset) {
                return ((offset & 1) == 0 ? master : slave).readElcr();
            }

            @Override
            public void writeByte(int offset, int value) {
                ((offset & 1) == 0 ? master : slave).writeElcr(value);
            }
        };
    }

    /**
     * A new driver's input to an ISA interrupt line. Call once per device, in a fixed order (a
     * snapshot numbers the drivers of a line).
     *
     * @param irq 0..15; 2 means 9, where the PC/AT rerouted it
     */
    public IrqLine line(int irq) {
        int target = irq == CASCADE ? 9 : irq;
        if (driverCount[target] == MAX_DRIVERS) {
            throw new IllegalStateException("too many drivers on IRQ " + target);
        }
        int bit = 1 << driverCount[target]++;
        return high -> drive(target, bit, high);
    }

    private void drive(int irq, int bit, boolean high) {
        drivers[irq] = high ? drivers[irq] | bit : drivers[irq] & ~bit;
        (irq < 8 ? master : slave).setInput(irq & 7, drivers[irq] != 0);
    }

    /** Whether a request of an interrupt line (0..15) is not masked and waits for the CPU. */
    public boolean waits(int irq) {
        return (irq < 8 ? master : slave).waits(irq & 7);
    }

    /** The level of the INTR pin. */
    public boolean intr() {
        return master.output();
    }

    /** The CPU's interrupt acknowledge: the vector, 0..255. */
    public int acknowledge() {
        return master.acknowledge();
    }

    /** Resets both chips; devices drive their own lines low when they are reset. */
    @Override
    public void reset() {
        Arrays.fill(drivers, 0);
        slave.reset();
        master.reset();
    }

    @Override
    public String sectionId() {
        return "pic";
    }

    @Override
    public int sectionVersion() {
        return 1;
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putInts("drivers", drivers);
        slave.save(out);
        master.save(out);
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        in.getInts("drivers", drivers);
        // The master comes second: its own record of IR2 must win over the edge that restoring the
        // slave's INT may cause.
        slave.restore(in, version);
        master.restore(in, version);
    }
}
