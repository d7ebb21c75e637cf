package dev.arclet.emulator.device.floppy;

import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.bus.IrqLine;
import dev.arclet.emulator.bus.PioDevice;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.device.BytePorts;
import dev.arclet.emulator.device.dma.IsaDma;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;
import java.util.Arrays;
import java.util.List;

/**
 * Intel 82077AA floppy disk controller (datasheet 290166) in PC/AT mode with up to four drives; the
 * drives beyond those it was given are empty sockets. {@link #registers} is six ports from 3F0h,
 * {@link #inputRegister} one at 3F7h.
 *
 * <p>Data moves by DMA channel 2, or by programmed I/O if SPECIFY says so. A multi-track transfer
 * goes on past the end of its track and cylinder, see {@link #leavesTrack}. Known limits: no SCAN
 * commands; tracks hold the sectors of the image's {@link FloppyFormat} whatever FORMAT TRACK says;
 * an operation takes {@value #SECTOR_NANOS} ns a sector and no rotational delay; one on an empty
 * drive fails rather than wait for an index pulse.
 */
public final class I82077Fdc implements Resettable, Stateful {
    private static final int STATUS_A = 0;
    private static final int STATUS_B = 1;
    private static final int DIGITAL_OUTPUT = 2;
    private static final int TAPE_DRIVE = 3;
    private static final int MAIN_STATUS = 4;
    private static final int FIFO = 5;

    private static final int OUTPUT_DRIVE = 0x03;
    private static final int OUTPUT_NOT_RESET = 0x04;
    private static final int OUTPUT_DMA_GATE = 0x08;
    private static final int SELECT_RESET = 0x80;
    private static final int SELECT_RATE = 0x03;

    private static final int MAIN_REQUEST = 0x80;
    private static final int MAIN_TO_HOST = 0x40;
    private static final int MAIN_NON_DMA = 0x20;
    private static final int MAIN_BUSY = 0x10;

    // Status register 0
    private static final int ABNORMAL = 0x40;
    private static final int INVALID = 0x80;
    private static final int READY_CHANGED = 0xC0;
    private static final int SEEK_END = 0x20;
    private static final int EQUIPMENT_CHECK = 0x10;

    // Status register 1
    private static final int END_OF_CYLINDER = 0x80;
    private static final int DATA_ERROR = 0x20;
    private static final int OVERRUN = 0x10;
    private static final int NO_DATA = 0x04;
    private static final int NOT_WRITABLE = 0x02;
    private static final int MISSING_ADDRESS_MARK = 0x01;

    // Status register 2
    private static final int WRONG_CYLINDER = 0x10;

    // Status register 3
    private static final int STATUS3_PROTECTED = 0x40;
    private static final int STATUS3_FIXED = 0x28;
    private static final int STATUS3_TRACK_0 = 0x10;

    private static final int MULTI_TRACK = 0x80;
    private static final int HEAD = 0x04;
    private static final int CONFIGURE_IMPLIED_SEEK = 0x40;
    private static final int VERSION = 0x90;
    private static final int SIZE_512 = 2;
    private static final int SECTOR = 512;
    private static final int DRIVES = 4;
    private static final int DMA_CHANNEL = 2;
    private static final int MAX_TRACK_SECTORS = 40;
    private static final int RECALIBRATE_STEPS = 79;

    static final long SECTOR_NANOS = 50_000;
    private static final long COMMAND_NANOS = 100_000;
    private static final long STEP_NANOS = 200_000;
    private static final long RESET_NANOS = 20_000;

    /** What the chip does. */
    private enum Phase {
        /** Takes a command. */
        COMMAND(0),
        /** Waits for the disk or for time to pass. */
        EXECUTION(1),
        /** Gives bytes of a sector to the processor. */
        GIVING(2),
        /** Takes bytes of a sector from the processor. */
        TAKING(3),
        /** Gives a result. */
        RESULT(4);

        private final int code;

        Phase(int code) {
            this.code = code;
        }

        static Phase of(int code) {
            for (Phase phase : values()) {
                if (phase.code == code) {
                    return phase;
                }
            }
            return COMMAND;
        }
    }

    private final IrqLine irq;
    private final IsaDma dma;
    private final FloppyDrive[] drives = new FloppyDrive[DRIVES];
    private final EventQueue events;
    private final EventQueue.Timer timer;
    private final EventQueue.Timer seekTimer;

