package dev.arclet.emulator.device.serial;

import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.bus.IrqLine;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.device.BytePorts;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;
import java.util.Arrays;

/**
 * National PC16550D UART (datasheet TL/C/8652) on a PC's serial port: 1.8432 MHz. Eight ports. INTR
 * reaches the interrupt controller whatever OUT2 is, as on QEMU's board: IBM's adapter of 1981 has
 * a gate there, but systems such as xv6 leave OUT2 low and wait for interrupts.
 *
 * <p>Transmission is faster than any baud rate: a byte reaches the backend when the guest writes it
 * and the transmitter is always empty, but the THRE <i>interrupt</i> follows {@value
 * #THRE_DELAY_NANOS} ns later, so that a driver that refills on the interrupt is not kept in its
 * handler for ever. Reception is lossless: the backend keeps what {@link #receive} refuses. The
 * receive timeout is that of the programmed line speed.
 */
public final class Ns16550Uart implements BytePorts, Resettable, Stateful {
    /** How long after a write the transmitter asks for more, in virtual nanoseconds. */
    public static final long THRE_DELAY_NANOS = 20_000;

    private static final int DATA = 0;
    private static final int IER = 1;
    private static final int IIR_FCR = 2;
    private static final int LCR = 3;
    private static final int MCR = 4;
    private static final int LSR = 5;
    private static final int MSR = 6;

    private static final int IER_RECEIVED = 0x01;
    private static final int IER_TRANSMIT = 0x02;
    private static final int IER_LINE_STATUS = 0x04;
    private static final int IER_MODEM_STATUS = 0x08;

    private static final int IIR_NONE = 0x01;
    private static final int IIR_MODEM_STATUS = 0x00;
    private static final int IIR_TRANSMIT = 0x02;
    private static final int IIR_RECEIVED = 0x04;
    private static final int IIR_LINE_STATUS = 0x06;
    private static final int IIR_TIMEOUT = 0x0C;
    private static final int IIR_FIFOS = 0xC0;

    private static final int FCR_ENABLE = 0x01;
    private static final int FCR_CLEAR_RECEIVER = 0x02;

    private static final int LCR_WORD_LENGTH = 0x03;
    private static final int LCR_STOP = 0x04;
    private static final int LCR_PARITY = 0x08;
    private static final int LCR_BREAK = 0x40;
    private static final int LCR_DIVISOR_LATCH = 0x80;

    private static final int MCR_DTR = 0x01;
    private static final int MCR_RTS = 0x02;
    private static final int MCR_OUT1 = 0x04;
    private static final int MCR_OUT2 = 0x08;
    private static final int MCR_LOOP = 0x10;

    private static final int LSR_DATA_READY = 0x01;
    private static final int LSR_OVERRUN = 0x02;
    private static final int LSR_BREAK = 0x10;
    private static final int LSR_TRANSMITTER_EMPTY = 0x60;
    private static final int LSR_FIFO_ERROR = 0x80;
    private static final int LSR_ERRORS = 0x1E;

    private static final int MSR_CTS = 0x10;
    private static final int MSR_DSR = 0x20;
    private static final int MSR_RI = 0x40;
    private static final int MSR_DCD = 0x80;
    private static final int MSR_TRAILING_RI = 0x04;

    private static final int FIFO_SIZE = 16;
    private static final int BREAK_FLAG = 0x100;
    private static final int[] TRIGGER = {1, 4, 8, 14};
    private static final long CLOCK_HERTZ = 1_843_200;

    private final String sectionId;
    private final IrqLine irq;
    private final SerialBackend backend;
    private final EventQueue events;
    private final EventQueue.Timer transmitTimer;
    private final EventQueue.Timer timeoutTimer;

    /** Received bytes; {@link #BREAK_FLAG} marks a break. Only the first entry without FIFOs. */
    private final int[] fifo = new int[FIFO_SIZE];

    private int fifoStart;
    private int fifoCount;
    private int lastReceived;
    private int ier;
    private int fcr;
    private int lcr;
    private int mcr;
    private int lsrErrors;
    private int modemInputs = MSR_CTS | MSR_DSR | MSR_DCD;
    private int msr = MSR_CTS | MSR_DSR | MSR_DCD;
    private int scratch;
    private int divisor;
    private boolean transmitPending;
    private boolean timeoutPending;

