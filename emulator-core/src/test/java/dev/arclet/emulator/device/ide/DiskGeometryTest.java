package dev.arclet.emulator.device.ide;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.arclet.emulator.storage.MemoryDisk;
import org.junit.jupiter.api.Test;

class DiskGeometryTest {
    /** Three times 20 cylinders of 4 heads and 17 sectors. */
    private static final int TOTAL = 3 * 20 * 4 * 17;

    private static MemoryDisk disk(int sectors, int entry, int lastHead, int lastSector) {
        MemoryDisk disk = new MemoryDisk(new byte[512 * sectors], false);
        disk.bytes[510] = 0x55;
        disk.bytes[511] = (byte) 0xAA;
        int at = 446 + 16 * entry;
        disk.bytes[at + 4] = 1;
        disk.bytes[at + 5] = (byte) lastHead;
        disk.bytes[at + 6] = (byte) lastSector;
        disk.bytes[at + 12] = 100;
        return disk;
    }

    @Test
    void thePartitionTableTellsHeadsAndSectors() {
        assertEquals(new DiskGeometry(60, 4, 17), DiskGeometry.of(disk(TOTAL, 0, 3, 0xC0 | 17)));
        assertEquals(new DiskGeometry(60, 4, 17), DiskGeometry.of(disk(TOTAL, 3, 3, 17)));
    }

    @Test
    void aTranslatedTableTellsNothing() {
        assertEquals(DiskGeometry.of(TOTAL), DiskGeometry.of(disk(TOTAL, 0, 254, 63)));
    }

    @Test
    void withoutATableTheSizeDecides() {
        DiskGeometry bySize = DiskGeometry.of(TOTAL);
        assertEquals(bySize, DiskGeometry.of(new MemoryDisk(new byte[512 * TOTAL], false)));
        MemoryDisk unsigned = disk(TOTAL, 0, 3, 17);
        unsigned.bytes[510] = 0;
        assertEquals(bySize, DiskGeometry.of(unsigned));
        MemoryDisk empty = disk(TOTAL, 0, 3, 17);
        empty.bytes[446 + 12] = 0;
        assertEquals(bySize, DiskGeometry.of(empty));
        assertEquals(bySize, DiskGeometry.of(disk(TOTAL, 0, 3, 0)));
        assertEquals(bySize, DiskGeometry.of(disk(TOTAL, 0, 0, 17)));
    }

    @Test
    void aTableOfALargerDiskTellsNothing() {
        assertEquals(DiskGeometry.of(60), DiskGeometry.of(disk(60, 0, 3, 17)));
    }

    @Test
    void aBrokenDiskStillHasASize() {
        MemoryDisk disk = disk(TOTAL, 0, 3, 17);
        disk.broken = true;
        assertEquals(DiskGeometry.of(TOTAL), DiskGeometry.of(disk));
    }
}
