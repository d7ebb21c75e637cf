package dev.arclet.emulator.chipset;

import dev.arclet.emulator.bus.Clock;
import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.device.BytePorts;
import dev.arclet.emulator.device.timer.CrystalClock;
import dev.arclet.emulator.device.timer.I8254Pit;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;

/**
 * NMI status and control register, port 0x61 (82371SB PIIX3 datasheet 290550, section 2.5.6): timer
 * 2's gate and output, speaker enable, refresh toggle. No source of NMI exists, so the two error
 * bits read zero.
 */
public final class SystemControlPortB implements BytePorts, Resettable, Stateful {
    private static final int GATE2 = 0x01;
    private static final int SPEAKER = 0x02;
    private static final int WRITABLE = 0x0F;
    private static final int REFRESH = 0x10;
    private static final int OUT2 = 0x20;

    /** DRAM refresh comes every 18 PIT ticks, about 15 us, and toggles bit 4. */
    private static final long REFRESH_TICKS = 18;

    private final I8254Pit pit;
    private final Clock clock;
    private Runnable speakerListener = () -> {};
    private int control;

    /** Creates the port, timer 2's gate low. */
    public SystemControlPortB(I8254Pit pit, Clock clock) {
        this.pit = pit;
        this.clock = clock;
    }

    /** Whether timer 2's output reaches the speaker. */
    public boolean speakerEnabled() {
        return (control & SPEAKER) != 0;
    }

    /** Sets the one listener for changes of the speaker's switch; it is told after each. */
    public void onSpeakerChange(Runnable listener) {
        speakerListener = listener;
    }

    @Override
    public int readByte(int offset) {
        long refreshes = CrystalClock.PIT.ticksAt(clock.nanos()) / REFRESH_TICKS;
        return control | ((refreshes & 1) != 0 ? REFRESH : 0) | (pit.out2() ? OUT2 : 0);
    }

    @Override
    public void writeByte(int offset, int value) {
        control = value & WRITABLE;
        pit.setGate2((control & GATE2) != 0);
        speakerListener.run();
    }

    /** {@inheritDoc} The timer resets its own gate. */
    @Override
    public void reset() {
        control = 0;
        speakerListener.run();
    }

    @Override
    public String sectionId() {
        return "port61";
    }

    @Override
    public int sectionVersion() {
        return 1;
    }

    @Override
    public void save(SnapshotWriter out) {
        out.putInt("control", control);
    }

    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        control = in.getInt("control", 0, WRITABLE);
        speakerListener.run();
    }
}
