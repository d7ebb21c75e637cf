package dev.arclet.emulator.machine;

import dev.arclet.emulator.device.firmware.FwCfg;
import dev.arclet.emulator.device.ide.DiskGeometry;
import dev.arclet.emulator.device.timer.Mc146818Rtc;
import dev.arclet.emulator.firmware.AcpiTables;
import dev.arclet.emulator.firmware.E820;
import dev.arclet.emulator.firmware.Smbios;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * What a firmware is told of the machine: by CMOS bytes, as every PC BIOS reads them, and by items
 * of fw_cfg with the keys and names of QEMU's documentation.
 */
final class FirmwareSettings {
    private static final int CMOS_FLOPPY_TYPES = 0x10;
    private static final int CMOS_DISK_TYPES = 0x12;
    private static final int CMOS_EQUIPMENT = 0x14;
    private static final int CMOS_BASE_MEMORY = 0x15;
    private static final int CMOS_EXTENDED_MEMORY = 0x17;
    private static final int CMOS_EXTENDED_DISK_TYPE = 0x19;
    private static final int CMOS_DISK = 0x1B;
    private static final int CMOS_DISK_BYTES = 9;
    private static final int CMOS_CHECKED_FROM = 0x10;
    private static final int CMOS_CHECKSUM = 0x2E;
    private static final int CMOS_EXTENDED_MEMORY_FOUND = 0x30;
    private static final int CMOS_MEMORY_ABOVE_16M = 0x34;
    private static final int CMOS_BOOT_THIRD = 0x38;
    private static final int CMOS_TRANSLATIONS = 0x39;
    private static final int CMOS_BOOT_FIRST = 0x3D;
    private static final int CMOS_MEMORY_ABOVE_4G = 0x5B;
    private static final int CMOS_PROCESSORS = 0x5F;

    private static final int DISK_TYPE_EXTENDED = 0xF;
    private static final int DISK_TYPE_OF_USER = 47;
    private static final int NO_PRECOMPENSATION = 0xFFFF;
    private static final int DISK_NO_RETRIES = 0xC0;
    private static final int DISK_MANY_HEADS = 0x08;

    private static final int EQUIPMENT_FPU = 0x02;
    private static final int EQUIPMENT_MOUSE = 0x04;
    private static final int EQUIPMENT_FLOPPY = 0x01;
    private static final int BASE_MEMORY_KIB = 640;

    private static final int KEY_UUID = 0x02;
    private static final int KEY_RAM_SIZE = 0x03;
    private static final int KEY_NO_GRAPHIC = 0x04;
    private static final int KEY_PROCESSORS = 0x05;
    private static final int KEY_BOOT_MENU = 0x0E;
    private static final int KEY_MAX_PROCESSORS = 0x0F;
    private static final int KEY_TIMER_OVERRIDE = 0x8002;

    /** S0 and S5 are there; S3 and S4 are not. */
    private static final byte[] SLEEP_STATES = {(byte) 0x80, 0, 0, 1, 2, (byte) 0x80};

    /** Where the boot devices are, by the firmware's names for them; disks and CD are masters. */
    private static final Map<MachineConfig.BootSource, String> BOOT_PATHS =
            Map.of(
                    MachineConfig.BootSource.FLOPPY, "/pci@i0cf8/isa@1/fdc@03f0/floppy@0",
                    MachineConfig.BootSource.DISK, "/pci@i0cf8/ide@1,1/drive@0/disk@0",
                    MachineConfig.BootSource.CDROM, "/pci@i0cf8/ide@1,1/drive@1/disk@0");

    private FirmwareSettings() {}

    /** Fills the items of fw_cfg. */
    static void describe(FwCfg items, MachineConfig config, AcpiTables acpi) {
        items.putNumber(KEY_UUID, 8, 0);
        items.putNumber(KEY_RAM_SIZE, 8, config.memoryBytes());
        items.putNumber(KEY_NO_GRAPHIC, 2, 0);
        items.putNumber(KEY_PROCESSORS, 2, config.cpus());
        items.putNumber(KEY_MAX_PROCESSORS, 2, config.cpus());
        items.putNumber(KEY_BOOT_MENU, 2, 0);
        items.putNumber(KEY_TIMER_OVERRIDE, 4, 1);
        items.putFile("etc/e820", memoryMap(config.memoryBytes()));
        items.putFile(AcpiTables.TABLES_FILE, acpi.tables());
        items.putFile(AcpiTables.RSDP_FILE, acpi.rsdp());
        items.putFile(AcpiTables.SCRIPT_FILE, acpi.linkerScript());
        Smbios smbios = new Smbios(config.memoryBytes(), E820.PCI_HOLE_START);
        items.putFile("etc/smbios/smbios-tables", smbios.tables());
        items.putFile("etc/smbios/smbios-anchor", smbios.entryPoint());
        items.putFile("etc/system-states", SLEEP_STATES);
        items.putFile("etc/show-boot-menu", 0);
        StringBuilder order = new StringBuilder();
        config.bootOrder().forEach(source -> order.append(BOOT_PATHS.get(source)).append('\n'));
        items.putFile("bootorder", (order + "\0").getBytes(StandardCharsets.US_ASCII));
    }

