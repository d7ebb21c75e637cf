package dev.arclet.emulator.machine;

import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.bus.IrqLine;
import dev.arclet.emulator.bus.PioBus;
import dev.arclet.emulator.chipset.Piix3Ide;
import dev.arclet.emulator.device.dma.IsaDma;
import dev.arclet.emulator.device.floppy.FloppyDrive;
import dev.arclet.emulator.device.floppy.FloppyFormat;
import dev.arclet.emulator.device.floppy.I82077Fdc;
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
 * The drives of the PC's own controllers: floppies A and B, and the PIIX3's two IDE channels. With
 * a firmware there is at least an empty floppy drive, of the type of its first disk. Disks take
 * primary master, primary slave, secondary slave; the CD drive is the secondary master, and a
 * fourth disk takes its place where there is none.
 */
final class PcDrives {
    private static final int IRQ_FLOPPY = 6;
    private static final int PORT_FLOPPY = 0x3F0;
    private static final int PORT_FLOPPY_INPUT = 0x3F7;
    private static final int NO_DRIVE = 0;
    private static final int EMPTY_DRIVE = 4; // 1.44M
    private static final int IRQ_PRIMARY = 14;
    private static final int IRQ_SECONDARY = 15;
    private static final int SECONDARY_MASTER = 2;
    private static final int PLACES = 4;
    private static final String[] NAMES = {
        "ide0.master", "ide0.slave", "ide1.master", "ide1.slave"
    };

    private final List<BlockDevice> disks = new ArrayList<>();
    private final List<FloppyDrive> floppies = new ArrayList<>();
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
            PhysicalMap memory,
            IsaDma dma) {
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
        for (int i = 0; i < config.floppies().size(); i++) {
            floppies.add(
                    new FloppyDrive(
                            "floppy" + i, events, host, Optional.of(config.floppies().get(i))));
        }
        if (floppies.isEmpty() && config.firmware().isPresent()) {
            floppies.add(new FloppyDrive("floppy0", events, host, Optional.empty()));
        }
        I82077Fdc fdc = wiring.part(new I82077Fdc(events, wiring.irq(IRQ_FLOPPY), dma, floppies));
        ports.register(PORT_FLOPPY, 6, "82077", fdc.registers());
        ports.register(PORT_FLOPPY_INPUT, 1, "82077 input", fdc.inputRegister());
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
        List<BlockDevice> media = new ArrayList<>(cd.flatMap(AtapiDrive::medium).stream().toList());
        floppies.forEach(drive -> drive.disk().ifPresent(media::add));
        return media;
    }

    /** The CD drive, if there is one. */
    Optional<AtapiDrive> cd() {
        return cd;
    }

    /** Floppy drive A or B (0 or 1), if there is one. */
    Optional<FloppyDrive> floppy(int index) {
        return index < floppies.size() ? Optional.of(floppies.get(index)) : Optional.empty();
    }

    /** The floppy drives' types, A in the high nibble, for CMOS byte 10h. */
    int floppyTypes() {
        return type(0) << 4 | type(1);
    }

    private int type(int index) {
        if (index >= floppies.size()) {
            return NO_DRIVE;
        }
        return floppies.get(index)
                .disk()
                .flatMap(disk -> FloppyFormat.of(disk.size()))
                .map(FloppyFormat::cmosType)
                .orElse(EMPTY_DRIVE);
    }

    /** The IDE disks' geometries, in their order. */
    List<DiskGeometry> geometries() {
        return disks.stream().map(DiskGeometry::of).toList();
    }
}
