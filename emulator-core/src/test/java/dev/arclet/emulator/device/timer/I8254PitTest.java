package dev.arclet.emulator.device.timer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.device.DeviceContractTest;
import dev.arclet.emulator.device.TestRig;
import dev.arclet.emulator.device.TestRig.Wire;
import java.util.Random;
import org.junit.jupiter.api.Test;

class I8254PitTest extends DeviceContractTest {
    private final TestRig rig = new TestRig();
    private final Wire irq0 = new Wire();
    private final I8254Pit pit = new I8254Pit(rig.events, irq0);
    private long tick;

    @Override
    protected Subject create(TestRig rig) {
        I8254Pit subject = new I8254Pit(rig.events, new Wire());
        return new Subject()
                .part(subject)
                .ports(4, subject)
                .host(
                        random -> {
                            subject.setGate2(random.nextBoolean());
                            subject.out2();
                        });
    }

    /** Moves to just after clock pulse {@code to}. */
    private void at(long to) {
        tick = to;
        rig.advance(CrystalClock.PIT.nanosAt(to) - rig.nanos());
    }

    private void program(int channel, int mode, int count) {
        pit.writeByte(3, channel << 6 | 0x30 | mode << 1);
        pit.writeByte(channel, count & 0xFF);
        pit.writeByte(channel, count >>> 8);
    }

    private int count(int channel) {
        pit.writeByte(3, channel << 6);
        return pit.readByte(channel) | pit.readByte(channel) << 8;
    }

    private int status(int channel) {
        pit.writeByte(3, 0xE0 | 2 << channel);
        return pit.readByte(channel);
    }

    @Test
    void mode0CountsOnceAndWraps() {
        at(100);
        program(0, 0, 5);
        assertEquals(0x40 | 0x30, status(0), "OUT low, count not loaded yet");
        at(101);
        assertEquals(5, count(0));
        assertEquals(0x30, status(0));
        at(105);
        assertEquals(1, count(0));
        assertFalse(irq0.high);
        at(106);
        assertEquals(0, count(0));
        assertTrue(irq0.high, "N + 1 pulses after the write");
        assertEquals(0xB0, status(0));
        at(107);
        assertEquals(0xFFFF, count(0));
        at(106 + 65_536 + 3);
        assertEquals(0xFFFD, count(0));
        assertEquals(1, irq0.rises);
    }

    @Test
    void mode0FirstByteStopsTheCount() {
        program(2, 0, 100);
        pit.setGate2(true);
        at(11);
        pit.writeByte(2, 50);
        int stopped = count(2);
        at(20);
        assertEquals(stopped, count(2));
        pit.writeByte(2, 0);
        at(21);
        assertEquals(50, count(2));
    }

    @Test
    void gateHoldsMode0() {
        program(2, 0, 1000);
        at(1);
        assertEquals(1000, count(2), "loaded, but the gate is low");
        at(50);
        assertEquals(1000, count(2));
        pit.setGate2(true);
        at(60);
        assertEquals(990, count(2));
        pit.setGate2(false);
        at(99);
        assertEquals(990, count(2));
        pit.setGate2(true);
        at(99 + 990);
        assertTrue(pit.out2());
    }

    @Test
    void mode1IsRetriggeredByTheGate() {
        program(2, 1, 10);
        assertTrue(pit.out2());
        at(5);
        assertTrue(pit.out2());
        pit.setGate2(true);
        at(6);
        assertFalse(pit.out2());
        at(10);
        pit.setGate2(false);
        pit.setGate2(true);
        at(20);
        assertFalse(pit.out2(), "retriggered at 11");
        at(21);
        assertTrue(pit.out2());
    }

    @Test
    void mode2DividesWithoutDrift() {
        program(0, 2, 1193);
        long seconds = 100;
        at(seconds * 105_000_000 / 88 + 1);
        long pulses = tick - 1;
        assertEquals(pulses / 1193, irq0.rises - 1, "one edge when OUT first went high");
        assertEquals(1193 - pulses % 1193, count(0));
    }

