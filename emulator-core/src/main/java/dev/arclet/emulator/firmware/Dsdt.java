package dev.arclet.emulator.firmware;

import dev.arclet.emulator.chipset.Piix3IsaBridge;
import dev.arclet.emulator.device.timer.Hpet;
import java.util.ArrayList;
import java.util.List;

/**
 * The definition block that describes the PC to an operating system: the PCI root with its windows
 * and interrupt routing, the four interrupt link devices of the PIIX3, the devices on ISA, the
 * sleep state. No methods but those of the link devices.
 */
final class Dsdt {
    /** Interrupts that a link device may be set to. */
    static final int[] PCI_INTERRUPTS = {5, 10, 11};

    private static final int LINKS = 4;
    private static final int SLOTS = 32;
    private static final int PINS = 4;
    private static final int PIRQ_ROUTE = 0x60;
    private static final int ROUTE_DISABLED = 0x80;
    private static final int ISA_BRIDGE = 0x0001_0000;
    private static final int PRESENT = 0x01;
    private static final int PRESENT_ENABLED = 0x0B;
    private static final int DISABLED = 0x09;

    /** Where the interrupt number stands in an extended interrupt descriptor. */
    private static final int INTERRUPT_NUMBER = 5;

    private Dsdt() {}

    /** The block's AML. */
    static byte[] of(AcpiTables.PowerManagement pm, long pciHoleStart) {
        byte[] sleepState =
                Aml.name(
                        "\\_S5",
                        Aml.packageOf(
                                Aml.integer(pm.s5SleepType()),
                                Aml.integer(0),
                                Aml.integer(0),
                                Aml.integer(0)));
        List<byte[]> bus = new ArrayList<>();
        bus.add(pciRoot(pciHoleStart));
        bus.add(device("HPET", "PNP0103", resources(Aml.fixedMemory(Hpet.BASE, Hpet.SIZE))));
        bus.add(Aml.byteFields("PCI0.ISA.PIRQ", "PRQ0", "PRQ1", "PRQ2", "PRQ3"));
        for (int link = 0; link < LINKS; link++) {
            bus.add(linkDevice(link));
        }
        bus.add(fixedLink(pm.sciInterrupt()));
        return Aml.join(
                sleepState,
                Aml.scope("\\_PR", Aml.processor("CPU0", 0)),
                Aml.scope("\\_SB", bus.toArray(byte[][]::new)));
    }

    private static byte[] pciRoot(long pciHoleStart) {
        return Aml.device(
                "PCI0",
                Aml.name("_HID", Aml.eisaId("PNP0A03")),
                Aml.name("_ADR", Aml.integer(0)),
                Aml.name(
                        "_CRS",
                        Aml.resources(
                                Aml.busNumbers(),
                                Aml.io(0xCF8, 8),
                                Aml.ioWindow(0x0000, 0x0CF7),
                                Aml.ioWindow(0x0D00, 0xFFFF),
                                Aml.memoryWindow(0xA_0000, 0xB_FFFF),
                                Aml.memoryWindow(pciHoleStart, 0xFEBF_FFFFL))),
                Aml.name("_PRT", routing()),
                isaBridge());
    }

    /** Section 6.2.13: which link each slot's pin is wired to; slot 1 has the SCI on its first. */
    private static byte[] routing() {
        List<byte[]> entries = new ArrayList<>();
        for (int slot = 1; slot < SLOTS; slot++) {
            for (int pin = 0; pin < PINS; pin++) {
                boolean sci = slot == 1 && pin == 0;
                char letter = (char) ('A' + Piix3IsaBridge.pirq(slot, pin + 1));
                entries.add(
                        Aml.packageOf(
                                Aml.integer((long) slot << 16 | 0xFFFF),
                                Aml.integer(pin),
                                Aml.reference(sci ? "LNKS" : "LNK" + letter),
                                Aml.integer(0)));
            }
        }
        return Aml.packageOf(entries.toArray(byte[][]::new));
    }

    private static byte[] isaBridge() {
        return Aml.device(
                "ISA",
                Aml.name("_ADR", Aml.integer(ISA_BRIDGE)),
                Aml.pciConfigRegion("PIRQ", PIRQ_ROUTE, LINKS),
                device("KBD", "PNP0303", resources(Aml.io(0x60, 1), Aml.io(0x64, 1), Aml.irq(1))),
                device("MOU", "PNP0F13", resources(Aml.irq(12))),
                device("RTC", "PNP0B00", resources(Aml.io(0x70, 2), Aml.irq(8))),
                device(
                        "FDC",
                        "PNP0700",
                        resources(Aml.io(0x3F2, 4), Aml.io(0x3F7, 1), Aml.irq(6), Aml.dma(2))),
                device("COM1", "PNP0501", resources(Aml.io(0x3F8, 8), Aml.irq(4))));
    }

    /** A PIIX3 route register as section 6.2's interrupt link: read, set, disable. */
    private static byte[] linkDevice(int link) {
        byte[] register = Aml.reference("PRQ" + link);
        return Aml.device(
                "LNK" + (char) ('A' + link),
                Aml.name("_HID", Aml.eisaId("PNP0C0F")),
                Aml.name("_UID", Aml.integer(link)),
                Aml.name("_PRS", Aml.resources(Aml.sharedInterrupts(PCI_INTERRUPTS))),
                Aml.method(
                        "_STA",
                        0,
                        Aml.ifTrue(
                                Aml.and(register, Aml.integer(ROUTE_DISABLED), Aml.NOWHERE),
                                Aml.returns(Aml.integer(DISABLED))),
                        Aml.returns(Aml.integer(PRESENT_ENABLED))),
                Aml.method("_DIS", 0, Aml.or(register, Aml.integer(ROUTE_DISABLED), register)),
                Aml.name("PRR", Aml.resources(Aml.sharedInterrupts(0))),
                Aml.method(
                        "_CRS",
                        0,
                        Aml.createDwordField(Aml.reference("PRR"), INTERRUPT_NUMBER, "PRRI"),
                        Aml.and(register, Aml.integer(0x0F), Aml.reference("PRRI")),
                        Aml.ifTrue(
                                Aml.and(register, Aml.integer(ROUTE_DISABLED), Aml.NOWHERE),
                                Aml.store(Aml.integer(0), Aml.reference("PRRI"))),
                        Aml.returns(Aml.reference("PRR"))),
                Aml.method(
                        "_SRS",
                        1,
                        Aml.createDwordField(Aml.ARGUMENT_0, INTERRUPT_NUMBER, "PRQS"),
                        Aml.store(Aml.reference("PRQS"), register)));
    }

    /** The system control interrupt, which no register routes. */
    private static byte[] fixedLink(int interrupt) {
        byte[] resources = Aml.resources(Aml.sharedInterrupts(interrupt));
        return Aml.device(
                "LNKS",
                Aml.name("_HID", Aml.eisaId("PNP0C0F")),
                Aml.name("_UID", Aml.integer(LINKS)),
                Aml.name("_PRS", resources),
                Aml.name("_STA", Aml.integer(PRESENT_ENABLED)),
                Aml.method("_DIS", 0),
                Aml.name("_CRS", resources),
                Aml.method("_SRS", 1));
    }

    private static byte[] resources(byte[]... descriptors) {
        return Aml.name("_CRS", Aml.resources(descriptors));
    }

    private static byte[] device(String name, String id, byte[] resources) {
        return Aml.device(
                name,
                Aml.name("_HID", Aml.eisaId(id)),
                Aml.name("_STA", Aml.integer(PRESENT | 0x0E)),
                resources);
    }
}
