package dev.arclet.emulator.device.irq;

import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.bus.MmioDevice;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;
import java.util.Arrays;
import java.util.function.IntSupplier;

/**
 * A processor's local APIC (Intel SDM volume 3, chapter 11), version 0x14: 4 KiB of registers,
 * xAPIC mode. Its timer counts nanoseconds (a 1 GHz bus), divided as programmed.
 *
 * <p>It stands between the 8259 pair and the CPU: the pair's INTR drives {@link #lint0}, and {@link
 * #acknowledge} serves both. LINT0 of the boot processor starts as ExtINT, the "virtual wire" that
 * firmware would set up, so that a guest which ignores the APIC works.
 *
 * <p>Known limits: no x2APIC and TSC-deadline modes (not announced by CPUID), no focus processor.
 * Thermal and performance entries exist but nothing raises them.
 */
public final class LocalApic implements MmioDevice, Resettable, Stateful {
    /** Frequency of the timer before it is divided. */
    public static final long TIMER_HZ = 1_000_000_000L;

    /** Physical address of the registers after reset. */
    public static final long BASE = 0xFEE00000L;

    /** Size of the registers in bytes. */
    public static final int SIZE = 0x1000;

    private static final int ID = 0x02;
    private static final int VERSION = 0x03;
    private static final int TASK_PRIORITY = 0x08;
    private static final int ARBITRATION_PRIORITY = 0x09;
    private static final int PROCESSOR_PRIORITY = 0x0A;
    private static final int END_OF_INTERRUPT = 0x0B;
    private static final int LOGICAL_DESTINATION = 0x0D;
    private static final int DESTINATION_FORMAT = 0x0E;
    private static final int SPURIOUS = 0x0F;
    private static final int IN_SERVICE = 0x10;
    private static final int TRIGGER_MODE = 0x18;
    private static final int REQUEST = 0x20;
    private static final int ERROR_STATUS = 0x28;
    private static final int COMMAND_LOW = 0x30;
    private static final int COMMAND_HIGH = 0x31;
    private static final int LVT_TIMER = 0x32;
    private static final int LVT_LINT0 = 0x35;
    private static final int LVT_LINT1 = 0x36;
    private static final int LVT_ERROR = 0x37;
    private static final int INITIAL_COUNT = 0x38;
    private static final int CURRENT_COUNT = 0x39;
    private static final int DIVIDE = 0x3E;

    private static final int VERSION_VALUE = 0x00050014;
    private static final int SPURIOUS_ENABLE = 0x100;
    private static final int SPURIOUS_WRITABLE = 0x3FF;
    private static final int DFR_FLAT = 0xF;

    private static final int LVT_ENTRIES = 6;
    private static final int LVT_MODE_SHIFT = 8;
    private static final int LVT_REMOTE_IRR = 0x4000;
    private static final int LVT_LEVEL = 0x8000;
    private static final int LVT_MASKED = 0x10000;
    private static final int LVT_PERIODIC = 0x20000;
    private static final int[] LVT_WRITABLE = {
        0x300FF, 0x107FF, 0x107FF, 0x1A7FF, 0x1A7FF, 0x100FF
    };

    private static final int COMMAND_LOGICAL = 0x800;
    private static final int COMMAND_ASSERT = 0x4000;
    private static final int COMMAND_LEVEL = 0x8000;
    private static final int COMMAND_WRITABLE = 0xCCFFF;

    private static final int ERROR_SEND_ILLEGAL_VECTOR = 0x20;
    private static final int ERROR_RECEIVED_ILLEGAL_VECTOR = 0x40;
    private static final int ERROR_ILLEGAL_REGISTER = 0x80;

    private static final long MSR_ENABLE = 0x800;

    /** Timer interrupts come no closer than this; the count itself stays exact. */
    private static final long MIN_EVENT_NANOS = 1_000;

    private final int initialId;
    private final boolean bootProcessor;
    private final ApicBus bus;
    private final ApicProcessor processor;
    private final IntSupplier externalAcknowledge;
    private final EventQueue events;
    private final EventQueue.Timer timer;

