package dev.arclet.emulator.storage;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * What makes an overlay's map survive: two superblocks and a chain of journal segments within the
 * overlay's file. All numbers are little endian; a slot is a 4 KiB piece of the file.
 *
 * <pre>
 * superblock (slots 0 and 1, the same twice)
 *   0 "ARCLOVL1"  8 block bytes  12 flags 0  16 disk bytes (64)  24 generation (64)
 *   32 first segment's slot  36 zero  40 identity of what lies below (32 bytes)  72 CRC-32C of 0..71
 * segment (16 slots, in sectors of 512 bytes; the first is its header)
 *   0 "ASEG"  4 CRC-32C of the sector with this field zero
 *   8 generation (64)  16 place in the chain  20 slot of the next segment, reserved already
 * record (whole sectors)
 *   0 "AREC"  4 CRC-32C of the record with this field zero  8 number of runs  12 zero
 *   16 generation (64)  24 sequence (64)  32 runs: block, count, slot (-2 for zeros)
 * </pre>
 *
 * <p>A record is written after the data it speaks of is on stable storage, and the guest's flush is
 * answered after the record is. So whenever the process dies, the file has every acknowledged
 * flush; a record that was being written is not whole and is taken as absent. A record that is not
 * whole while later ones are is damage and refused.
 *
 * <p>When the journal has grown well beyond the map, the map is written as a new generation, beside
 * the old one, and the superblocks turn to it: first one, then the other, so that one of them is
 * always whole.
 */
final class OverlayJournal {
    static final int SLOT = 4096;
    static final int FIRST_FREE_SLOT = 2;
    static final int IDENTITY_BYTES = 32;

    private static final int SECTOR = 512;
    private static final int SEGMENT_SLOTS = 16;
    private static final int SEGMENT_SECTORS = SEGMENT_SLOTS * SLOT / SECTOR;
    private static final long MAGIC = 0x314C_564F_4C43_5241L; // ARCLOVL1
    private static final int SEGMENT_MAGIC = 0x4745_5341; // ASEG
    private static final int RECORD_MAGIC = 0x4345_5241; // AREC
    private static final int SUPERBLOCK_BYTES = 72;
    private static final int RECORD_HEADER = 32;
    private static final int RUN_BYTES = 12;

    /** Below so many segments, a new generation is not worth while. */
    private static final int KEEP_SEGMENTS = 4;

    /** Slots beyond the end of the file that a failed write may have left taken; far too many. */
    private static final int MAX_BEYOND_END = 1 << 20;

    /** Where segments come from. */
    interface Slots {
        /** Takes consecutive slots. */
        int take(int count);
    }

    private final HostFile file;
    private final long diskBytes;
    private final byte[] identity;
    private final Slots slots;
    private final List<Integer> segments = new ArrayList<>();
    private long generation;
    private long sequence;
    private int nextSegment;
    private int sector;

    OverlayJournal(HostFile file, long diskBytes, byte[] identity, Slots slots) {
        if (identity.length != IDENTITY_BYTES) {
            throw new IllegalArgumentException("identity of " + identity.length + " bytes");
        }
        this.file = file;
        this.diskBytes = diskBytes;
        this.identity = identity.clone();
        this.slots = slots;
    }

    /** Makes an empty journal in an empty file and brings it to stable storage. */
    void create() throws StorageException {
        generation = 1;
        startChain();
        file.force();
        writeSuperblock(0);
        writeSuperblock(1);
        file.force();
    }

    private void startChain() throws StorageException {
        segments.clear();
        sequence = 0;
        nextSegment = slots.take(SEGMENT_SLOTS);
        startSegment();
    }

    private void startSegment() throws StorageException {
        int segment = nextSegment;
        int reserved = slots.take(SEGMENT_SLOTS);
        ByteBuffer header = buffer(SECTOR);
        header.putInt(0, SEGMENT_MAGIC).putLong(8, generation);
        header.putInt(16, segments.size()).putInt(20, reserved);
        header.putInt(4, crc(header.array(), SECTOR));
        file.write((long) segment * SLOT, header.array(), 0, SECTOR);
        segments.add(segment);
        nextSegment = reserved;
        sector = 1;
    }

    private void writeSuperblock(int slot) throws StorageException {
        ByteBuffer block = buffer(SLOT);
        block.putLong(MAGIC).putInt(SLOT).putInt(0).putLong(diskBytes).putLong(generation);
        block.putInt(segments.getFirst()).putInt(0).put(identity);
        block.putInt(crc(block.array(), SUPERBLOCK_BYTES));
        file.write((long) slot * SLOT, block.array(), 0, SLOT);
    }

