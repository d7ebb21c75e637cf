package dev.arclet.emulator.firmware;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.arclet.emulator.memory.GuestMemory;
import dev.arclet.emulator.memory.PhysicalMap;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AcpiTablesTest {
    private static final AcpiTables TABLES =
            new AcpiTables(
                    new AcpiTables.PowerManagement(
                            9, 0xB2, 1, 0, 0x600, 0x604, 0x608, 0x60C, 4, 5, 0xCF9, 6),
                    E820.PCI_HOLE_START);

    private final PhysicalMap map = new PhysicalMap(36);

    private String signature(long address, int length) {
        byte[] text = new byte[length];
        map.readExternal(address, text, 0, length);
        return new String(text, StandardCharsets.US_ASCII);
    }

    private void assertSumIsZero(long address, long length) {
        int sum = 0;
        for (long i = 0; i < length; i++) {
            sum += (int) map.read(address + i, 1);
        }
        assertEquals(0, sum & 0xFF, "checksum at " + Long.toHexString(address));
    }

    @Test
    void tablesAreFoundFromTheRsdpAndSumToZero() {
        try (GuestMemory ram = new GuestMemory(1 << 20)) {
            map.mapRam("memory", 0, 1 << 20, ram, 0);
            long rsdp = TABLES.install(map);
            assertEquals("RSD PTR ", signature(rsdp, 8));
            assertSumIsZero(rsdp, 20);
            long rsdt = map.read(rsdp + 16, 4);
            assertEquals("RSDT", signature(rsdt, 4));
            assertSumIsZero(rsdt, map.read(rsdt + 4, 4));
            long fadt = map.read(rsdt + 36, 4);
            assertEquals("FACP", signature(fadt, 4));
            assertEquals(244, map.read(fadt + 4, 4));
            assertSumIsZero(fadt, 244);
            assertEquals(0x608, map.read(fadt + 76, 4), "PM_TMR_BLK");
            assertEquals(0xCF9, map.read(fadt + 116 + 4, 8), "RESET_REG address");
            assertEquals("FACS", signature(map.read(fadt + 36, 4), 4));
            long dsdt = map.read(fadt + 40, 4);
            assertEquals("DSDT", signature(dsdt, 4));
            long length = map.read(dsdt + 4, 4);
            assertSumIsZero(dsdt, length);
            // _S5_ as a package of four, the first of them the sleep type.
            String aml = signature(dsdt + 36, (int) length - 36);
            int s5 = aml.indexOf("_S5_");
            assertEquals(0x12, map.read(dsdt + 36 + s5 + 4, 1), "PackageOp");
            assertEquals(4, map.read(dsdt + 36 + s5 + 6, 1), "elements");
            assertEquals(0x050A, map.read(dsdt + 36 + s5 + 7, 2), "SLP_TYPa");
        }
    }

    /** Executes the script as a firmware does, with allocations at addresses of its choice. */
    private static final class Linker {
        private final Map<String, ByteBuffer> files = new HashMap<>();
        private final Map<String, Integer> addresses = new HashMap<>();
        private int next = 0x7F_0000;

        private static String name(ByteBuffer in) {
            byte[] raw = new byte[56];
            in.get(raw);
            return new String(raw, StandardCharsets.US_ASCII).replace("\0", "");
        }

        void execute(ByteBuffer in) {
            while (in.hasRemaining()) {
                int end = in.position() + 128;
                switch (in.getInt()) {
                    case 1 -> {
                        String file = name(in);
                        int alignment = in.getInt();
                        next = next + alignment - 1 & -alignment;
                        addresses.put(file, next);
                        next += files.get(file).capacity();
                    }
                    case 2 -> {
                        ByteBuffer target = files.get(name(in));
                        int base = addresses.get(name(in));
                        int at = in.getInt();
                        assertEquals(4, in.get());
                        target.putInt(at, target.getInt(at) + base);
                    }
                    case 3 -> {
                        ByteBuffer target = files.get(name(in));
                        int at = in.getInt();
                        int start = in.getInt();
                        int length = in.getInt();
                        assertEquals(0, target.get(at), "no checksum yet");
                        int sum = 0;
                        for (int i = start; i < start + length; i++) {
                            sum += target.get(i);
                        }
                        target.put(at, (byte) -sum);
                    }
                    default -> throw new AssertionError("unknown command");
                }
                in.position(end);
            }
        }
    }

    @Test
    void aFirmwareLinksTheTablesWhereItWants() {
        Linker linker = new Linker();
        linker.files.put(AcpiTables.TABLES_FILE, littleEndian(TABLES.tables()));
        linker.files.put(AcpiTables.RSDP_FILE, littleEndian(TABLES.rsdp()));
        linker.execute(littleEndian(TABLES.linkerScript()));
        try (GuestMemory ram = new GuestMemory(1 << 20)) {
            map.mapRam("memory", 0x70_0000, 1 << 20, ram, 0);
            linker.files.forEach(
                    (name, file) ->
                            map.writeExternal(
                                    linker.addresses.get(name), file.array(), 0, file.capacity()));
            long rsdp = linker.addresses.get(AcpiTables.RSDP_FILE);
            assertSumIsZero(rsdp, 20);
            long rsdt = map.read(rsdp + 16, 4);
            assertEquals("RSDT", signature(rsdt, 4));
            assertSumIsZero(rsdt, map.read(rsdt + 4, 4));
            StringBuilder found = new StringBuilder();
            for (long at = rsdt + 36; at < rsdt + map.read(rsdt + 4, 4); at += 4) {
                long table = map.read(at, 4);
                assertSumIsZero(table, map.read(table + 4, 4));
                found.append(signature(table, 4)).append(' ');
            }
            assertEquals("FACP APIC HPET ", found.toString());
            long fadt = map.read(rsdt + 36, 4);
            long facs = map.read(fadt + 36, 4);
            assertEquals("FACS", signature(facs, 4));
            assertEquals(0, facs & 63, "alignment of the FACS");
            assertEquals("DSDT", signature(map.read(fadt + 40, 4), 4));
        }
    }

    private static ByteBuffer littleEndian(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