    @Test
    void mode2TakesANewCountAtTheEndOfThePeriod() {
        program(0, 2, 100);
        at(51);
        assertEquals(50, count(0));
        pit.writeByte(0, 20);
        pit.writeByte(0, 0);
        assertEquals(0xF4, status(0), "null count until it is loaded");
        at(100);
        assertEquals(1, count(0));
        assertEquals(0x74, status(0), "OUT is low for one pulse");
        at(101);
        assertEquals(20, count(0));
        at(121);
        assertEquals(20, count(0));
        assertEquals(0xB4, status(0));
    }

    @Test
    void mode3IsSquareAndCountsByTwo() {
        pit.setGate2(true);
        program(2, 3, 10);
        int high = 0;
        int[] counts = {10, 8, 6, 4, 2, 10, 8, 6, 4, 2};
        for (int i = 0; i < 10; i++) {
            at(1 + i);
            assertEquals(counts[i], count(2));
            high += pit.out2() ? 1 : 0;
        }
        assertEquals(5, high);
        at(1 + 1_000_000);
        assertEquals(10, count(2));
        assertTrue(pit.out2());
    }

    @Test
    void mode3OddCountIsLongerHigh() {
        pit.setGate2(true);
        program(2, 3, 5);
        String out = "";
        StringBuilder wave = new StringBuilder(out);
        for (int i = 0; i < 10; i++) {
            at(1 + i);
            wave.append(pit.out2() ? '1' : '0');
        }
        assertEquals("1110011100", wave.toString());
        assertEquals(4, pitCountAt(11));
        assertEquals(2, pitCountAt(12));
        assertEquals(0, pitCountAt(13));
        assertEquals(4, pitCountAt(14));
        assertEquals(2, pitCountAt(15));
        assertEquals(4, pitCountAt(16));
    }

    private int pitCountAt(long to) {
        at(to);
        return count(2);
    }

    @Test
    void mode4StrobesForOnePulse() {
        program(0, 4, 8);
        int before = irq0.rises;
        assertEquals(0x80, status(0) & 0x80);
        at(8);
        assertEquals(0x80, status(0) & 0x80);
        at(9);
        assertEquals(0x00, status(0) & 0x80);
        at(10);
        assertEquals(0x80, status(0) & 0x80);
        assertEquals(before + 1, irq0.rises);
        at(100_000);
        assertEquals(before + 1, irq0.rises);
    }

    @Test
    void mode5StrobesAfterATrigger() {
        program(2, 5, 3);
        at(10);
        assertTrue(pit.out2());
        pit.setGate2(true);
        at(13);
        assertTrue(pit.out2());
        at(14);
        assertFalse(pit.out2());
        at(15);
        assertTrue(pit.out2());
    }

    @Test
    void bcdCountsInTens() {
        pit.writeByte(3, 0x31);
        pit.writeByte(0, 0x00);
        pit.writeByte(0, 0x10);
        at(2);
        assertEquals(0x0999, count(0));
        pit.writeByte(3, 0x31);
        pit.writeByte(0, 0x00);
        pit.writeByte(0, 0x00);
        at(4);
        assertEquals(0x9999, count(0));
    }

    @Test
    void latchHoldsUntilBothBytesAreRead() {
        program(0, 2, 0);
        at(11);
        pit.writeByte(3, 0x00);
        at(5000);
        pit.writeByte(3, 0x00);
        assertEquals(65_526 & 0xFF, pit.readByte(0));
        at(6000);
        assertEquals(65_526 >>> 8, pit.readByte(0));
        int live = pit.readByte(0) | pit.readByte(0) << 8;
        assertEquals(65_536 - 5999, live);
    }

    @Test
    void readBackGivesStatusBeforeCount() {
        program(0, 2, 1000);
        at(101);
        pit.writeByte(3, 0xC2);
        at(333);
        assertEquals(0xB4, pit.readByte(0));
        assertEquals(900, pit.readByte(0) | pit.readByte(0) << 8);
    }

    @Test
    void singleByteAccess() {
        pit.writeByte(3, 0x14);
        pit.writeByte(0, 200);
        at(11);
        assertEquals(190, pit.readByte(0));
        assertEquals(190, pit.readByte(0));
        pit.writeByte(3, 0x24);
        pit.writeByte(0, 2);
        at(13);
        assertEquals(1, pit.readByte(0), "511 >> 8");
    }