    private int output;
    private int tape;
    private int rate = FloppyFormat.RATE_250K;
    private Phase phase = Phase.COMMAND;
    private final int[] bytes = new int[16];
    private int count;
    private int wanted;
    private int resultAt;
    private boolean interrupt;

    /** Drives whose seek has ended, or that reset has made report: ST0 for SENSE INTERRUPT. */
    private final int[] ended = new int[DRIVES];

    /** Drives that seek, and where to. */
    private final int[] seeking = new int[DRIVES];

    private int configuration;
    private int precompensation;
    private int perpendicular;
    private int locked;
    private int stepRate;
    private int headLoad;

    // The data command under way
    private int command;
    private int drive;
    private int cylinder;
    private int head;
    private int sector;
    private int lastSector;
    private int run;
    private final byte[] data = new byte[MAX_TRACK_SECTORS * SECTOR];
    private int position;
    private boolean finished;
    private boolean waiting;
    private boolean terminal;
    private int filler;
    private int formatLeft;
    private int status0;
    private int status1;
    private int status2;

    /**
     * Creates a controller that is held in reset.
     *
     * @param irq interrupt 6
     * @param dma whose channel 2 moves the data
     * @param attached the drives A, B...; at most four
     */
    public I82077Fdc(EventQueue events, IrqLine irq, IsaDma dma, List<FloppyDrive> attached) {
        this.events = events;
        this.irq = irq;
        this.dma = dma;
        timer = events.timer("fdc.result", this::showResult);
        seekTimer = events.timer("fdc.seek", this::seeksEnd);
        for (int i = 0; i < attached.size(); i++) {
            drives[i] = attached.get(i);
            drives[i].client = this::diskAnswers;
        }
        setDefaults();
    }

    private void setDefaults() {
        output = 0;
        tape = 0;
        rate = FloppyFormat.RATE_250K;
        configuration = 0;
        precompensation = 0;
        locked = 0;
        stepRate = 0;
        headLoad = 0;
        cylinder = 0;
        head = 0;
        sector = 0;
        lastSector = 0;
        drive = 0;
        softReset();
        Arrays.fill(ended, 0);
    }

    /** What RESET by DOR or DSR leaves: an idle chip; LOCK keeps CONFIGURE's parameters. */
    private void softReset() {
        for (FloppyDrive d : drives) {
            if (d != null) {
                d.queue.reset();
            }
        }
        timer.cancel();
        seekTimer.cancel();
        phase = Phase.COMMAND;
        Arrays.fill(bytes, 0);
        count = 0;
        wanted = 0;
        resultAt = 0;
        Arrays.fill(ended, 0);
        Arrays.fill(seeking, -1);
        perpendicular = 0;
        if (locked == 0) {
            configuration = 0;
            precompensation = 0;
        }
        command = 0;
        run = 0;
        position = 0;
        finished = false;
        waiting = false;
        status0 = 0;
        status1 = 0;
        status2 = 0;
        setInterrupt(false);
    }

    private void setInterrupt(boolean high) {
        interrupt = high;
        irq.set(high && (output & OUTPUT_DMA_GATE) != 0);
    }

    /** Six ports at 3F0h. */
    public PioDevice registers() {
        return new BytePorts() {
            @Override
            public int readByte(int offset) {
                return read(offset);
            }

            @Override
            public void writeByte(int offset, int value) {
                write(offset, value);
            }
        };
    }

    /** One port at 3F7h: disk change; data rate. */
    public PioDevice inputRegister() {
        return new BytePorts() {
            @Override
            public int readByte(int offset) {
                FloppyDrive selected = drives[output & OUTPUT_DRIVE];
                boolean motor = (output >> 4 + (output & OUTPUT_DRIVE) & 1) != 0;
                // The line of a drive without a disk stays active; the other bits are the IDE's.
                return motor && (selected == null || selected.changed) ? 0xFF : 0x7F;
            }

            @Override
            public void writeByte(int offset, int value) {
                rate = value & SELECT_RATE;
            }
        };
    }

    private int read(int offset) {
        return switch (offset) {
            case STATUS_A, STATUS_B -> 0xFF; // not driven in PC/AT mode
            case DIGITAL_OUTPUT -> output;
            case TAPE_DRIVE -> tape;
            case MAIN_STATUS -> mainStatus();
            case FIFO -> readFifo();
            default -> 0xFF;
        };
    }