    private boolean enabled = true;
    private int id;
    private int taskPriority;
    private int logicalDestination;
    private int destinationFormat;
    private int spurious;
    private final long[] isr = new long[4];
    private final long[] tmr = new long[4];
    private final long[] irr = new long[4];
    private int errors;
    private int errorStatus;
    private int commandLow;
    private int commandHigh;
    private final int[] lvt = new int[LVT_ENTRIES];
    private int divide;
    private int initialCount;
    private long timerStart;

    /** A one-shot count is over and was not started again: periodic mode does not revive it. */
    private boolean timerOver;

    private boolean lint0;
    private boolean lint1;
    private boolean externalMessage;

    /**
     * Creates the APIC of one processor, as after reset.
     *
     * @param id APIC ID, 0..254; 0 is the boot processor
     * @param externalAcknowledge gives the vector of an interrupt that came through ExtINT, usually
     *     {@code PicPair::acknowledge}
     */
    public LocalApic(
            EventQueue events,
            ApicBus bus,
            int id,
            ApicProcessor processor,
            IntSupplier externalAcknowledge) {
        this.events = events;
        this.bus = bus;
        initialId = id;
        bootProcessor = id == 0;
        this.processor = processor;
        this.externalAcknowledge = externalAcknowledge;
        timer = events.timer("lapic" + id, this::timerFires);
        setDefaults();
        bus.add(this);
    }

    private void setDefaults() {
        id = initialId;
        enabled = true;
        taskPriority = 0;
        logicalDestination = 0;
        destinationFormat = DFR_FLAT;
        spurious = 0xFF;
        Arrays.fill(isr, 0);
        Arrays.fill(tmr, 0);
        Arrays.fill(irr, 0);
        errors = 0;
        errorStatus = 0;
        commandLow = 0;
        commandHigh = 0;
        Arrays.fill(lvt, LVT_MASKED);
        if (bootProcessor) {
            lvt[LVT_LINT0 - LVT_TIMER] = ApicBus.EXTERNAL << LVT_MODE_SHIFT;
        }
        divide = 0;
        initialCount = 0;
        timerStart = 0;
        timerOver = false;
        externalMessage = false;
    }

    /** The present APIC ID. */
    public int id() {
        return id;
    }

    /**
     * Writes IA32_APIC_BASE, of which the global enable bit acts here. Disabling resets the
     * registers (SDM volume 3, section 11.4.3); the CPU checks reserved bits.
     */
    public void setBaseMsr(long value) {
        boolean enable = (value & MSR_ENABLE) != 0;
        if (enable != enabled) {
            setDefaults();
            timer.cancel();
            enabled = enable;
            update();
        }
    }

    /** Whether the register page answers. */
    public boolean enabled() {
        return enabled;
    }

    /** The task priority class, which CR8 shows: 0..15. */
    public int taskPriorityClass() {
        return taskPriority >>> 4;
    }

    /** Sets the task priority class as a write to CR8 does. */
    public void setTaskPriorityClass(int priorityClass) {
        taskPriority = (priorityClass & 15) << 4;
        update();
    }

    private static int highest(long[] bits) {
        for (int i = 3; i >= 0; i--) {
            if (bits[i] != 0) {
                return 64 * i + 63 - Long.numberOfLeadingZeros(bits[i]);
            }
        }
        return -1;
    }

    private static void set(long[] bits, int vector) {
        bits[vector >>> 6] |= 1L << vector;
    }

    private static void clear(long[] bits, int vector) {
        bits[vector >>> 6] &= ~(1L << vector);
    }

    private static boolean test(long[] bits, int vector) {
        return (bits[vector >>> 6] >>> vector & 1) != 0;
    }

    int processorPriority() {
        int inService = Math.max(highest(isr), 0);
        return taskPriority >>> 4 >= inService >>> 4 ? taskPriority : inService & 0xF0;
    }

    boolean acceptsVectors() {
        return enabled && (spurious & SPURIOUS_ENABLE) != 0;
    }

    private int deliverable() {
        if (!acceptsVectors()) {
            return -1;
        }
        int vector = highest(irr);
        return vector >>> 4 > processorPriority() >>> 4 ? vector : -1;
    }