    @Test
    void aLateHostDeliversTheTicksItOwes() {
        program(0, 2, 1000);
        at(1);
        int before = irq0.rises;
        rig.jump(CrystalClock.PIT.nanosAt(50_001) - rig.nanos());
        assertEquals(before + 1, irq0.rises);
        at(65_001);
        assertEquals(before + 65, irq0.rises);
        at(70_001);
        assertEquals(before + 70, irq0.rises);
    }

    @Test
    void owedTicksWaitForTheOnesBeforeThemAndEndWithTheMode() {
        boolean[] waits = {true};
        Wire wire = new Wire();
        I8254Pit slow = new I8254Pit(rig.events, wire, () -> waits[0]);
        slow.writeByte(3, 0x34);
        slow.writeByte(0, 0x10);
        slow.writeByte(0, 0x27);
        rig.advance(1_000);
        assertEquals(1, wire.rises, "mode 2 sets OUT");
        rig.advance(CrystalClock.PIT.nanosAt(59_000) - rig.nanos());
        assertEquals(1, wire.rises, "five edges have nowhere to go");
        waits[0] = false;
        rig.advance(CrystalClock.PIT.nanosAt(59_900) - rig.nanos());
        int taken = wire.rises;
        assertTrue(taken == 4 || taken == 5, "200 us apart: " + taken);
        slow.writeByte(3, 0x34);
        rig.advance(1_000_000_000);
        assertEquals(taken, wire.rises);
    }

    @Test
    void anEternallyLateHostOwesASecondAtMost() {
        program(0, 2, 11_932);
        rig.jump(3_600_000_000_000L);
        int before = irq0.rises;
        rig.advance(1_000_000_000);
        assertEquals(200, irq0.rises - before, 1.5);
    }

    @Test
    void reprogrammingDoesNotLoseADueEdge() {
        program(0, 0, 10);
        long late = CrystalClock.PIT.nanosAt(40);
        TestRig other = new TestRig();
        Wire wire = new Wire();
        I8254Pit slow = new I8254Pit(other.events, wire);
        slow.writeByte(3, 0x10);
        slow.writeByte(0, 10);
        other.jump(0);
        other.advance(0);
        other.jump(late);
        assertEquals(1, wire.rises);
    }

    /** The closed form must agree with a machine that is stepped one clock pulse at a time. */
    @Test
    void closedFormAgreesWithSteppingEveryPulse() {
        for (long seed = 0; seed < 60; seed++) {
            Random random = new Random(seed);
            TestRig lazyRig = new TestRig();
            TestRig stepRig = new TestRig();
            Wire lazyWire = new Wire();
            Wire stepWire = new Wire();
            I8254Pit lazy = new I8254Pit(lazyRig.events, lazyWire);
            I8254Pit stepped = new I8254Pit(stepRig.events, stepWire);
            long now = 0;
            for (int i = 0; i < 60; i++) {
                if (random.nextInt(3) == 0) {
                    boolean gate = random.nextBoolean();
                    lazy.setGate2(gate);
                    stepped.setGate2(gate);
                } else {
                    int port = random.nextInt(4);
                    int value =
                            port == 3
                                    ? random.nextInt(3) << 6 | random.nextInt(64)
                                    : random.nextInt(12);
                    lazy.writeByte(port, value);
                    stepped.writeByte(port, value);
                }
                long steps = random.nextInt(60);
                for (long s = 1; s <= steps; s++) {
                    stepRig.advance(CrystalClock.PIT.nanosAt(now + s) - stepRig.nanos());
                    stepped.out2();
                    stepped.writeByte(3, 0xDE);
                }
                now += steps;
                lazyRig.advance(CrystalClock.PIT.nanosAt(now) - lazyRig.nanos());
                assertEquals(stepped.out2(), lazy.out2(), "seed " + seed + " step " + i);
                assertEquals(stepWire.high, lazyWire.high, "seed " + seed + " step " + i);
                assertEquals(stepWire.rises, lazyWire.rises, "seed " + seed + " step " + i);
            }
        }
    }
}