    private void write(int offset, int value) {
        switch (offset) {
            case DIGITAL_OUTPUT -> writeOutput(value);
            case TAPE_DRIVE -> tape = value & 3;
            case MAIN_STATUS -> {
                rate = value & SELECT_RATE;
                if ((value & SELECT_RESET) != 0) {
                    softReset();
                    leaveReset();
                }
            }
            case FIFO -> writeFifo(value);
            default -> {}
        }
    }

    private void writeOutput(int value) {
        int old = output;
        output = value;
        if ((value & OUTPUT_NOT_RESET) == 0) {
            softReset();
        } else if ((old & OUTPUT_NOT_RESET) == 0) {
            leaveReset();
        } else {
            setInterrupt(interrupt);
        }
    }

    /** After reset, polling finds that every drive's ready line has changed: one interrupt. */
    private void leaveReset() {
        if ((output & OUTPUT_NOT_RESET) == 0) {
            return;
        }
        for (int i = 0; i < DRIVES; i++) {
            ended[i] = READY_CHANGED | i;
        }
        seekTimer.arm(events.clock().nanos() + RESET_NANOS);
    }

    private int mainStatus() {
        if ((output & OUTPUT_NOT_RESET) == 0) {
            return 0;
        }
        int value = 0;
        for (int i = 0; i < DRIVES; i++) {
            value |= seeking[i] >= 0 ? 1 << i : 0;
        }
        return value
                | switch (phase) {
                    case COMMAND -> count == 0 ? MAIN_REQUEST : MAIN_REQUEST | MAIN_BUSY;
                    case EXECUTION -> MAIN_BUSY;
                    case GIVING -> MAIN_REQUEST | MAIN_TO_HOST | MAIN_NON_DMA | MAIN_BUSY;
                    case TAKING -> MAIN_REQUEST | MAIN_NON_DMA | MAIN_BUSY;
                    case RESULT -> MAIN_REQUEST | MAIN_TO_HOST | MAIN_BUSY;
                };
    }

    private int readFifo() {
        if (phase == Phase.GIVING) {
            setInterrupt(false);
            int value = data[position++] & 0xFF;
            if (position % SECTOR == 0) {
                sectorMoved(false);
            }
            return value;
        }
        if (phase != Phase.RESULT) {
            return 0;
        }
        setInterrupt(false);
        int value = bytes[resultAt++];
        if (resultAt == count) {
            phase = Phase.COMMAND;
            count = 0;
            resultAt = 0;
        }
        return value;
    }

    private void writeFifo(int value) {
        if ((output & OUTPUT_NOT_RESET) == 0) {
            return;
        }
        if (phase == Phase.TAKING) {
            setInterrupt(false);
            data[position++] = (byte) value;
            if ((command & 0x1F) == 0x0D) {
                if (position == 4) {
                    formatSector();
                }
            } else if (position % SECTOR == 0) {
                sectorMoved(false);
            }
            return;
        }
        if (phase != Phase.COMMAND) {
            return;
        }
        bytes[count++] = value;
        if (count == 1) {
            wanted = parameters(value);
        }
        if (count > wanted) {
            count = 0;
            execute();
        }
    }

    /** How many bytes follow a command byte. */
    private static int parameters(int code) {
        return switch (code & 0x1F) {
            case 0x02, 0x05, 0x06, 0x09, 0x0C, 0x16 -> 8;
            case 0x0D -> 5;
            case 0x03, 0x0F -> 2;
            case 0x13 -> code == 0x13 ? 3 : 0;
            case 0x04, 0x07, 0x0A, 0x12 -> 1;
            default -> 0;
        };
    }

    private void execute() {
        command = bytes[0];
        int code = command & 0x1F;
        if (code != 0x08 && code != 0x0E && code != 0x10 && code != 0x14 && wanted > 0) {
            drive = code == 0x03 || code == 0x12 || code == 0x13 ? drive : bytes[1] & 3;
        }
        switch (code) {
            case 0x02, 0x06, 0x0C, 0x16 -> startTransfer(false);
            case 0x05, 0x09 -> startTransfer(true);
            case 0x0D -> startFormat();
            case 0x03 -> {
                stepRate = bytes[1];
                headLoad = bytes[2];
            }
            case 0x04 -> result(status3());
            case 0x07 -> recalibrate();
            case 0x08 -> senseInterrupt();
            case 0x0A -> readId();
            case 0x0E -> dumpRegisters();
            case 0x0F -> seek();
            case 0x10 -> result(command == 0x10 ? VERSION : INVALID);
            case 0x12 -> perpendicular = bytes[1];
            case 0x13 -> {
                if (command == 0x13) {
                    configuration = bytes[2];
                    precompensation = bytes[3];
                } else {
                    result(INVALID);
                }
            }
            case 0x14 -> {
                locked = command >> 7;
                result(locked << 4);
            }
            default -> result(INVALID);
        }
    }