    private boolean externalWaits() {
        int entry = lvt[LVT_LINT0 - LVT_TIMER];
        boolean passes =
                !enabled
                        || ((entry & LVT_MASKED) == 0
                                && (entry >>> LVT_MODE_SHIFT & 7) == ApicBus.EXTERNAL);
        return lint0 && passes || externalMessage;
    }

    private void update() {
        processor.intr().set(deliverable() >= 0 || externalWaits());
    }

    /** Whether the processor's INTR is high. */
    public boolean pending() {
        return deliverable() >= 0 || externalWaits();
    }

    /**
     * The processor takes the interrupt.
     *
     * @return its vector, 0..255; the spurious one if the request has gone
     */
    public int acknowledge() {
        int vector = deliverable();
        if (vector >= 0) {
            clear(irr, vector);
            set(isr, vector);
        } else if (externalWaits()) {
            externalMessage = false;
            vector = externalAcknowledge.getAsInt();
        } else {
            vector = spurious & 0xFF;
        }
        update();
        return vector;
    }

    boolean matchesLogical(int destination) {
        if (destination == 0xFF) {
            return true;
        }
        int own = logicalDestination >>> 24;
        if (destinationFormat == DFR_FLAT) {
            return (own & destination) != 0;
        }
        boolean cluster = destination >>> 4 == own >>> 4 || destination >>> 4 == 0xF;
        return cluster && (own & destination & 0xF) != 0;
    }

    /** A message arrives; see {@link ApicBus#send}. */
    void deliver(int mode, int vector, boolean level) {
        if (!enabled) {
            return;
        }
        switch (mode) {
            case ApicBus.FIXED -> accept(vector, level);
            case ApicBus.SMI -> processor.smi();
            case ApicBus.NMI -> processor.nmi();
            case ApicBus.INIT -> processor.init();
            case ApicBus.STARTUP -> processor.startup(vector);
            case ApicBus.EXTERNAL -> externalMessage = true;
            default -> {}
        }
        update();
    }

    private void accept(int vector, boolean level) {
        if (!acceptsVectors()) {
            return;
        }
        if (vector < 16) {
            error(ERROR_RECEIVED_ILLEGAL_VECTOR);
            return;
        }
        set(irr, vector);
        if (level) {
            set(tmr, vector);
        } else {
            clear(tmr, vector);
        }
    }

    private void error(int bit) {
        boolean fresh = (errors & bit) == 0;
        errors |= bit;
        int entry = lvt[LVT_ERROR - LVT_TIMER];
        // An illegal vector in the error entry itself must not raise errors without end.
        if (fresh && (entry & LVT_MASKED) == 0 && (entry & 0xFF) >= 16) {
            accept(entry & 0xFF, false);
        }
    }

    private void local(int entry) {
        if ((entry & LVT_MASKED) == 0) {
            int mode = entry >>> LVT_MODE_SHIFT & 7;
            deliver(mode, entry & 0xFF, mode == ApicBus.FIXED && (entry & LVT_LEVEL) != 0);
        }
    }

    /** The LINT0 pin: INTR of the 8259 pair. */
    public void lint0(boolean high) {
        boolean rises = high && !lint0;
        lint0 = high;
        pin(LVT_LINT0 - LVT_TIMER, rises, high);
    }

    /** The LINT1 pin: NMI. */
    public void lint1(boolean high) {
        boolean rises = high && !lint1;
        lint1 = high;
        pin(LVT_LINT1 - LVT_TIMER, rises, high);
    }

    private void pin(int index, boolean rises, boolean high) {
        int entry = lvt[index];
        int mode = entry >>> LVT_MODE_SHIFT & 7;
        if (enabled && mode != ApicBus.EXTERNAL && (entry & LVT_MASKED) == 0) {
            if (mode == ApicBus.FIXED && (entry & LVT_LEVEL) != 0) {
                if (high && (entry & LVT_REMOTE_IRR) == 0) {
                    lvt[index] |= LVT_REMOTE_IRR;
                    local(entry);
                }
            } else if (rises) {
                local(entry);
            }
        }
        update();
    }

