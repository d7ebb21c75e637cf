package dev.arclet.emulator.device.ide;

import dev.arclet.emulator.storage.BlockDevice;
import dev.arclet.emulator.storage.StorageException;

/**
 * The cylinders, heads and sectors that a disk of a size reports, and how a BIOS of the 1990s turns
 * them into those of INT 13h.
 *
 * @param cylinders 1..16,383
 * @param heads 1..16
 * @param sectors per track, 1..63
 */
public record DiskGeometry(int cylinders, int heads, int sectors) {
    private static final int MAX_CYLINDERS = 16_383;
    private static final int HEADS = 16;
    private static final int SECTORS = 63;
    private static final int BIOS_CYLINDERS = 1024;
    private static final int LARGE_LIMIT = 131_072;

    // The master boot record: four entries, each with the last sector's head, sector and cylinder.
    private static final int ENTRIES = 446;
    private static final int ENTRY_BYTES = 16;
    private static final int ENTRY_LAST_HEAD = 5;
    private static final int ENTRY_LAST_SECTOR = 6;
    private static final int ENTRY_LENGTH = 12;
    private static final int SIGNATURE = 510;

    /** How a BIOS translates: the two bits per disk that are stored in CMOS byte 39h. */
    public enum Translation {
        /** Not at all. */
        NONE(0),
        /** By the number of blocks. */
        LBA(1),
        /** By shifting cylinders into heads ("large"). */
        LARGE(2);

        private final int cmosCode;

        Translation(int cmosCode) {
            this.cmosCode = cmosCode;
        }

        /** The two bits that stand for it. */
        public int cmosCode() {
            return cmosCode;
        }
    }

    /** The geometry of a disk of so many 512-byte sectors. */
    public static DiskGeometry of(long totalSectors) {
        long cylinders = totalSectors / (HEADS * SECTORS);
        return new DiskGeometry(Math.clamp(cylinders, 1, MAX_CYLINDERS), HEADS, SECTORS);
    }

    /**
     * The geometry of a disk, as its partition table tells: partitions end with a cylinder, so the
     * last head and sector of one are the drive's. Software of the time knows blocks by these
     * numbers and does not find its own files under others. More than 16 heads are a BIOS's
     * translation and say nothing of the drive.
     */
    public static DiskGeometry of(BlockDevice disk) {
        long total = disk.size() / BlockDevice.SECTOR;
        byte[] record = new byte[BlockDevice.SECTOR];
        try {
            disk.read(0, record, 0, record.length);
        } catch (StorageException e) {
            return of(total); // what is wrong shows when the guest reads
        }
        if (u8(record, SIGNATURE) != 0x55 || u8(record, SIGNATURE + 1) != 0xAA) {
            return of(total);
        }
        for (int entry = ENTRIES; entry < SIGNATURE; entry += ENTRY_BYTES) {
            int heads = u8(record, entry + ENTRY_LAST_HEAD) + 1;
            int perTrack = u8(record, entry + ENTRY_LAST_SECTOR) & SECTORS;
            int length = 0;
            for (int i = 0; i < 4; i++) {
                length |= u8(record, entry + ENTRY_LENGTH + i);
            }
            if (length == 0 || heads == 1 || heads > HEADS || perTrack == 0) {
                continue;
            }
            long cylinders = total / ((long) heads * perTrack);
            if (cylinders >= 1 && cylinders <= MAX_CYLINDERS) {
                return new DiskGeometry((int) cylinders, heads, perTrack);
            }
        }
        return of(total);
    }

    private static int u8(byte[] bytes, int at) {
        return bytes[at] & 0xFF;
    }

    /** What a BIOS does with this geometry. */
    public Translation translation() {
        if (cylinders <= BIOS_CYLINDERS) {
            return Translation.NONE;
        }
        return cylinders * heads <= LARGE_LIMIT ? Translation.LARGE : Translation.LBA;
    }

    /** Sectors that can be reached by cylinder, head and sector. */
    public long capacity() {
        return (long) cylinders * heads * sectors;
    }
}
