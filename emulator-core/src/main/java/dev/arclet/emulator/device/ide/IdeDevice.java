package dev.arclet.emulator.device.ide;

import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import java.util.Arrays;

/**
 * One device on an IDE cable: its registers and its data phase (ATA/ATAPI-6, T13 1410D, chapters 7
 * and 9). What a command means is the subclass's; how its data crosses the data port or the bus
 * master is here.
 */
public abstract class IdeDevice {
    static final int STATUS_BUSY = 0x80;
    static final int STATUS_READY = 0x40;
    static final int STATUS_FAULT = 0x20;
    static final int STATUS_SEEK_DONE = 0x10;
    static final int STATUS_DATA_REQUEST = 0x08;
    static final int STATUS_ERROR = 0x01;
    static final int STATUS_IDLE = STATUS_READY | STATUS_SEEK_DONE;

    static final int ERROR_ABORT = 0x04;
    static final int DIAGNOSTIC_PASSED = 0x01;

    static final int FEATURES = 0;
    static final int COUNT = 1;
    static final int LBA_LOW = 2;
    static final int LBA_MID = 3;
    static final int LBA_HIGH = 4;
    static final int REGISTERS = 5;

    static final int DEVICE_ONE = 0x10;
    static final int DEVICE_LBA = 0x40;

    /** Bits 7 and 5 of the device register, which read as ones. */
    private static final int DEVICE_FIXED = 0xA0;

    static final int BUFFER_BYTES = 128 << 10;

    private static final int COMMAND_DIAGNOSTIC = 0x90;

    /** What the data phase is. */
    enum Phase {
        /** No data is to be moved. */
        NONE(0),
        /** The guest reads the data port. */
        PIO_IN(1),
        /** The guest writes the data port. */
        PIO_OUT(2),
        /** The bus master takes data. */
        DMA_IN(3),
        /** The bus master gives data. */
        DMA_OUT(4);

        private final int code;

        Phase(int code) {
            this.code = code;
        }

        static void save(SnapshotWriter out, String name, Phase phase) {
            out.putInt(name, phase.code);
        }

        static Phase restore(SnapshotReader in, String name) throws SnapshotException {
            int code = in.getInt(name, NONE.code, DMA_OUT.code);
            for (Phase phase : values()) {
                if (phase.code == code) {
                    return phase;
                }
            }
            return NONE;
        }
    }

    /** What a device needs of its cable. */
    interface Cable {
        /** The device's interrupt request has changed. */
        void interruptChanged();

        /** The bus master. */
        DmaChannel dma();
    }

    Cable cable;

    /** The registers as written last, and what each held before that (the "previous content"). */
    final int[] register = new int[REGISTERS];

    final int[] previous = new int[REGISTERS];
    int deviceRegister;
    int status;
    int error;
    private boolean interrupt;

    final byte[] buffer = new byte[BUFFER_BYTES];

    /** The part of the buffer that is still to cross. */
    int position;

    int limit;
    Phase phase = Phase.NONE;

    /** Executes a command that the guest has written; earlier ones are over. */
    abstract void command(int code);

    /** The data phase is through: {@link #position} has reached {@link #limit}. */
    abstract void dataMoved();

    /** Forgets commands and what is under way. */
    abstract void abandon();

    /** What the LBA mid and high registers hold after a reset, by which devices are told apart. */
    abstract int signature();

    /** The status after a reset. */
    abstract int statusAfterReset();

    /** Resets by hardware or by the control register's SRST bit; leaves the signature. */
    void softReset() {
        abandon();
        endData();
        Arrays.fill(previous, 0);
        putSignature();
        error = DIAGNOSTIC_PASSED;
        status = statusAfterReset();
        setInterrupt(false);
    }

    final void putSignature() {
        register[FEATURES] = 0;
        register[COUNT] = 1;
        register[LBA_LOW] = 1;
        register[LBA_MID] = signature() & 0xFF;
        register[LBA_HIGH] = signature() >> 8;
        deviceRegister = 0;
    }

    /** A command from the channel. */
    final void start(int code) {
        setInterrupt(false);
        if ((status & STATUS_BUSY) != 0 && code != 0x08) {
            return;
        }
        if (code == COMMAND_DIAGNOSTIC) {
            softReset();
            return;
        }
        endData();
        error = 0;
        status = status & ~(STATUS_ERROR | STATUS_FAULT);
        command(code);
    }

