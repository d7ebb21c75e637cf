package dev.arclet.emulator.chipset;

import dev.arclet.emulator.bus.DmaMemory;
import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.bus.PioBus;
import dev.arclet.emulator.device.audio.Ac97Controller;
import dev.arclet.emulator.device.audio.PcmSink;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import java.util.Arrays;

/** The AC '97 controller as a PCI card, 8086:2415 (82801AA datasheet, section 13.1). */
public final class Ac97Function extends PciFunction {
    private static final int VENDOR = 0x8086;
    private static final int DEVICE = 0x2415;
    private static final int CLASS_AUDIO = 0x040100;
    private static final int REVISION = 1;

    private final Ac97Controller controller;

    /** A card after power-on; what it plays goes to {@code sink}. */
    public Ac97Function(EventQueue events, PioBus ports, DmaMemory map, PcmSink sink) {
        super("ac97-card", new PciConfigSpace(VENDOR, DEVICE, CLASS_AUDIO, REVISION));
        controller = new Ac97Controller(events, new Memory(map), intx(), sink);
        config().interruptPin(1);
        config().ioBar(
                        0,
                        Ac97Controller.MIXER_PORTS,
                        PciBar.ports(
                                ports,
                                "AC97 mixer",
                                Ac97Controller.MIXER_PORTS,
                                controller.mixer()));
        config().ioBar(
                        1,
                        Ac97Controller.MASTER_PORTS,
                        PciBar.ports(
                                ports,
                                "AC97 bus master",
                                Ac97Controller.MASTER_PORTS,
                                controller.master()));
    }

    /** Guest memory, as far as the command register lets the card at it. */
    private final class Memory implements DmaMemory {
        private final DmaMemory map;

        Memory(DmaMemory map) {
            this.map = map;
        }

        @Override
        public void readExternal(long physical, byte[] target, int from, int length) {
            if (config().busMaster()) {
                map.readExternal(physical, target, from, length);
            } else {
                Arrays.fill(target, from, from + length, (byte) 0);
            }
        }

        @Override
        public void writeExternal(long physical, byte[] source, int from, int length) {
            if (config().busMaster()) {
                map.writeExternal(physical, source, from, length);
            }
        }
    }

    @Override
    public void reset() {
        super.reset();
        controller.reset();
    }

    @Override
    public void save(SnapshotWriter out) {
        super.save(out);
        controller.save(out);
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        super.restore(in, version);
        controller.restore(in, version);
    }
}
