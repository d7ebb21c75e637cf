package dev.arclet.emulator.device.floppy;

import java.util.List;
import java.util.Optional;

/**
 * How a floppy disk is formatted, told from the size of its image. Sectors have 512 bytes.
 *
 * @param cylinders 40 to 84
 * @param heads 1 or 2
 * @param sectors per track
 * @param cmosType of the drive that the format is for, as CMOS byte 10h has it: 1 360K, 2 1.2M, 3
 *     720K, 4 1.44M, 5 2.88M
 */
public record FloppyFormat(int cylinders, int heads, int sectors, int cmosType) {
    private static final int SECTOR = 512;

    /** Data rates, as in the low bits of CCR and DSR. */
    static final int RATE_500K = 0;

    static final int RATE_300K = 1;
    static final int RATE_250K = 2;
    static final int RATE_1M = 3;

    private static final List<FloppyFormat> FORMATS =
            List.of(
                    new FloppyFormat(40, 1, 8, 1), // 160K
                    new FloppyFormat(40, 1, 9, 1), // 180K
                    new FloppyFormat(40, 2, 8, 1), // 320K
                    new FloppyFormat(40, 2, 9, 1), // 360K
                    new FloppyFormat(40, 2, 10, 1), // 400K
                    new FloppyFormat(80, 2, 8, 3), // 640K
                    new FloppyFormat(80, 2, 9, 3), // 720K
                    new FloppyFormat(80, 2, 10, 3), // 800K
                    new FloppyFormat(82, 2, 10, 3), // 820K
                    new FloppyFormat(80, 2, 15, 2), // 1.2M
                    new FloppyFormat(80, 2, 18, 4), // 1.44M
                    new FloppyFormat(80, 2, 20, 4), // 1.6M
                    new FloppyFormat(80, 2, 21, 4), // 1.68M
                    new FloppyFormat(82, 2, 21, 4), // 1.72M
                    new FloppyFormat(83, 2, 21, 4), // 1.74M
                    new FloppyFormat(80, 2, 23, 4), // 1.84M
                    new FloppyFormat(80, 2, 24, 4), // 1.92M
                    new FloppyFormat(80, 2, 36, 5), // 2.88M
                    new FloppyFormat(80, 2, 40, 5)); // 3.2M

    /** The disks of which a shorter image is taken to be the start. */
    private static final List<Long> USUAL_BYTES = List.of(1_474_560L, 2_949_120L);

    /**
     * The format of an image of a size: the one that has exactly it, else 1.44M if that holds it:
     * images are often cut off behind what they use, and their loaders count on 18 sectors a track.
     *
     * @return empty if no floppy disk holds so much, or there is nothing
     */
    public static Optional<FloppyFormat> of(long bytes) {
        for (FloppyFormat format : FORMATS) {
            if (format.bytes() == bytes) {
                return Optional.of(format);
            }
        }
        for (long usual : USUAL_BYTES) {
            if (bytes > 0 && bytes < usual) {
                return of(usual);
            }
        }
        return Optional.empty();
    }

    /** Size of an image in bytes. */
    public long bytes() {
        return (long) cylinders * heads * sectors * SECTOR;
    }

    /** Whether the disk's density can be read at a data rate in the drive that it is for. */
    boolean readableAt(int rate) {
        return switch (cmosType) {
            case 1, 3 -> rate == RATE_250K || cmosType == 1 && rate == RATE_300K;
            case 5 -> rate == RATE_1M;
            default -> rate == RATE_500K;
        };
    }
}
