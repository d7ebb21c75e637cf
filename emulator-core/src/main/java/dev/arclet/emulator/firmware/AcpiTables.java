package dev.arclet.emulator.firmware;

import dev.arclet.emulator.device.irq.IoApic;
import dev.arclet.emulator.device.irq.LocalApic;
import dev.arclet.emulator.device.timer.Hpet;
import dev.arclet.emulator.memory.PhysicalMap;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The PC's ACPI tables (ACPI specification 6.5, chapter 5): RSDP, RSDT, FADT, FACS, MADT, HPET and
 * the {@link Dsdt}.
 *
 * <p>They are built relocatable. {@link #install} puts them into the BIOS area of a PC that starts
 * without a firmware, where operating systems look for the RSDP and where {@link E820} reserves
 * memory. A firmware gets them as two files and a script that says how to place them, see {@link
 * #linkerScript}.
 */
public final class AcpiTables {
    /** Where the tables start without a firmware. */
    public static final long BASE = 0xF_0000;

    /** Name of the file with the RSDP, under which the script knows it. */
    public static final String RSDP_FILE = "etc/acpi/rsdp";

    /** Name of the file with all other tables. */
    public static final String TABLES_FILE = "etc/acpi/tables";

    /** Name of the file with the script. */
    public static final String SCRIPT_FILE = "etc/table-loader";

    private static final int HEADER = 36;
    private static final int CHECKSUM = 9;
    private static final int IO_APIC_ID = 1;
    private static final int ALIGNMENT = 64;
    private static final int RSDP_BYTES = 20;
    private static final int RSDP_CHECKSUM = 8;
    private static final int RSDP_RSDT = 16;
    private static final int FADT_FACS = 36;
    private static final int FADT_DSDT = 40;

    /** Interrupt source override flags (section 5.2.12.5). */
    private static final int ACTIVE_HIGH_LEVEL = 0xD;

    private static final int COMMAND_BYTES = 128;
    private static final int FILE_NAME_BYTES = 56;
    private static final int COMMAND_ALLOCATE = 1;
    private static final int COMMAND_ADD_POINTER = 2;
    private static final int COMMAND_ADD_CHECKSUM = 3;
    private static final byte ZONE_HIGH = 1;
    private static final byte ZONE_BIOS = 2;

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

    /** A table with a checksum over all of it. */
    private record Table(int offset, int length) {}

    private final ByteArrayOutputStream blob = new ByteArrayOutputStream();

    /** Offsets of four bytes each that hold an offset into the tables, to become an address. */
    private final List<Integer> pointers = new ArrayList<>();

    private final List<Table> summed = new ArrayList<>();
    private final int rsdt;

    /**
     * Builds the tables.
     *
     * @param pciHoleStart where device memory below 4 GiB may start
     */
    public AcpiTables(PowerManagement pm, long pciHoleStart) {
        int facs = add(facs());
        int dsdt = addTable(table("DSDT", 1, Dsdt.of(pm, pciHoleStart)));
        int fadt = addTable(fadt(pm, facs, dsdt));
        pointers.add(fadt + FADT_FACS);
        pointers.add(fadt + FADT_DSDT);
        int madt = addTable(madt(pm.sciInterrupt()));
        int hpet = addTable(hpet());
        rsdt = addTable(table("RSDT", 1, ints(fadt, madt, hpet)));
        for (int i = 0; i < 3; i++) {
            pointers.add(rsdt + HEADER + 4 * i);
        }
    }

    private int add(byte[] bytes) {
        blob.writeBytes(new byte[-blob.size() & ALIGNMENT - 1]);
        int offset = blob.size();
        blob.writeBytes(bytes);
        return offset;
    }

    private int addTable(byte[] bytes) {
        int offset = add(bytes);
        summed.add(new Table(offset, bytes.length));
        return offset;
    }

    /**
     * Writes the tables where a firmware would have left them.
     *
     * @return physical address of the RSDP
     */
    public long install(PhysicalMap memory) {
        ByteBuffer tables = ByteBuffer.wrap(tables()).order(ByteOrder.LITTLE_ENDIAN);
        int tablesBase = (int) BASE + ALIGNMENT;
        for (int at : pointers) {
            tables.putInt(at, tables.getInt(at) + tablesBase);
        }
        for (Table table : summed) {
            sum(tables, table.offset, table.length, table.offset + CHECKSUM);
        }
        ByteBuffer rsdp = ByteBuffer.wrap(rsdp()).order(ByteOrder.LITTLE_ENDIAN);
        rsdp.putInt(RSDP_RSDT, rsdp.getInt(RSDP_RSDT) + tablesBase);
        sum(rsdp, 0, RSDP_BYTES, RSDP_CHECKSUM);
        memory.writeExternal(BASE, rsdp.array(), 0, RSDP_BYTES);
        memory.writeExternal(tablesBase, tables.array(), 0, tables.capacity());
        return BASE;
    }

    private static void sum(ByteBuffer bytes, int from, int length, int checksumAt) {
        int sum = 0;
        for (int i = from; i < from + length; i++) {
            sum += bytes.get(i);
        }
        bytes.put(checksumAt, (byte) (bytes.get(checksumAt) - sum));
    }

    /** All tables but the RSDP; pointers are offsets into this file, checksums are missing. */
    public byte[] tables() {
        return blob.toByteArray();
    }

    /** The RSDP, its pointer an offset into the tables, its checksum missing. */
    public byte[] rsdp() {
        ByteBuffer out = buffer(RSDP_BYTES);
        out.put(ascii("RSD PTR ")).put((byte) 0).put(ascii("ARCLET"));
        out.put((byte) 0).putInt(rsdt); // revision 0: ACPI 1.0, RSDT only
        return out.array();
    }

    /**
     * The commands by which a firmware places the tables (QEMU's "BIOS linker loader", as SeaBIOS
     * and OVMF execute it): allocate memory for the files, turn offsets into addresses, and only
     * then compute checksums. Records of 128 bytes, little endian, each a command number and its
     * operands.
     */
    public byte[] linkerScript() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(allocate(TABLES_FILE, ALIGNMENT, ZONE_HIGH));
        out.writeBytes(allocate(RSDP_FILE, 16, ZONE_BIOS));
        for (int at : pointers) {
            out.writeBytes(addPointer(TABLES_FILE, at));
        }
        for (Table table : summed) {
            out.writeBytes(
                    addChecksum(TABLES_FILE, table.offset + CHECKSUM, table.offset, table.length));
        }
        out.writeBytes(addPointer(RSDP_FILE, RSDP_RSDT));
        out.writeBytes(addChecksum(RSDP_FILE, RSDP_CHECKSUM, 0, RSDP_BYTES));
        return out.toByteArray();
    }

    private static ByteBuffer command(int number, String file) {
        ByteBuffer out = buffer(COMMAND_BYTES).putInt(number);
        return putName(out, file);
    }

    private static ByteBuffer putName(ByteBuffer out, String file) {
        return out.put(Arrays.copyOf(ascii(file), FILE_NAME_BYTES));
    }

    private static byte[] allocate(String file, int alignment, byte zone) {
        return command(COMMAND_ALLOCATE, file).putInt(alignment).put(zone).array();
    }

    private static byte[] addPointer(String file, int offset) {
        ByteBuffer out = command(COMMAND_ADD_POINTER, file);
        return putName(out, TABLES_FILE).putInt(offset).put((byte) 4).array();
    }

    private static byte[] addChecksum(String file, int offset, int start, int length) {
        return command(COMMAND_ADD_CHECKSUM, file)
                .putInt(offset)
                .putInt(start)
                .putInt(length)
                .array();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
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

    private static byte[] table(String signature, int revision, byte[] body) {
        ByteBuffer out = buffer(HEADER + body.length);
        out.put(ascii(signature)).putInt(HEADER + body.length);
        out.put((byte) revision).put((byte) 0);
        out.put(ascii("ARCLETARCLETPC"));
        out.putInt(1).put(ascii("ARCL")).putInt(1);
        out.put(body);
        return out.array();
    }

    /** Section 5.2.9, the ACPI 2.0 length (revision 3) for the reset register. */
    private static byte[] fadt(PowerManagement pm, int facs, int dsdt) {
        ByteBuffer t = buffer(244 - HEADER);
        t.putInt(facs).putInt(dsdt).put((byte) 1).put((byte) 1); // desktop
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
        t.put(ascii("FACS")).putInt(64);
        return t.array();
    }

    /** Section 5.2.12: one processor, one I/O APIC, ISA interrupts as on every PC. */
    private static byte[] madt(int sciInterrupt) {
        ByteBuffer t = buffer(128);
        t.putInt((int) LocalApic.BASE).putInt(1); // there are 8259s as well
        t.put((byte) 0).put((byte) 8).put((byte) 0).put((byte) 0).putInt(1); // processor 0, enabled
        t.put((byte) 1).put((byte) 12).put((byte) IO_APIC_ID).put((byte) 0);
        t.putInt((int) IoApic.BASE).putInt(0);
        override(t, 0, 2, 0); // the timer is at pin 2, as ISA interrupts are: rising edge
        override(t, sciInterrupt, sciInterrupt, ACTIVE_HIGH_LEVEL);
        for (int irq : Dsdt.PCI_INTERRUPTS) {
            override(t, irq, irq, ACTIVE_HIGH_LEVEL);
        }
        t.put((byte) 4).put((byte) 6).put((byte) 0xFF).putShort((short) 0).put((byte) 1); // NMI
        return table("APIC", 1, Arrays.copyOf(t.array(), t.position()));
    }

    private static void override(ByteBuffer t, int isaInterrupt, int pin, int flags) {
        t.put((byte) 2).put((byte) 10).put((byte) 0).put((byte) isaInterrupt);
        t.putInt(pin).putShort((short) flags);
    }

    /** IA-PC HPET specification 1.0a, section 3.2.4. */
    private static byte[] hpet() {
        ByteBuffer t = buffer(20);
        t.putInt(Hpet.BLOCK_ID);
        t.putInt(0).putLong(Hpet.BASE); // memory space
        t.put((byte) 0).putShort((short) 0).put((byte) 0);
        return table("HPET", 1, t.array());
    }
}
