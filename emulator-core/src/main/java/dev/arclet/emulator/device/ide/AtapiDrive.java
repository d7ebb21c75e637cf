package dev.arclet.emulator.device.ide;

import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.storage.BlockDevice;
import dev.arclet.emulator.storage.BlockQueue;
import dev.arclet.emulator.storage.HostWork;
import java.util.Arrays;
import java.util.Optional;

/**
 * An ATAPI CD-ROM drive: the packet interface (ATA/ATAPI-6, T13 1410D; SFF-8020i) with the commands
 * of MMC-3 (T10 1363D) that {@link CdCommands} lists. The medium may change while the guest runs.
 *
 * <p>Data discs with one track of 2,048-byte sectors. Absent: audio, writing, the raw sectors of
 * READ CD beyond header and user data.
 */
public final class AtapiDrive extends IdeDevice {
    /** Bytes of a CD sector. */
    public static final int SECTOR = 2048;

    private static final int PACKET_BYTES = 12;

    /** More than any disc has that a packet can address. */
    private static final long MAX_SECTORS = 1L << 33;

    private static final int CHUNK_SECTORS = BUFFER_BYTES / SECTOR;

    /** The interrupt reason register (sector count): command or data, and which way. */
    private static final int REASON_COMMAND = 0x01;

    private static final int REASON_TO_HOST = 0x02;

    private static final int FEATURE_DMA = 0x01;
    private static final int ULTRA_MODES = 0x07;
    private static final int MAX_BYTE_COUNT = 0xFFFE;

    private static final int READING = 1;

    /** Steps of a packet command. */
    private static final int IDLE = 0;

    private static final int TAKING_PACKET = 1;
    private static final int GIVING_REPLY = 2;
    private static final int GIVING_SECTORS = 3;
    private static final int TAKING_PARAMETERS = 4;
    private static final int GIVING_IDENTITY = 5;

    private final BlockQueue queue;
    private final String serial;
    private final CdCommands commands = new CdCommands();
    private BlockDevice medium;

    private int step = IDLE;
    private boolean dma;
    private int multiwordMode;
    private int ultraMode;

    /** Bytes of the buffer that are still to go, beyond the block on offer. */
    private int filled;

    /** Most bytes of a block, as the guest wants. */
    private int byteCount;

    /** Sectors still to be read, and the next. */
    private int left;

    private long sector;
    private boolean reading;

    /**
     * A drive.
     *
     * @param name for diagnostics and as its serial number, such as {@code "ide1.master"}
     * @param disc what is in it; empty: nothing
     */
    public AtapiDrive(String name, EventQueue events, HostWork host, Optional<BlockDevice> disc) {
        queue = new BlockQueue(name, events, host, disc.orElse(null), 0, this::completed);
        serial = name;
        medium = disc.orElse(null);
        commands.setSectors(sectors());
    }

    /**
     * Takes the disc out and puts another in. What is being read fails; the guest is told by unit
     * attention. Machine thread.
     *
     * @param disc the new medium; empty: the tray stays empty
     */
    public void changeMedium(Optional<BlockDevice> disc) {
        queue.change(disc.orElse(null));
        medium = disc.orElse(null);
        commands.mediumChanged(sectors());
    }

    /** What is in the drive now: whoever opened it may close it once it is out. */
    public Optional<BlockDevice> medium() {
        return Optional.ofNullable(medium);
    }

    private long sectors() {
        return medium == null ? 0 : medium.size() / SECTOR;
    }

    @Override
    int signature() {
        return 0xEB14;
    }

    @Override
    int statusAfterReset() {
        return 0;
    }

    @Override
    void abandon() {
        queue.reset();
        reading = false;
        step = IDLE;
        left = 0;
        filled = 0;
    }

    @Override
    void reset() {
        multiwordMode = 0;
        ultraMode = 0;
        dma = false;
        byteCount = 0;
        sector = 0;
        commands.reset();
        super.reset();
    }

