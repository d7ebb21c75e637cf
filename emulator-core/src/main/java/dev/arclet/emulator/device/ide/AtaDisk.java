package dev.arclet.emulator.device.ide;

import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.storage.BlockDevice;
import dev.arclet.emulator.storage.BlockQueue;
import dev.arclet.emulator.storage.HostWork;

/**
 * An ATA disk (ATA/ATAPI-6, T13 1410D): 28-bit, 48-bit and cylinder-head-sector addresses; PIO,
 * multiple and DMA transfers; write cache with flush.
 *
 * <p>Absent feature sets: security, SMART, queued commands, host protected area, CompactFlash. READ
 * LONG and WRITE LONG are aborted. Commands take no time beyond the host's.
 */
public final class AtaDisk extends IdeDevice {
    private static final int SECTOR = BlockDevice.SECTOR;
    private static final int CHUNK_SECTORS = BUFFER_BYTES / SECTOR;
    private static final int MAX_MULTIPLE = 16;
    private static final long LBA28_SECTORS = 1L << 28;

    private static final int ERROR_ID_NOT_FOUND = 0x10;
    private static final int ERROR_UNCORRECTABLE = 0x40;

    /** Ultra DMA modes 0 to 2, what a cable with 40 conductors carries. */
    private static final int ULTRA_MODES = 0x07;

    /** What the medium is asked for: the tokens of the block queue. */
    private static final int NOTHING = 0;

    private static final int READING = 1;
    private static final int WRITING = 2;
    private static final int FLUSHING = 3;
    private static final int VERIFYING = 4;

    private final BlockQueue queue;
    private final String serial;
    private final long sectors;
    private DiskGeometry physical;
    private DiskGeometry current;

    private int multiple;
    private int multiwordMode;
    private int ultraMode;
    private boolean writeCache = true;

    /**
     * The transfer under way: how data crosses, the next sector of the medium, how many are left.
     */
    private Phase transfer = Phase.NONE;

    private long lba;
    private int left;
    private int blockSectors;

    /** Bytes of the buffer that a PIO read has filled. */
    private int filled;

    private int waitingFor = NOTHING;
    private boolean extended;

    /**
     * A disk.
     *
     * @param name for diagnostics and as its serial number, such as {@code "ide0.master"}
     */
    public AtaDisk(String name, EventQueue events, HostWork host, BlockDevice disk) {
        queue = new BlockQueue(name, events, host, disk, 0, this::completed);
        serial = name;
        sectors = disk.size() / SECTOR;
        physical = DiskGeometry.of(disk);
        current = physical;
    }

    @Override
    int signature() {
        return 0x0000;
    }

    @Override
    int statusAfterReset() {
        return STATUS_IDLE;
    }

    @Override
    void abandon() {
        queue.reset();
        waitingFor = NOTHING;
        transfer = Phase.NONE;
        left = 0;
        filled = 0;
    }

    @Override
    void reset() {
        current = physical;
        multiple = 0;
        multiwordMode = 0;
        ultraMode = 0;
        writeCache = true;
        lba = 0;
        blockSectors = 0;
        extended = false;
        super.reset();
    }

    @Override
    void command(int code) {
        transfer = Phase.NONE;
        switch (code) {
            case 0x20, 0x21 -> start(Phase.PIO_IN, false, 1);
            case 0x24 -> start(Phase.PIO_IN, true, 1);
            case 0x30, 0x31, 0x3C -> start(Phase.PIO_OUT, false, 1);
            case 0x34 -> start(Phase.PIO_OUT, true, 1);
            case 0xC4 -> startMultiple(Phase.PIO_IN, false);
            case 0x29 -> startMultiple(Phase.PIO_IN, true);
            case 0xC5 -> startMultiple(Phase.PIO_OUT, false);
            case 0x39 -> startMultiple(Phase.PIO_OUT, true);
            case 0xC8, 0xC9 -> start(Phase.DMA_IN, false, CHUNK_SECTORS);
            case 0x25 -> start(Phase.DMA_IN, true, CHUNK_SECTORS);
            case 0xCA, 0xCB -> start(Phase.DMA_OUT, false, CHUNK_SECTORS);
            case 0x35 -> start(Phase.DMA_OUT, true, CHUNK_SECTORS);
            case 0x40, 0x41 -> start(Phase.NONE, false, 1);
            case 0x42 -> start(Phase.NONE, true, 1);
            case 0xE7, 0xEA -> {
                status = STATUS_BUSY;
                waitingFor = FLUSHING;
                queue.flush(FLUSHING);
            }
            case 0xEC -> {
                byte[] data =
                        IdentifyData.disk(
                                serial,
                                "Arclet disk",
                                sectors,
                                physical,
                                current,
                                multiple,
                                MAX_MULTIPLE,
                                multiwordMode,
                                ULTRA_MODES | ultraMode,
                                writeCache);
                System.arraycopy(data, 0, buffer, 0, data.length);
                openData(Phase.PIO_IN, 0, data.length);
                setInterrupt(true);
            }
            case 0xF8 -> nativeMax(false);
            case 0x27 -> nativeMax(true);
            default -> control(code);
        }
    }

