package dev.arclet.emulator.machine;

import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.bus.IrqLine;
import dev.arclet.emulator.bus.PioBus;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.chipset.I440fxHostBridge;
import dev.arclet.emulator.chipset.PciBus;
import dev.arclet.emulator.chipset.PciConfigSpace;
import dev.arclet.emulator.chipset.PciFunction;
import dev.arclet.emulator.chipset.Piix3Ide;
import dev.arclet.emulator.chipset.Piix3IsaBridge;
import dev.arclet.emulator.chipset.Piix4Pm;
import dev.arclet.emulator.chipset.VgaPciFunction;
import dev.arclet.emulator.firmware.AcpiTables;
import dev.arclet.emulator.snapshot.Stateful;
import java.util.ArrayList;
import java.util.List;

/**
 * PCI bus 0 and what is soldered to it: host bridge, the PIIX's functions, the display. Slots from
 * {@link #FIRST_FREE_SLOT} take cards, see {@link #plug}.
 */
final class PciBoard {
    /** Where the linear frame buffer stands without a firmware. */
    static final long FRAME_BUFFER = 0xFD00_0000L;

    /** The first slot that nothing is soldered to. */
    static final int FIRST_FREE_SLOT = 3;

    private static final int SLOT_PIIX = 1;
    private static final int SLOT_VGA = 2;
    private static final int FUNCTION_IDE = 1;
    private static final int FUNCTION_PM = 3;

    private static final int PORT_APM = 0xB2;
    private static final int PORT_PCI = 0xCF8;
    private static final int PORT_RESET_CONTROL = 0xCF9;
    private static final int RESET_CONTROL_HARD = 0x06;
    private static final int SLEEP_TYPE_OFF = 0;

    private static final long VGA_REGISTERS = 0xFEBF_0000L;
    private static final int COMMAND = 0x04;
    private static final int COMMAND_IO = 1;
    private static final int COMMAND_MEMORY = 2;
    private static final int COMMAND_MASTER = 4;
    private static final int IDE_TIMING = 0x40;
    private static final int IDE_DECODE_BOTH = 0x8000_8000;
    private static final int IDE_BUS_MASTER_PORTS = 0xC000;
    private static final int BAR0 = 0x10;
    private static final int PAM0 = 0x59;
    private static final int PAM6 = 0x5F;
    private static final int PIRQ_ROUTE = 0x60;

    /** Where PIRQA# to PIRQD# go without a firmware: the same as with SeaBIOS. */
    private static final int[] PIRQ_INTERRUPTS = {10, 10, 11, 11};

    private final PciBus bus = new PciBus();
    private final I440fxHostBridge hostBridge;
    private final Piix3IsaBridge isaBridge;
    private final Piix4Pm powerManagement;
    private final VgaPciFunction display;
    private Piix3Ide ide;
    private final List<PciFunction> cards = new ArrayList<>();
    private final List<Integer> slots = new ArrayList<>();

    /** What the board asks the machine for. */
    interface Wiring {
        /** A new input of an ISA interrupt, 0..15. */
        IrqLine irq(int number);

        /** Makes a part one of those that are reset and saved. */
        <T extends Stateful & Resettable> T part(T part);

        /** The guest wants the power off; only notes it. */
        void powerOff();

        /** The guest resets everything; only notes it. */
        void hardReset();

        /** The guest resets the processor alone; only notes it. */
        void processorReset();
    }

    private final Wiring wiring;

    PciBoard(
            Wiring wiring,
            EventQueue events,
            PioBus ports,
            PcMemory memory,
            VgaPciFunction display,
            int sciInterrupt) {
        this.wiring = wiring;
        this.display = display;
        wiring.part(bus);
        ports.register(PORT_PCI, 8, "PCI configuration", bus);
        hostBridge = wiring.part(new I440fxHostBridge(memory::shadow));
        isaBridge =
                wiring.part(
                        new Piix3IsaBridge(
                                routableLines(), wiring::hardReset, wiring::processorReset));
        powerManagement =
                wiring.part(new Piix4Pm(events, ports, wiring.irq(sciInterrupt), wiring::powerOff));
        wiring.part(display);
        ports.register(PORT_APM, 2, "APM", powerManagement.apm());
        bus.setResetControl(isaBridge.resetControl());
        bus.add(0, 0, hostBridge);
        bus.add(SLOT_PIIX, 0, isaBridge);
        bus.add(SLOT_PIIX, FUNCTION_PM, powerManagement);
        bus.add(SLOT_VGA, 0, display);
    }