    @Override
    void command(int code) {
        if (code != 0x08 && step != IDLE) {
            abandon();
        }
        switch (code) {
            case 0x08 -> { // DEVICE RESET
                int kept = deviceRegister & DEVICE_ONE;
                softReset();
                deviceRegister = kept;
            }
            case 0xA0 -> takePacket();
            case 0xA1 -> identify();
            // Commands of disks: aborted, with the signature that tells what this is.
            case 0xEC, 0x20, 0x21, 0x24 -> {
                int kept = deviceRegister;
                putSignature();
                deviceRegister = kept;
                fail(ERROR_ABORT);
            }
            case 0xEF -> setFeatures();
            case 0xE0, 0xE1, 0xE2, 0xE3, 0xE6, 0xE7, 0xEA -> succeed();
            case 0xE5 -> {
                register[COUNT] = 0xFF;
                succeed();
            }
            default -> fail(ERROR_ABORT);
        }
    }

    private void setFeatures() {
        int value = register[COUNT];
        int mode = value & 7;
        if (register[FEATURES] == 0x03 && (value >> 3) <= 1) {
            succeed();
        } else if (register[FEATURES] == 0x03
                && mode <= 2
                && (value >> 3 == 4 || value >> 3 == 8)) {
            multiwordMode = value >> 3 == 4 ? 0x100 << mode : 0;
            ultraMode = value >> 3 == 8 ? 0x100 << mode : 0;
            succeed();
        } else if (register[FEATURES] == 0x66 || register[FEATURES] == 0xCC) {
            succeed();
        } else {
            fail(ERROR_ABORT);
        }
    }

    private void identify() {
        byte[] data =
                IdentifyData.cdDrive(
                        serial, CdCommands.PRODUCT, multiwordMode, ULTRA_MODES | ultraMode);
        System.arraycopy(data, 0, buffer, 0, data.length);
        step = GIVING_IDENTITY;
        openData(Phase.PIO_IN, 0, data.length);
        setInterrupt(true);
    }

    private void takePacket() {
        dma = (register[FEATURES] & FEATURE_DMA) != 0;
        byteCount = register[LBA_MID] | register[LBA_HIGH] << 8;
        if (byteCount == 0 || byteCount == 0xFFFF) {
            byteCount = MAX_BYTE_COUNT;
        }
        step = TAKING_PACKET;
        register[COUNT] = REASON_COMMAND;
        openData(Phase.PIO_OUT, 0, PACKET_BYTES);
    }

    @Override
    void dataMoved() {
        switch (step) {
            case TAKING_PACKET -> {
                step = IDLE;
                execute(Arrays.copyOf(buffer, PACKET_BYTES));
            }
            case TAKING_PARAMETERS -> finish(0);
            case GIVING_IDENTITY -> {
                step = IDLE;
                status = STATUS_IDLE;
            }
            case GIVING_REPLY, GIVING_SECTORS -> {
                if (position < filled) {
                    offer(position);
                } else if (left > 0) {
                    fill();
                } else {
                    finish(0);
                }
            }
            default -> {}
        }
    }

    private void execute(byte[] packet) {
        CdCommands.Outcome outcome = commands.execute(packet, medium != null);
        switch (outcome.kind()) {
            case FAILED -> finish(outcome.sense());
            case DONE -> finish(0);
            case REPLY -> {
                System.arraycopy(outcome.reply(), 0, buffer, 0, outcome.reply().length);
                filled = outcome.reply().length;
                left = 0;
                step = GIVING_REPLY;
                if (filled == 0) {
                    finish(0);
                } else {
                    offer(0);
                }
            }
            case READ -> {
                sector = outcome.sector();
                left = outcome.count();
                step = GIVING_SECTORS;
                if (left == 0) {
                    finish(0);
                } else {
                    fill();
                }
            }
            case EJECT -> {
                changeMedium(Optional.empty());
                finish(0);
            }
            case TAKE -> {
                step = TAKING_PARAMETERS;
                filled = 0;
                if (outcome.count() == 0) {
                    finish(0);
                } else {
                    register[COUNT] = 0;
                    showByteCount(outcome.count());
                    openData(Phase.PIO_OUT, 0, outcome.count());
                    setInterrupt(true);
                }
            }
        }
    }