    /**
     * Appends runs; they count once the file has been forced.
     *
     * @param runs triples of block, count and slot
     */
    void append(int[] runs, int length) throws StorageException {
        int at = 0;
        while (at < length) {
            if (sector == SEGMENT_SECTORS) {
                // One record at a time may be unsafe: a whole one behind a broken one is damage.
                file.force();
                startSegment();
            }
            int room = (SEGMENT_SECTORS - sector) * SECTOR - RECORD_HEADER;
            int count = Math.min(room / RUN_BYTES, (length - at) / 3);
            int sectors = sectors(count);
            ByteBuffer record = buffer(sectors * SECTOR);
            record.putInt(0, RECORD_MAGIC).putInt(8, count);
            record.putLong(16, generation).putLong(24, sequence);
            record.position(RECORD_HEADER);
            for (int i = 0; i < 3 * count; i++) {
                record.putInt(runs[at + i]);
            }
            record.putInt(4, crc(record.array(), sectors * SECTOR));
            file.write(position(), record.array(), 0, sectors * SECTOR);
            sequence++;
            sector += sectors;
            at += 3 * count;
        }
    }

    private long position() {
        return (long) segments.getLast() * SLOT + (long) sector * SECTOR;
    }

    private static int sectors(int runs) {
        return (RECORD_HEADER + runs * RUN_BYTES + SECTOR - 1) / SECTOR;
    }

    /** Whether a new generation would be much smaller than this one. */
    boolean isWasteful(long runs) {
        long needed = runs * RUN_BYTES / (SEGMENT_SLOTS * SLOT) + 1;
        return segments.size() > KEEP_SEGMENTS && segments.size() > 4 * needed;
    }

    /**
     * Writes the map as a new generation and turns to it.
     *
     * @return the slots of the old generation's segments, each the first of {@link #segmentSlots};
     *     free once the file has been forced again
     */
    List<Integer> renew(BlockMap map) throws StorageException {
        List<Integer> old = new ArrayList<>(segments);
        old.add(nextSegment);
        generation++;
        startChain();
        int[] batch = new int[3 * 4096];
        int[] fill = new int[1];
        map.forEachRun(
                (block, count, slot) -> {
                    batch[fill[0]++] = block;
                    batch[fill[0]++] = count;
                    batch[fill[0]++] = slot;
                    if (fill[0] == batch.length) {
                        append(batch, fill[0]);
                        fill[0] = 0;
                    }
                });
        append(batch, fill[0]);
        file.force();
        writeSuperblock(0);
        file.force();
        writeSuperblock(1);
        return old;
    }

    static int segmentSlots() {
        return SEGMENT_SLOTS;
    }

    /** First slots of all segments, the reserved one included. */
    List<Integer> segments() {
        List<Integer> all = new ArrayList<>(segments);
        all.add(nextSegment);
        return all;
    }

    /** Reads the journal of an existing file into a map. */
    void replay(BlockMap map) throws StorageException {
        byte[] first = readSuperblock(0);
        byte[] second = readSuperblock(1);
        ByteBuffer newest = wrap(generation(second) > generation(first) ? second : first);
        if (generation(newest.array()) == 0) {
            throw damaged("neither of its superblocks is whole");
        }
        if (newest.getInt(8) != SLOT || newest.getInt(12) != 0) {
            throw damaged("it is of another version");
        }
        byte[] saved = Arrays.copyOfRange(newest.array(), 40, 40 + IDENTITY_BYTES);
        if (newest.getLong(16) != diskBytes || !Arrays.equals(saved, identity)) {
            throw new StorageException(
                    "use disk overlay",
                    file.name(),
                    "it holds the changes to another disk, or to another version of this one",
                    "use the disk that it was made for, or another overlay");
        }
        generation = newest.getLong(24);
        nextSegment = newest.getInt(32);
        sequence = 0;
        byte[] segment = new byte[SEGMENT_SLOTS * SLOT];
        if (!readSegment(segment)) {
            throw damaged("the first segment of its journal is not whole");
        }
        do {
            replaySegment(segment, map);
        } while (sector == SEGMENT_SECTORS && readSegment(segment));
        if (sector < SEGMENT_SECTORS && readSegment(segment)) {
            throw damaged("a record in its journal is not whole");
        }
        if (!Arrays.equals(first, second)) {
            writeSuperblock(generation(first) == generation ? 1 : 0);
            file.force();
        }
    }

