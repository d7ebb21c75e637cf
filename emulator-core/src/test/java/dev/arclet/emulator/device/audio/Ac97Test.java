package dev.arclet.emulator.device.audio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.bus.DmaMemory;
import dev.arclet.emulator.device.DeviceContractTest;
import dev.arclet.emulator.device.TestRig;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class Ac97Test extends DeviceContractTest {
    private static final int MASTER_VOLUME = 0x02;
    private static final int PCM_VOLUME = 0x18;
    private static final int EXTENDED_CONTROL = 0x2A;
    private static final int FRONT_RATE = 0x2C;
    private static final int OUT = 0x10;
    private static final int BDBAR = OUT;
    private static final int CIV = OUT + 4;
    private static final int LVI = OUT + 5;
    private static final int SR = OUT + 6;
    private static final int PICB = OUT + 8;
    private static final int CR = OUT + 0xB;
    private static final int GLOBAL_CONTROL = 0x2C;
    private static final int GLOBAL_STATUS = 0x30;
    private static final int RUN = 0x1D;
    private static final int LIST = 0x1000;
    private static final int BUFFERS = 0x1_0000;
    private static final long MILLI = 1_000_000;

    private static final class Ram implements DmaMemory {
        final ByteBuffer bytes = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);

        @Override
        public void readExternal(long physical, byte[] target, int from, int length) {
            for (int i = 0; i < length; i++) {
                long at = physical + i;
                target[from + i] = at < bytes.limit() ? bytes.get((int) at) : (byte) 0xFF;
            }
        }

        @Override
        public void writeExternal(long physical, byte[] source, int from, int length) {
            for (int i = 0; i < length; i++) {
                if (physical + i < bytes.limit()) {
                    bytes.put((int) physical + i, source[from + i]);
                }
            }
        }
    }

    private record Played(short left, short right, int rate) {}

    private final TestRig rig = new TestRig();
    private final Ram ram = new Ram();
    private final TestRig.Wire wire = new TestRig.Wire();
    private final List<Played> played = new ArrayList<>();
    private final Ac97Controller card =
            new Ac97Controller(
                    rig.events,
                    ram,
                    wire,
                    (samples, frames, rate) -> {
                        for (int i = 0; i < frames; i++) {
                            played.add(new Played(samples[2 * i], samples[2 * i + 1], rate));
                        }
                    });

    @Override
    protected Subject create(TestRig rig) {
        Ac97Controller subject =
                new Ac97Controller(
                        rig.events, new Ram(), new TestRig.Wire(), (samples, frames, rate) -> {});
        return new Subject()
                .part(subject)
                .ports(Ac97Controller.MIXER_PORTS, subject.mixer())
                .ports(Ac97Controller.MASTER_PORTS, subject.master());
    }

    @BeforeEach
    void start() {
        card.master().writePort(GLOBAL_CONTROL, 4, 2);
        mixer(MASTER_VOLUME, 0);
        mixer(PCM_VOLUME, 0x0808);
    }

    private void mixer(int register, int value) {
        card.mixer().writePort(register, 2, value);
    }

    private int master(int register, int bytes) {
        return card.master().readPort(register, bytes);
    }

    /** A ring of buffers of {@code frames} each, whose samples count up; interrupts at each end. */
    private void buffers(int count, int frames) {
        short value = 1;
        for (int i = 0; i < count; i++) {
            int at = BUFFERS + i * frames * 4;
            ram.bytes.putInt(LIST + 8 * i, at);
            ram.bytes.putInt(LIST + 8 * i + 4, 0x8000_0000 | 2 * frames);
            for (int j = 0; j < frames; j++) {
                ram.bytes.putShort(at + 4 * j, value);
                ram.bytes.putShort(at + 4 * j + 2, (short) -value++);
            }
        }
        card.master().writePort(BDBAR, 4, LIST);
        card.master().writePort(LVI, 1, count - 1);
    }

    @Test
    void playsItsBuffersInRealTimeAndInterruptsAtTheirEnds() {
        assertEquals(0x100, master(GLOBAL_STATUS, 4), "the codec is ready");
        buffers(4, 480);
        card.master().writePort(CR, 1, RUN);
        assertEquals(0, master(CIV, 1));
        assertEquals(960, master(PICB, 2));
        rig.advance(5 * MILLI);
        assertEquals(240, played.size());
        assertEquals(new Played((short) 1, (short) -1, 48_000), played.getFirst());
        assertEquals(480, master(PICB, 2));
        assertFalse(wire.high);
        rig.advance(5 * MILLI);
        assertTrue(wire.high, "the first buffer is through");
        assertEquals(1, master(CIV, 1));
        assertEquals(0x40, master(GLOBAL_STATUS, 4) & 0xE0);
        card.master().writePort(SR, 2, 0x08);
        assertFalse(wire.high);

        rig.advance(100 * MILLI);
        assertEquals(4 * 480, played.size());
        assertEquals(new Played((short) 1920, (short) -1920, 48_000), played.getLast());
        assertEquals(0x0F, master(SR, 2), "halted behind the last buffer");
        assertTrue(wire.high);
    }

    @Test
    void goesOnWhenTheLastBufferMoves() {
        buffers(4, 480);
        card.master().writePort(LVI, 1, 1);
        card.master().writePort(CR, 1, RUN);
        rig.advance(100 * MILLI);
        assertEquals(2 * 480, played.size());
        card.master().writePort(SR, 2, 0x1C);
        card.master().writePort(LVI, 1, 3);
        assertEquals(2, master(CIV, 1));
        rig.advance(100 * MILLI);
        assertEquals(4 * 480, played.size());
        assertEquals(1920, played.getLast().left());
    }

    @Test
    void pausesAndResumes() {
        buffers(2, 480);
        card.master().writePort(CR, 1, RUN);
        rig.advance(5 * MILLI);
        card.master().writePort(CR, 1, 0);
        rig.advance(50 * MILLI);
        assertEquals(240, played.size());
        card.master().writePort(CR, 1, RUN);
        rig.advance(50 * MILLI);
        assertEquals(960, played.size());
        assertEquals(960, played.getLast().left(), "nothing is lost or repeated");
    }

    @Test
    void variableRateIsExactOverTime() {
        mixer(EXTENDED_CONTROL, 1);
        mixer(FRONT_RATE, 11_025);
        assertEquals(11_025, card.mixer().readPort(FRONT_RATE, 2));
        buffers(32, 1_000);
        card.master().writePort(CR, 1, RUN);
        rig.advance(2_000 * MILLI);
        assertEquals(22_050, played.size(), 55.0, "2 s, but for one step");
        assertEquals(11_025, played.getFirst().rate());
        mixer(EXTENDED_CONTROL, 0);
        assertEquals(48_000, card.mixer().readPort(FRONT_RATE, 2));
    }

    @Test
    void volumesAndMute() {
        buffers(4, 480);
        ram.bytes.putShort(BUFFERS, (short) 20_000);
        ram.bytes.putShort(BUFFERS + 2, (short) 20_000);
        mixer(MASTER_VOLUME, 0x0400); // left 6 dB down
        card.master().writePort(CR, 1, RUN);
        rig.advance(5 * MILLI);
        assertEquals(10_024, played.getFirst().left(), 5);
        assertEquals(20_000, played.getFirst().right());
        mixer(MASTER_VOLUME, 0x8000);
        played.clear();
        rig.advance(5 * MILLI);
        assertEquals(0, played.getLast().left());
        mixer(MASTER_VOLUME, 0x3F3F);
        assertEquals(0x1F1F, card.mixer().readPort(MASTER_VOLUME, 2), "five bits only");
    }

    @Test
    void theSemaphoreIsFreedByACodecAccess() {
        assertEquals(0, master(0x34, 1));
        assertEquals(1, master(0x34, 1));
        card.mixer().readPort(MASTER_VOLUME, 2);
        assertEquals(0, master(0x34, 1));
    }

    @Test
    void aRingOfEmptyBuffersKeepsNobodyBusy() {
        for (int i = 0; i < 32; i++) {
            ram.bytes.putInt(LIST + 8 * i + 4, 0);
        }
        card.master().writePort(BDBAR, 4, LIST);
        card.master().writePort(CR, 1, RUN);
        for (int i = 0; i < 100; i++) {
            card.master().writePort(LVI, 1, (master(CIV, 1) + 31) & 31);
            rig.advance(5 * MILLI);
        }
        assertTrue(played.isEmpty());
    }
}
