package dev.arclet.emulator.device.audio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.chipset.SystemControlPortB;
import dev.arclet.emulator.device.TestRig;
import dev.arclet.emulator.device.timer.I8254Pit;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class SoundMixerTest {
    private static final long MILLI = 1_000_000;
    private static final int RATE = SoundMixer.RATE;
    private static final int PIT_HERTZ = 1_193_182;

    private final TestRig rig = new TestRig(5_000 * MILLI);
    private final I8254Pit pit = new I8254Pit(rig.events, new TestRig.Wire());
    private final SystemControlPortB port61 = new SystemControlPortB(pit, rig.events.clock());
    private boolean listening = true;
    private short[] heard = new short[0];
    private final SoundMixer mixer =
            new SoundMixer(
                    pit,
                    port61::speakerEnabled,
                    rig.events.clock(),
                    new PcmSink() {
                        @Override
                        public void play(short[] samples, int frames, int rate) {
                            assertEquals(RATE, rate);
                            int at = heard.length;
                            heard = Arrays.copyOf(heard, at + 2 * frames);
                            System.arraycopy(samples, 0, heard, at, 2 * frames);
                        }

                        @Override
                        public boolean wanted() {
                            return listening;
                        }
                    });

    SoundMixerTest() {
        pit.onToneChange(mixer::speakerChanged);
        port61.onSpeakerChange(mixer::speakerChanged);
    }

    private static int count(int hertz) {
        return PIT_HERTZ / hertz;
    }

    private void beep(int hertz) {
        int count = count(hertz);
        pit.writeByte(3, 0xB6);
        pit.writeByte(2, count & 0xFF);
        pit.writeByte(2, count >> 8);
        port61.writeByte(0, 3);
    }

    private void pass(int millis) {
        for (int i = 0; i < millis; i += 10) {
            rig.advance(10 * MILLI);
            mixer.poll();
        }
    }

    /** The card's own steps: a sine of full volume. */
    private void playSine(int millis, int hertz, int rate, double volume) {
        double phase = 0;
        for (int i = 0; i < millis; i += 5) {
            rig.advance(5 * MILLI);
            int frames = rate / 200;
            short[] samples = new short[2 * frames];
            for (int j = 0; j < frames; j++) {
                samples[2 * j] = (short) (volume * 32_767 * Math.sin(phase));
                samples[2 * j + 1] = samples[2 * j];
                phase += 2 * Math.PI * hertz / rate;
            }
            mixer.play(samples, frames, rate);
        }
    }

    /** How much of a frequency is in what was heard on the left, 0 to 1 of full volume. */
    private double amplitude(double hertz) {
        double real = 0;
        double imaginary = 0;
        int frames = heard.length / 2;
        for (int i = 0; i < frames; i++) {
            double angle = 2 * Math.PI * hertz * i / RATE;
            real += heard[2 * i] * Math.cos(angle);
            imaginary += heard[2 * i] * Math.sin(angle);
        }
        return 2 * Math.hypot(real, imaginary) / frames / 32_767;
    }

    @Test
    void theSpeakerIsASquareWaveOfTheCountersFrequency() {
        beep(440);
        pass(2_000);
        assertEquals(2 * RATE, heard.length / 2.0, RATE / 20.0);
        double tone = PIT_HERTZ / (double) count(440);
        double first = amplitude(tone);
        // 4/pi of half the swing; its third harmonic is a third of it, even ones are none.
        assertEquals(4 / Math.PI * 6_000 / 32_767, first, 0.01);
        assertEquals(first / 3, amplitude(3 * tone), 0.01);
        assertEquals(0, amplitude(2 * tone), 0.01);
        assertEquals(0, amplitude(0), 0.01);
    }

    @Test
    void theSwitchOfPort61MakesSoundByItself() {
        port61.writeByte(0, 0); // OUT is high in mode 2 while the gate is low
        pit.writeByte(3, 0xB4);
        for (int i = 0; i < 1_000; i++) {
            port61.writeByte(0, (i & 1) << 1);
            rig.advance(MILLI / 2);
            mixer.poll();
        }
        assertEquals(4 / Math.PI * 6_000 / 32_767, amplitude(1_000), 0.02);
    }

    @Test
    void theCardIsHeardAtItsPitchWhateverItsRate() {
        for (int rate : new int[] {8_000, 44_100, 48_000}) {
            heard = new short[0];
            playSine(1_000, 500, rate, 0.5);
            assertEquals(0.5, amplitude(500), 0.03, "rate " + rate);
            pass(3_000);
        }
    }

    @Test
    void bothAreHeardTogether() {
        beep(440);
        playSine(1_000, 1_000, 48_000, 0.5);
        assertTrue(amplitude(PIT_HERTZ / (double) count(440)) > 0.15);
        assertTrue(amplitude(1_000) > 0.45);
    }

    @Test
    void whatIsTooLoudIsClipped() {
        beep(440);
        playSine(500, 1_000, 48_000, 1);
        assertTrue(amplitude(1_000) > 0.8, "no overflow turns loud into quiet");
    }

    @Test
    void silencePausesTheStreamAfterASecond() {
        beep(440);
        pass(100);
        port61.writeByte(0, 0);
        pass(5_000);
        assertEquals(1.1 * RATE, heard.length / 2.0, RATE / 5.0);
        assertFalse(mixer.sounds());
        int before = heard.length;
        playSine(3_000, 100, 48_000, 0);
        assertEquals(before, heard.length, "a card that plays silence is silent");
        beep(440);
        assertTrue(mixer.sounds());
        pass(100);
        assertTrue(heard.length > before);
    }

    @Test
    void nothingIsMadeWhileNobodyListens() {
        listening = false;
        beep(440);
        playSine(1_000, 1_000, 48_000, 0.5);
        assertEquals(0, heard.length);
        assertFalse(mixer.sounds());
        listening = true;
        assertTrue(mixer.sounds(), "the tone still is there");
        pass(1_000);
        assertEquals(RATE, heard.length / 2.0, RATE / 20.0, "what was missed is not made up for");
        assertTrue(amplitude(PIT_HERTZ / (double) count(440)) > 0.15);
    }

    @Test
    void aPieceOfALateHostIsWhole() {
        beep(1_000);
        rig.jump(1_500 * MILLI);
        mixer.poll();
        assertEquals(1.5 * RATE, heard.length / 2.0, RATE / 20.0);
        assertTrue(amplitude(PIT_HERTZ / (double) count(1_000)) > 0.2);
    }

    @Test
    void aClockThatIsSetIsNotMadeUpFor() {
        beep(1_000);
        rig.jump(3_600_000 * MILLI);
        mixer.poll();
        assertTrue(heard.length / 2 < RATE);
        pass(1_000);
        assertEquals(RATE, heard.length / 2.0, RATE / 5.0);
    }
}
