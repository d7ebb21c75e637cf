package dev.arclet.emulator.device.timer;

import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.bus.IrqLine;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.device.BytePorts;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;
import java.util.function.BooleanSupplier;

/**
 * Intel 8254 programmable interval timer (datasheet 231164) at 105/88 MHz: three counters, modes 0
 * to 5, binary and BCD. Four ports: 0x40..0x42 counters, 0x43 control word.
 *
 * <p>Nothing happens per clock: each {@link PitChannel} works out its state for any tick. Only
 * counter 0, whose OUT drives IRQ0, keeps a timer, on its next rising edge.
 *
 * <p>Known limit: in the periodic modes 2 and 3 the IRQ0 wire falls only just before it rises
 * again, so that a host which is late by more than half a period merges ticks instead of losing
 * them. OUT as the status byte shows it is exact.
 */
public final class I8254Pit implements BytePorts, Resettable, Stateful {
    private static final int CONTROL = 3;
    private static final int SELECT_SHIFT = 6;
    private static final int READ_BACK = 3;
    private static final int ACCESS = 0x30;
    private static final int READ_BACK_NOT_COUNT = 0x20;
    private static final int READ_BACK_NOT_STATUS = 0x10;
    private static final int FLOATING = 0xFF;

    /** Owed ticks come this far apart, or a quarter of their period if that is shorter. */
    private static final long CATCH_UP_NANOS = 200_000;

    private static final long TICKS_PER_SECOND = 1_193_182;

    private final EventQueue events;
    private final IrqLine irq0;
    private final BooleanSupplier edgeWaits;
    private final EventQueue.Timer timer;
    private final EventQueue.Timer catchUpTimer;

    /** The tick that {@link #timer} is armed for. */
    private long nextEdge;

    private Runnable toneListener = () -> {};

    /** Edges that a late host still has to deliver. */
    private long owed;

    private final PitChannel[] channels = {
        new PitChannel(true), new PitChannel(true), new PitChannel(false)
    };

    /**
     * Creates an unprogrammed timer: no counter runs, every OUT is low.
     *
     * @param irq0 what OUT of counter 0 drives
     * @param edgeWaits whether the interrupt controller still holds the last edge of {@code irq0}
     *     as a request that it will deliver, so that another one would be lost; usually {@code
     *     PicPair.waits(0)}
     */
    public I8254Pit(EventQueue events, IrqLine irq0, BooleanSupplier edgeWaits) {
        this.events = events;
        this.irq0 = irq0;
        this.edgeWaits = edgeWaits;
        timer = events.timer("pit.channel0", this::channel0Rises);
        catchUpTimer = events.timer("pit.catchUp", this::catchUp);
    }

    /** Creates an unprogrammed timer whose edges are all taken at once. */
    public I8254Pit(EventQueue events, IrqLine irq0) {
        this(events, irq0, () -> false);
    }

    private long now() {
        return CrystalClock.PIT.ticksAt(events.clock().nanos());
    }

    private void channel0Rises() {
        PitChannel channel = channels[0];
        long now = now();
        boolean taken = !channel.periodic() || !edgeWaits.getAsBoolean();
        if (channel.periodic()) {
            int period = channel.reload();
            long missed = Math.max(0, now - nextEdge) / period + (taken ? 0 : 1);
            owed = Math.min(owed + missed, TICKS_PER_SECOND / period);
        }
        channel.advance(now);
        if (taken) {
            irq0.set(false);
            irq0.set(true);
        }
        arm();
        armCatchUp();
    }

    private void armCatchUp() {
        if (owed > 0) {
            long quarter = CrystalClock.PIT.nanosAt(channels[0].reload()) / 4;
            catchUpTimer.arm(events.clock().nanos() + Math.min(CATCH_UP_NANOS, quarter) + 1);
        } else if (catchUpTimer.deadline() != EventQueue.NEVER) {
            catchUpTimer.cancel();
        }
    }