    final void write(int index, int value) {
        previous[index] = register[index];
        register[index] = value;
    }

    final int deviceRegister() {
        return deviceRegister | DEVICE_FIXED;
    }

    final boolean interrupt() {
        return interrupt;
    }

    final void setInterrupt(boolean high) {
        if (interrupt != high) {
            interrupt = high;
            cable.interruptChanged();
        }
    }

    /** The command is over without an error. */
    final void succeed() {
        endData();
        status = STATUS_IDLE;
        setInterrupt(true);
    }

    /** The command is over with an error. */
    final void fail(int errorBits) {
        endData();
        error = errorBits;
        status = STATUS_IDLE | STATUS_ERROR;
        setInterrupt(true);
    }

    private void endData() {
        phase = Phase.NONE;
        position = 0;
        limit = 0;
    }

    /** Offers {@code buffer[from, to)} to, or asks it of, the guest. */
    final void openData(Phase kind, int from, int to) {
        phase = kind;
        position = from;
        limit = to;
        if (kind == Phase.PIO_OUT || kind == Phase.DMA_OUT) {
            // A snapshot keeps these bytes, and must not depend on what was in them before.
            Arrays.fill(buffer, from, to, (byte) 0);
        }
        status = STATUS_IDLE | STATUS_DATA_REQUEST;
        if (kind == Phase.DMA_IN || kind == Phase.DMA_OUT) {
            pumpDma();
        }
    }

    /** Moves what the bus master takes or gives now. */
    final void pumpDma() {
        if (position == limit) {
            return;
        }
        if (phase == Phase.DMA_IN) {
            position += cable.dma().toMemory(buffer, position, limit - position);
        } else if (phase == Phase.DMA_OUT) {
            position += cable.dma().fromMemory(buffer, position, limit - position);
        } else {
            return;
        }
        if (position == limit) {
            finishPhase();
        }
    }

    private void finishPhase() {
        phase = Phase.NONE;
        status &= ~STATUS_DATA_REQUEST;
        dataMoved();
    }

    /** The guest reads the data port. */
    final int readData(int bytes) {
        if (phase != Phase.PIO_IN) {
            return 0;
        }
        int value = 0;
        for (int i = 0; i < bytes && position < limit; i++) {
            value |= (buffer[position++] & 0xFF) << 8 * i;
        }
        if (position == limit) {
            finishPhase();
        }
        return value;
    }

    /** The guest writes the data port. */
    final void writeData(int bytes, int value) {
        if (phase != Phase.PIO_OUT) {
            return;
        }
        for (int i = 0; i < bytes && position < limit; i++) {
            buffer[position++] = (byte) (value >>> 8 * i);
        }
        if (position == limit) {
            finishPhase();
        }
    }

    /** Back to power-on. */
    void reset() {
        Arrays.fill(register, 0);
        softReset();
    }

    void save(SnapshotWriter out) {
        out.putInts("registers", register);
        out.putInts("previous", previous);
        out.putInt("device", deviceRegister);
        out.putInt("status", status);
        out.putInt("error", error);
        out.putBoolean("interrupt", interrupt);
        Phase.save(out, "phase", phase);
        out.putInt("position", position);
        out.putInt("limit", limit);
        out.putBytes("buffer", Arrays.copyOf(buffer, usedBuffer()));
    }

    /** How much of the buffer matters from its start; at least {@link #limit}. */
    abstract int usedBuffer();

    void restore(SnapshotReader in) throws SnapshotException {
        in.getInts("registers", register);
        in.getInts("previous", previous);
        for (int i = 0; i < REGISTERS; i++) {
            register[i] &= 0xFF;
            previous[i] &= 0xFF;
        }
        deviceRegister = in.getInt("device", 0, 0xFF);
        status = in.getInt("status", 0, 0xFF);
        error = in.getInt("error", 0, 0xFF);
        interrupt = in.getBoolean("interrupt");
        phase = Phase.restore(in, "phase");
        position = in.getInt("position", 0, BUFFER_BYTES);
        limit = in.getInt("limit", position, BUFFER_BYTES);
        byte[] used = in.getBytes("buffer", BUFFER_BYTES);
        System.arraycopy(used, 0, buffer, 0, used.length);
        if (position == limit) {
            phase = Phase.NONE;
        }
    }
}
