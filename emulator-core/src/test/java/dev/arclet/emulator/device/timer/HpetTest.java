package dev.arclet.emulator.device.timer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.bus.IrqLine;
import dev.arclet.emulator.device.DeviceContractTest;
import dev.arclet.emulator.device.TestRig;
import dev.arclet.emulator.device.TestRig.Wire;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class HpetTest extends DeviceContractTest {
    private static final int CONFIGURATION = 0x10;
    private static final int STATUS = 0x20;
    private static final int COUNTER = 0xF0;
    private static final int LEVEL = 2;
    private static final int INTERRUPT = 4;
    private static final int PERIODIC = 8;
    private static final int SET_VALUE = 0x40;
    private static final int MODE_32 = 0x100;

    private final TestRig rig = new TestRig();
    private final Wire[] pins = wires();
    private final Wire irq0 = new Wire();
    private final Wire irq8 = new Wire();
    private final List<Boolean> legacy = new ArrayList<>();
    private final Hpet hpet = new Hpet(rig.events, pins, irq0, irq8, legacy::add);

    private static Wire[] wires() {
        Wire[] wires = new Wire[8];
        Arrays.setAll(wires, i -> new Wire());
        return wires;
    }

    @Override
    protected Subject create(TestRig rig) {
        IrqLine[] lines = wires();
        Hpet subject = new Hpet(rig.events, lines, new Wire(), new Wire(), on -> {});
        return new Subject().part(subject).registers(0x160, subject).registers(0x400, subject);
    }

    private void write(int at, long value) {
        hpet.writeMmio(at, 8, value);
    }

    private long read(int at) {
        return hpet.readMmio(at, 8);
    }

    @Test
    void saysWhatItCan() {
        assertEquals(10_000_000, read(0) >>> 32);
        assertEquals(0x8086A201, (int) read(0));
        assertEquals(0x00FF0000_00000030L, read(0x100));
        assertEquals(0x00FF0000_00000020L, read(0x120));
        assertEquals(0x8086, hpet.readMmio(2, 2));
    }

    @Test
    void counterRunsHaltsAndIsWritten() {
        rig.advance(12_345);
        assertEquals(0, read(COUNTER));
        write(COUNTER, 0x1_0000_0000L);
        write(CONFIGURATION, 1);
        rig.advance(1_000);
        assertEquals(0x1_0000_0064L, read(COUNTER));
        assertEquals(1, hpet.readMmio(COUNTER + 4, 4));
        write(CONFIGURATION, 0);
        rig.advance(1_000);
        assertEquals(0x64, hpet.readMmio(COUNTER, 4));
    }

    @Test
    void oneShotEdge() {
        write(CONFIGURATION, 1);
        write(0x120, INTERRUPT | 18 << 9);
        write(0x128, 500);
        rig.advance(4_999);
        assertEquals(0, pins[2].rises);
        rig.advance(1);
        assertEquals(1, pins[2].rises);
        rig.advance(1_000_000);
        assertEquals(1, pins[2].rises);
        write(0x128, 200_000);
        rig.advance(2_000_000);
        assertEquals(2, pins[2].rises);
    }

    @Test
    void periodicAsLinuxSetsIt() {
        write(CONFIGURATION, 1);
        rig.advance(777);
        write(0x100, INTERRUPT | PERIODIC | SET_VALUE | MODE_32 | 16 << 9);
        hpet.writeMmio(0x108, 4, read(COUNTER) + 1000);
        hpet.writeMmio(0x108, 4, 1000);
        rig.advance(10_000);
        assertEquals(1, pins[0].rises);
        rig.advance(99 * 10_000);
        assertEquals(100, pins[0].rises);
        rig.jump(10 * 10_000);
        assertEquals(101, pins[0].rises, "missed periods are merged");
        rig.advance(10_000);
        assertEquals(102, pins[0].rises, "the phase is kept");
    }

    @Test
    void aTimerWithoutInterruptKeepsItsPhaseAndWakesNobody() {
        write(CONFIGURATION, 1);
        write(0x100, INTERRUPT | PERIODIC | SET_VALUE | MODE_32 | 16 << 9);
        write(0x108, 1000);
        write(0x108, 1000);
        rig.advance(25_000);
        assertEquals(2, pins[0].rises);
        write(0x100, PERIODIC | MODE_32 | 16 << 9); // as Linux shuts it down
        assertEquals(EventQueue.NEVER, rig.events.nextDeadline());
        rig.advance(1_000_000);
        assertEquals(103_000, read(0x108));
        rig.advance(10_000);
        assertEquals(2, pins[0].rises);
        write(0x100, INTERRUPT | PERIODIC | MODE_32 | 16 << 9);
        rig.advance(4_999);
        assertEquals(2, pins[0].rises);
        rig.advance(1);
        assertEquals(3, pins[0].rises);
        assertEquals(105_000, read(0x108));
    }

    @Test
    void aTimerWithoutInterruptKeepsItsPhaseOverTurnsOfItsComparator() {
        write(CONFIGURATION, 1);
        write(0x100, PERIODIC | SET_VALUE | MODE_32 | 16 << 9);
        write(0x108, 1000);
        write(0x108, 400_007);
        long ticks = 3 * (1L << 32) + 12_345;
        rig.jump(10 * ticks);
        long matches = (ticks - 1000) / 400_007;
        assertEquals(1000 + (matches + 1) * 400_007 & 0xFFFFFFFFL, read(0x108));
    }

    @Test
    void whoReadsATimerWithoutInterruptChangesNothing() {
        write(CONFIGURATION, 1);
        write(0x100, PERIODIC | SET_VALUE | MODE_32 | 16 << 9);
        write(0x108, 1000);
        write(0x108, 1000);
        rig.jump(10 * 1_980); // 200 ns before a match
        assertEquals(2000, read(0x108));
        rig.jump(10 * 21);
        assertEquals(3000, read(0x108));
    }

    @Test
    void aSilentLevelTimerShowsItsMatch() {
        write(CONFIGURATION, 1);
        write(0x120, LEVEL | 18 << 9);
        write(0x128, 500);
        rig.advance(5_000);
        assertEquals(2, read(STATUS));
    }

    @Test
    void levelStaysUntilTheStatusIsCleared() {
        write(CONFIGURATION, 1);
        write(0x140, INTERRUPT | LEVEL | 23 << 9);
        write(0x148, 100);
        rig.advance(1_000);
        assertTrue(pins[7].high);
        assertEquals(4, read(STATUS));
        write(STATUS, 4);
        assertFalse(pins[7].high);
        assertEquals(0, read(STATUS));
    }

    @Test
    void legacyReplacementUsesTheOldLines() {
        write(CONFIGURATION, 3);
        assertEquals(List.of(true), legacy);
        write(0x100, INTERRUPT);
        write(0x108, 100);
        write(0x120, INTERRUPT | 20 << 9);
        write(0x128, 200);
        rig.advance(2_000);
        assertEquals(1, irq0.rises);
        assertEquals(1, irq8.rises);
        assertEquals(0, pins[4].rises);
        hpet.reset();
        assertEquals(List.of(true, false), legacy);
        assertFalse(irq0.high);
    }

    @Test
    void aShortComparatorWraps() {
        write(COUNTER, 0xFFFF_FFF0L);
        write(0x120, INTERRUPT | MODE_32 | 16 << 9);
        write(0x128, 0x10);
        write(CONFIGURATION, 1);
        rig.advance(319);
        assertEquals(0, pins[0].rises);
        rig.advance(1);
        assertEquals(1, pins[0].rises);
    }

    @Test
    void routesThatAreNotOfferedDoNotStick() {
        write(0x120, 5 << 9);
        assertEquals(0, read(0x120) >>> 9 & 31);
        write(0x120, 17 << 9 | PERIODIC);
        assertEquals(17, read(0x120) >>> 9 & 31);
        assertEquals(0, read(0x120) & PERIODIC, "only timer 0 is periodic");
    }
}