    private void showByteCount(int bytes) {
        register[LBA_MID] = bytes & 0xFF;
        register[LBA_HIGH] = bytes >> 8;
    }

    /** Gives what is in the buffer from here: all of it by DMA, else a block. */
    private void offer(int from) {
        if (dma) {
            register[COUNT] = REASON_TO_HOST;
            openData(Phase.DMA_IN, from, filled);
            return;
        }
        int bytes = Math.min(filled - from, byteCount);
        if (bytes == byteCount && (bytes & 1) != 0 && bytes < filled - from) {
            bytes--; // only the last block may be odd
        }
        bytes = Math.max(bytes, Math.min(filled - from, 2));
        register[COUNT] = REASON_TO_HOST;
        showByteCount(bytes);
        openData(Phase.PIO_IN, from, from + bytes);
        setInterrupt(true);
    }

    private void fill() {
        if (medium == null || sector + left > sectors()) {
            finish(CdCommands.MEDIUM_NOT_PRESENT);
            return;
        }
        status = STATUS_BUSY;
        reading = true;
        int bytes = Math.min(left, CHUNK_SECTORS) * SECTOR;
        queue.read(READING, sector * SECTOR, buffer, 0, bytes);
    }

    private void completed(long token, boolean ok) {
        if (!reading || token != READING) {
            return; // of a damaged snapshot
        }
        reading = false;
        if (!ok) {
            finish(CdCommands.UNRECOVERED_READ_ERROR);
            return;
        }
        int count = Math.min(left, CHUNK_SECTORS);
        sector += count;
        left -= count;
        filled = count * SECTOR;
        offer(0);
    }

    /** Ends a packet command with its status. */
    private void finish(int sense) {
        step = IDLE;
        left = 0;
        filled = 0;
        commands.remember(sense);
        register[COUNT] = REASON_COMMAND | REASON_TO_HOST;
        if (sense == 0) {
            succeed();
        } else {
            int key = sense >> 16;
            fail(key << 4 | (key == 5 ? ERROR_ABORT : 0));
        }
    }

    @Override
    int usedBuffer() {
        int read = reading ? Math.min(left, CHUNK_SECTORS) * SECTOR : 0;
        return Math.max(limit, Math.max(filled, read));
    }

    @Override
    void save(SnapshotWriter out) {
        super.save(out);
        queue.save(out);
        commands.save(out);
        out.putLong("mediumSectors", sectors());
        out.putInt("step", step);
        out.putBoolean("dma", dma);
        out.putInt("multiwordMode", multiwordMode);
        out.putInt("ultraMode", ultraMode);
        out.putInt("filled", filled);
        out.putInt("byteCount", byteCount);
        out.putInt("left", left);
        out.putLong("sector", sector);
        out.putBoolean("reading", reading);
    }

    @Override
    void restore(SnapshotReader in) throws SnapshotException {
        super.restore(in);
        queue.restore(in);
        commands.restore(in);
        if (in.getLong("mediumSectors") != sectors()) {
            abandon();
            throw new SnapshotException(
                    "cannot restore CD drive '%s': the snapshot was made with another disc in it; start the machine with the same disc"
                            .formatted(serial));
        }
        commands.setSectors(sectors());
        step = in.getInt("step", IDLE, GIVING_IDENTITY);
        dma = in.getBoolean("dma");
        multiwordMode = in.getInt("multiwordMode", 0, 0x700);
        ultraMode = in.getInt("ultraMode", 0, 0x700);
        filled = in.getInt("filled", 0, BUFFER_BYTES);
        byteCount = in.getInt("byteCount", 0, 0xFFFF);
        left = in.getInt("left", 0, Integer.MAX_VALUE);
        sector = in.getLong("sector");
        reading = in.getBoolean("reading");
        // Beyond the disc is possible: of the one that was there when the transfer began.
        if (sector < 0 || sector > MAX_SECTORS || reading && left == 0) {
            abandon();
            sector = 0;
            throw new SnapshotException(
                    "cannot restore CD drive '%s': the snapshot's transfer does not fit its disc; start the machine without it"
                            .formatted(serial));
        }
    }
}
