package dev.arclet.emulator.device.net;

import dev.arclet.emulator.bus.DmaMemory;
import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.bus.IrqLine;
import dev.arclet.emulator.bus.MmioDevice;
import dev.arclet.emulator.bus.PioDevice;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.net.Cable;
import dev.arclet.emulator.net.Frame;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import java.util.Arrays;
import java.util.zip.CRC32;

/**
 * Realtek RTL8139C Fast Ethernet controller (RTL8139C(L) data sheet, registers in chapter 6): four
 * transmit descriptors, a receive ring in guest memory, its PHY always linked at 100 Mb/s full
 * duplex. 256 bytes of registers, as ports and as memory.
 *
 * <p>Sending is immediate. A frame for which the ring has no room waits on the cable, so the chip
 * never overruns. Absent: wake-up, flash, early receive, flow control, cable statistics.
 */
public final class Rtl8139 implements PioDevice, MmioDevice, Resettable, Cable.Card {
    /** Bytes of registers. */
    public static final int SIZE = 256;

    private static final int MAR0 = 0x08;
    private static final int TSD0 = 0x10;
    private static final int TSAD0 = 0x20;
    private static final int RBSTART = 0x30;
    private static final int CR = 0x37;
    private static final int CAPR = 0x38;
    private static final int CBR = 0x3A;
    private static final int IMR = 0x3C;
    private static final int ISR = 0x3E;
    private static final int TCR = 0x40;
    private static final int RCR = 0x44;
    private static final int TCTR = 0x48;
    private static final int MPC = 0x4C;
    private static final int EECR = 0x50;
    private static final int CONFIG0 = 0x51;
    private static final int CONFIG1 = 0x52;
    private static final int TIMER_INT = 0x54;
    private static final int MSR = 0x58;
    private static final int CONFIG3 = 0x59;
    private static final int CONFIG4 = 0x5A;
    private static final int MULINT = 0x5C;
    private static final int REVISION_ID = 0x5E;
    private static final int TSAD_SUMMARY = 0x60;
    private static final int BMCR = 0x62;
    private static final int BMSR = 0x64;
    private static final int ANAR = 0x66;
    private static final int ANLPAR = 0x68;
    private static final int CONFIG5 = 0xD8;

    private static final int CR_BUFFER_EMPTY = 0x01;
    private static final int CR_TRANSMIT = 0x04;
    private static final int CR_RECEIVE = 0x08;
    private static final int CR_RESET = 0x10;

    private static final int ISR_RECEIVED = 0x0001;
    private static final int ISR_SENT = 0x0004;
    private static final int ISR_TIMEOUT = 0x4000;

    private static final int TSD_SIZE = 0x1FFF;
    private static final int TSD_OWN = 0x2000;
    private static final int TSD_SENT = 0x8000;
    private static final int DESCRIPTORS = 4;

    private static final int TCR_VERSION = 0x74000000;
    private static final int TCR_WRITABLE = 0x030707F0;
    private static final int TCR_LOOPBACK = 0x00060000;

    private static final int RCR_WRITABLE = 0x0F03FFBF;
    private static final int RCR_ALL = 0x01;
    private static final int RCR_PHYSICAL = 0x02;
    private static final int RCR_MULTICAST = 0x04;
    private static final int RCR_BROADCAST = 0x08;
    private static final int RCR_WRAP = 0x80;
    private static final int SMALLEST_RING = 8 << 10;
    private static final int LARGEST_RING = 64 << 10;
    private static final int READ_POINTER_OFFSET = 16;

    private static final int RECEIVED_OK = 0x0001;
    private static final int RECEIVED_BROADCAST = 0x2000;
    private static final int RECEIVED_PHYSICAL = 0x4000;
    private static final int RECEIVED_MULTICAST = 0x8000;
    private static final int RECEIVE_HEADER = 4;
    private static final int CHECK_SEQUENCE = 4;
    private static final int SMALLEST_FRAME = 60;