    private void endOfInterrupt() {
        int vector = highest(isr);
        if (vector < 0) {
            return;
        }
        clear(isr, vector);
        if (test(tmr, vector)) {
            for (int index : new int[] {LVT_LINT0 - LVT_TIMER, LVT_LINT1 - LVT_TIMER}) {
                if ((lvt[index] & 0xFF) == vector && (lvt[index] & LVT_REMOTE_IRR) != 0) {
                    lvt[index] &= ~LVT_REMOTE_IRR;
                    pin(index, false, index == LVT_LINT0 - LVT_TIMER ? lint0 : lint1);
                }
            }
            bus.endOfInterrupt(vector);
        }
    }

    private int divisor() {
        int code = divide & 3 | divide >>> 1 & 4;
        return code == 7 ? 1 : 2 << code;
    }

    private boolean periodic() {
        return (lvt[0] & LVT_PERIODIC) != 0;
    }

    private long countNanos() {
        return (initialCount & 0xFFFFFFFFL) * divisor();
    }

    private int currentCount(long now) {
        long length = countNanos();
        if (length == 0 || timerOver) {
            return 0;
        }
        long elapsed = Math.max(now - timerStart, 0);
        if (periodic()) {
            elapsed %= length;
        }
        return elapsed >= length ? 0 : (int) ((length - elapsed + divisor() - 1) / divisor());
    }

    private void startTimer() {
        timerStart = events.clock().nanos();
        timerOver = false;
        armTimer(timerStart, 1);
    }

    /** The timer has become periodic or one-shot: what is left of the count goes on. */
    private void timerModeChanged() {
        long now = events.clock().nanos();
        long length = countNanos();
        if (length != 0 && now - timerStart >= length) {
            if (periodic()) {
                timerOver = true;
            } else if (!timerOver) {
                timerStart = now - (now - timerStart) % length;
            }
        }
        armTimer(now, 1);
    }

    /**
     * @param now the instant that the caller reckons with: the clock runs on meanwhile, and a short
     *     count must not be taken for one that ended before
     * @param spacing nanoseconds from now to a period's end at the least
     */
    private void armTimer(long now, long spacing) {
        long length = countNanos();
        if (length == 0) {
            timer.cancel();
            return;
        }
        if (timerOver) {
            return; // it has fired, or is about to
        }
        long deadline = timerStart + length;
        if (periodic()) {
            long soonest = now + spacing;
            if (deadline < soonest) {
                deadline += Math.ceilDiv(soonest - deadline, length) * length;
                deadline = Math.max(deadline, soonest);
            }
        } else if (deadline <= now) {
            if (timer.deadline() > now) {
                timer.cancel();
            }
            return; // it has fired, or is about to
        }
        timer.arm(deadline);
    }

    private void timerFires() {
        local(lvt[0] & (LVT_MASKED | 0xFF));
        if (periodic()) {
            armTimer(events.clock().nanos(), MIN_EVENT_NANOS);
        }
    }

    @Override
    public long readMmio(long offset, int bytes) {
        int lane = (int) offset & 15;
        if (!enabled) {
            return bytes == 8 ? -1L : (1L << 8 * bytes) - 1;
        }
        if (lane + bytes > 4 && lane != 0) {
            return 0;
        }
        long value = readRegister((int) (offset >>> 4) & 0xFF) & 0xFFFFFFFFL;
        return bytes >= 4 ? value : value >>> 8 * lane & (1L << 8 * bytes) - 1;
    }

