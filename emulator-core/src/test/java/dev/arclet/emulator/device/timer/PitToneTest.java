package dev.arclet.emulator.device.timer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.device.TestRig;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PitToneTest {
    private final TestRig rig = new TestRig();
    private final I8254Pit pit = new I8254Pit(rig.events, new TestRig.Wire());

    private void at(long tick) {
        rig.advance(CrystalClock.PIT.nanosAt(tick) - rig.nanos());
    }

    /** From edge to edge it has the level that the counter has at every single tick. */
    @Test
    void runsFromEdgeToEdgeAsTheCounterRunsFromTickToTick() {
        Random random = new Random(7);
        for (int run = 0; run < 2_000; run++) {
            long start = CrystalClock.PIT.ticksAt(rig.nanos()) + 1 + random.nextInt(50);
            at(start);
            if (random.nextBoolean()) {
                pit.setGate2(random.nextBoolean());
            }
            int mode = random.nextInt(6);
            int count = random.nextInt(4) == 0 ? random.nextInt(5) : random.nextInt(200);
            if (random.nextInt(4) != 0) {
                pit.writeByte(3, 0xB0 | mode << 1 | random.nextInt(8) / 7);
            }
            pit.writeByte(2, count);
            pit.writeByte(2, 0);
            if (random.nextInt(3) == 0) {
                pit.setGate2(false);
                pit.setGate2(true);
            }
            PitTone tone = new PitTone();
            pit.copyTone(tone);
            long edge = tone.nextChange();
            boolean level = tone.out();
            for (long tick = start; tick < start + 450; tick++) {
                at(tick);
                if (tick >= edge) {
                    assertEquals(tick, edge, "no tick is left out");
                    tone.advance(edge);
                    level = tone.out();
                    edge = tone.nextChange();
                    assertTrue(edge > tick, "a change lies ahead");
                }
                assertEquals(pit.out2(), level, "run " + run + " mode " + mode + " tick " + tick);
            }
        }
    }

    @Test
    void theCounterDoesNotNotice() {
        pit.setGate2(true);
        pit.writeByte(3, 0xB6);
        pit.writeByte(2, 0x10);
        pit.writeByte(2, 0x27);
        PitTone tone = new PitTone();
        pit.copyTone(tone);
        boolean before = pit.out2();
        tone.advance(1_000_000_000L);
        assertEquals(before, pit.out2());
    }
}