    private static final int EECR_WRITABLE = 0xCE;
    private static final int EECR_MODE = 0xC0;
    private static final int MODE_AUTO_LOAD = 0x40;
    private static final int MODE_PROGRAMMING = 0x80;
    private static final int MODE_CONFIGURE = 0xC0;

    /** TCTR counts the PCI clock. */
    private static final long TIMER_MHZ = 33;

    private static final long TIMER_PERIOD = 1L << 32;

    private final EventQueue events;
    private final DmaMemory memory;
    private final IrqLine irq;
    private final Cable cable;
    private final byte[] address;
    private final Eeprom93C46 eeprom;
    private final EventQueue.Timer timer;
    private final byte[] registers = new byte[SIZE];
    private int written;
    private long timerBase;

    /**
     * A chip after reset.
     *
     * @param memory what it is bus master of
     * @param address its Ethernet address, as in its EEPROM
     */
    public Rtl8139(EventQueue events, DmaMemory memory, IrqLine irq, byte[] address, Cable cable) {
        this.events = events;
        this.memory = memory;
        this.irq = irq;
        this.cable = cable;
        this.address = address.clone();
        eeprom = new Eeprom93C46(eepromWords(address));
        timer = events.timer("rtl8139.timer", this::timeout);
        reset();
    }

    private static int[] eepromWords(byte[] mac) {
        int[] words = new int[Eeprom93C46.WORDS];
        words[0] = 0x8129;
        words[1] = 0x10EC;
        words[2] = 0x8139;
        words[3] = 0x10EC;
        words[4] = 0x8139;
        words[5] = 0x4020;
        for (int i = 0; i < 3; i++) {
            words[7 + i] = mac[2 * i] & 0xFF | (mac[2 * i + 1] & 0xFF) << 8;
        }
        return words;
    }

    @Override
    public void reset() {
        Arrays.fill(registers, (byte) 0);
        System.arraycopy(address, 0, registers, 0, address.length);
        set(CONFIG1, 1, 0x0C);
        set(CONFIG3, 1, 0x01);
        set(BMCR, 2, 0x1100);
        set(BMSR, 2, 0x782D);
        set(ANAR, 2, 0x05E1);
        set(ANLPAR, 2, 0x45E1);
        set(REVISION_ID, 1, 0x10);
        timerBase = events.clock().nanos();
        timer.cancel();
        eeprom.select(false);
        softReset();
    }

    /** What CR's reset bit does: addresses, configuration and PHY stay. */
    private void softReset() {
        for (int i = 0; i < DESCRIPTORS; i++) {
            set(TSD0 + 4 * i, 4, TSD_OWN);
            set(TSAD0 + 4 * i, 4, 0);
        }
        set(RBSTART, 4, 0);
        set(CR, 1, 0);
        set(CAPR, 2, -READ_POINTER_OFFSET);
        set(IMR, 2, 0);
        set(ISR, 2, 0);
        set(TCR, 4, TCR_VERSION);
        set(RCR, 4, 0);
        written = 0;
        drive();
    }

