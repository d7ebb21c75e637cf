package dev.arclet.emulator.chipset;

import dev.arclet.emulator.bus.IrqLine;
import dev.arclet.emulator.bus.PioDevice;
import dev.arclet.emulator.device.BytePorts;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import java.util.Arrays;

/**
 * Intel 82371SB PIIX3, function 0: PCI to ISA bridge (datasheet 290550, section 2.2), usually at
 * 0:1.0. Routes the four PCI interrupts to ISA lines and has the reset control register, port
 * 0xCF9.
 *
 * <p>The edge/level registers are with the interrupt controllers. ISA timing, decode and power
 * registers are stored only.
 */
public final class Piix3IsaBridge implements PciDevice {
    private static final int VENDOR_INTEL = 0x8086;
    private static final int DEVICE_82371SB = 0x7000;
    private static final int CLASS_ISA_BRIDGE = 0x060100;
    private static final int STATUS_RESET = 0x0280;

    private static final int PIRQ_ROUTE = 0x60;
    private static final int PIRQS = 4;
    private static final int ROUTE_DISABLED = 0x80;

    /** ISA lines that a PCI interrupt may be routed to: 3..7, 9..12, 14, 15. */
    private static final int ROUTABLE = 0xDEF8;

    private static final int MAX_INPUTS = 31;
    private static final int RESET_HARD = 0x02;
    private static final int RESET_CPU = 0x04;

    private final PciConfigSpace config;
    private final IrqLine[] isaLines = new IrqLine[16];
    private final Runnable hardReset;
    private final Runnable softReset;

    /** For each PIRQ, the devices' inputs that are high and how many there are. */
    private final int[] inputs = new int[PIRQS];

    private final int[] inputCount = new int[PIRQS];
    private int resetControl;

    /**
     * Creates the bridge, every PCI interrupt disconnected.
     *
     * @param isaLines 16 lines, by ISA interrupt number; those not {@link #routable} may be null
     * @param hardReset run when the guest resets everything (PCIRST#) through port 0xCF9; must only
     *     note the request
     * @param softReset run when the guest resets the processor alone (INIT); likewise
     */
    public Piix3IsaBridge(IrqLine[] isaLines, Runnable hardReset, Runnable softReset) {
        System.arraycopy(isaLines, 0, this.isaLines, 0, 16);
        this.hardReset = hardReset;
        this.softReset = softReset;
        config =
                new PciConfigSpace(VENDOR_INTEL, DEVICE_82371SB, CLASS_ISA_BRIDGE, 0)
                        .multifunction()
                        .status(STATUS_RESET)
                        .define(0x04, 2, 0x0007, 0x0108)
                        .define(0x4C, 1, 0x4D, 0xFF)
                        .define(0x4E, 2, 0x0003, 0xFFFF)
                        .define(0x69, 1, 0x02, 0xFE)
                        .define(0x6A, 2, 0x0000, 0x80FF)
                        .define(0x70, 1, 0x80, 0xEF)
                        .define(0x76, 2, 0x0C0C, 0x8F8F)
                        .define(0x78, 2, 0x0002, 0xFFFF)
                        .define(0x80, 1, 0x00, 0x7F)
                        .define(0x82, 1, 0x00, 0x0F)
                        .define(0xA0, 1, 0x08, 0x1F)
                        .define(0xA2, 2, 0x0000, 0xFFFF)
                        .define(0xA4, 4, 0x00000000, 0xFFFFFFFF)
                        .define(0xA8, 1, 0x0F, 0xFF)
                        .define(0xAA, 2, 0x0000, 0xFFFF)
                        .define(0xAC, 1, 0x00, 0xFF)
                        .define(0xAE, 1, 0x00, 0xFF);
        for (int i = 0; i < PIRQS; i++) {
            config.define(PIRQ_ROUTE + i, 1, ROUTE_DISABLED, 0x8F);
        }
    }

    /** Whether a PCI interrupt may be routed to an ISA interrupt (0..15). */
    public static boolean routable(int irq) {
        return (ROUTABLE & 1 << irq) != 0;
    }

    @Override
    public PciConfigSpace config() {
        return config;
    }

    /**
     * The wire for a device's interrupt pin. Call once per device, in a fixed order (a snapshot
     * numbers the inputs). The slots are rotated as on QEMU's board: slot 1's INTA# is PIRQA.
     *
     * @param slot PCI device number
     * @param pin 1 for INTA# to 4 for INTD#
     */
    public IrqLine interruptPin(int slot, int pin) {
        int pirq = pirq(slot, pin);
        if (inputCount[pirq] == MAX_INPUTS) {
            throw new IllegalStateException("too many devices on PIRQ " + pirq);
        }
        int bit = 1 << inputCount[pirq]++;
        return high -> {
            inputs[pirq] = high ? inputs[pirq] | bit : inputs[pirq] & ~bit;
            drive();
        };
    }

    /** Which PIRQ (0..3) a slot's pin (1..4) is wired to; for interrupt routing tables. */
    public static int pirq(int slot, int pin) {
        return slot - 1 + pin - 1 & 3;
    }

    private void drive() {
        int levels = 0;
        for (int i = 0; i < PIRQS; i++) {
            int route = config.read(PIRQ_ROUTE + i, 1);
            if (inputs[i] != 0 && (route & ROUTE_DISABLED) == 0) {
                levels |= 1 << (route & 0x0F);
            }
        }
        for (int irq = 0; irq < 16; irq++) {
            if (isaLines[irq] != null && (ROUTABLE & 1 << irq) != 0) {
                isaLines[irq].set((levels & 1 << irq) != 0);
            }
        }
    }

    @Override
    public void writeConfig(int offset, int bytes, int value) {
        config.write(offset, bytes, value);
        if (offset < PIRQ_ROUTE + PIRQS && offset + bytes > PIRQ_ROUTE) {
            drive();
        }
    }

    /** Port 0xCF9, one byte: for {@link PciBus#setResetControl}. */
    public PioDevice resetControl() {
        return new BytePorts() {
            @Override
            public int readByte(int offset) {
                return resetControl;
            }

            @Override
            public void writeByte(int offset, int value) {
                boolean rises = (value & ~resetControl & RESET_CPU) != 0;
                resetControl = value & (RESET_HARD | RESET_CPU);
                if (rises) {
                    ((value & RESET_HARD) != 0 ? hardReset : softReset).run();
                }
            }
        };
    }

    @Override
    public void reset() {
        config.reset();
        Arrays.fill(inputs, 0);
        resetControl = 0;
        drive();
    }

    @Override
    public String sectionId() {
        return "piix3";
    }

    @Override
    public int sectionVersion() {
        return 1;
    }

    @Override
    public void save(SnapshotWriter out) {
        config.save(out);
        out.putInts("inputs", inputs);
        out.putInt("resetControl", resetControl);
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        config.restore(in);
        in.getInts("inputs", inputs);
        resetControl = in.getInt("resetControl", 0, RESET_HARD | RESET_CPU);
    }
}
