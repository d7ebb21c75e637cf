package dev.arclet.emulator.device.timer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.device.DeviceContractTest;
import dev.arclet.emulator.device.TestRig;
import dev.arclet.emulator.device.TestRig.Wire;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class Mc146818RtcTest extends DeviceContractTest {
    private static final long SECOND = 1_000_000_000L;

    private final TestRig rig = new TestRig();
    private final Wire irq8 = new Wire();
    private final Mc146818Rtc rtc = at(2023, 12, 31, 23, 59, 58);

    @Override
    protected Subject create(TestRig rig) {
        Mc146818Rtc subject = new Mc146818Rtc(rig.events, new Wire(), 1_700_000_000L);
        return new Subject().part(subject).ports(2, subject);
    }

    @Override
    protected boolean resetIsComplete() {
        return false;
    }

    private Mc146818Rtc at(int year, int month, int day, int hour, int minute, int second) {
        long epoch =
                LocalDateTime.of(year, month, day, hour, minute, second)
                        .toEpochSecond(ZoneOffset.UTC);
        return new Mc146818Rtc(rig.events, irq8, epoch);
    }

    private static int read(Mc146818Rtc rtc, int index) {
        rtc.writeByte(0, index);
        return rtc.readByte(1);
    }

    private int read(int index) {
        return read(rtc, index);
    }

    private void write(int index, int value) {
        rtc.writeByte(0, index);
        rtc.writeByte(1, value);
    }

    private String date(Mc146818Rtc clock) {
        return "%02x%02x-%02x-%02x %02x:%02x:%02x dow %x"
                .formatted(
                        read(clock, 0x32),
                        read(clock, 9),
                        read(clock, 8),
                        read(clock, 7),
                        read(clock, 4),
                        read(clock, 2),
                        read(clock, 0),
                        read(clock, 6));
    }

    @Test
    void rollsOverTheYear() {
        assertEquals("2023-12-31 23:59:58 dow 1", date(rtc));
        rig.advance(SECOND - 1);
        assertEquals("2023-12-31 23:59:58 dow 1", date(rtc));
        rig.advance(1);
        assertEquals("2023-12-31 23:59:59 dow 1", date(rtc));
        rig.advance(SECOND);
        assertEquals("2024-01-01 00:00:00 dow 2", date(rtc));
    }

    @Test
    void knowsLeapYearsAndLongJumps() {
        Mc146818Rtc leap = at(2024, 2, 28, 23, 59, 59);
        Mc146818Rtc century = at(1999, 12, 31, 23, 59, 59);
        rig.advance(SECOND);
        assertEquals("2024-02-29 00:00:00 dow 5", date(leap));
        assertEquals("2000-01-01 00:00:00 dow 7", date(century));
        rig.jump(366L * 86_400 * SECOND);
        assertEquals("2025-03-01 00:00:00 dow 7", date(leap));
    }

    @Test
    void binaryAndTwelveHourFormats() {
        write(0x0B, 0x82);
        write(0x0B, 0x84);
        write(0, 0);
        write(2, 59);
        write(4, 0x80 | 11);
        write(7, 9);
        write(6, 7);
        write(8, 9);
        write(9, 24);
        write(0x0B, 0x04);
        rig.advance(60 * SECOND);
        assertEquals(12, read(4), "after 11 PM comes 12 AM");
        assertEquals(0, read(2));
        assertEquals(10, read(7));
        assertEquals(1, read(6));
        rig.advance(12 * 3600 * SECOND);
        assertEquals(0x80 | 12, read(4));
        rig.advance(3600 * SECOND);
        assertEquals(0x80 | 1, read(4));
    }

    @Test
    void updateInProgressPrecedesEachUpdate() {
        assertEquals(0x26, read(0x0A));
        rig.advance(SECOND - 2_228_001);
        assertEquals(0x26, read(0x0A));
        rig.advance(1);
        assertEquals(0xA6, read(0x0A));
        rig.advance(2_228_000);
        assertEquals(0x26, read(0x0A));
        assertEquals(0x59, read(0));
    }

    @Test
    void setFreezesTheTimeAndClearsUpdateInterrupt() {
        write(0x0B, 0x12);
        write(0x0B, 0x92);
        assertEquals(0x82, read(0x0B));
        rig.advance(5 * SECOND);
        assertEquals(0x58, read(0));
        write(0x0B, 0x02);
        rig.advance(SECOND);
        assertEquals(0x59, read(0));
    }

    @Test
    void dividerResetStartsHalfASecondBeforeTheUpdate() {
        rig.advance(SECOND / 4);
        write(0x0A, 0x76);
        rig.advance(10 * SECOND);
        assertEquals(0x58, read(0));
        write(0x0A, 0x26);
        rig.advance(SECOND / 2 - 1);
        assertEquals(0x58, read(0));
        rig.advance(1);
        assertEquals(0x59, read(0));
    }

    @Test
    void alarmMatchesWithWildcards() {
        write(0x0B, 0x22);
        write(1, 0x01);
        write(3, 0xC0);
        write(5, 0xFF);
        rig.advance(2 * SECOND);
        assertFalse(irq8.high);
        rig.advance(SECOND);
        assertTrue(irq8.high);
        assertEquals(0xB0, read(0x0C) & 0xB0);
        assertFalse(irq8.high);
        rig.advance(59 * SECOND);
        assertFalse(irq8.high);
        rig.advance(SECOND);
        assertTrue(irq8.high);
    }

    @Test
    void alarmFlagIsSetWithoutInterruptToo() {
        write(1, 0x00);
        write(3, 0x00);
        write(5, 0x12);
        rig.jump(3 * 86_400 * SECOND);
        assertEquals(0x70, read(0x0C));
        assertFalse(irq8.high);
        assertEquals(0, read(0x0C) & 0x20);
    }

    @Test
    void periodicInterruptRunsAtItsRate() {
        write(0x0B, 0x42);
        int interrupts = 0;
        for (int i = 0; i < 2048; i++) {
            rig.advance(SECOND / 1024 / 2);
            if (irq8.high) {
                interrupts++;
                assertEquals(0xC0, read(0x0C) & 0xC0);
                assertFalse(irq8.high);
            }
        }
        assertTrue(Math.abs(interrupts - 1024) <= 1, "interrupts " + interrupts);
        write(0x0A, 0x2F);
        rig.advance(2 * SECOND - rig.nanos());
        assertEquals(0xC0, read(0x0C) & 0xC0);
        rig.advance(SECOND / 2 - 1000);
        assertFalse(irq8.high);
        rig.advance(1000);
        assertTrue(irq8.high);
    }

    @Test
    void updateEndedInterrupt() {
        write(0x0B, 0x12);
        rig.advance(SECOND - 1);
        assertFalse(irq8.high);
        rig.advance(1);
        assertTrue(irq8.high);
        assertEquals(0x90, read(0x0C) & 0x90);
    }

    @Test
    void resetKeepsTimeAndRamButNoInterrupts() {
        write(0x0B, 0x72);
        write(0x40, 0xA5);
        rig.advance(2 * SECOND);
        assertTrue(irq8.high);
        rtc.writeByte(0, 0x8F);
        assertTrue(rtc.nmiMasked());
        rtc.reset();
        assertFalse(irq8.high);
        assertFalse(rtc.nmiMasked());
        assertEquals(0x02, read(0x0B));
        assertEquals(0, read(0x0C) & 0x80);
        assertEquals(0xA5, read(0x40));
        assertEquals("2024-01-01 00:00:00 dow 2", date(rtc));
    }

    @Test
    void readOnlyRegistersAndCmos() {
        write(0x0D, 0);
        assertEquals(0x80, read(0x0D));
        rtc.setCmos(0x15, 0x80);
        assertEquals(0x80, read(0x15));
        assertEquals(0x80, rtc.cmos(0x15));
        assertThrows(IllegalArgumentException.class, () -> rtc.setCmos(4, 0));
        assertEquals(0xFF, rtc.readByte(0));
    }
}