    private int get(int at, int bytes) {
        int value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= (registers[at + i] & 0xFF) << 8 * i;
        }
        return value;
    }

    private void set(int at, int bytes, int value) {
        for (int i = 0; i < bytes; i++) {
            registers[at + i] = (byte) (value >>> 8 * i);
        }
    }

    private void raise(int bits) {
        set(ISR, 2, get(ISR, 2) | bits);
        drive();
    }

    private void drive() {
        irq.set((get(ISR, 2) & get(IMR, 2)) != 0);
    }

    // Registers

    private int readByte(int at) {
        return switch (at) {
            case CR -> get(CR, 1) | (unread() == 0 ? CR_BUFFER_EMPTY : 0);
            case CBR -> written & 0xFF;
            case CBR + 1 -> written >>> 8 & 0xFF;
            case TCTR, TCTR + 1, TCTR + 2, TCTR + 3 -> ticks() >>> 8 * (at - TCTR) & 0xFF;
            case TSAD_SUMMARY -> summary() & 0xFF;
            case TSAD_SUMMARY + 1 -> summary() >>> 8;
            case EECR -> get(EECR, 1) & EECR_WRITABLE | (eeprom.output() ? 1 : 0);
            default -> registers[at] & 0xFF;
        };
    }

    /** The transmit status of all descriptors (6.20): OWN, TABT, TUN, TOK of each. */
    private int summary() {
        int value = 0;
        for (int i = 0; i < DESCRIPTORS; i++) {
            int tsd = get(TSD0 + 4 * i, 4);
            value |= (tsd & TSD_OWN) != 0 ? 1 << i : 0;
            value |= (tsd & TSD_SENT) != 0 ? 0x1000 << i : 0;
        }
        return value;
    }

    private int read(int offset, int bytes) {
        int value = 0;
        for (int i = 0; i < bytes && offset + i < SIZE; i++) {
            value |= readByte(offset + i) << 8 * i;
        }
        return value;
    }

    private void write(int offset, int bytes, long value) {
        int end = Math.min(SIZE, offset + bytes);
        for (int at = offset; at < end; at++) {
            writeByte(at, (int) (value >>> 8 * (at - offset)) & 0xFF);
        }
        for (int at = offset; at < end; at++) {
            written(at);
        }
    }

    private void masked(int at, int value, int writable) {
        registers[at] = (byte) (registers[at] & ~writable | value & writable);
    }

    private void writeByte(int at, int value) {
        switch (at) {
            case ISR, ISR + 1 -> registers[at] &= (byte) ~value;
            case TCR, TCR + 1, TCR + 2, TCR + 3 ->
                    masked(at, value, TCR_WRITABLE >>> 8 * (at - TCR) & 0xFF);
            case RCR, RCR + 1, RCR + 2, RCR + 3 ->
                    masked(at, value, RCR_WRITABLE >>> 8 * (at - RCR) & 0xFF);
            case CR -> masked(at, value, CR_TRANSMIT | CR_RECEIVE | CR_RESET);
            case EECR -> masked(at, value, EECR_WRITABLE);
            case CONFIG0, CONFIG1, CONFIG3, CONFIG4, CONFIG5 -> {
                if ((get(EECR, 1) & EECR_MODE) == MODE_CONFIGURE) {
                    registers[at] = (byte) value;
                }
            }
            case CBR, CBR + 1, MSR, REVISION_ID, BMSR, BMSR + 1, ANLPAR, ANLPAR + 1 -> {}
            case RBSTART + 4, RBSTART + 5, RBSTART + 6 -> {}
            case TSAD_SUMMARY, TSAD_SUMMARY + 1 -> {}
            default -> {
                if (at < MULINT + 2 || at >= BMCR && at < ANAR + 2) {
                    registers[at] = (byte) value;
                }
            }
        }
    }

    /** What follows from a write; each register acts when its deciding byte is written. */
    private void written(int at) {
        switch (at) {
            case TSD0 + 1, TSD0 + 5, TSD0 + 9, TSD0 + 13 -> transmit(at - TSD0 >> 2);
            case CR -> command();
            // Not now: drivers acknowledge ISR after this, and would lose what a new frame sets.
            case CAPR + 1 -> cable.cardReadySoon();
            case IMR, IMR + 1, ISR, ISR + 1 -> drive();
            case RCR + 1 -> written %= ringBytes();
            case TCTR, TCTR + 1, TCTR + 2, TCTR + 3 -> {
                timerBase = events.clock().nanos();
                armTimer();
            }
            case TIMER_INT + 3 -> armTimer();
            case MPC, MPC + 1, MPC + 2, MPC + 3 -> set(MPC, 4, 0);
            case EECR -> eepromPins();
            default -> {}
        }
    }

    private void command() {
        int command = get(CR, 1);
        if ((command & CR_RESET) != 0) {
            softReset(); // and the bit reads as clear at once
            return;
        }
        if ((command & CR_TRANSMIT) != 0) {
            for (int i = 0; i < DESCRIPTORS; i++) {
                transmit(i);
            }
        }
        if ((command & CR_RECEIVE) != 0) {
            cable.cardReady();
        }
    }

    private void eepromPins() {
        int value = get(EECR, 1);
        switch (value & EECR_MODE) {
            case MODE_PROGRAMMING -> {
                eeprom.select((value & 8) != 0);
                eeprom.clock((value & 4) != 0, (value & 2) != 0);
            }
            case MODE_AUTO_LOAD -> {
                System.arraycopy(address, 0, registers, 0, address.length);
                set(EECR, 1, 0);
            }
            default -> eeprom.select(false);
        }
    }

    // The timer

    private int ticks() {
        return (int) ticksSince();
    }

    /** Exact, and without an overflow at any time. */
    private long ticksSince() {
        long nanos = events.clock().nanos() - timerBase;
        return nanos / 1000 * TIMER_MHZ + nanos % 1000 * TIMER_MHZ / 1000;
    }

    /** How long a number of ticks takes, rounded up. */
    private static long nanos(long ticks) {
        return ticks / TIMER_MHZ * 1000 + (ticks % TIMER_MHZ * 1000 + TIMER_MHZ - 1) / TIMER_MHZ;
    }

    private void armTimer() {
        long wanted = get(TIMER_INT, 4) & 0xFFFFFFFFL;
        if (wanted == 0) {
            timer.cancel();
            return;
        }
        long since = ticksSince();
        long at = since / TIMER_PERIOD * TIMER_PERIOD + wanted;
        if (at <= since) {
            at += TIMER_PERIOD;
        }
        // Never in the past: a damaged snapshot must not make the queue fire for ever.
        timer.arm(Math.max(timerBase + nanos(at), events.clock().nanos() + 1));
    }

    private void timeout() {
        armTimer();
        raise(ISR_TIMEOUT);
    }

    // Frames

    private void transmit(int descriptor) {
        int at = TSD0 + 4 * descriptor;
        int tsd = get(at, 4);
        if ((tsd & TSD_OWN) != 0 || (get(CR, 1) & CR_TRANSMIT) == 0) {
            return;
        }
        int length = tsd & TSD_SIZE;
        set(at, 4, tsd | TSD_OWN | TSD_SENT);
        if (length >= Frame.MIN && length <= Frame.MAX) {
            byte[] frame = new byte[length];
            memory.readExternal(
                    get(TSAD0 + 4 * descriptor, 4) & 0xFFFFFFFFL, frame, 0, frame.length);
            if ((get(TCR, 4) & TCR_LOOPBACK) == TCR_LOOPBACK) {
                receive(Frame.plain(frame));
            } else {
                cable.send(Frame.plain(frame));
            }
        }
        raise(ISR_SENT);
    }

    private int ringBytes() {
        return SMALLEST_RING << (get(RCR, 4) >>> 11 & 3);
    }

    /** Bytes in the ring that the guest has not taken yet. */
    private int unread() {
        int ring = ringBytes();
        return written - (get(CAPR, 2) + READ_POINTER_OFFSET) & ring - 1;
    }

    /** Why the filter lets a frame in, as bits of the receive status; 0 if it does not. */
    private int accepted(byte[] frame) {
        int rules = get(RCR, 4);
        boolean broadcast = true;
        boolean ours = true;
        for (int i = 0; i < address.length; i++) {
            broadcast &= frame[i] == -1;
            ours &= frame[i] == registers[i];
        }
        int status = 0;
        if (broadcast) {
            status |= (rules & RCR_BROADCAST) != 0 ? RECEIVED_BROADCAST : 0;
        } else if ((frame[0] & 1) != 0) {
            boolean listed = (rules & RCR_MULTICAST) != 0 && inHash(frame);
            status |= listed ? RECEIVED_MULTICAST : 0;
        } else if (ours) {
            status |= (rules & RCR_PHYSICAL) != 0 ? RECEIVED_PHYSICAL : 0;
        }
        return status != 0 || (rules & RCR_ALL) != 0 ? status | RECEIVED_OK : 0;
    }

    /** The multicast filter: the six highest bits of the address's CRC choose one of 64 bits. */
    private boolean inHash(byte[] frame) {
        CRC32 crc = new CRC32();
        crc.update(frame, 0, address.length);
        int index = Integer.reverse(~(int) crc.getValue()) >>> 26;
        return (registers[MAR0 + (index >>> 3)] >>> (index & 7) & 1) != 0;
    }

    @Override
    public boolean receive(Frame received) {
        byte[] frame = received.bytes();
        int status = (get(CR, 1) & CR_RECEIVE) == 0 ? 0 : accepted(frame);
        if (status == 0) {
            return true; // not listening, or not to this
        }
        int ring = ringBytes();
        int length = Math.max(frame.length, SMALLEST_FRAME);
        int total = RECEIVE_HEADER + length + CHECK_SEQUENCE;
        int aligned = total + 3 & ~3;
        // The ring is never quite full, or it would look empty.
        if (unread() + aligned + 4 > ring) {
            // A driver may have acknowledged ROK and left the ring as it is: remind it.
            raise(ISR_RECEIVED);
            return false;
        }
        byte[] entry = new byte[total];
        entry[0] = (byte) status;
        entry[1] = (byte) (status >>> 8);
        entry[2] = (byte) (length + CHECK_SEQUENCE);
        entry[3] = (byte) (length + CHECK_SEQUENCE >>> 8);
        System.arraycopy(frame, 0, entry, RECEIVE_HEADER, frame.length);
        CRC32 crc = new CRC32();
        crc.update(entry, RECEIVE_HEADER, length);
        for (int i = 0; i < CHECK_SEQUENCE; i++) {
            entry[RECEIVE_HEADER + length + i] = (byte) (crc.getValue() >>> 8 * i);
        }
        long base = get(RBSTART, 4) & 0xFFFFFFFFL;
        int room = ring - written;
        boolean overhang = ring < LARGEST_RING && (get(RCR, 4) & RCR_WRAP) != 0;
        int first = overhang ? total : Math.min(total, room);
        memory.writeExternal(base + written, entry, 0, first);
        memory.writeExternal(base, entry, first, total - first);
        written = (written + aligned) % ring;
        raise(ISR_RECEIVED);
        return true;
    }

    @Override
    public int readPort(int offset, int bytes) {
        return read(offset, bytes);
    }

    @Override
    public void writePort(int offset, int bytes, int value) {
        write(offset, bytes, value & 0xFFFFFFFFL);
    }

    @Override
    public long readMmio(long offset, int bytes) {
        if (bytes == 8) {
            return read((int) offset, 4) & 0xFFFFFFFFL | (long) read((int) offset + 4, 4) << 32;
        }
        return read((int) offset, bytes) & 0xFFFFFFFFL;
    }

    @Override
    public void writeMmio(long offset, int bytes, long value) {
        write((int) offset, bytes, value);
    }

    /** Writes the state, as a part of the function's section. */
    public void save(SnapshotWriter out) {
        out.putBytes("registers", registers);
        out.putInt("written", written);
        out.putLong("timerBase", timerBase);
        out.putLong("timer", timer.deadline());
        eeprom.save(out);
    }

    /** Reads what {@link #save} wrote; frames that were under way are lost. */
    public void restore(SnapshotReader in) throws SnapshotException {
        in.getBytes("registers", registers);
        written = in.getInt("written", 0, LARGEST_RING - 1) % ringBytes() & ~3;
        timerBase = in.getLong("timerBase", 0, Long.MAX_VALUE);
        timer.arm(in.getLong("timer"));
        eeprom.restore(in);
        cable.clear();
        drive();
    }
}
