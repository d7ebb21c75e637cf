package dev.arclet.emulator.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class MachineClockTest {
    @Test
    void standsStillWhileGuestCodeWaitsForItsTranslation() {
        AtomicLong waited = new AtomicLong();
        MachineClock clock = new MachineClock(false, waited::get);
        long before = System.nanoTime();
        clock.start();
        long start = System.nanoTime();
        while (System.nanoTime() - start < 2_000_000) {
            Thread.onSpinWait();
        }
        waited.set(2_000_000);
        long at = clock.nanos();
        long passed = System.nanoTime() - before;
        assertTrue(at >= 0 && at <= passed - 2_000_000, () -> at + " of " + passed);
        clock.stop();
        long stopped = clock.nanos();
        waited.set(5_000_000);
        assertEquals(stopped, clock.nanos());
    }
}