    /**
     * Creates a UART after power-on, its cable plugged in (CTS, DSR and DCD active).
     *
     * @param sectionId its snapshot section, such as {@code "serial0"}
     * @param irq its interrupt output (COM1: IRQ4, COM2: IRQ3)
     * @param backend where sent bytes go
     */
    public Ns16550Uart(String sectionId, EventQueue events, IrqLine irq, SerialBackend backend) {
        this.sectionId = sectionId;
        this.events = events;
        this.irq = irq;
        this.backend = backend;
        transmitTimer = events.timer(sectionId + ".transmit", this::transmitterAsks);
        timeoutTimer = events.timer(sectionId + ".timeout", this::receiveTimesOut);
        divisor = 12;
    }

    private boolean fifos() {
        return (fcr & FCR_ENABLE) != 0;
    }

    private boolean loop() {
        return (mcr & MCR_LOOP) != 0;
    }

    private int capacity() {
        return fifos() ? FIFO_SIZE : 1;
    }

    private int trigger() {
        return fifos() ? TRIGGER[fcr >>> 6] : 1;
    }

    private void transmitterAsks() {
        transmitPending = true;
        updateInterrupt();
    }

    private void receiveTimesOut() {
        timeoutPending = fifoCount > 0;
        updateInterrupt();
    }

    /** Nanoseconds that one character takes at the programmed speed and format. */
    private long characterNanos() {
        int bits = 1 + 5 + (lcr & LCR_WORD_LENGTH) + 1;
        bits += (lcr & LCR_PARITY) != 0 ? 1 : 0;
        bits += (lcr & LCR_STOP) != 0 ? 1 : 0;
        long effective = divisor == 0 ? 0x10000 : divisor;
        return bits * effective * 16 * 1_000_000_000L / CLOCK_HERTZ;
    }

    /** How many bytes {@link #receive} will take now: 0 to 16. */
    public int receiveSpace() {
        return loop() ? 0 : Math.max(0, capacity() - fifoCount);
    }

    /**
     * A byte (0..255) arrives on the line.
     *
     * @return false if the receiver is full (or looped back) and the caller must keep the byte
     *     until {@link SerialBackend#receiverReady}
     */
    public boolean receive(int value) {
        if (receiveSpace() == 0) {
            return false;
        }
        push(value & 0xFF);
        updateInterrupt();
        return true;
    }

    /**
     * The line goes to break.
     *
     * @return false if the receiver is full
     */
    public boolean receiveBreak() {
        if (receiveSpace() == 0) {
            return false;
        }
        push(BREAK_FLAG);
        updateInterrupt();
        return true;
    }

    private void push(int entry) {
        fifo[(fifoStart + fifoCount) % FIFO_SIZE] = entry;
        fifoCount++;
        if (fifoCount == 1) {
            noteBreakAtTop();
        }
        restartTimeout();
    }

    private void noteBreakAtTop() {
        if (fifoCount > 0 && (fifo[fifoStart] & BREAK_FLAG) != 0) {
            lsrErrors |= LSR_BREAK;
        }
    }

    private void restartTimeout() {
        timeoutPending = false;
        if (fifos() && fifoCount > 0) {
            timeoutTimer.arm(events.clock().nanos() + 4 * characterNanos());
        } else {
            timeoutTimer.cancel();
        }
    }

    /**
     * Sets the modem inputs, as the far end's outputs; clear to send, data set ready, and so on.
     */
    public void setModemInputs(boolean cts, boolean dsr, boolean ri, boolean dcd) {
        modemInputs =
                (cts ? MSR_CTS : 0) | (dsr ? MSR_DSR : 0) | (ri ? MSR_RI : 0) | (dcd ? MSR_DCD : 0);
        updateModemStatus();
        updateInterrupt();
    }

