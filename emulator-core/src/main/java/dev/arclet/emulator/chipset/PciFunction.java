package dev.arclet.emulator.chipset;

import dev.arclet.emulator.bus.IrqLine;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;

/**
 * A PCI function with base address registers and an interrupt pin: the base of PCI cards, and, as
 * it is, the seat of a device that knows nothing of PCI and only has its ranges placed by it.
 *
 * <p>The pin is a level: {@link #setInterrupt} says what the card wants, the command register's
 * interrupt disable bit may hold it back, and the status register shows it. {@link #intx} is the
 * same as a wire, to hand to a device.
 *
 * <p>A subclass with state of its own overrides {@link #reset}, {@link #save} and {@link #restore}
 * and calls these first.
 */
public class PciFunction implements PciDevice {
    private static final int COMMAND_END = 0x06;

    private final String sectionId;
    private final PciConfigSpace config;
    private IrqLine pin = high -> {};
    private boolean interrupt;

    /**
     * Wraps a configuration space.
     *
     * @param sectionId the snapshot section, such as {@code "virtio-blk0"}
     */
    public PciFunction(String sectionId, PciConfigSpace config) {
        this.sectionId = sectionId;
        this.config = config;
    }

    @Override
    public final PciConfigSpace config() {
        return config;
    }

    /** Connects the interrupt pin to the board; once, by whoever plugs the function in. */
    public final void connectInterrupt(IrqLine line) {
        pin = line;
    }

    /** Asserts or releases the interrupt pin. */
    protected final void setInterrupt(boolean high) {
        interrupt = high;
        drive();
    }

    /** The interrupt pin as a wire for a device behind this function. */
    public final IrqLine intx() {
        return this::setInterrupt;
    }

    private void drive() {
        config.showInterrupt(interrupt);
        pin.set(interrupt && !config.interruptDisabled());
    }

    @Override
    public void writeConfig(int offset, int bytes, int value) {
        config.write(offset, bytes, value);
        if (offset < COMMAND_END) {
            drive();
        }
    }

    @Override
    public void reset() {
        config.reset();
        setInterrupt(false);
    }

    @Override
    public final String sectionId() {
        return sectionId;
    }

    @Override
    public int sectionVersion() {
        return 1;
    }

    @Override
    public void save(SnapshotWriter out) {
        config.save(out);
        out.putBoolean("interrupt", interrupt);
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        config.restore(in);
        setInterrupt(in.getBoolean("interrupt"));
    }
}
