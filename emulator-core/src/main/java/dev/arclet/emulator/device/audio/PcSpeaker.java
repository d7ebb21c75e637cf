package dev.arclet.emulator.device.audio;

import dev.arclet.emulator.bus.Clock;
import dev.arclet.emulator.device.timer.CrystalClock;
import dev.arclet.emulator.device.timer.I8254Pit;
import dev.arclet.emulator.device.timer.PitTone;
import java.util.Arrays;
import java.util.function.BooleanSupplier;

/**
 * What the PC's speaker sounds like: the output of the 8254's counter 2 behind the switch of port
 * 0x61. Every edge counts with its exact tick, so that programs which play samples by the length of
 * pulses are heard as they are meant; a frame's level is the mean over its 25 ticks.
 *
 * <p>A speaker moves air by changes only: what is constant is filtered out.
 */
final class PcSpeaker {
    /** A frame of {@link SoundMixer#RATE} has 4375/176 ticks of 105/88 MHz. */
    private static final long FRAME_TICKS = 4375;

    private static final long TICK_FRAMES = 176;

    /** Frames that may lie between what was taken and now. */
    private static final int RING = 1 << 13;

    /** Peak to peak, well below the loudest PCM. */
    private static final double SWING = 12_000;

    /** One pole at about 20 Hz. */
    private static final double DECAY = 0.9974;

    private final I8254Pit pit;
    private final BooleanSupplier speakerSwitch;
    private final Clock clock;
    private final PitTone tone = new PitTone();
    private boolean connected;

    /** Ticks with the level high, by frame. */
    private final int[] high = new int[RING];

    private long rendered;
    private double before;
    private double filtered;

    /**
     * @param speakerSwitch whether the counter's output reaches the speaker
     */
    PcSpeaker(I8254Pit pit, BooleanSupplier speakerSwitch, Clock clock) {
        this.pit = pit;
        this.speakerSwitch = speakerSwitch;
        this.clock = clock;
    }

    private long now() {
        return CrystalClock.PIT.ticksAt(clock.nanos());
    }

    static long frameOf(long tick) {
        return Math.floorDiv(tick * TICK_FRAMES, FRAME_TICKS);
    }

    private static long firstTickOf(long frame) {
        return Math.ceilDiv(frame * FRAME_TICKS, TICK_FRAMES);
    }

    /** The frame of now. */
    long frame() {
        return frameOf(now());
    }

    boolean connected() {
        return connected;
    }

    /**
     * The counter or the switch has changed: what was until now sounded as before.
     *
     * @param heard whether what was until now will be taken
     */
    void changed(boolean heard) {
        if (heard) {
            render(now());
        }
        pit.copyTone(tone);
        connected = speakerSwitch.getAsBoolean();
        rendered = Math.max(rendered, now());
    }

    /** Forgets what has not been taken. */
    void skip(long frame) {
        Arrays.fill(high, 0);
        rendered = Math.max(rendered, firstTickOf(frame));
    }

    private void render(long until) {
        while (rendered < until) {
            tone.advance(rendered);
            long next = Math.min(until, tone.nextChange());
            if (connected && tone.out()) {
                add(rendered, next);
            }
            rendered = next;
        }
    }

    private void add(long from, long to) {
        for (long frame = frameOf(from); from < to; frame++) {
            long end = Math.min(to, firstTickOf(frame + 1));
            high[(int) frame & RING - 1] += (int) (end - from);
            from = end;
        }
    }

    /**
     * Takes frames, mono, each once and in order.
     *
     * @param count at most half of the ring
     */
    void take(long frame, int[] target, int count) {
        render(firstTickOf(frame + count));
        for (int i = 0; i < count; i++) {
            int slot = (int) (frame + i) & RING - 1;
            long ticks = firstTickOf(frame + i + 1) - firstTickOf(frame + i);
            double level = SWING * high[slot] / ticks;
            high[slot] = 0;
            filtered = level - before + DECAY * filtered;
            before = level;
            target[i] = (int) filtered;
        }
    }
}
