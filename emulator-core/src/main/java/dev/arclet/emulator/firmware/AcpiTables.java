package dev.arclet.emulator.firmware;

import dev.arclet.emulator.device.irq.IoApic;
import dev.arclet.emulator.device.irq.LocalApic;
import dev.arclet.emulator.memory.PhysicalMap;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The ACPI tables of a PC that was started without a firmware (ACPI specification 6.5, chapter 5):
 * RSDP, RSDT, FADT, FACS, MADT, and a DSDT that names the PCI root, the ISA devices and how to
 * power off.
 *
 * <p>They stand in the BIOS area, where operating systems look for the RSDP and where {@link E820}
 * reserves memory.
 */
public final class AcpiTables {
    /** Where the tables start. */
    public static final long BASE = 0xF_0000;

    private static final long RSDT = BASE + 0x40;
    private static final long FADT = BASE + 0x80;
    private static final long FACS = BASE + 0x200;
    private static final long MADT = BASE + 0x280;
    private static final long DSDT = BASE + 0x300;

    private static final int HEADER = 36;
    private static final int IO_APIC_ID = 1;

    /**
     * What the chipset's power management looks like from the ports.
     *
     * @param sciInterrupt IRQ number of the system control interrupt
     * @param smiCommandPort port that takes the two commands below, or 0 if ACPI mode is always on
     * @param acpiEnable command that switches to ACPI mode
     * @param acpiDisable command that switches back
     * @param eventBlock port of the PM1a event registers (4 bytes)
     * @param controlBlock port of the PM1a control register (2 bytes)
     * @param timerBlock port of the PM timer (4 bytes)
     * @param gpe0Block port of the general-purpose event block, or 0
     * @param gpe0Bytes its length
     * @param s5SleepType SLP_TYPa of soft-off
     * @param resetPort port of the reset control register
     * @param resetValue what to write there
     */
    public record PowerManagement(
            int sciInterrupt,
            int smiCommandPort,
            int acpiEnable,
            int acpiDisable,
            int eventBlock,
            int controlBlock,
            int timerBlock,
            int gpe0Block,
            int gpe0Bytes,
            int s5SleepType,
            int resetPort,
            int resetValue) {}

    private AcpiTables() {}

    /**
     * Writes the tables.
     *
     * @return physical address of the RSDP
     */
    public static long install(PhysicalMap memory, PowerManagement pm, long pciHoleStart) {
        put(memory, RSDT, table("RSDT", 1, ints((int) FADT, (int) MADT)));
        put(memory, FADT, fadt(pm));
        put(memory, FACS, facs());
        put(memory, MADT, madt(pm.sciInterrupt()));
        put(memory, DSDT, table("DSDT", 1, dsdt(pm, pciHoleStart)));
        ByteBuffer rsdp = buffer(20);
        rsdp.put("RSD PTR ".getBytes(StandardCharsets.US_ASCII));
        rsdp.put((byte) 0).put("ARCLET".getBytes(StandardCharsets.US_ASCII));
        rsdp.put((byte) 0).putInt((int) RSDT); // revision 0: ACPI 1.0, RSDT only
        rsdp.put(8, checksum(rsdp.array(), 20));
        put(memory, BASE, rsdp.array());
        return BASE;
    }

    private static void put(PhysicalMap memory, long address, byte[] bytes) {
        memory.writeExternal(address, bytes, 0, bytes.length);
    }

