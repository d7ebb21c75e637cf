package dev.arclet.emulator.cpu.translate;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.interp.Op;
import org.junit.jupiter.api.Test;

/** A region and its code, which another thread makes. */
class RegionTest {
    private static final class Code extends RegionCode {
        Code() {
            super(new Op[0]);
        }

        @Override
        public long run(CpuState cpu, int left, int entry) {
            return 0;
        }
    }

    private static Region region() {
        return new Region(new RegionPlan(0x1000, 0x1000, 0x1000, 0), 0);
    }

    @Test
    void isEnteredFromWhenItHasCodeUntilItIsInvalid() {
        Region region = region();
        assertNull(region.entries[0].code);
        Code code = new Code();
        region.open(code);
        assertSame(code, region.entries[0].code);
        region.invalidate();
        assertNull(region.entries[0].code);
        assertTrue(code.stop);
    }

    /**
     * The guest overwrites it while its code is under way: links to its entries are still there.
     */
    @Test
    void codeThatComesTooLateIsNotEntered() {
        Region region = region();
        region.invalidate();
        region.open(new Code());
        assertNull(region.entries[0].code);
    }
}
