package dev.arclet.emulator.device.dma;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.device.DeviceContractTest;
import dev.arclet.emulator.device.TestRig;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class IsaDmaTest extends DeviceContractTest {
    private final byte[] memory = new byte[1 << 24];
    private final IsaDma dma =
            new IsaDma(
                    (physical, data, from, length) ->
                            System.arraycopy(memory, (int) physical, data, from, length),
                    (physical, data, from, length) ->
                            System.arraycopy(data, from, memory, (int) physical, length));

    @Override
    protected Subject create(TestRig rig) {
        byte[] ram = memory;
        byte[] buffer = new byte[3000];
        IsaDma subject =
                new IsaDma(
                        (physical, data, from, length) ->
                                System.arraycopy(ram, (int) physical, data, from, length),
                        (physical, data, from, length) ->
                                System.arraycopy(data, from, ram, (int) physical, length));
        return new Subject()
                .part(subject)
                .ports(16, subject.first())
                .ports(32, subject.second())
                .ports(15, subject.pages())
                .ports(1, subject.diagnosticLatch())
                .host(
                        random -> {
                            int length = random.nextInt(buffer.length);
                            if (random.nextBoolean()) {
                                subject.toMemory(random.nextInt(8), buffer, 0, length);
                            } else {
                                subject.fromMemory(random.nextInt(8), buffer, 0, length);
                            }
                        });
    }

    private void program(int channel, int mode, int page, int address, int count) {
        boolean low = channel < 4;
        int index = channel & 3;
        int[] pages = {7, 3, 1, 2, 15, 11, 9, 10};
        write(low, 12, 0);
        write(low, 11, mode | index);
        write(low, 2 * index, address & 0xFF);
        write(low, 2 * index, address >>> 8);
        write(low, 2 * index + 1, count & 0xFF);
        write(low, 2 * index + 1, count >>> 8);
        dma.pages().writePort(pages[channel] - 1, 1, page);
        write(low, 10, index);
    }

    private void write(boolean low, int register, int value) {
        if (low) {
            dma.first().writePort(register, 1, value);
        } else {
            dma.second().writePort(2 * register, 1, value);
        }
    }

    @Test
    void floppyReadReachesMemoryAndStopsAtTerminalCount() {
        byte[] sector = new byte[600];
        Arrays.fill(sector, (byte) 0x5A);
        assertEquals(0, dma.toMemory(2, sector, 0, 512), "masked");
        program(2, 0x44, 0x01, 0x2345, 511);
        assertTrue(dma.ready(2));
        assertEquals(0, dma.fromMemory(2, sector, 0, 1), "programmed the other way");
        assertEquals(100, dma.toMemory(2, sector, 0, 100));
        assertFalse(dma.terminalCount(2));
        assertEquals(412, dma.toMemory(2, sector, 100, 500));
        assertTrue(dma.terminalCount(2));
        assertFalse(dma.ready(2), "masked at terminal count");
        assertEquals(0x5A, memory[0x12345]);
        assertEquals(0x5A, memory[0x12345 + 511]);
        assertEquals(0, memory[0x12345 + 512]);
        assertEquals(0x04, dma.first().readPort(8, 1));
        assertEquals(0x00, dma.first().readPort(8, 1), "reading clears");
        assertEquals(0xFF, dma.first().readPort(5, 1));
        assertEquals(0xFF, dma.first().readPort(5, 1));
    }

    @Test
    void autoInitialiseStartsOver() {
        program(1, 0x58, 0, 0x100, 3);
        byte[] out = new byte[16];
        for (int i = 0; i < 4; i++) {
            memory[0x100 + i] = (byte) (i + 1);
        }
        assertEquals(4, dma.fromMemory(1, out, 0, 16));
        assertTrue(dma.terminalCount(1));
        assertEquals(2, dma.fromMemory(1, out, 4, 2));
        assertArrayEquals(new byte[] {1, 2, 3, 4, 1, 2, 0}, Arrays.copyOf(out, 7));
    }

    @Test
    void wordsWrapInsideTheirPage() {
        program(5, 0x44, 0x13, 0xFFFF, 1);
        assertEquals(4, dma.toMemory(5, new byte[] {1, 2, 3, 4}, 0, 4));
        assertEquals(1, memory[0x13FFFE]);
        assertEquals(2, memory[0x13FFFF]);
        assertEquals(3, memory[0x120000]);
    }

    @Test
    void addressMayCountDown() {
        program(3, 0x64, 0, 0x200, 2);
        assertEquals(3, dma.toMemory(3, new byte[] {1, 2, 3}, 0, 3));
        assertEquals(1, memory[0x200]);
        assertEquals(3, memory[0x1FE]);
    }

    @Test
    void masterClearMasksAndPagesAreLatches() {
        program(0, 0x44, 0, 0, 10);
        dma.first().writePort(13, 1, 0);
        assertFalse(dma.ready(0));
        assertEquals(0xFF, dma.first().readPort(15, 1));
        dma.first().writePort(14, 1, 0);
        assertTrue(dma.ready(0));
        dma.diagnosticLatch().writePort(0, 1, 0x42);
        assertEquals(0x42, dma.postCode());
        assertEquals(0x42, dma.diagnosticLatch().readPort(0, 1));
    }
}
