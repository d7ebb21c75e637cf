package dev.arclet.emulator.chipset;

import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.bus.IrqLine;
import dev.arclet.emulator.bus.PioBus;
import dev.arclet.emulator.bus.PioDevice;
import dev.arclet.emulator.device.BytePorts;
import dev.arclet.emulator.device.timer.CrystalClock;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import java.util.Arrays;

/**
 * Intel 82371AB PIIX4, function 3: power management (datasheet 290562, chapter 7), usually at
 * 0:1.3. 64 ports at the base in configuration register 0x40, {@value #DEFAULT_BASE} (0x600) and
 * enabled after reset, so that it works without firmware. {@link #apm} is ports 0xB2..0xB3.
 *
 * <p>Offsets: 0x00 PM1 status, 0x02 PM1 enable, 0x04 PM1 control, 0x08 timer, 0x0C GPE status, 0x0E
 * GPE enable. Sleep type 0 is soft-off (S5). There is no system management mode: writing 0xF1 or
 * 0xF0 to port 0xB2 switches ACPI mode on or off directly. The SMBus part of the chip is absent.
 */
public final class Piix4Pm implements PciDevice {
    /** The port base after reset. */
    public static final int DEFAULT_BASE = 0x600;

    /** Value for port 0xB2 that turns ACPI mode on. */
    public static final int ACPI_ENABLE = 0xF1;

    /** Value for port 0xB2 that turns ACPI mode off. */
    public static final int ACPI_DISABLE = 0xF0;

    private static final int VENDOR_INTEL = 0x8086;
    private static final int DEVICE_82371AB = 0x7113;
    private static final int CLASS_OTHER_BRIDGE = 0x068000;
    private static final int REVISION = 0x03;
    private static final int PM_BASE = 0x40;
    private static final int PM_MISC = 0x80;
    private static final int DEVICE_ACTIVITY_B = 0x58;

    /**
     * Says that writing to port 0xB2 raises an SMI, which a firmware takes to mean that its SMM
     * handler is in place: there is no SMM to put one into.
     */
    private static final int APMC_SMI_ENABLED = 1 << 25;

    private static final int PORTS = 64;

    private static final int PM1_STATUS = 0x00;
    private static final int PM1_ENABLE = 0x02;
    private static final int PM1_CONTROL = 0x04;
    private static final int PM_TIMER = 0x08;
    private static final int GPE_STATUS = 0x0C;
    private static final int GPE_ENABLE = 0x0E;

    private static final int TIMER = 0x0001;
    private static final int GLOBAL = 0x0020;
    private static final int POWER_BUTTON = 0x0100;
    private static final int RTC = 0x0400;
    private static final int WAKE = 0x8000;
    private static final int STATUS_BITS = TIMER | 0x10 | GLOBAL | POWER_BUTTON | RTC | WAKE;
    private static final int ENABLE_BITS = TIMER | GLOBAL | POWER_BUTTON | RTC;

    private static final int CONTROL_SCI = 0x0001;
    private static final int CONTROL_BITS = 0x1C03;
    private static final int CONTROL_SLEEP = 0x2000;
    private static final int SLEEP_TYPE_SHIFT = 10;
    private static final int SLEEP_SOFT_OFF = 0;

    private static final long TIMER_MASK = 0xFFFFFF;
    private static final int TIMER_TOP_SHIFT = 23;

    private final EventQueue events;
    private final EventQueue.Timer overflow;
    private final IrqLine sci;
    private final Runnable powerOff;
    private final PciConfigSpace config;
    private final Registers registers = new Registers();

    private int status;
    private int enable;
    private int control;
    private int gpeStatus;
    private int gpeEnable;

    /** Changes of the timer's top bit that had been seen when the status was brought up to date. */
    private long topChanges;

    /** Registers from 0x10 that are stored only. */
    private final byte[] others = new byte[PORTS];

    private int apmControl;
    private int apmStatus;