    private void updateModemStatus() {
        int inputs = modemInputs;
        if (loop()) {
            inputs =
                    ((mcr & MCR_RTS) != 0 ? MSR_CTS : 0)
                            | ((mcr & MCR_DTR) != 0 ? MSR_DSR : 0)
                            | ((mcr & MCR_OUT1) != 0 ? MSR_RI : 0)
                            | ((mcr & MCR_OUT2) != 0 ? MSR_DCD : 0);
        }
        int changed = (msr ^ inputs) & 0xF0;
        int deltas = changed >>> 4;
        if ((inputs & MSR_RI) != 0) {
            // Only the end of ringing counts.
            deltas &= ~MSR_TRAILING_RI;
        }
        msr = inputs | msr & 0x0F | deltas;
    }

    private int identify() {
        if ((ier & IER_LINE_STATUS) != 0 && lsrErrors != 0) {
            return IIR_LINE_STATUS;
        }
        if ((ier & IER_RECEIVED) != 0) {
            if (fifoCount >= trigger()) {
                return IIR_RECEIVED;
            }
            if (timeoutPending) {
                return IIR_TIMEOUT;
            }
        }
        if ((ier & IER_TRANSMIT) != 0 && transmitPending) {
            return IIR_TRANSMIT;
        }
        if ((ier & IER_MODEM_STATUS) != 0 && (msr & 0x0F) != 0) {
            return IIR_MODEM_STATUS;
        }
        return IIR_NONE;
    }

    private void updateInterrupt() {
        irq.set(identify() != IIR_NONE);
    }

    @Override
    public int readByte(int offset) {
        boolean latch = (lcr & LCR_DIVISOR_LATCH) != 0;
        int value =
                switch (offset & 7) {
                    case DATA -> latch ? divisor & 0xFF : readData();
                    case IER -> latch ? divisor >>> 8 : ier;
                    case IIR_FCR -> readIdentification();
                    case LCR -> lcr;
                    case MCR -> mcr;
                    case LSR -> readLineStatus();
                    case MSR -> readModemStatus();
                    default -> scratch;
                };
        updateInterrupt();
        return value;
    }

    private int readData() {
        if (fifoCount == 0) {
            return lastReceived;
        }
        lastReceived = fifo[fifoStart] & 0xFF;
        fifoStart = (fifoStart + 1) % FIFO_SIZE;
        fifoCount--;
        noteBreakAtTop();
        restartTimeout();
        if (!loop()) {
            backend.receiverReady();
        }
        return lastReceived;
    }

    private int readIdentification() {
        int value = identify();
        if (value == IIR_TRANSMIT) {
            transmitPending = false;
        }
        return value | (fifos() ? IIR_FIFOS : 0);
    }

    private int readLineStatus() {
        int value = LSR_TRANSMITTER_EMPTY | lsrErrors | (fifoCount > 0 ? LSR_DATA_READY : 0);
        if (fifos() && breakInFifo()) {
            value |= LSR_FIFO_ERROR;
        }
        lsrErrors = 0;
        return value;
    }

    private boolean breakInFifo() {
        for (int i = 0; i < fifoCount; i++) {
            if ((fifo[(fifoStart + i) % FIFO_SIZE] & BREAK_FLAG) != 0) {
                return true;
            }
        }
        return false;
    }

    private int readModemStatus() {
        int value = msr;
        msr &= 0xF0;
        return value;
    }

    @Override
    public void writeByte(int offset, int value) {
        boolean latch = (lcr & LCR_DIVISOR_LATCH) != 0;
        switch (offset & 7) {
            case DATA -> {
                if (latch) {
                    divisor = divisor & 0xFF00 | value;
                } else {
                    send(value);
                }
            }
            case IER -> {
                if (latch) {
                    divisor = divisor & 0xFF | value << 8;
                } else {
                    writeIer(value & 0x0F);
                }
            }
            case IIR_FCR -> writeFcr(value);
            case LCR -> {
                boolean breakChanged = ((lcr ^ value) & LCR_BREAK) != 0;
                lcr = value;
                if (breakChanged) {
                    outputsChanged();
                }
            }
            case MCR -> {
                boolean wasLoop = loop();
                mcr = value & 0x1F;
                updateModemStatus();
                outputsChanged();
                if (wasLoop && receiveSpace() > 0) {
                    backend.receiverReady();
                }
            }
            case LSR, MSR -> {}
            default -> scratch = value;
        }
        updateInterrupt();
    }