    private byte[] readSuperblock(int slot) throws StorageException {
        byte[] bytes = new byte[SLOT];
        file.read((long) slot * SLOT, bytes, 0, SLOT);
        return bytes;
    }

    /** The generation that a superblock names; 0 if it is not whole. */
    private static long generation(byte[] bytes) {
        ByteBuffer block = wrap(bytes);
        boolean whole =
                block.getLong(0) == MAGIC
                        && block.getInt(SUPERBLOCK_BYTES) == crc(bytes, SUPERBLOCK_BYTES);
        return whole ? block.getLong(24) : 0;
    }

    /** Reads the segment that comes next in the chain; false if there is none yet. */
    private boolean readSegment(byte[] segment) throws StorageException {
        int slot = nextSegment;
        long slotsOfFile = (file.length() + SLOT - 1) / SLOT;
        if (slot < FIRST_FREE_SLOT) {
            throw damaged("its journal leads out of the file");
        }
        if (slot >= slotsOfFile) {
            return false;
        }
        Arrays.fill(segment, (byte) 0);
        file.read((long) slot * SLOT, segment, 0, segment.length);
        ByteBuffer header = wrap(segment);
        if (header.getInt(0) != SEGMENT_MAGIC
                || header.getLong(8) != generation
                || header.getInt(16) != segments.size()
                || header.getInt(4) != crcWithout(segment, 0, SECTOR)) {
            return false;
        }
        segments.add(slot);
        nextSegment = header.getInt(20);
        if (nextSegment < FIRST_FREE_SLOT || nextSegment > slotsOfFile + MAX_BEYOND_END) {
            throw damaged("its journal leads out of the file");
        }
        return true;
    }

    private void replaySegment(byte[] segment, BlockMap map) throws StorageException {
        sector = 1;
        while (sector < SEGMENT_SECTORS) {
            int sectors = wholeRecord(segment, sector, sequence);
            if (sectors == 0) {
                break;
            }
            ByteBuffer record = wrap(segment);
            int runs = record.getInt(sector * SECTOR + 8);
            for (int i = 0; i < runs; i++) {
                int at = sector * SECTOR + RECORD_HEADER + i * RUN_BYTES;
                apply(map, record.getInt(at), record.getInt(at + 4), record.getInt(at + 8));
            }
            sequence++;
            sector += sectors;
        }
        for (int later = sector + 1; later < SEGMENT_SECTORS; later++) {
            if (wholeRecord(segment, later, -1) != 0) {
                throw damaged("a record in its journal is not whole");
            }
        }
    }

    /** The sectors of the record that starts here; 0 if none does. */
    private int wholeRecord(byte[] segment, int at, long expected) {
        ByteBuffer record = wrap(segment);
        int start = at * SECTOR;
        int runs = record.getInt(start + 8);
        long number = record.getLong(start + 24);
        int room = (SEGMENT_SECTORS - at) * SECTOR - RECORD_HEADER;
        if (record.getInt(start) != RECORD_MAGIC
                || runs <= 0
                || runs > room / RUN_BYTES
                || record.getLong(start + 16) != generation
                || (expected >= 0 ? number != expected : number < sequence)) {
            return 0;
        }
        int sectors = sectors(runs);
        int crc = crcWithout(segment, start, sectors * SECTOR);
        return crc == record.getInt(start + 4) ? sectors : 0;
    }

    private void apply(BlockMap map, int block, int count, int slot) throws StorageException {
        boolean placed =
                block >= 0
                        && count > 0
                        && count <= map.blocks() - block
                        && (slot == BlockMap.ZERO
                                || slot >= FIRST_FREE_SLOT && slot <= Integer.MAX_VALUE - count);
        if (!placed) {
            throw damaged("its journal speaks of blocks that are not there");
        }
        map.put(block, count, slot);
    }

    StorageException damaged(String reason) {
        return new StorageException(
                "use disk overlay",
                file.name(),
                reason,
                "restore it from a copy, or remove it and lose the changes that it holds");
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static ByteBuffer wrap(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static int crc(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }

    /** As computed while the field at byte 4 was zero. */
    private static int crcWithout(byte[] bytes, int from, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, from, 4);
        crc.update(new byte[4], 0, 4);
        crc.update(bytes, from + 8, length - 8);
        return (int) crc.getValue();
    }
}