    /** RAM only; the firmware reserves what it takes itself. */
    private static byte[] memoryMap(long bytes) {
        long low = Math.min(bytes, E820.PCI_HOLE_START);
        List<E820.Entry> map =
                bytes > low
                        ? List.of(
                                new E820.Entry(0, low, E820.RAM),
                                new E820.Entry(1L << 32, bytes - low, E820.RAM))
                        : List.of(new E820.Entry(0, low, E820.RAM));
        ByteBuffer out = ByteBuffer.allocate(20 * map.size()).order(ByteOrder.LITTLE_ENDIAN);
        for (E820.Entry range : map) {
            out.putLong(range.base()).putLong(range.length()).putInt(range.type());
        }
        return out.array();
    }

    /**
     * Writes what the setup of a BIOS would have stored.
     *
     * @param floppyTypes the drives' types, drive A in the high nibble; see the floppy controller
     * @param disks the geometries of the IDE disks in their order
     */
    static void storeCmos(
            Mc146818Rtc rtc, MachineConfig config, int floppyTypes, List<DiskGeometry> disks) {
        long low = Math.min(config.memoryBytes(), E820.PCI_HOLE_START);
        long high = config.memoryBytes() - low;
        int extendedKib = (int) Math.min((low >> 10) - 1024, 0xFFFF);
        int bootOrder = 0;
        for (int i = 0; i < config.bootOrder().size(); i++) {
            bootOrder |= config.bootOrder().get(i).cmosCode() << 4 * i;
        }
        storeDisks(rtc, disks);
        store(rtc, CMOS_BASE_MEMORY, 2, BASE_MEMORY_KIB);
        store(rtc, CMOS_EXTENDED_MEMORY, 2, extendedKib);
        store(rtc, CMOS_EXTENDED_MEMORY_FOUND, 2, extendedKib);
        store(rtc, CMOS_MEMORY_ABOVE_16M, 2, (int) (Math.max(0, low - (16 << 20)) >> 16));
        store(rtc, CMOS_MEMORY_ABOVE_4G, 3, (int) (high >> 16));
        store(rtc, CMOS_PROCESSORS, 1, 0);
        int floppies = (floppyTypes & 0xF0) == 0 ? 0 : (floppyTypes & 0x0F) == 0 ? 1 : 2;
        int equipment = EQUIPMENT_FPU | EQUIPMENT_MOUSE;
        if (floppies > 0) {
            equipment |= EQUIPMENT_FLOPPY | floppies - 1 << 6;
        }
        store(rtc, CMOS_FLOPPY_TYPES, 1, floppyTypes);
        store(rtc, CMOS_EQUIPMENT, 1, equipment);
        store(rtc, CMOS_BOOT_FIRST, 1, bootOrder & 0xFF);
        store(rtc, CMOS_BOOT_THIRD, 1, bootOrder >> 4 & 0xF0);
        int sum = 0;
        for (int i = CMOS_CHECKED_FROM; i < CMOS_CHECKSUM; i++) {
            sum += rtc.cmos(i);
        }
        rtc.setCmos(CMOS_CHECKSUM, sum >> 8);
        rtc.setCmos(CMOS_CHECKSUM + 1, sum & 0xFF);
    }

    /**
     * The first two disks are of the type that the user defines (47), with the geometry beside it:
     * systems that came before the ATA IDENTIFY command look for disks here.
     */
    private static void storeDisks(Mc146818Rtc rtc, List<DiskGeometry> disks) {
        int types = 0;
        int translations = 0;
        for (int i = 0; i < disks.size(); i++) {
            DiskGeometry disk = disks.get(i);
            translations |= disk.translation().cmosCode() << 2 * i;
            if (i >= 2) {
                continue;
            }
            types |= DISK_TYPE_EXTENDED << (i == 0 ? 4 : 0);
            store(rtc, CMOS_EXTENDED_DISK_TYPE + i, 1, DISK_TYPE_OF_USER);
            int at = CMOS_DISK + i * CMOS_DISK_BYTES;
            store(rtc, at, 2, disk.cylinders());
            store(rtc, at + 2, 1, disk.heads());
            store(rtc, at + 3, 2, NO_PRECOMPENSATION);
            store(rtc, at + 5, 1, DISK_NO_RETRIES | (disk.heads() > 8 ? DISK_MANY_HEADS : 0));
            store(rtc, at + 6, 2, disk.cylinders());
            store(rtc, at + 8, 1, disk.sectors());
        }
        store(rtc, CMOS_DISK_TYPES, 1, types);
        store(rtc, CMOS_TRANSLATIONS, 1, translations);
    }

    private static void store(Mc146818Rtc rtc, int address, int bytes, int value) {
        for (int i = 0; i < bytes; i++) {
            rtc.setCmos(address + i, value >>> 8 * i & 0xFF);
        }
    }
}