    /** Commands without data. */
    private void control(int code) {
        switch (code) {
            case 0x91 -> initialiseParameters();
            case 0xC6 -> setMultiple();
            case 0xEF -> setFeatures();
            // Power modes: always active.
            case 0xE0, 0xE1, 0xE2, 0xE3, 0xE6, 0x94, 0x95, 0x96, 0x97, 0x99 -> succeed();
            case 0xE5, 0x98 -> {
                register[COUNT] = 0xFF;
                succeed();
            }
            default -> {
                int family = code & 0xF0;
                if (family == 0x10 || family == 0x70) { // RECALIBRATE, SEEK
                    succeed();
                } else {
                    fail(ERROR_ABORT);
                }
            }
        }
    }

    private void startMultiple(Phase kind, boolean ext) {
        if (multiple == 0) {
            fail(ERROR_ABORT);
        } else {
            start(kind, ext, multiple);
        }
    }

    /** Begins a transfer of the sectors that the registers name; NONE verifies. */
    private void start(Phase kind, boolean ext, int block) {
        extended = ext;
        int count = register[COUNT];
        if (ext) {
            count |= previous[COUNT] << 8;
            left = count == 0 ? 0x1_0000 : count;
        } else {
            left = count == 0 ? 0x100 : count;
        }
        lba = address();
        if (lba < 0 || lba + left > sectors) {
            lba = 0;
            left = 0;
            fail(ERROR_ID_NOT_FOUND);
            return;
        }
        if ((kind == Phase.PIO_OUT || kind == Phase.DMA_OUT) && queue.disk().readOnly()) {
            left = 0;
            fail(ERROR_ABORT);
            return;
        }
        transfer = kind;
        blockSectors = block;
        switch (kind) {
            case NONE -> {
                status = STATUS_BUSY;
                waitingFor = VERIFYING;
                queue.read(VERIFYING, lba * SECTOR, buffer, 0, chunk() * SECTOR);
            }
            case PIO_IN, DMA_IN -> fill();
            case PIO_OUT, DMA_OUT -> openData(kind, 0, chunk() * SECTOR);
        }
    }

    /** The first sector that the registers name, or -1 if there is no such address. */
    private long address() {
        if (extended) {
            return (long) register[LBA_LOW]
                    | (long) register[LBA_MID] << 8
                    | (long) register[LBA_HIGH] << 16
                    | (long) previous[LBA_LOW] << 24
                    | (long) previous[LBA_MID] << 32
                    | (long) previous[LBA_HIGH] << 40;
        }
        int head = deviceRegister & 0x0F;
        if ((deviceRegister & DEVICE_LBA) != 0) {
            return register[LBA_LOW]
                    | register[LBA_MID] << 8
                    | register[LBA_HIGH] << 16
                    | head << 24;
        }
        int sector = register[LBA_LOW];
        int cylinder = register[LBA_MID] | register[LBA_HIGH] << 8;
        if (sector == 0 || sector > current.sectors() || head >= current.heads()) {
            return -1;
        }
        return ((long) cylinder * current.heads() + head) * current.sectors() + sector - 1;
    }