    /** Result bytes for the processor, at once and without an interrupt. */
    private void result(int... values) {
        System.arraycopy(values, 0, bytes, 0, values.length);
        count = values.length;
        resultAt = 0;
        phase = Phase.RESULT;
    }

    private int status3() {
        FloppyDrive d = drives[drive];
        int value = STATUS3_FIXED | bytes[1] & HEAD | drive;
        if (d != null && d.track == 0) {
            value |= STATUS3_TRACK_0;
        }
        if (d != null && d.writeProtected()) {
            value |= STATUS3_PROTECTED;
        }
        return value;
    }

    private void recalibrate() {
        seekTo(0);
    }

    private void seek() {
        boolean relative = (command & MULTI_TRACK) != 0;
        int target = bytes[2];
        if (relative && drives[drive] != null) {
            int track = drives[drive].track;
            target = (command & 0x40) != 0 ? track + target : track - target;
        }
        seekTo(Math.clamp(target, 0, 0xFF));
    }

    private void seekTo(int target) {
        FloppyDrive d = drives[drive];
        int distance = d == null ? RECALIBRATE_STEPS : Math.abs(d.track - target);
        seeking[drive] = target;
        seekTimer.arm(events.clock().nanos() + COMMAND_NANOS + distance * STEP_NANOS);
    }

    /** Seeks end together: nobody can tell, as only the last was started last. */
    private void seeksEnd() {
        for (int i = 0; i < DRIVES; i++) {
            if (seeking[i] < 0) {
                continue;
            }
            FloppyDrive d = drives[i];
            if (d != null) {
                d.step(seeking[i]);
                ended[i] = SEEK_END | i;
            } else {
                ended[i] = ABNORMAL | SEEK_END | EQUIPMENT_CHECK | i;
            }
            seeking[i] = -1;
        }
        setInterrupt(true);
    }

    private void senseInterrupt() {
        for (int i = 0; i < DRIVES; i++) {
            if (ended[i] != 0) {
                int st0 = ended[i];
                ended[i] = 0;
                setInterrupt(false);
                result(st0, drives[i] == null ? 0 : drives[i].track);
                return;
            }
        }
        setInterrupt(false);
        result(INVALID);
    }

    private void dumpRegisters() {
        int[] tracks = new int[DRIVES];
        for (int i = 0; i < DRIVES; i++) {
            tracks[i] = drives[i] == null ? 0 : drives[i].track;
        }
        result(
                tracks[0],
                tracks[1],
                tracks[2],
                tracks[3],
                stepRate,
                headLoad,
                lastSector,
                locked << 7 | perpendicular & 0x3F,
                configuration,
                precompensation);
    }

    /** The format of the selected drive's disk, if it can be read at the selected rate. */
    private FloppyFormat readableFormat() {
        FloppyDrive d = drives[drive];
        FloppyFormat format = d == null ? null : d.format().orElse(null);
        return format != null && format.readableAt(rate) ? format : null;
    }

    private void readId() {
        head = bytes[1] >> 2 & 1;
        FloppyFormat format = readableFormat();
        clearStatus();
        if (format == null || head >= format.heads() || drives[drive].track >= format.cylinders()) {
            failWith(MISSING_ADDRESS_MARK, 0);
        } else {
            cylinder = drives[drive].track;
            sector = 1;
        }
        finish();
    }

    private void clearStatus() {
        status0 = head << 2 | drive;
        status1 = 0;
        status2 = 0;
    }

    private void failWith(int one, int two) {
        status0 |= ABNORMAL;
        status1 |= one;
        status2 |= two;
    }

    /** The command is over: its result comes in a moment, with an interrupt. */
    private void finish() {
        phase = Phase.EXECUTION;
        finished = true;
        timer.arm(events.clock().nanos() + COMMAND_NANOS + run * SECTOR_NANOS);
    }