    /**
     * Creates the function and maps its ports at {@link #DEFAULT_BASE}.
     *
     * @param ports where the register block appears
     * @param sci the ACPI interrupt, IRQ9, level triggered
     * @param powerOff run when the guest enters S5; must only note the request
     */
    public Piix4Pm(EventQueue events, PioBus ports, IrqLine sci, Runnable powerOff) {
        this.events = events;
        this.sci = sci;
        this.powerOff = powerOff;
        overflow = events.timer("acpi.timer", this::timerOverflows);
        config =
                new PciConfigSpace(VENDOR_INTEL, DEVICE_82371AB, CLASS_OTHER_BRIDGE, REVISION)
                        .status(0x0280)
                        .interruptPin(1)
                        .define(0x04, 2, 0x0000, 0x0101)
                        .define(PM_BASE, 4, DEFAULT_BASE | 1, 0x0000FFC0)
                        .define(0x44, 4, 0, 0xFFFFFFFF)
                        .define(0x48, 4, 0, 0xFFFFFFFF)
                        .define(0x4C, 4, 0, 0xFFFFFFFF)
                        .define(0x50, 4, 0, 0xFFFFFFFF)
                        .define(0x54, 4, 0, 0xFFFFFFFF)
                        .define(DEVICE_ACTIVITY_B, 4, APMC_SMI_ENABLED, 0xFFFFFFFF)
                        .define(0x5C, 4, 0, 0xFFFFFFFF)
                        .define(0x60, 4, 0, 0xFFFFFFFF)
                        .define(PM_MISC, 1, 0x01, 0x01)
                        .define(0x90, 4, 0x00000001, 0x0000FFF0)
                        .define(0xD2, 4, 0, 0xFFFFFFFF);
        config.ports(
                PORTS, this::base, PciBar.ports(ports, "PIIX4 power management", PORTS, registers));
        config.reset();
        topChanges = topChangesNow();
    }

    @Override
    public PciConfigSpace config() {
        return config;
    }

    private long base() {
        int base = config.read(PM_BASE, 4) & 0xFFC0;
        return (config.read(PM_MISC, 1) & 1) != 0 && base != 0 ? base : -1;
    }

    /** The advanced power management ports: control at 0xB2, status at 0xB3. */
    public PioDevice apm() {
        return new BytePorts() {
            @Override
            public int readByte(int offset) {
                return (offset & 1) == 0 ? apmControl : apmStatus;
            }

            @Override
            public void writeByte(int offset, int value) {
                if ((offset & 1) != 0) {
                    apmStatus = value;
                    return;
                }
                apmControl = value;
                if (value == ACPI_ENABLE) {
                    control |= CONTROL_SCI;
                } else if (value == ACPI_DISABLE) {
                    control &= ~CONTROL_SCI;
                }
                updateSci();
            }
        };
    }

    /** The user presses the power button: an ACPI event, if the guest listens. */
    public void pressPowerButton() {
        status |= POWER_BUTTON;
        updateSci();
    }

    /** Raises general purpose event {@code bit} (0..15). */
    public void raiseGpe(int bit) {
        gpeStatus |= 1 << bit;
        updateSci();
    }

    /** Whether the guest's power button handler is armed (ACPI mode, event enabled). */
    public boolean listensToPowerButton() {
        return (control & CONTROL_SCI) != 0 && (enable & POWER_BUTTON) != 0;
    }

    private long ticks() {
        return CrystalClock.ACPI.ticksAt(events.clock().nanos());
    }

    private long topChangesNow() {
        return ticks() >> TIMER_TOP_SHIFT;
    }

    /** The timer's status bit is set whenever bit 23 changes, either way. */
    private void catchUp() {
        long now = topChangesNow();
        if (now != topChanges) {
            topChanges = now;
            status |= TIMER;
        }
    }

    private void timerOverflows() {
        catchUp();
        updateSci();
    }

    private void updateSci() {
        catchUp();
        boolean request = (status & enable & ENABLE_BITS) != 0 || (gpeStatus & gpeEnable) != 0;
        sci.set(request && (control & CONTROL_SCI) != 0);
        long deadline = EventQueue.NEVER;
        if ((enable & ~status & TIMER) != 0) {
            deadline = CrystalClock.ACPI.nanosAt((topChanges + 1) << TIMER_TOP_SHIFT);
            deadline = Math.max(deadline, events.clock().nanos() + 1);
        }
        if (overflow.deadline() != deadline) {
            overflow.arm(deadline);
        }
    }