    /** Leaves an address in the registers, in the form that the command came in. */
    private void showAddress(long sector) {
        if (extended) {
            for (int i = 0; i < 3; i++) {
                register[LBA_LOW + i] = (int) (sector >>> 8 * i) & 0xFF;
                previous[LBA_LOW + i] = (int) (sector >>> 24 + 8 * i) & 0xFF;
            }
        } else if ((deviceRegister & DEVICE_LBA) != 0) {
            for (int i = 0; i < 3; i++) {
                register[LBA_LOW + i] = (int) (sector >>> 8 * i) & 0xFF;
            }
            deviceRegister = deviceRegister & 0xF0 | (int) (sector >>> 24) & 0x0F;
        } else {
            long track = sector / current.sectors();
            long cylinder = track / current.heads();
            register[LBA_LOW] = (int) (sector % current.sectors()) + 1;
            register[LBA_MID] = (int) cylinder & 0xFF;
            register[LBA_HIGH] = (int) (cylinder >>> 8) & 0xFF;
            deviceRegister = deviceRegister & 0xF0 | (int) (track % current.heads());
        }
    }

    /** Sectors that go through the buffer at once: in writing by PIO, one block. */
    private int chunk() {
        int most = transfer == Phase.PIO_OUT ? blockSectors : CHUNK_SECTORS;
        if (transfer == Phase.PIO_IN) {
            most = CHUNK_SECTORS / blockSectors * blockSectors;
        }
        return Math.min(left, most);
    }

    private void fill() {
        status = STATUS_BUSY;
        waitingFor = READING;
        queue.read(READING, lba * SECTOR, buffer, 0, chunk() * SECTOR);
    }

    @Override
    void dataMoved() {
        switch (transfer) {
            case NONE -> {} // IDENTIFY
            case PIO_IN -> {
                if (position < filled) {
                    offerBlock(position);
                } else if (left > 0) {
                    fill();
                } else {
                    end();
                    status = STATUS_IDLE;
                }
            }
            case DMA_IN -> {
                if (left > 0) {
                    fill();
                } else {
                    end();
                    succeed();
                }
            }
            case PIO_OUT, DMA_OUT -> {
                status = STATUS_BUSY;
                waitingFor = WRITING;
                queue.write(WRITING, lba * SECTOR, buffer, 0, chunk() * SECTOR);
            }
        }
    }

    private void offerBlock(int from) {
        openData(Phase.PIO_IN, from, Math.min(filled, from + blockSectors * SECTOR));
        setInterrupt(true);
    }

    private void end() {
        transfer = Phase.NONE;
        showAddress(lba - 1);
        register[COUNT] = 0;
    }

    /** The block queue's answer. */
    private void completed(long token, boolean ok) {
        if (token != waitingFor || token == NOTHING) {
            return; // of a damaged snapshot
        }
        int what = waitingFor;
        waitingFor = NOTHING;
        if (!ok) {
            transfer = Phase.NONE;
            showAddress(lba);
            fail(what == READING || what == VERIFYING ? ERROR_UNCORRECTABLE : ERROR_ABORT);
            return;
        }
        int moved = what == FLUSHING ? 0 : chunk();
        lba += moved;
        left -= moved;
        switch (what) {
            case READING -> {
                filled = moved * SECTOR;
                if (transfer == Phase.PIO_IN) {
                    offerBlock(0);
                } else {
                    openData(Phase.DMA_IN, 0, filled);
                }
            }
            case WRITING -> written();
            case VERIFYING -> {
                if (left > 0) {
                    waitingFor = VERIFYING;
                    queue.read(VERIFYING, lba * SECTOR, buffer, 0, chunk() * SECTOR);
                } else {
                    end();
                    succeed();
                }
            }
            default -> succeed();
        }
    }

    private void written() {
        if (left == 0) {
            end();
            if (writeCache) {
                succeed();
            } else {
                waitingFor = FLUSHING;
                queue.flush(FLUSHING);
            }
            return;
        }
        Phase kind = transfer;
        openData(kind, 0, chunk() * SECTOR);
        if (kind == Phase.PIO_OUT) {
            setInterrupt(true);
        }
    }

    private void initialiseParameters() {
        int heads = (deviceRegister & 0x0F) + 1;
        int perTrack = register[COUNT];
        if (perTrack == 0 || perTrack > 63) {
            fail(ERROR_ABORT);
            return;
        }
        long reachable = Math.min(sectors, physical.capacity());
        int cylinders = Math.clamp(reachable / ((long) heads * perTrack), 1, 0xFFFF);
        current = new DiskGeometry(cylinders, heads, perTrack);
        succeed();
    }