    private static ByteBuffer buffer(int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static byte[] ints(int... values) {
        ByteBuffer out = buffer(4 * values.length);
        for (int value : values) {
            out.putInt(value);
        }
        return out.array();
    }

    private static byte checksum(byte[] bytes, int length) {
        int sum = 0;
        for (int i = 0; i < length; i++) {
            sum += bytes[i];
        }
        return (byte) -sum;
    }

    private static byte[] table(String signature, int revision, byte[] body) {
        ByteBuffer out = buffer(HEADER + body.length);
        out.put(signature.getBytes(StandardCharsets.US_ASCII)).putInt(HEADER + body.length);
        out.put((byte) revision).put((byte) 0);
        out.put("ARCLETARCLETPC".getBytes(StandardCharsets.US_ASCII));
        out.putInt(1).put("ARCL".getBytes(StandardCharsets.US_ASCII)).putInt(1);
        out.put(body);
        out.put(9, checksum(out.array(), out.capacity()));
        return out.array();
    }

    /** Section 5.2.9, the ACPI 2.0 length (revision 3) for the reset register. */
    private static byte[] fadt(PowerManagement pm) {
        ByteBuffer t = buffer(244 - HEADER);
        t.putInt((int) FACS).putInt((int) DSDT).put((byte) 1).put((byte) 1); // desktop
        t.putShort((short) pm.sciInterrupt()).putInt(pm.smiCommandPort());
        t.put((byte) pm.acpiEnable()).put((byte) pm.acpiDisable()).put((byte) 0).put((byte) 0);
        t.putInt(pm.eventBlock()).putInt(0).putInt(pm.controlBlock()).putInt(0).putInt(0);
        t.putInt(pm.timerBlock()).putInt(pm.gpe0Block()).putInt(0);
        t.put((byte) 4).put((byte) 2).put((byte) 0).put((byte) 4);
        t.put((byte) (pm.gpe0Block() == 0 ? 0 : pm.gpe0Bytes()));
        t.put((byte) 0).put((byte) 0).put((byte) 0);
        t.putShort((short) 0xFFF).putShort((short) 0xFFF); // no C2, no C3
        t.putShort((short) 0).putShort((short) 0).put((byte) 0).put((byte) 0);
        t.put((byte) 0).put((byte) 0).put((byte) 0x32); // century in CMOS 0x32
        t.putShort((short) 0x03).put((byte) 0); // legacy devices, 8042
        // WBINVD, PROC_C1, SLP_BUTTON (as control method: none), RESET_REG_SUP; the timer has 24
        // bits
        t.putInt(1 | 1 << 2 | 1 << 5 | 1 << 10);
        t.put((byte) 1).put((byte) 8).put((byte) 0).put((byte) 1).putLong(pm.resetPort());
        t.put((byte) pm.resetValue());
        return table("FACP", 3, t.array());
    }

    private static byte[] facs() {
        ByteBuffer t = buffer(64);
        t.put("FACS".getBytes(StandardCharsets.US_ASCII)).putInt(64);
        return t.array();
    }

    /** Section 5.2.12: one processor, one I/O APIC, ISA interrupts as on every PC. */
    private static byte[] madt(int sciInterrupt) {
        ByteBuffer t = buffer(68);
        t.putInt((int) LocalApic.BASE).putInt(1); // there are 8259s as well
        t.put((byte) 0).put((byte) 8).put((byte) 0).put((byte) 0).putInt(1); // processor 0, enabled
        t.put((byte) 1).put((byte) 12).put((byte) IO_APIC_ID).put((byte) 0);
        t.putInt((int) IoApic.BASE).putInt(0);
        override(t, 0, 2, 0); // the timer is at pin 2, as ISA interrupts are: rising edge
        override(t, sciInterrupt, sciInterrupt, 0xD); // active high, level triggered
        t.put((byte) 4).put((byte) 6).put((byte) 0xFF).putShort((short) 0).put((byte) 1); // NMI
        return table("APIC", 1, Arrays.copyOf(t.array(), t.position()));
    }

    private static void override(ByteBuffer t, int isaInterrupt, int pin, int flags) {
        t.put((byte) 2).put((byte) 10).put((byte) 0).put((byte) isaInterrupt);
        t.putInt(pin).putShort((short) flags);
    }

    private static byte[] dsdt(PowerManagement pm, long pciHoleStart) {
        byte[] sleepState =
                Aml.name(
                        "\\_S5",
                        Aml.packageOf(
                                Aml.integer(pm.s5SleepType()),
                                Aml.integer(0),
                                Aml.integer(0),
                                Aml.integer(0)));
        byte[] isa =
                Aml.device(
                        "ISA",
                        Aml.name("_ADR", Aml.integer(0x0001_0000)),
                        isaDevice("KBD", "PNP0303", Aml.io(0x60, 1), Aml.io(0x64, 1), Aml.irq(1)),
                        isaDevice("MOU", "PNP0F13", Aml.irq(12)),
                        isaDevice("RTC", "PNP0B00", Aml.io(0x70, 2), Aml.irq(8)),
                        isaDevice("COM1", "PNP0501", Aml.io(0x3F8, 8), Aml.irq(4)));
        byte[] pci =
                Aml.device(
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
                        isa);
        return Aml.join(sleepState, Aml.scope("\\_SB", pci));
    }

    private static byte[] isaDevice(String name, String id, byte[]... resources) {
        return Aml.device(
                name, Aml.name("_HID", Aml.eisaId(id)), Aml.name("_CRS", Aml.resources(resources)));
    }
}