    private int readRegister(int register) {
        return switch (register) {
            case ID -> id << 24;
            case VERSION -> VERSION_VALUE;
            case TASK_PRIORITY -> taskPriority;
            case ARBITRATION_PRIORITY, PROCESSOR_PRIORITY -> processorPriority();
            case END_OF_INTERRUPT -> 0;
            case LOGICAL_DESTINATION -> logicalDestination;
            case DESTINATION_FORMAT -> destinationFormat << 28 | 0x0FFFFFFF;
            case SPURIOUS -> spurious;
            case ERROR_STATUS -> errorStatus;
            case COMMAND_LOW -> commandLow;
            case COMMAND_HIGH -> commandHigh;
            case INITIAL_COUNT -> initialCount;
            case CURRENT_COUNT -> currentCount(events.clock().nanos());
            case DIVIDE -> divide;
            default -> {
                if (register >= LVT_TIMER && register < LVT_TIMER + LVT_ENTRIES) {
                    yield lvt[register - LVT_TIMER];
                }
                if (register >= IN_SERVICE && register < REQUEST + 8) {
                    long[] bits = register < TRIGGER_MODE ? isr : register < REQUEST ? tmr : irr;
                    yield (int) (bits[(register & 7) >>> 1] >>> 32 * (register & 1));
                }
                error(ERROR_ILLEGAL_REGISTER);
                update();
                yield 0;
            }
        };
    }

    /** {@inheritDoc} Only aligned 32-bit writes are defined (SDM volume 3, section 11.4.1). */
    @Override
    public void writeMmio(long offset, int bytes, long value) {
        if (enabled && bytes >= 4 && (offset & 15) == 0) {
            writeRegister((int) (offset >>> 4) & 0xFF, (int) value);
            update();
        }
    }

    private void writeRegister(int register, int value) {
        switch (register) {
            case ID -> id = value >>> 24;
            case TASK_PRIORITY -> taskPriority = value & 0xFF;
            case END_OF_INTERRUPT -> endOfInterrupt();
            case LOGICAL_DESTINATION -> logicalDestination = value & 0xFF000000;
            case DESTINATION_FORMAT -> destinationFormat = value >>> 28;
            case SPURIOUS -> writeSpurious(value & SPURIOUS_WRITABLE);
            case ERROR_STATUS -> {
                errorStatus = errors;
                errors = 0;
            }
            case COMMAND_LOW -> {
                commandLow = value & COMMAND_WRITABLE;
                sendCommand();
            }
            case COMMAND_HIGH -> commandHigh = value & 0xFF000000;
            case INITIAL_COUNT -> {
                initialCount = value;
                startTimer();
            }
            case DIVIDE -> {
                long now = events.clock().nanos();
                int left = currentCount(now);
                divide = value & 0xB;
                // What is left counts on at the new rate.
                timerStart = now - countNanos() + (left & 0xFFFFFFFFL) * divisor();
                armTimer(now, 1);
            }
            case VERSION, ARBITRATION_PRIORITY, PROCESSOR_PRIORITY, CURRENT_COUNT -> {}
            default -> {
                if (register >= LVT_TIMER && register < LVT_TIMER + LVT_ENTRIES) {
                    writeLvt(register - LVT_TIMER, value);
                } else if (register < IN_SERVICE || register >= REQUEST + 8) {
                    error(ERROR_ILLEGAL_REGISTER);
                }
            }
        }
    }

    private void writeSpurious(int value) {
        spurious = value;
        if ((value & SPURIOUS_ENABLE) == 0) {
            // Disabling by software masks every local source.
            for (int i = 0; i < LVT_ENTRIES; i++) {
                lvt[i] |= LVT_MASKED;
            }
        }
    }

    private void writeLvt(int index, int value) {
        int entry = value & LVT_WRITABLE[index];
        if ((spurious & SPURIOUS_ENABLE) == 0) {
            entry |= LVT_MASKED;
        }
        boolean level = (entry & LVT_LEVEL) != 0 && (entry >>> LVT_MODE_SHIFT & 7) == 0;
        if (level) {
            entry |= lvt[index] & LVT_REMOTE_IRR;
        }
        boolean wasPeriodic = periodic();
        lvt[index] = entry;
        if (index == 0 && wasPeriodic != periodic()) {
            timerModeChanged();
        } else if (index == LVT_LINT0 - LVT_TIMER) {
            pin(index, false, lint0);
        } else if (index == LVT_LINT1 - LVT_TIMER) {
            pin(index, false, lint1);
        }
    }