    private void setMultiple() {
        int count = register[COUNT];
        if (count > MAX_MULTIPLE || Integer.bitCount(count) > 1) {
            fail(ERROR_ABORT);
            return;
        }
        multiple = count;
        succeed();
    }

    private void setFeatures() {
        int value = register[COUNT];
        switch (register[FEATURES]) {
            case 0x02 -> writeCache = true;
            case 0x82 -> writeCache = false;
            case 0x03 -> {
                int mode = value & 7;
                switch (value >> 3) {
                    case 0, 1 -> {} // PIO
                    case 4 -> select(mode <= 2, 0x100 << mode, 0);
                    case 8 -> select(mode <= 2, 0, 0x100 << mode);
                    default -> {
                        fail(ERROR_ABORT);
                        return;
                    }
                }
            }
            // Read look-ahead, advanced power management, reverting to defaults: nothing to do.
            case 0x05, 0x85, 0x55, 0xAA, 0x66, 0xCC -> {}
            default -> {
                fail(ERROR_ABORT);
                return;
            }
        }
        succeed();
    }

    private void select(boolean possible, int multiword, int ultra) {
        if (possible) {
            multiwordMode = multiword;
            ultraMode = ultra;
        }
    }

    private void nativeMax(boolean ext) {
        extended = ext;
        showAddress(ext ? sectors - 1 : Math.min(sectors, LBA28_SECTORS) - 1);
        succeed();
    }

    @Override
    int usedBuffer() {
        return Math.max(limit, Math.max(filled, waitingFor == NOTHING ? 0 : chunk() * SECTOR));
    }

    @Override
    void save(SnapshotWriter out) {
        super.save(out);
        queue.save(out);
        // The partition table may have changed since the machine was switched on: both are saved.
        saveGeometry(out, "physical", physical);
        saveGeometry(out, "current", current);
        out.putInt("multiple", multiple);
        out.putInt("multiwordMode", multiwordMode);
        out.putInt("ultraMode", ultraMode);
        out.putBoolean("writeCache", writeCache);
        Phase.save(out, "transfer", transfer);
        out.putLong("lba", lba);
        out.putInt("left", left);
        out.putInt("blockSectors", blockSectors);
        out.putInt("filled", filled);
        out.putInt("waitingFor", waitingFor);
        out.putBoolean("extended", extended);
    }

    private static void saveGeometry(SnapshotWriter out, String name, DiskGeometry geometry) {
        out.putInt(name + ".cylinders", geometry.cylinders());
        out.putInt(name + ".heads", geometry.heads());
        out.putInt(name + ".perTrack", geometry.sectors());
    }

    private static DiskGeometry restoreGeometry(SnapshotReader in, String name)
            throws SnapshotException {
        return new DiskGeometry(
                in.getInt(name + ".cylinders", 1, 0xFFFF),
                in.getInt(name + ".heads", 1, 16),
                in.getInt(name + ".perTrack", 1, 63));
    }

    @Override
    void restore(SnapshotReader in) throws SnapshotException {
        super.restore(in);
        queue.restore(in);
        physical = restoreGeometry(in, "physical");
        current = restoreGeometry(in, "current");
        multiple = in.getInt("multiple", 0, MAX_MULTIPLE);
        multiwordMode = in.getInt("multiwordMode", 0, 0x700);
        ultraMode = in.getInt("ultraMode", 0, 0x700);
        writeCache = in.getBoolean("writeCache");
        transfer = Phase.restore(in, "transfer");
        lba = in.getLong("lba");
        left = in.getInt("left", 0, 0x1_0000);
        blockSectors = in.getInt("blockSectors", 0, CHUNK_SECTORS);
        filled = in.getInt("filled", 0, BUFFER_BYTES);
        waitingFor = in.getInt("waitingFor", NOTHING, VERIFYING);
        extended = in.getBoolean("extended");
        boolean consistent =
                lba >= 0
                        && lba <= sectors
                        && left <= sectors - lba
                        && (left == 0 || blockSectors > 0)
                        && limit <= Math.max(filled, BUFFER_BYTES)
                        && (waitingFor == NOTHING || waitingFor == FLUSHING || left > 0);
        if (!consistent) {
            abandon();
            lba = 0;
            throw new SnapshotException(
                    "cannot restore disk '%s': the snapshot's transfer does not fit it; start the machine without it"
                            .formatted(serial));
        }
    }
}
