package dev.arclet.emulator.device.irq;

import dev.arclet.emulator.bus.IrqLine;
import dev.arclet.emulator.bus.MmioDevice;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;
import java.util.Arrays;

/**
 * Intel 82093AA I/O APIC (datasheet 290566), 24 inputs, version 0x11: registers at 0xFEC00000,
 * select at offset 0, window at 0x10.
 *
 * <p>A line that is high is asserted, whatever the polarity bit says: the emulator's wires carry
 * meaning, not volts. As the datasheet has it, an edge on a masked input is lost.
 */
public final class IoApic implements MmioDevice, Resettable, Stateful {
    /** Physical address of the registers. */
    public static final long BASE = 0xFEC00000L;

    /** Size of the registers in bytes. */
    public static final int SIZE = 0x1000;

    /** Number of inputs. */
    public static final int PINS = 24;

    private static final int SELECT = 0x00;
    private static final int WINDOW = 0x10;

    private static final int ID = 0x00;
    private static final int VERSION = 0x01;
    private static final int ARBITRATION = 0x02;
    private static final int REDIRECTION = 0x10;
    private static final int VERSION_VALUE = (PINS - 1) << 16 | 0x11;

    private static final long ENTRY_LOGICAL = 0x800;
    private static final long ENTRY_REMOTE_IRR = 0x4000;
    private static final long ENTRY_LEVEL = 0x8000;
    private static final long ENTRY_MASKED = 0x10000;
    private static final long ENTRY_WRITABLE = 0xFF000000_0001AFFFL;
    private static final int MAX_DRIVERS = 31;

    private final ApicBus bus;
    private final long[] entries = new long[PINS];
    private final int[] drivers = new int[PINS];
    private final int[] driverCount = new int[PINS];
    private int select;
    private int id;

    /** Creates the chip, all inputs masked. */
    public IoApic(ApicBus bus) {
        this.bus = bus;
        Arrays.fill(entries, ENTRY_MASKED);
        bus.add(this);
    }

    /**
     * A new driver's input to a pin; the pin is asserted while any driver is high. Call once per
     * device, in a fixed order (a snapshot numbers the drivers).
     *
     * @param pin 0..23; ISA interrupts keep their number but IRQ0, which is at pin 2
     */
    public IrqLine line(int pin) {
        if (driverCount[pin] == MAX_DRIVERS) {
            throw new IllegalStateException("too many drivers on IOAPIC pin " + pin);
        }
        int bit = 1 << driverCount[pin]++;
        return high -> drive(pin, bit, high);
    }

    private void drive(int pin, int bit, boolean high) {
        boolean before = drivers[pin] != 0;
        drivers[pin] = high ? drivers[pin] | bit : drivers[pin] & ~bit;
        boolean rises = !before && drivers[pin] != 0;
        service(pin, rises);
    }

    private void service(int pin, boolean rises) {
        long entry = entries[pin];
        if ((entry & ENTRY_MASKED) != 0) {
            return;
        }
        int mode = (int) (entry >>> 8) & 7;
        boolean vectored = mode == ApicBus.FIXED || mode == ApicBus.LOWEST_PRIORITY;
        boolean level = vectored && (entry & ENTRY_LEVEL) != 0;
        boolean due = level ? drivers[pin] != 0 && (entry & ENTRY_REMOTE_IRR) == 0 : rises;
        if (!due) {
            return;
        }
        boolean taken =
                bus.send(
                        (int) (entry >>> 56),
                        (entry & ENTRY_LOGICAL) != 0,
                        mode,
                        (int) entry & 0xFF,
                        level);
        if (level && taken) {
            entries[pin] |= ENTRY_REMOTE_IRR;
        }
    }

    void endOfInterrupt(int vector) {
        for (int pin = 0; pin < PINS; pin++) {
            long entry = entries[pin];
            if ((entry & ENTRY_REMOTE_IRR) != 0 && ((int) entry & 0xFF) == vector) {
                entries[pin] &= ~ENTRY_REMOTE_IRR;
                service(pin, false);
            }
        }
    }

    @Override
    public long readMmio(long offset, int bytes) {
        int lane = (int) offset & 3;
        int at = (int) offset & 0xFF & ~3;
        long value = 0;
        if (at == SELECT) {
            value = select;
        } else if (at == WINDOW) {
            value = readRegister() & 0xFFFFFFFFL;
        }
        value >>>= 8 * lane;
        return bytes >= 4 ? value : value & (1L << 8 * bytes) - 1;
    }

    private int readRegister() {
        if (select >= REDIRECTION && select < REDIRECTION + 2 * PINS) {
            return (int) (entries[(select - REDIRECTION) >>> 1] >>> 32 * (select & 1));
        }
        return switch (select) {
            case ID, ARBITRATION -> id << 24;
            case VERSION -> VERSION_VALUE;
            default -> 0;
        };
    }

    /** {@inheritDoc} The window takes 32-bit writes only. */
    @Override
    public void writeMmio(long offset, int bytes, long value) {
        int at = (int) offset & 0xFF;
        if (at == SELECT) {
            select = (int) value & 0xFF;
        } else if (at == WINDOW && bytes >= 4) {
            writeRegister((int) value);
        }
    }

    private void writeRegister(int value) {
        if (select == ID) {
            id = value >>> 24 & 0xF;
        } else if (select >= REDIRECTION && select < REDIRECTION + 2 * PINS) {
            int pin = (select - REDIRECTION) >>> 1;
            int shift = 32 * (select & 1);
            long old = entries[pin];
            long bits = (value & 0xFFFFFFFFL) << shift;
            long entry = old & 0xFFFFFFFF00000000L >>> shift | bits;
            entry &= ENTRY_WRITABLE;
            // The remote IRR belongs to a level triggered entry; switching to edge drops it.
            if ((entry & ENTRY_LEVEL) != 0) {
                entry |= old & ENTRY_REMOTE_IRR;
            }
            entries[pin] = entry;
            service(pin, false);
        }
    }

    @Override
    public void reset() {
        Arrays.fill(entries, ENTRY_MASKED);
        Arrays.fill(drivers, 0);
        select = 0;
        id = 0;
    }

    @Override
    public String sectionId() {
        return "ioapic";
    }

    @Override
    public int sectionVersion() {
        return 1;
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putLongs("entries", entries);
        out.putInts("drivers", drivers);
        out.putInt("select", select);
        out.putInt("id", id);
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        in.getLongs("entries", entries);
        for (int i = 0; i < PINS; i++) {
            entries[i] &= ENTRY_WRITABLE | ENTRY_REMOTE_IRR;
        }
        in.getInts("drivers", drivers);
        select = in.getInt("select", 0, 0xFF);
        id = in.getInt("id", 0, 0xF);
    }
}