    private void showResult() {
        if (!finished) {
            return;
        }
        finished = false;
        run = 0;
        result(status0, status1, status2, cylinder, head, sector, SIZE_512);
        setInterrupt(true);
    }

    private boolean byProcessor() {
        return (headLoad & 1) != 0;
    }

    private boolean writes() {
        int code = command & 0x1F;
        return code == 0x05 || code == 0x09 || code == 0x0D;
    }

    private void startTransfer(boolean writing) {
        cylinder = bytes[2];
        head = bytes[3] & 1;
        sector = (command & 0x1F) == 0x02 ? 1 : bytes[4];
        lastSector = bytes[6];
        int size = bytes[5];
        boolean headsAgree = (bytes[1] >> 2 & 1) == bytes[3];
        clearStatus();
        run = 0;
        FloppyDrive d = drives[drive];
        if (d != null && (configuration & CONFIGURE_IMPLIED_SEEK) != 0) {
            d.step(cylinder);
        }
        FloppyFormat format = readableFormat();
        if (format == null || head >= format.heads() || d.track >= format.cylinders()) {
            failWith(MISSING_ADDRESS_MARK, 0);
            finish();
        } else if (writing && d.writeProtected()) {
            failWith(NOT_WRITABLE, 0);
            finish();
        } else if (cylinder != d.track) {
            failWith(NO_DATA, WRONG_CYLINDER);
            finish();
        } else if (!headsAgree || size != SIZE_512) {
            failWith(NO_DATA, 0);
            finish();
        } else {
            nextRun();
        }
    }

    /** Begins the sectors up to the end of the track, as far as the command and the disk go. */
    private void nextRun() {
        FloppyFormat format = readableFormat();
        if (format == null
                || sector < 1
                || sector > format.sectors()
                || head >= format.heads()
                || drives[drive].track >= format.cylinders()) {
            failWith(NO_DATA, 0);
            finish();
            return;
        }
        int end = Math.clamp(lastSector, sector, format.sectors());
        run = end - sector + 1;
        position = 0;
        // A snapshot keeps the run's bytes, and must not depend on what was in them before.
        Arrays.fill(data, 0, run * SECTOR, (byte) 0);
        if (writes()) {
            takeSectors();
            return;
        }
        phase = Phase.EXECUTION;
        waiting = true;
        drives[drive].queue.read(0, offset(format), data, 0, run * SECTOR);
    }

    private long offset(FloppyFormat format) {
        long block =
                ((long) drives[drive].track * format.heads() + head) * format.sectors()
                        + sector
                        - 1;
        return block * SECTOR;
    }

    private void diskAnswers(long token, boolean ok) {
        if (!waiting) {
            return; // of a damaged snapshot
        }
        waiting = false;
        if (!ok) {
            failWith(DATA_ERROR, writes() ? 0 : DATA_ERROR);
            finish();
        } else if (writes()) {
            written();
        } else {
            giveSectors();
        }
    }

    private void giveSectors() {
        if ((command & 0x1F) == 0x16) { // VERIFY moves nothing
            while (position < run * SECTOR && !finished) {
                position += SECTOR;
                sectorMoved(false);
            }
            return;
        }
        if (byProcessor()) {
            phase = Phase.GIVING;
            setInterrupt(true);
            return;
        }
        while (phase == Phase.EXECUTION && !finished && !waiting && position < run * SECTOR) {
            int moved = dma.toMemory(DMA_CHANNEL, data, position, SECTOR);
            if (!dmaMoved(moved)) {
                return;
            }
        }
    }

    /** After a sector's worth of DMA; false if the command is over. */
    private boolean dmaMoved(int moved) {
        boolean end = dma.terminalCount(DMA_CHANNEL);
        if (moved < SECTOR && !end) {
            failWith(OVERRUN, 0);
            finish();
            return false;
        }
        position += SECTOR;
        sectorMoved(end);
        return !finished;
    }

    private void takeSectors() {
        if (byProcessor()) {
            phase = Phase.TAKING;
            setInterrupt(true);
            return;
        }
        phase = Phase.EXECUTION;
        boolean end = false;
        int sectors = 0;
        while (sectors < run && !end) {
            int moved = dma.fromMemory(DMA_CHANNEL, data, sectors * SECTOR, SECTOR);
            end = dma.terminalCount(DMA_CHANNEL);
            if (moved < SECTOR && !end) {
                failWith(OVERRUN, 0);
                break;
            }
            sectors++;
        }
        if (sectors == 0) {
            finish();
            return;
        }
        writeSectors(sectors, end);
    }

