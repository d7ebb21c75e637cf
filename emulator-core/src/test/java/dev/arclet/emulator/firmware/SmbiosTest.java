package dev.arclet.emulator.firmware;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SmbiosTest {
    /** Walks the structures by their lengths and the double zero after their strings. */
    private static List<Integer> types(byte[] tables, int[] largest) {
        List<Integer> types = new ArrayList<>();
        int at = 0;
        while (at < tables.length) {
            int start = at;
            types.add(tables[at] & 0xFF);
            at += tables[at + 1] & 0xFF;
            while (tables[at] != 0 || tables[at + 1] != 0) {
                at++;
            }
            at += 2;
            largest[0] = Math.max(largest[0], at - start);
        }
        assertEquals(tables.length, at);
        return types;
    }

    @Test
    void structuresFollowOneAnother() {
        Smbios smbios = new Smbios(4L << 30, E820.PCI_HOLE_START);
        int[] largest = new int[1];
        List<Integer> types = types(smbios.tables(), largest);
        assertEquals(List.of(1, 3, 4, 16, 17, 19, 19, 32, 127), types);
        ByteBuffer entry = ByteBuffer.wrap(smbios.entryPoint()).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(0x5F4D535F, entry.getInt(0));
        assertEquals(entry.capacity(), entry.get(5));
        assertEquals(largest[0], entry.getShort(8));
        assertEquals(smbios.tables().length, entry.getShort(22));
        assertEquals(types.size(), entry.getShort(28));
    }

    @Test
    void memoryIsDescribed() {
        ByteBuffer tables =
                ByteBuffer.wrap(new Smbios(256L << 20, E820.PCI_HOLE_START).tables())
                        .order(ByteOrder.LITTLE_ENDIAN);
        boolean found = false;
        for (int at = 0; at + 14 < tables.capacity(); at++) {
            if (tables.getShort(at) == 0x2811 && tables.getShort(at + 2) == 0x1100) {
                assertEquals(256, tables.getShort(at + 12), "MiB");
                found = true;
            }
        }
        assertTrue(found);
    }
}
