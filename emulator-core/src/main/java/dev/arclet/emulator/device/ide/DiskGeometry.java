package dev.arclet.emulator.device.ide;

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
