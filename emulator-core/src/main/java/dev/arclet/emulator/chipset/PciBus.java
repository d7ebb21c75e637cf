package dev.arclet.emulator.chipset;

import dev.arclet.emulator.bus.PioDevice;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;
import java.util.Arrays;
import java.util.Objects;

/**
 * PCI bus 0 and its configuration mechanism #1 (PCI Local Bus Specification 2.1, section 3.2.2.3;
 * 82441FX datasheet 290549, section 3.1). Eight ports from 0xCF8.
 *
 * <p>CONFADD answers only 32-bit accesses; smaller ones at 0xCF8..0xCFB belong to the ISA side,
 * where port 0xCF9 is the PIIX3's reset control register.
 */
public final class PciBus implements PioDevice, Resettable, Stateful {
    private static final int DATA = 4;
    private static final int RESET_CONTROL = 1;
    private static final int ENABLE = 0x80000000;
    private static final int ADDRESS_WRITABLE = 0x80FFFFFC;
    private static final int FUNCTIONS = 256;

    private final PciDevice[] functions = new PciDevice[FUNCTIONS];
    private PioDevice resetControl;
    private int address;

    /**
     * Plugs a function in.
     *
     * @param device slot, 0..31
     * @param function 0..7
     * @throws IllegalArgumentException if the place is taken
     */
    public void add(int device, int function, PciDevice pciDevice) {
        int index = device << 3 | function;
        if (functions[index] != null) {
            throw new IllegalArgumentException(
                    "PCI function %02x.%x is taken".formatted(device, function));
        }
        functions[index] = pciDevice;
        pciDevice.config().onChange(this::settle);
        settle();
    }

    /** Gives port 0xCF9 (1 port, byte access) to the south bridge. */
    public void setResetControl(PioDevice port) {
        resetControl = port;
    }

    private void settle() {
        PciConfigSpace.settle(
                Arrays.stream(functions).filter(Objects::nonNull).map(PciDevice::config).toList());
    }

    /** The function that the address register selects, or null. */
    private PciDevice selected() {
        if ((address & ENABLE) == 0 || (address & 0xFF0000) != 0) {
            return null;
        }
        return functions[address >>> 8 & 0xFF];
    }

    @Override
    public int readPort(int offset, int bytes) {
        if (offset >= DATA) {
            return readData(offset - DATA, bytes);
        }
        if (offset == 0 && bytes == 4) {
            return address;
        }
        if (offset == RESET_CONTROL && bytes == 1 && resetControl != null) {
            return resetControl.readPort(0, 1);
        }
        return -1 >>> (32 - 8 * bytes);
    }

    private int readData(int lane, int bytes) {
        PciDevice function = selected();
        if (function == null) {
            return -1 >>> (32 - 8 * bytes);
        }
        int at = address & 0xFC | lane & 3;
        if ((at & (bytes - 1)) == 0) {
            return function.readConfig(at, bytes);
        }
        int value = 0;
        for (int i = 0; i < bytes; i++) {
            int b = (lane & 3) + i < 4 ? function.readConfig(at + i, 1) : 0xFF;
            value |= b << 8 * i;
        }
        return value;
    }

    @Override
    public void writePort(int offset, int bytes, int value) {
        if (offset >= DATA) {
            writeData(offset - DATA, bytes, value);
        } else if (offset == 0 && bytes == 4) {
            address = value & ADDRESS_WRITABLE;
        } else if (offset == RESET_CONTROL && bytes == 1 && resetControl != null) {
            resetControl.writePort(0, 1, value);
        }
    }

    private void writeData(int lane, int bytes, int value) {
        PciDevice function = selected();
        if (function == null) {
            return;
        }
        int at = address & 0xFC | lane & 3;
        if ((at & (bytes - 1)) == 0) {
            function.writeConfig(at, bytes, value);
            return;
        }
        for (int i = 0; i < bytes && (lane & 3) + i < 4; i++) {
            function.writeConfig(at + i, 1, value >>> 8 * i & 0xFF);
        }
    }

    /** {@inheritDoc} The functions are reset by the machine, each by itself. */
    @Override
    public void reset() {
        address = 0;
    }

    @Override
    public String sectionId() {
        return "pci";
    }

    @Override
    public int sectionVersion() {
        return 1;
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putInt("address", address);
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        address = in.getInt("address") & ADDRESS_WRITABLE;
    }
}
