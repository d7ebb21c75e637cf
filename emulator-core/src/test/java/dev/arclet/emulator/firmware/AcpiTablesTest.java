package dev.arclet.emulator.firmware;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.arclet.emulator.memory.GuestMemory;
import dev.arclet.emulator.memory.PhysicalMap;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class AcpiTablesTest {
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
            long rsdp =
                    AcpiTables.install(
                            map,
                            new AcpiTables.PowerManagement(
                                    9, 0xB2, 1, 0, 0x600, 0x604, 0x608, 0x60C, 4, 5, 0xCF9, 6),
                            E820.PCI_HOLE_START);
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
}
