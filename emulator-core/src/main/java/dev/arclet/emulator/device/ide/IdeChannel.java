package dev.arclet.emulator.device.ide;

import dev.arclet.emulator.bus.IrqLine;
import dev.arclet.emulator.bus.PioDevice;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.device.BytePorts;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;
import java.util.Optional;

/**
 * One IDE channel: the command block (8 ports, 1F0h or 170h), the control block (one port, 3F6h or
 * 376h) and a cable with up to two devices (ATA/ATAPI-6, T13 1410D, chapters 5 and 7).
 *
 * <p>Both devices take what is written to the registers; the one that the device register selects
 * answers, executes commands and drives the interrupt. An absent device reads as zeros.
 */
public final class IdeChannel implements Resettable, Stateful {
    /** Ports of the command block. */
    public static final int COMMAND_PORTS = 8;

    private static final int DATA = 0;
    private static final int ERROR_FEATURES = 1;
    private static final int DEVICE = 6;
    private static final int STATUS_COMMAND = 7;
    private static final int COMMAND_DIAGNOSTIC = 0x90;

    private static final int CONTROL_NO_INTERRUPT = 0x02;
    private static final int CONTROL_RESET = 0x04;
    private static final int CONTROL_PREVIOUS = 0x80;

    private final String sectionId;
    private final IrqLine irq;
    private final IdeDevice[] devices = new IdeDevice[2];
    private DmaChannel dma = DmaChannel.NONE;
    private int selected;
    private int control;

    /**
     * A channel with its devices.
     *
     * @param sectionId its snapshot section, such as {@code "ide0"}
     * @param irq INTRQ: ISA interrupt 14 or 15
     */
    public IdeChannel(
            String sectionId, IrqLine irq, Optional<IdeDevice> master, Optional<IdeDevice> slave) {
        this.sectionId = sectionId;
        this.irq = irq;
        devices[0] = master.orElse(null);
        devices[1] = slave.orElse(null);
        IdeDevice.Cable cable =
                new IdeDevice.Cable() {
                    @Override
                    public void interruptChanged() {
                        drive();
                    }

                    @Override
                    public DmaChannel dma() {
                        return dma;
                    }
                };
        for (IdeDevice device : devices) {
            if (device != null) {
                device.cable = cable;
                device.reset();
            }
        }
    }

    /** Connects the bus master; once, when the machine is built. */
    public void connect(DmaChannel busMaster) {
        dma = busMaster;
    }

    /** The guest has started the bus master: a device may be waiting for it. */
    public void dmaStarted() {
        IdeDevice device = devices[selected];
        if (device != null) {
            device.pumpDma();
        }
    }

    private void drive() {
        IdeDevice device = devices[selected];
        irq.set(device != null && device.interrupt() && (control & CONTROL_NO_INTERRUPT) == 0);
    }

    /** Eight ports at 1F0h or 170h. The data port takes 8, 16 and 32-bit accesses. */
    public PioDevice commandBlock() {
        return new CommandBlock();
    }

    private final class CommandBlock implements BytePorts {
        @Override
        public int readPort(int offset, int bytes) {
            if (offset == DATA) {
                IdeDevice device = devices[selected];
                return device == null ? 0 : device.readData(bytes);
            }
            return BytePorts.super.readPort(offset, bytes);
        }

        @Override
        public void writePort(int offset, int bytes, int value) {
            if (offset == DATA) {
                IdeDevice device = devices[selected];
                if (device != null) {
                    device.writeData(bytes, value);
                }
                return;
            }
            BytePorts.super.writePort(offset, bytes, value);
        }

        @Override
        public int readByte(int offset) {
            IdeDevice device = devices[selected];
            if (device == null) {
                return 0;
            }
            return switch (offset & 7) {
                case DATA -> 0;
                case ERROR_FEATURES -> device.error;
                case DEVICE -> device.deviceRegister();
                case STATUS_COMMAND -> {
                    int status = device.status;
                    device.setInterrupt(false);
                    yield status;
                }
                default -> {
                    boolean old = (control & CONTROL_PREVIOUS) != 0;
                    yield (old ? device.previous : device.register)[(offset & 7) - 1];
                }
            };
        }

        @Override
        public void writeByte(int offset, int value) {
            control &= ~CONTROL_PREVIOUS;
            switch (offset & 7) {
                case DATA -> {}
                case DEVICE -> select(value);
                case STATUS_COMMAND -> command(value);
                default -> {
                    for (IdeDevice device : devices) {
                        if (device != null && !occupied(device)) {
                            device.write((offset & 7) - 1, value);
                        }
                    }
                }
            }
        }
    }

    /** A device that executes a command or moves data does not take register writes. */
    private static boolean occupied(IdeDevice device) {
        return (device.status & (IdeDevice.STATUS_BUSY | IdeDevice.STATUS_DATA_REQUEST)) != 0;
    }

    private void select(int value) {
        selected = (value & IdeDevice.DEVICE_ONE) != 0 ? 1 : 0;
        for (IdeDevice device : devices) {
            if (device != null && !occupied(device)) {
                device.deviceRegister = value;
            }
        }
        drive();
    }

    private void command(int code) {
        if (code == COMMAND_DIAGNOSTIC) {
            for (IdeDevice device : devices) {
                if (device != null) {
                    device.start(code);
                }
            }
            selected = 0;
            if (devices[0] != null) {
                devices[0].setInterrupt(true);
            }
            drive();
            return;
        }
        if (devices[selected] != null) {
            devices[selected].start(code);
        }
    }

    /** One port at 3F6h or 376h: alternate status, device control. */
    public PioDevice controlBlock() {
        return new BytePorts() {
            @Override
            public int readByte(int offset) {
                IdeDevice device = devices[selected];
                return device == null ? 0 : device.status;
            }

            @Override
            public void writeByte(int offset, int value) {
                boolean held = (control & CONTROL_RESET) != 0;
                control = value & (CONTROL_PREVIOUS | CONTROL_RESET | CONTROL_NO_INTERRUPT);
                boolean holds = (control & CONTROL_RESET) != 0;
                if (!held && holds) {
                    holdInReset();
                } else if (held && !holds) {
                    releaseReset();
                }
                drive();
            }
        };
    }

    private void holdInReset() {
        for (IdeDevice device : devices) {
            if (device != null) {
                device.softReset();
                device.status = IdeDevice.STATUS_BUSY;
            }
        }
    }

    private void releaseReset() {
        selected = 0;
        for (IdeDevice device : devices) {
            if (device != null) {
                device.softReset();
            }
        }
    }

    @Override
    public void reset() {
        selected = 0;
        control = 0;
        for (IdeDevice device : devices) {
            if (device != null) {
                device.reset();
            }
        }
        drive();
    }

    @Override
    public String sectionId() {
        return sectionId;
    }

    @Override
    public int sectionVersion() {
        return 2;
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putInt("selected", selected);
        out.putInt("control", control);
        for (IdeDevice device : devices) {
            out.putBoolean("present", device != null);
            if (device != null) {
                device.save(out);
            }
        }
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        selected = in.getInt("selected", 0, 1);
        control = in.getInt("control") & (CONTROL_PREVIOUS | CONTROL_RESET | CONTROL_NO_INTERRUPT);
        for (IdeDevice device : devices) {
            if (in.getBoolean("present") != (device != null)) {
                throw new SnapshotException(
                        "cannot restore snapshot section '%s': it has other drives on its cable; start the machine with the drives of the snapshot"
                                .formatted(sectionId));
            }
            if (device != null) {
                device.restore(in);
            }
        }
        drive();
    }
}