    /** Terminal count was reached, or the processor's run is complete: brings it to the disk. */
    private void writeSectors(int sectors, boolean end) {
        position = sectors * SECTOR;
        terminal = end;
        waiting = true;
        phase = Phase.EXECUTION;
        FloppyFormat format = readableFormat();
        if (format == null || sector + sectors - 1 > format.sectors()) {
            waiting = false;
            failWith(NO_DATA, 0);
            finish();
            return;
        }
        drives[drive].queue.write(0, offset(format), data, 0, position);
    }

    private void written() {
        if ((command & 0x1F) == 0x0D) {
            nextFormatSector();
            return;
        }
        int sectors = position / SECTOR;
        for (int i = 0; i < sectors && !finished; i++) {
            boolean last = i == sectors - 1;
            advance(last && (terminal || status1 != 0), last);
        }
    }

    /** A sector has crossed to the host, or has come from it by programmed I/O. */
    private void sectorMoved(boolean end) {
        if (phase == Phase.TAKING) {
            if (position == run * SECTOR) {
                writeSectors(run, false);
            }
            return;
        }
        advance(end, position >= run * SECTOR);
    }

    /**
     * Goes to the next sector's address.
     *
     * @param end the transfer ends here
     * @param runEnds the track is through
     */
    private void advance(boolean end, boolean runEnds) {
        boolean endOfTrack = sector == lastSector;
        boolean goesOn = !endOfTrack && !end && leavesTrack();
        if (!endOfTrack && !goesOn) {
            sector++;
        } else if ((command & MULTI_TRACK) != 0 && head == 0) {
            sector = 1;
            head = 1;
            status0 |= HEAD;
        } else if (goesOn) {
            sector = 1;
            head = 0;
            status0 &= ~HEAD;
            cylinder = cylinder + 1 & 0xFF;
            drives[drive].step(cylinder);
        } else {
            sector = 1;
            cylinder = cylinder + 1 & 0xFF;
            if ((command & MULTI_TRACK) != 0) {
                head = 0;
            }
            if (!end && (command & 0x1F) != 0x16) {
                failWith(END_OF_CYLINDER, 0);
            }
            finish();
            return;
        }
        if (end) {
            finish();
        } else if (runEnds) {
            nextRun();
        }
    }

    /**
     * Whether a transfer over both heads has come to the last sector that the track has, short of
     * the last that the command names. It goes on with the next track, as on QEMU's controller:
     * boot loaders written there ask INT 13h for more than a track. A real chip would not find the
     * sector.
     */
    private boolean leavesTrack() {
        FloppyFormat format = readableFormat();
        return (command & MULTI_TRACK) != 0
                && (command & 0x1F) != 0x16
                && format != null
                && format.heads() == 2
                && sector == format.sectors();
    }

    private void startFormat() {
        head = bytes[1] >> 2 & 1;
        lastSector = bytes[3];
        clearStatus();
        run = 0;
        FloppyFormat format = readableFormat();
        if (format == null || head >= format.heads()) {
            failWith(MISSING_ADDRESS_MARK, 0);
            finish();
        } else if (drives[drive].writeProtected()) {
            failWith(NOT_WRITABLE, 0);
            finish();
        } else {
            filler = bytes[5];
            formatLeft = lastSector;
            nextFormatSector();
        }
    }

    private void nextFormatSector() {
        if (formatLeft == 0 || finished) {
            finish();
            return;
        }
        position = 0;
        if (byProcessor()) {
            phase = Phase.TAKING;
            setInterrupt(true);
            return;
        }
        phase = Phase.EXECUTION;
        int moved = dma.fromMemory(DMA_CHANNEL, data, 0, 4);
        if (moved < 4) {
            failWith(OVERRUN, 0);
            finish();
            return;
        }
        formatSector();
    }

    /** Cylinder, head, sector and size of a new sector have come: fills it if the disk has it. */
    private void formatSector() {
        formatLeft--;
        cylinder = data[0] & 0xFF;
        sector = data[2] & 0xFF;
        FloppyFormat format = readableFormat();
        boolean there =
                format != null
                        && sector >= 1
                        && sector <= format.sectors()
                        && head < format.heads()
                        && drives[drive].track < format.cylinders();
        phase = Phase.EXECUTION;
        if (!there) {
            failWith(NO_DATA, 0);
            finish();
            return;
        }
        Arrays.fill(data, 0, SECTOR, (byte) filler);
        writeSectors(1, false);
    }

