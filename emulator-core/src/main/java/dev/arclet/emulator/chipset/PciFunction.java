package dev.arclet.emulator.chipset;

import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;

/**
 * A PCI function that is nothing but its configuration space: for a device that knows nothing of
 * PCI and only has its ranges placed by it, such as a graphics adapter.
 */
public final class PciFunction implements PciDevice {
    private final String sectionId;
    private final PciConfigSpace config;

    /**
     * Wraps a configuration space.
     *
     * @param sectionId the snapshot section for the configuration space, such as {@code "vga.pci"}
     */
    public PciFunction(String sectionId, PciConfigSpace config) {
        this.sectionId = sectionId;
        this.config = config;
    }

    @Override
    public PciConfigSpace config() {
        return config;
    }

    @Override
    public void reset() {
        config.reset();
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
        config.save(out);
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        config.restore(in);
    }
}