    private IrqLine[] routableLines() {
        IrqLine[] lines = new IrqLine[16];
        for (int number = 0; number < lines.length; number++) {
            lines[number] = Piix3IsaBridge.routable(number) ? wiring.irq(number) : null;
        }
        return lines;
    }

    /** Adds the PIIX's IDE function. */
    void addIde(Piix3Ide device) {
        ide = wiring.part(device);
        bus.add(SLOT_PIIX, FUNCTION_IDE, device);
    }

    /**
     * Plugs a card in: its configuration space, its interrupt pin, its state.
     *
     * @param slot from {@link #FIRST_FREE_SLOT} to 31
     */
    void plug(int slot, PciFunction card) {
        wiring.part(card);
        bus.add(slot, 0, card);
        int pin = card.config().interruptPin();
        if (pin != 0) {
            card.connectInterrupt(isaBridge.interruptPin(slot, pin));
        }
        cards.add(card);
        slots.add(slot);
    }

    Piix4Pm powerManagement() {
        return powerManagement;
    }

    /**
     * What a firmware does to the chipset: upper memory becomes RAM, PCI interrupts are routed, the
     * display has its addresses. Other cards get theirs from the operating system.
     *
     * @return the interrupts that are now level triggered, a mask
     */
    int configure(int sciInterrupt) {
        hostBridge.writeConfig(PAM0, 1, 0x30);
        for (int register = PAM0 + 1; register <= PAM6; register++) {
            hostBridge.writeConfig(register, 1, 0x33);
        }
        int level = 1 << sciInterrupt;
        for (int i = 0; i < PIRQ_INTERRUPTS.length; i++) {
            isaBridge.writeConfig(PIRQ_ROUTE + i, 1, PIRQ_INTERRUPTS[i]);
            level |= 1 << PIRQ_INTERRUPTS[i];
        }
        for (int i = 0; i < cards.size(); i++) {
            PciConfigSpace card = cards.get(i).config();
            if (card.interruptPin() != 0) {
                int pirq = Piix3IsaBridge.pirq(slots.get(i), card.interruptPin());
                card.write(PciConfigSpace.INTERRUPT_LINE, 1, PIRQ_INTERRUPTS[pirq]);
            }
        }
        ide.writeConfig(IDE_TIMING, 4, IDE_DECODE_BOTH);
        ide.writeConfig(BAR0 + 4 * Piix3Ide.BUS_MASTER_BAR, 4, IDE_BUS_MASTER_PORTS);
        ide.writeConfig(COMMAND, 2, COMMAND_IO | COMMAND_MASTER);
        PciConfigSpace vga = display.config();
        vga.write(BAR0 + 4 * VgaPciFunction.FRAME_BUFFER_BAR, 4, (int) FRAME_BUFFER);
        vga.write(BAR0 + 4 * VgaPciFunction.REGISTER_BAR, 4, (int) VGA_REGISTERS);
        vga.write(COMMAND, 2, COMMAND_IO | COMMAND_MEMORY);
        return level;
    }

    /** The power management as ACPI describes it. */
    static AcpiTables.PowerManagement acpi(int sciInterrupt) {
        return new AcpiTables.PowerManagement(
                sciInterrupt,
                PORT_APM,
                Piix4Pm.ACPI_ENABLE,
                Piix4Pm.ACPI_DISABLE,
                Piix4Pm.DEFAULT_BASE,
                Piix4Pm.DEFAULT_BASE + 4,
                Piix4Pm.DEFAULT_BASE + 8,
                Piix4Pm.DEFAULT_BASE + 0x0C,
                4,
                SLEEP_TYPE_OFF,
                PORT_RESET_CONTROL,
                RESET_CONTROL_HARD);
    }
}