    private void sleep() {
        int type = control >>> SLEEP_TYPE_SHIFT & 7;
        if (type == SLEEP_SOFT_OFF) {
            powerOff.run();
        } else {
            // No other sleep state is announced: wake up at once.
            status |= WAKE;
        }
    }

    /** The register block. Registers are 16 or 32 bits wide and may be reached by bytes. */
    private final class Registers implements PioDevice {
        @Override
        public int readPort(int offset, int bytes) {
            catchUp();
            int value = 0;
            // One sample of the timer serves all its bytes.
            int timer = (int) (ticks() & TIMER_MASK);
            for (int i = 0; i < bytes; i++) {
                value |= readByte(offset + i & PORTS - 1, timer) << 8 * i;
            }
            return value;
        }

        private int readByte(int at, int timer) {
            int shift = 8 * (at & 1);
            int word =
                    switch (at & ~1) {
                        case PM1_STATUS -> status;
                        case PM1_ENABLE -> enable;
                        case PM1_CONTROL -> control;
                        case PM_TIMER -> timer;
                        case PM_TIMER + 2 -> timer >>> 16;
                        case GPE_STATUS -> gpeStatus;
                        case GPE_ENABLE -> gpeEnable;
                        default -> (others[at & ~1] & 0xFF) | (others[at | 1] & 0xFF) << 8;
                    };
            return word >>> shift & 0xFF;
        }

        @Override
        public void writePort(int offset, int bytes, int value) {
            catchUp();
            for (int i = 0; i < bytes; i++) {
                writeByte(offset + i & PORTS - 1, value >>> 8 * i & 0xFF);
            }
            updateSci();
        }

        private void writeByte(int at, int value) {
            int shift = 8 * (at & 1);
            int bits = value << shift;
            int keep = ~(0xFF << shift);
            switch (at & ~1) {
                case PM1_STATUS -> status &= ~bits;
                case PM1_ENABLE -> enable = (enable & keep | bits) & ENABLE_BITS;
                case PM1_CONTROL -> {
                    control = (control & keep | bits) & CONTROL_BITS;
                    if ((bits & CONTROL_SLEEP) != 0) {
                        sleep();
                    }
                }
                case PM_TIMER, PM_TIMER + 2 -> {}
                case GPE_STATUS -> gpeStatus &= ~bits;
                case GPE_ENABLE -> gpeEnable = gpeEnable & keep | bits;
                default -> others[at] = (byte) value;
            }
        }
    }

    @Override
    public void reset() {
        config.reset();
        status = 0;
        enable = 0;
        control = 0;
        gpeStatus = 0;
        gpeEnable = 0;
        topChanges = topChangesNow();
        Arrays.fill(others, (byte) 0);
        apmControl = 0;
        apmStatus = 0;
        updateSci();
    }

    @Override
    public String sectionId() {
        return "piix4pm";
    }

    @Override
    public int sectionVersion() {
        return 1;
    }

    @Override
    public void save(SnapshotWriter out) {
        config.save(out);
        out.putInt("status", status);
        out.putInt("enable", enable);
        out.putInt("control", control);
        out.putInt("gpeStatus", gpeStatus);
        out.putInt("gpeEnable", gpeEnable);
        out.putLong("topChanges", topChanges);
        out.putBytes("others", others);
        out.putInt("apmControl", apmControl);
        out.putInt("apmStatus", apmStatus);
        out.putLong("deadline", overflow.deadline());
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        config.restore(in);
        status = in.getInt("status", 0, STATUS_BITS);
        enable = in.getInt("enable", 0, ENABLE_BITS);
        control = in.getInt("control", 0, CONTROL_BITS);
        gpeStatus = in.getInt("gpeStatus", 0, 0xFFFF);
        gpeEnable = in.getInt("gpeEnable", 0, 0xFFFF);
        topChanges = in.getLong("topChanges");
        in.getBytes("others", others);
        apmControl = in.getInt("apmControl", 0, 0xFF);
        apmStatus = in.getInt("apmStatus", 0, 0xFF);
        overflow.arm(in.getLong("deadline"));
    }
}