    private void outputsChanged() {
        if (!loop()) {
            backend.outputs((mcr & MCR_DTR) != 0, (mcr & MCR_RTS) != 0, (lcr & LCR_BREAK) != 0);
        }
    }

    private void send(int value) {
        transmitPending = false;
        transmitTimer.arm(events.clock().nanos() + THRE_DELAY_NANOS);
        if (!loop()) {
            backend.transmit(value);
            return;
        }
        int looped = value & 0xFF >>> (3 - (lcr & LCR_WORD_LENGTH));
        if (fifoCount < capacity()) {
            push(looped);
        } else {
            // A full FIFO keeps what it has; without FIFOs the new character replaces the old.
            lsrErrors |= LSR_OVERRUN;
            if (!fifos()) {
                fifo[fifoStart] = looped;
            }
        }
    }

    private void writeIer(int value) {
        if ((value & ~ier & IER_TRANSMIT) != 0) {
            // Enabling the interrupt while the holding register is empty raises it at once.
            transmitPending = true;
        }
        ier = value;
    }

    private void writeFcr(int value) {
        boolean toggled = ((fcr ^ value) & FCR_ENABLE) != 0;
        if (toggled || (value & (FCR_ENABLE | FCR_CLEAR_RECEIVER)) == 3) {
            fifoStart = 0;
            fifoCount = 0;
        }
        fcr = (value & FCR_ENABLE) != 0 ? value & (0xC0 | FCR_ENABLE) : 0;
        restartTimeout();
        if (fifoCount == 0 && !loop()) {
            backend.receiverReady();
        }
    }

    @Override
    public void reset() {
        Arrays.fill(fifo, 0);
        fifoStart = 0;
        fifoCount = 0;
        lastReceived = 0;
        ier = 0;
        fcr = 0;
        lcr = 0;
        mcr = 0;
        lsrErrors = 0;
        modemInputs = MSR_CTS | MSR_DSR | MSR_DCD;
        msr = modemInputs;
        scratch = 0;
        divisor = 12;
        transmitPending = false;
        timeoutPending = false;
        transmitTimer.cancel();
        timeoutTimer.cancel();
        irq.set(false);
    }

    @Override
    public String sectionId() {
        return sectionId;
    }

    @Override
    public int sectionVersion() {
        return 1;
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putInts("fifo", fifo);
        out.putInt("fifoStart", fifoStart);
        out.putInt("fifoCount", fifoCount);
        out.putInt("lastReceived", lastReceived);
        out.putInt("ier", ier);
        out.putInt("fcr", fcr);
        out.putInt("lcr", lcr);
        out.putInt("mcr", mcr);
        out.putInt("lsrErrors", lsrErrors);
        out.putInt("modemInputs", modemInputs);
        out.putInt("msr", msr);
        out.putInt("scratch", scratch);
        out.putInt("divisor", divisor);
        out.putBoolean("transmitPending", transmitPending);
        out.putBoolean("timeoutPending", timeoutPending);
        out.putLong("transmitDeadline", transmitTimer.deadline());
        out.putLong("timeoutDeadline", timeoutTimer.deadline());
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        in.getInts("fifo", fifo);
        fifoStart = in.getInt("fifoStart", 0, FIFO_SIZE - 1);
        fifoCount = in.getInt("fifoCount", 0, FIFO_SIZE);
        lastReceived = in.getInt("lastReceived", 0, 0xFF);
        ier = in.getInt("ier", 0, 0x0F);
        fcr = in.getInt("fcr", 0, 0xFF);
        lcr = in.getInt("lcr", 0, 0xFF);
        mcr = in.getInt("mcr", 0, 0x1F);
        lsrErrors = in.getInt("lsrErrors", 0, LSR_ERRORS);
        modemInputs = in.getInt("modemInputs", 0, 0xF0);
        msr = in.getInt("msr", 0, 0xFF);
        scratch = in.getInt("scratch", 0, 0xFF);
        divisor = in.getInt("divisor", 0, 0xFFFF);
        transmitPending = in.getBoolean("transmitPending");
        timeoutPending = in.getBoolean("timeoutPending");
        transmitTimer.arm(in.getLong("transmitDeadline"));
        timeoutTimer.arm(in.getLong("timeoutDeadline"));
    }
}
