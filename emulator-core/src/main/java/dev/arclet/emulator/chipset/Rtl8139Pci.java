package dev.arclet.emulator.chipset;

import dev.arclet.emulator.bus.DmaMemory;
import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.bus.PioBus;
import dev.arclet.emulator.device.net.Rtl8139;
import dev.arclet.emulator.memory.PhysicalMap;
import dev.arclet.emulator.net.Cable;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import java.util.Arrays;

/**
 * The RTL8139 as a PCI function, 10ECh:8139h (RTL8139C(L) data sheet, chapter 7): BAR 0 has its
 * registers as ports, BAR 1 as memory.
 */
public final class Rtl8139Pci extends PciFunction {
    private static final int VENDOR = 0x10EC;
    private static final int DEVICE = 0x8139;
    private static final int CLASS_ETHERNET = 0x020000;
    private static final int REVISION = 0x10;
    private static final int MIN_GRANT = 0x3E;
    private static final int PORT_BAR = 0;
    private static final int MEMORY_BAR = 1;

    private final Rtl8139 chip;

    /**
     * The function of a card.
     *
     * @param address its Ethernet address, 6 bytes
     * @param cable what it is plugged into
     */
    public Rtl8139Pci(
            EventQueue events, PioBus ports, PhysicalMap map, byte[] address, Cable cable) {
        super("rtl8139", new PciConfigSpace(VENDOR, DEVICE, CLASS_ETHERNET, REVISION));
        chip = new Rtl8139(events, new BusMaster(map), intx(), address, cable);
        config().subsystem(VENDOR, DEVICE)
                .interruptPin(1)
                .define(MIN_GRANT, 2, 0x4020, 0)
                .ioBar(PORT_BAR, Rtl8139.SIZE, PciBar.ports(ports, "RTL8139", Rtl8139.SIZE, chip))
                .memoryBar(
                        MEMORY_BAR,
                        Rtl8139.SIZE,
                        false,
                        PciBar.mmio(map, "RTL8139", Rtl8139.SIZE, chip));
    }

    /** The card, to be plugged into its cable. */
    public Cable.Card card() {
        return chip;
    }

    /** The chip itself: what answers in both ranges. */
    Rtl8139 chip() {
        return chip;
    }

    /** Guest memory, as long as the command register lets the card be bus master. */
    private final class BusMaster implements DmaMemory {
        private final DmaMemory memory;

        BusMaster(DmaMemory memory) {
            this.memory = memory;
        }

        @Override
        public void readExternal(long physical, byte[] target, int from, int length) {
            if (config().busMaster()) {
                memory.readExternal(physical, target, from, length);
            } else {
                Arrays.fill(target, from, from + length, (byte) 0xFF);
            }
        }

        @Override
        public void writeExternal(long physical, byte[] source, int from, int length) {
            if (config().busMaster()) {
                memory.writeExternal(physical, source, from, length);
            }
        }
    }

    @Override
    public void reset() {
        super.reset();
        chip.reset();
    }

    @Override
    public void save(SnapshotWriter out) {
        super.save(out);
        chip.save(out);
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        super.restore(in, version);
        chip.restore(in);
    }
}
