package dev.arclet.emulator.device;

import dev.arclet.emulator.bus.IrqLine;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;

/**
 * Whether address line 20 is open. The keyboard controller and port 0x92 both drive it; as on the
 * PC that QEMU models, the last writer wins and both read the gate's real state back. Open after
 * reset, so that the reset vector and a directly loaded kernel are reachable.
 */
public final class A20Gate implements Resettable, Stateful {
    private final IrqLine output;
    private boolean open = true;

    /**
     * Creates the gate, open.
     *
     * @param output told of every change; usually {@code PhysicalMap::setA20}
     */
    public A20Gate(IrqLine output) {
        this.output = output;
        output.set(true);
    }

    /** Opens ({@code true}) or masks address line 20. */
    public void set(boolean enabled) {
        if (open != enabled) {
            open = enabled;
            output.set(enabled);
        }
    }

    /** Whether address line 20 is open. */
    public boolean open() {
        return open;
    }

    @Override
    public void reset() {
        set(true);
    }

    @Override
    public String sectionId() {
        return "a20";
    }

    @Override
    public int sectionVersion() {
        return 1;
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putBoolean("open", open);
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        set(in.getBoolean("open"));
    }
}
