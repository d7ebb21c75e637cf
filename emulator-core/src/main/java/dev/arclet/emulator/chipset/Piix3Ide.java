package dev.arclet.emulator.chipset;

import dev.arclet.emulator.bus.DmaMemory;
import dev.arclet.emulator.bus.PioBus;
import dev.arclet.emulator.device.BytePorts;
import dev.arclet.emulator.device.ide.IdeChannel;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;

/**
 * Intel 82371SB PIIX3, function 1: IDE (datasheet 290550, sections 2.3 and 2.5), at 0:1.1. Two
 * channels at the legacy ports, each enabled by its timing register, and a bus master whose 16
 * ports are BAR 4. Timing is stored only.
 */
public final class Piix3Ide implements PciDevice {
    /** Index of the BAR of the bus master. */
    public static final int BUS_MASTER_BAR = 4;

    private static final int VENDOR_INTEL = 0x8086;
    private static final int DEVICE_82371SB_IDE = 0x7010;

    /** IDE in compatibility mode with a bus master. */
    private static final int CLASS_IDE = 0x010180;

    private static final int STATUS_RESET = 0x0280;

    private static final int BUS_MASTER_PORTS = 16;
    private static final int TIMING = 0x40;
    private static final int TIMING_DECODE_ENABLE = 0x8000;
    private static final int COMMAND = 0x04;
    private static final int COMMAND_IO = 0x01;
    private static final int CHANNELS = 2;
    private static final int[] COMMAND_BLOCK = {0x1F0, 0x170};
    private static final int[] CONTROL_BLOCK = {0x3F6, 0x376};

    private final IdeChannel[] channels;
    private final IdeBusMaster[] masters = new IdeBusMaster[CHANNELS];
    private final PciConfigSpace config;

    /**
     * Creates the function. It answers at no port until its configuration enables it.
     *
     * @param ports where the channels appear
     * @param memory where the bus master goes
     * @param primary the channel at 1F0h
     * @param secondary the channel at 170h
     */
    public Piix3Ide(PioBus ports, DmaMemory memory, IdeChannel primary, IdeChannel secondary) {
        channels = new IdeChannel[] {primary, secondary};
        for (int i = 0; i < CHANNELS; i++) {
            IdeChannel channel = channels[i];
            masters[i] = new IdeBusMaster(memory, channel::dmaStarted);
            channel.connect(masters[i]);
        }
        config =
                new PciConfigSpace(VENDOR_INTEL, DEVICE_82371SB_IDE, CLASS_IDE, 0)
                        .status(STATUS_RESET)
                        .define(COMMAND, 2, 0, 0x0005)
                        .define(TIMING, 4, 0, 0xFFFFFFFF)
                        .define(0x44, 1, 0, 0xFF)
                        .ioBar(
                                BUS_MASTER_BAR,
                                BUS_MASTER_PORTS,
                                PciBar.ports(
                                        ports, "IDE bus master", BUS_MASTER_PORTS, registers()));
        for (int i = 0; i < CHANNELS; i++) {
            int channel = i;
            config.ports(
                    IdeChannel.COMMAND_PORTS,
                    () -> decoded(channel, COMMAND_BLOCK[channel]),
                    PciBar.ports(
                            ports,
                            "IDE command block",
                            IdeChannel.COMMAND_PORTS,
                            channels[i].commandBlock()));
            config.ports(
                    1,
                    () -> decoded(channel, CONTROL_BLOCK[channel]),
                    PciBar.ports(ports, "IDE control block", 1, channels[i].controlBlock()));
        }
    }

    /** A channel's interrupt has changed: the bus master latches in its status that it rose. */
    public void interrupt(int channel, boolean high) {
        if (high) {
            masters[channel].interrupt();
        }
    }

    private BytePorts registers() {
        return new BytePorts() {
            @Override
            public int readByte(int offset) {
                return masters[offset >> 3 & 1].read(offset & 7);
            }

            @Override
            public void writeByte(int offset, int value) {
                masters[offset >> 3 & 1].write(offset & 7, value);
            }
        };
    }

    @Override
    public PciConfigSpace config() {
        return config;
    }

    /** Where an address block of a channel shall be. */
    private long decoded(int channel, int address) {
        boolean enabled =
                (config.read(COMMAND, 2) & COMMAND_IO) != 0
                        && (config.read(TIMING + 2 * channel, 2) & TIMING_DECODE_ENABLE) != 0;
        return enabled ? address : -1;
    }

    @Override
    public void reset() {
        config.reset();
        for (IdeBusMaster master : masters) {
            master.reset();
        }
    }

    @Override
    public String sectionId() {
        return "piix3-ide";
    }

    @Override
    public int sectionVersion() {
        return 1;
    }

    @Override
    public void save(SnapshotWriter out) {
        config.save(out);
        for (IdeBusMaster master : masters) {
            master.save(out);
        }
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        config.restore(in);
        for (IdeBusMaster master : masters) {
            master.restore(in);
        }
    }
}