    @Override
    public void reset() {
        setDefaults();
        for (FloppyDrive d : drives) {
            if (d != null) {
                d.reset();
            }
        }
    }

    @Override
    public String sectionId() {
        return "fdc";
    }

    @Override
    public int sectionVersion() {
        return 1;
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putInts(
                "registers",
                new int[] {
                    output,
                    tape,
                    rate,
                    phase.code,
                    count,
                    wanted,
                    resultAt,
                    configuration,
                    precompensation,
                    perpendicular,
                    locked,
                    stepRate,
                    headLoad,
                    command,
                    drive,
                    cylinder,
                    head,
                    sector,
                    lastSector,
                    run,
                    position,
                    status0,
                    status1,
                    status2,
                    filler,
                    formatLeft
                });
        out.putInts("bytes", bytes);
        out.putInts("ended", ended);
        out.putInts("seeking", seeking);
        out.putBoolean("interrupt", interrupt);
        out.putBoolean("finished", finished);
        out.putBoolean("waiting", waiting);
        out.putBoolean("terminal", terminal);
        out.putBytes("data", Arrays.copyOf(data, Math.max(run * SECTOR, position)));
        out.putLong("deadline", timer.deadline());
        out.putLong("seekDeadline", seekTimer.deadline());
        for (FloppyDrive d : drives) {
            out.putBoolean("present", d != null);
            if (d != null) {
                d.save(out);
            }
        }
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        int[] r = new int[26];
        in.getInts("registers", r);
        in.getInts("bytes", bytes);
        in.getInts("ended", ended);
        in.getInts("seeking", seeking);
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] &= 0xFF;
        }
        for (int i = 0; i < DRIVES; i++) {
            ended[i] &= 0xFF;
            seeking[i] = Math.clamp(seeking[i], -1, 0xFF);
        }
        output = r[0] & 0xFF;
        tape = r[1] & 3;
        rate = r[2] & 3;
        phase = Phase.of(r[3]);
        count = Math.clamp(r[4], 0, bytes.length);
        wanted = Math.clamp(r[5], 0, 8);
        resultAt = Math.clamp(r[6], 0, count);
        configuration = r[7] & 0xFF;
        precompensation = r[8] & 0xFF;
        perpendicular = r[9] & 0xFF;
        locked = r[10] & 1;
        stepRate = r[11] & 0xFF;
        headLoad = r[12] & 0xFF;
        command = r[13] & 0xFF;
        drive = r[14] & 3;
        cylinder = r[15] & 0xFF;
        head = r[16] & 1;
        sector = r[17] & 0xFF;
        lastSector = r[18] & 0xFF;
        run = Math.clamp(r[19], 0, MAX_TRACK_SECTORS);
        position = Math.clamp(r[20], 0, data.length);
        status0 = r[21] & 0xFF;
        status1 = r[22] & 0xFF;
        status2 = r[23] & 0xFF;
        filler = r[24] & 0xFF;
        formatLeft = r[25] & 0xFF;
        interrupt = in.getBoolean("interrupt");
        finished = in.getBoolean("finished");
        waiting = in.getBoolean("waiting");
        terminal = in.getBoolean("terminal");
        byte[] used = in.getBytes("data", data.length);
        System.arraycopy(used, 0, data, 0, used.length);
        timer.arm(in.getLong("deadline"));
        seekTimer.arm(in.getLong("seekDeadline"));
        for (FloppyDrive d : drives) {
            if (in.getBoolean("present") != (d != null)) {
                throw new SnapshotException(
                        "cannot restore snapshot section 'fdc': it has other floppy drives; start the machine with the drives of the snapshot");
            }
            if (d != null) {
                d.restore(in);
            }
        }
        boolean broken =
                phase == Phase.RESULT && resultAt >= count
                        || phase == Phase.COMMAND && count > 9
                        || (phase == Phase.GIVING || phase == Phase.TAKING)
                                && position >= data.length;
        if (broken) {
            softReset();
            throw new SnapshotException(
                    "cannot restore snapshot section 'fdc': its phase does not fit its counters; the snapshot is damaged, start the machine without it");
        }
        setInterrupt(interrupt);
    }
}