    private void catchUp() {
        if (owed > 0 && !edgeWaits.getAsBoolean()) {
            owed--;
            irq0.set(false);
            irq0.set(true);
        }
        armCatchUp();
    }

    private void arm() {
        long edge = channels[0].nextRise();
        long deadline = EventQueue.NEVER;
        if (edge != PitChannel.NEVER) {
            // Never in the past: a damaged snapshot must not make the queue fire for ever.
            deadline = Math.max(CrystalClock.PIT.nanosAt(edge), events.clock().nanos() + 1);
            nextEdge = edge;
        }
        if (timer.deadline() != deadline) {
            timer.arm(deadline);
        }
    }

    private void channel0Changed() {
        irq0.set(channels[0].out() || channels[0].periodic());
        arm();
    }

    @Override
    public int readByte(int offset) {
        int index = offset & 3;
        return index == CONTROL ? FLOATING : channels[index].read(now());
    }

    @Override
    public void writeByte(int offset, int value) {
        if (timer.deadline() <= events.clock().nanos()) {
            // An edge that is due comes before what the write changes.
            channel0Rises();
        }
        int index = offset & 3;
        long now = now();
        if (index != CONTROL) {
            channels[index].write(now, value);
        } else {
            index = value >>> SELECT_SHIFT;
            if (index == READ_BACK) {
                readBack(now, value);
                return;
            }
            channels[index].control(now, value & 0x3F);
            if (index == 0 && (value & ACCESS) != 0) {
                owed = 0;
                armCatchUp();
            }
        }
        if (index == 0) {
            channel0Changed();
        } else if (index == 2) {
            toneListener.run();
        }
    }

    private void readBack(long now, int value) {
        for (int i = 0; i < channels.length; i++) {
            if ((value & 2 << i) != 0) {
                if ((value & READ_BACK_NOT_COUNT) == 0) {
                    channels[i].latchCount(now);
                }
                if ((value & READ_BACK_NOT_STATUS) == 0) {
                    channels[i].latchStatus(now);
                }
            }
        }
    }

    /** Drives the GATE pin of counter 2 (bit 0 of port 0x61). */
    public void setGate2(boolean high) {
        channels[2].setGate(now(), high);
        toneListener.run();
    }

    /**
     * Sets the one listener for changes of counter 2 by the guest, by reset and by restore; it is
     * told after each.
     */
    public void onToneChange(Runnable listener) {
        toneListener = listener;
    }

    /** Copies counter 2, as it is now, to where it can be run ahead without touching this one. */
    public void copyTone(PitTone target) {
        target.load(channels[2]);
    }

    /** The GATE pin of counter 2. */
    public boolean gate2() {
        return channels[2].gate();
    }

    /** The OUT pin of counter 2, which is the speaker's tone. */
    public boolean out2() {
        channels[2].advance(now());
        return channels[2].out();
    }

    /** Counter 2's reload value, 1..65,536 PIT ticks; with a square wave the tone's period. */
    public int reload2() {
        return channels[2].reload();
    }

    @Override
    public void reset() {
        for (PitChannel channel : channels) {
            channel.reset();
        }
        timer.cancel();
        catchUpTimer.cancel();
        nextEdge = 0;
        owed = 0;
        irq0.set(false);
        toneListener.run();
    }

    @Override
    public String sectionId() {
        return "pit";
    }

    @Override
    public int sectionVersion() {
        return 1;
    }

    @Override
    public void save(SnapshotWriter out) {
        for (PitChannel channel : channels) {
            channel.save(out);
        }
        out.putLong("deadline", timer.deadline());
        out.putLong("nextEdge", nextEdge);
        out.putInt("owed", (int) owed);
        out.putLong("catchUpDeadline", catchUpTimer.deadline());
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        for (PitChannel channel : channels) {
            channel.restore(in);
        }
        timer.arm(in.getLong("deadline"));
        nextEdge = in.getLong("nextEdge");
        owed = in.getInt("owed", 0, (int) TICKS_PER_SECOND);
        catchUpTimer.arm(in.getLong("catchUpDeadline"));
        toneListener.run();
    }
}
