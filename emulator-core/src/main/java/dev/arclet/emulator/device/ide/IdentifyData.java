package dev.arclet.emulator.device.ide;

import java.nio.charset.StandardCharsets;

/** The 256 words that IDENTIFY returns (ATA/ATAPI-6, T13 1410D, sections 8.15 and 8.16). */
final class IdentifyData {
    static final int BYTES = 512;

    private static final int SERIAL = 10;
    private static final int FIRMWARE = 23;
    private static final int MODEL = 27;

    /** Multiword DMA modes 0 to 2, PIO modes 3 and 4. */
    private static final int MULTIWORD_MODES = 0x0007;

    private static final int PIO_MODES = 0x0003;
    private static final int CYCLE_NANOS = 120;

    /** ATA/ATAPI-4 to 6. */
    private static final int MAJOR_VERSION = 0x0070;

    private final byte[] data = new byte[BYTES];

    private IdentifyData() {}

    private void word(int index, int value) {
        data[2 * index] = (byte) value;
        data[2 * index + 1] = (byte) (value >> 8);
    }

    private void dword(int index, long value) {
        word(index, (int) value);
        word(index + 1, (int) (value >> 16));
    }

    /** Two characters a word, the first in its high byte, padded with blanks. */
    private void text(int index, int words, String text) {
        byte[] ascii = text.getBytes(StandardCharsets.US_ASCII);
        for (int i = 0; i < 2 * words; i++) {
            data[2 * index + (i ^ 1)] = i < ascii.length ? ascii[i] : (byte) ' ';
        }
    }

    private void names(String serial, String model) {
        text(SERIAL, 10, serial);
        text(FIRMWARE, 4, "1.0");
        text(MODEL, 20, model);
    }

    private void transferModes(int multiword, int ultra) {
        word(49, 0x0300); // LBA, DMA
        word(51, 0x0200);
        word(53, 0x0007); // words 54 to 58, 64 to 70 and 88 are valid
        word(63, MULTIWORD_MODES | multiword);
        word(64, PIO_MODES);
        for (int i = 65; i <= 68; i++) {
            word(i, CYCLE_NANOS);
        }
        word(80, MAJOR_VERSION);
        word(88, ultra);
        word(93, 0x6001); // the cable has 40 conductors
    }

    /**
     * A disk.
     *
     * @param physical its default geometry
     * @param current heads and sectors as set by INITIALIZE DEVICE PARAMETERS
     * @param multiple sectors a block of READ MULTIPLE, 0 for none
     * @param multiword selected multiword DMA mode, bits 8 to 10, or 0
     * @param ultra supported and selected Ultra DMA modes
     */
    static byte[] disk(
            String serial,
            String model,
            long sectors,
            DiskGeometry physical,
            DiskGeometry current,
            int multiple,
            int maxMultiple,
            int multiword,
            int ultra,
            boolean writeCache) {
        IdentifyData d = new IdentifyData();
        d.word(0, 0x0040); // fixed disk
        d.word(1, physical.cylinders());
        d.word(3, physical.heads());
        d.word(4, 512 * physical.sectors());
        d.word(5, 512);
        d.word(6, physical.sectors());
        d.word(20, 3);
        d.word(21, 512);
        d.names(serial, model);
        d.word(47, 0x8000 | maxMultiple);
        d.word(48, 1);
        d.transferModes(multiword, ultra);
        d.word(54, current.cylinders());
        d.word(55, current.heads());
        d.word(56, current.sectors());
        d.dword(57, current.capacity());
        d.word(59, multiple == 0 ? 0 : 0x0100 | multiple);
        d.dword(60, Math.min(sectors, 0x0FFF_FFFFL));
        d.word(82, 0x4020); // NOP, write cache
        d.word(83, 0x7400); // FLUSH CACHE EXT, FLUSH CACHE, 48 bits
        d.word(84, 0x4000);
        d.word(85, 0x4000 | (writeCache ? 0x20 : 0));
        d.word(86, 0x3400);
        d.word(87, 0x4000);
        d.dword(100, sectors);
        d.dword(102, sectors >>> 32);
        return d.data;
    }

    /** A CD drive that takes 12-byte packets and requests data within 50 us. */
    static byte[] cdDrive(String serial, String model, int multiword, int ultra) {
        IdentifyData d = new IdentifyData();
        d.word(0, 0x85C0);
        d.names(serial, model);
        d.transferModes(multiword, ultra);
        d.word(71, 30);
        d.word(72, 30);
        d.word(82, 0x0210); // DEVICE RESET, PACKET
        d.word(83, 0x4000);
        d.word(84, 0x4000);
        d.word(85, 0x0210);
        d.word(87, 0x4000);
        return d.data;
    }
}