    private void sendCommand() {
        int vector = commandLow & 0xFF;
        int mode = commandLow >>> LVT_MODE_SHIFT & 7;
        boolean vectored = mode == ApicBus.FIXED || mode == ApicBus.LOWEST_PRIORITY;
        if (vectored && vector < 16) {
            error(ERROR_SEND_ILLEGAL_VECTOR);
            return;
        }
        if (mode == ApicBus.INIT
                && (commandLow & (COMMAND_LEVEL | COMMAND_ASSERT)) == COMMAND_LEVEL) {
            // INIT level de-assert only synchronises arbitration IDs.
            return;
        }
        if (mode == 3 || mode == ApicBus.EXTERNAL) {
            return;
        }
        switch (commandLow >>> 18 & 3) {
            case 0 ->
                    bus.send(
                            commandHigh >>> 24,
                            (commandLow & COMMAND_LOGICAL) != 0,
                            mode,
                            vector,
                            false);
            case 1 -> {
                if (vectored) {
                    accept(vector, false);
                }
            }
            case 2 -> bus.sendAll(this, true, mode, vector);
            default -> bus.sendAll(this, false, mode, vector);
        }
    }

    /** What INIT does: the state after reset, but APIC ID and global enable stay. */
    public void initialise() {
        int keptId = id;
        boolean keptEnable = enabled;
        setDefaults();
        id = keptId;
        enabled = keptEnable;
        timer.cancel();
        update();
    }

    @Override
    public void reset() {
        setDefaults();
        lint0 = false;
        lint1 = false;
        timer.cancel();
        update();
    }

    @Override
    public String sectionId() {
        return "lapic" + initialId;
    }

    @Override
    public int sectionVersion() {
        return 2;
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putBoolean("enabled", enabled);
        out.putInt("id", id);
        out.putInt("taskPriority", taskPriority);
        out.putInt("logicalDestination", logicalDestination);
        out.putInt("destinationFormat", destinationFormat);
        out.putInt("spurious", spurious);
        out.putLongs("isr", isr);
        out.putLongs("tmr", tmr);
        out.putLongs("irr", irr);
        out.putInt("errors", errors);
        out.putInt("errorStatus", errorStatus);
        out.putInt("commandLow", commandLow);
        out.putInt("commandHigh", commandHigh);
        out.putInts("lvt", lvt);
        out.putInt("divide", divide);
        out.putInt("initialCount", initialCount);
        out.putLong("timerStart", timerStart);
        out.putBoolean("timerOver", timerOver);
        out.putBoolean("lint0", lint0);
        out.putBoolean("lint1", lint1);
        out.putBoolean("externalMessage", externalMessage);
        out.putLong("deadline", timer.deadline());
    }

    /** {@inheritDoc} Drives INTR to the restored level. */
    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        enabled = in.getBoolean("enabled");
        id = in.getInt("id", 0, 0xFF);
        taskPriority = in.getInt("taskPriority", 0, 0xFF);
        logicalDestination = in.getInt("logicalDestination");
        destinationFormat = in.getInt("destinationFormat", 0, DFR_FLAT);
        spurious = in.getInt("spurious", 0, SPURIOUS_WRITABLE);
        in.getLongs("isr", isr);
        in.getLongs("tmr", tmr);
        in.getLongs("irr", irr);
        errors = in.getInt("errors", 0, 0xFF);
        errorStatus = in.getInt("errorStatus", 0, 0xFF);
        commandLow = in.getInt("commandLow", 0, COMMAND_WRITABLE);
        commandHigh = in.getInt("commandHigh");
        in.getInts("lvt", lvt);
        for (int i = 0; i < LVT_ENTRIES; i++) {
            lvt[i] &= LVT_WRITABLE[i] | LVT_REMOTE_IRR;
        }
        divide = in.getInt("divide", 0, 0xB);
        initialCount = in.getInt("initialCount");
        timerStart = in.getLong("timerStart");
        timerOver = version >= 2 && in.getBoolean("timerOver");
        lint0 = in.getBoolean("lint0");
        lint1 = in.getBoolean("lint1");
        externalMessage = in.getBoolean("externalMessage");
        timer.arm(in.getLong("deadline"));
        update();
    }
}
