package dev.arclet.emulator.device.audio;

import dev.arclet.emulator.bus.Clock;
import dev.arclet.emulator.device.timer.I8254Pit;
import java.util.Arrays;
import java.util.function.BooleanSupplier;

/**
 * Mixes the sound card and the PC's speaker into one stream, along virtual time and {@link #DELAY}
 * frames behind it. It has no timer: the run loop polls it, so that a machine with sound runs
 * exactly as one that nobody listens to. Its buffers are of a fixed size.
 *
 * <p>Sound goes on for a second of silence; then the stream pauses until there is something to
 * hear.
 */
public final class SoundMixer implements PcmSink {
    /** Frames a second of what is mixed. */
    public static final int RATE = 48_000;

    /** Frames between now and what is given out: the card delivers in pieces of 5 ms. */
    static final int DELAY = RATE / 50;

    /** Most frames given out at once. */
    static final int CHUNK = RATE / 100;

    private static final int TAIL = RATE;
    private static final int RING = 1 << 13;

    /** The clock has not passed so much but was set: a snapshot was loaded. */
    private static final long MAX_DUE = 60L * RATE;

    /** How far the card's frames may be from their time before they are set right. */
    private static final int SLACK = DELAY / 2;

    private final PcmSink out;
    private final PcSpeaker speaker;

    /** The card's frames from {@link #emitted} to {@link #written}, left and right in turn. */
    private final int[] card = new int[2 * RING];

    private final int[] tone = new int[CHUNK];
    private final short[] mixed = new short[2 * CHUNK];
    private long emitted;
    private long written;
    private long lastHeard;
    private boolean active;
    private boolean unheard = true;

    /** Where the next frame is between the card's last one and its next, in 1/65536. */
    private long phase;

    private int lastLeft;
    private int lastRight;

    /**
     * @param speakerSwitch whether counter 2's output reaches the speaker
     * @param out gets frames of {@link #RATE}
     */
    public SoundMixer(I8254Pit pit, BooleanSupplier speakerSwitch, Clock clock, PcmSink out) {
        this.out = out;
        speaker = new PcSpeaker(pit, speakerSwitch, clock);
    }

    /** Counter 2 or the speaker's switch has changed. */
    public void speakerChanged() {
        poll();
        speaker.changed(active && !unheard);
        if (speaker.connected()) {
            activate();
        }
    }

    /** Whether {@link #poll} is to be called every 10 ms of the host's time. */
    public boolean sounds() {
        return active && out.wanted();
    }

    private void activate() {
        if (!active) {
            active = true;
            lastHeard = speaker.frame();
            skip();
        }
    }

    /** What was until now is not heard. */
    private void skip() {
        emitted = Math.max(emitted, speaker.frame() - DELAY);
        written = emitted;
        Arrays.fill(card, 0);
        speaker.skip(emitted);
    }

    /** The sound card has played until now. */
    @Override
    public void play(short[] samples, int frames, int rate) {
        poll();
        if (!active && silent(samples, frames)) {
            return;
        }
        if (unheard) {
            active = true;
            return;
        }
        activate();
        int length = (int) ((long) frames * RATE / rate);
        long now = speaker.frame();
        if (written < emitted || Math.abs(written + length - now) > SLACK) {
            written = Math.max(emitted, now - length);
            phase = 0;
        }
        long step = ((long) rate << 16) / RATE;
        for (; phase >> 16 < frames; phase += step) {
            int next = (int) (phase >> 16);
            if (written - emitted < RING) {
                int slot = 2 * ((int) written & RING - 1);
                card[slot] = between(samples, next, 0, lastLeft);
                card[slot + 1] = between(samples, next, 1, lastRight);
                written++;
            }
        }
        phase -= (long) frames << 16;
        lastLeft = samples[2 * frames - 2];
        lastRight = samples[2 * frames - 1];
    }

    private static boolean silent(short[] samples, int frames) {
        for (int i = 0; i < 2 * frames; i++) {
            if (samples[i] != 0) {
                return false;
            }
        }
        return true;
    }

    private int between(short[] samples, int next, int side, int last) {
        int from = next == 0 ? last : samples[2 * next - 2 + side];
        int to = samples[2 * next + side];
        return from + (int) ((to - from) * (phase & 0xFFFF) >> 16);
    }

    /** Gives out what is due. */
    public void poll() {
        if (!out.wanted()) {
            unheard = true;
            return;
        }
        if (unheard) {
            unheard = false;
            lastHeard = speaker.frame();
            skip();
        }
        while (active) {
            long due = speaker.frame() - DELAY - emitted;
            if (due < CHUNK) {
                return;
            }
            if (due > MAX_DUE) {
                skip();
                return;
            }
            emit();
            active = emitted - lastHeard < TAIL;
        }
    }

    private void emit() {
        speaker.take(emitted, tone, CHUNK);
        for (int i = 0; i < CHUNK; i++) {
            int slot = 2 * ((int) (emitted + i) & RING - 1);
            int left = card[slot] + tone[i];
            int right = card[slot + 1] + tone[i];
            card[slot] = 0;
            card[slot + 1] = 0;
            mixed[2 * i] = (short) Math.clamp(left, Short.MIN_VALUE, Short.MAX_VALUE);
            mixed[2 * i + 1] = (short) Math.clamp(right, Short.MIN_VALUE, Short.MAX_VALUE);
            if ((left | right) != 0) {
                lastHeard = Math.max(lastHeard, emitted + i);
            }
        }
        emitted += CHUNK;
        out.play(mixed, CHUNK, RATE);
    }
}
