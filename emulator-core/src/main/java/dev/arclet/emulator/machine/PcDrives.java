package dev.arclet.emulator.machine;

import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.bus.IrqLine;
import dev.arclet.emulator.bus.PioBus;
import dev.arclet.emulator.chipset.Piix3Ide;
import dev.arclet.emulator.device.ide.AtaDisk;
import dev.arclet.emulator.device.ide.AtapiDrive;
import dev.arclet.emulator.device.ide.DiskGeometry;
import dev.arclet.emulator.device.ide.IdeChannel;
import dev.arclet.emulator.device.ide.IdeDevice;
import dev.arclet.emulator.memory.PhysicalMap;
import dev.arclet.emulator.storage.BlockDevice;
import dev.arclet.emulator.storage.HostWork;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The drives of the PC's own controllers: the PIIX3's two IDE channels. Disks take primary master,
 * primary slave, secondary slave; the CD drive is the secondary master, and a fourth disk takes its
 * place where there is none.
 */
final class PcDrives {
    private static final int IRQ_PRIMARY = 14;
    private static final int IRQ_SECONDARY = 15;
    private static final int SECONDARY_MASTER = 2;
    private static final int PLACES = 4;
    private static final String[] NAMES = {
        "ide0.master", "ide0.slave", "ide1.master", "ide1.slave"
    };

    private final List<BlockDevice> disks = new ArrayList<>();
    private final Optional<AtapiDrive> cd;
    private final IdeChannel primary;
    private final IdeChannel secondary;
    private final Piix3Ide function;

    PcDrives(
            MachineConfig config,
            PciBoard.Wiring wiring,
            EventQueue events,
            HostWork host,
            PioBus ports,
            PhysicalMap memory) {
        IdeDevice[] places = new IdeDevice[PLACES];
        boolean hasCd = config.cdrom().isPresent() || config.firmware().isPresent();
        cd =
                hasCd
                        ? Optional.of(
                                new AtapiDrive(
                                        NAMES[SECONDARY_MASTER], events, host, config.cdrom()))
                        : Optional.empty();
        cd.ifPresent(drive -> places[SECONDARY_MASTER] = drive);
        int place = 0;
        for (BlockDevice disk : config.disks()) {
            while (places[place] != null) {
                place++;
            }
            places[place] = new AtaDisk(NAMES[place], events, host, disk);
            disks.add(disk);
        }
        // The function latches interrupts on their way, and is built from the channels.
        Piix3Ide[] latch = new Piix3Ide[1];
        IrqLine first = wiring.irq(IRQ_PRIMARY);
        IrqLine second = wiring.irq(IRQ_SECONDARY);
        IrqLine[] lines = {first, second};
        primary =
                wiring.part(
                        new IdeChannel(
                                "ide0",
                                high -> drive(latch[0], lines, 0, high),
                                Optional.ofNullable(places[0]),
                                Optional.ofNullable(places[1])));
        secondary =
                wiring.part(
                        new IdeChannel(
                                "ide1",
                                high -> drive(latch[0], lines, 1, high),
                                Optional.ofNullable(places[2]),
                                Optional.ofNullable(places[3])));
        function = new Piix3Ide(ports, memory, primary, secondary);
        latch[0] = function;
    }

    private static void drive(Piix3Ide function, IrqLine[] lines, int channel, boolean high) {
        if (function != null) {
            function.interrupt(channel, high);
        }
        lines[channel].set(high);
    }

    /** The PCI function, for the board. */
    Piix3Ide function() {
        return function;
    }

    /** What is in the drives for removable media now. */
    List<BlockDevice> media() {
        return cd.flatMap(AtapiDrive::medium).stream().toList();
    }

    /** The CD drive, if there is one. */
    Optional<AtapiDrive> cd() {
        return cd;
    }

    /** How a BIOS is to translate each disk's geometry: two bits a disk, for CMOS byte 39h. */
    int translations() {
        int bits = 0;
        for (int i = 0; i < disks.size(); i++) {
            DiskGeometry geometry = DiskGeometry.of(disks.get(i).size() / BlockDevice.SECTOR);
            bits |= geometry.translation().cmosCode() << 2 * i;
        }
        return bits;
    }
}
