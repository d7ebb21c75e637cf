package dev.arclet.emulator.device.firmware;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.arclet.emulator.device.DeviceContractTest;
import dev.arclet.emulator.device.TestRig;
import dev.arclet.emulator.memory.GuestMemory;
import dev.arclet.emulator.memory.PhysicalMap;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FwCfgTest extends DeviceContractTest {
    private static final int DIRECTORY = 0x19;

    private final GuestMemory ram = new GuestMemory(1 << 20);
    private final PhysicalMap memory = new PhysicalMap(36);
    private final FwCfg items = new FwCfg(memory);

    FwCfgTest() {
        memory.mapRam("memory", 0, ram.size(), ram, 0);
        items.putFile("etc/first", "content".getBytes(StandardCharsets.US_ASCII));
        items.putFile("etc/second", 0x1122);
        items.putNumber(5, 2, 3);
    }

    @AfterEach
    void close() {
        ram.close();
    }

    @Override
    protected Subject create(TestRig rig) {
        FwCfg subject = new FwCfg(memory);
        subject.putFile("file", new byte[300]);
        subject.putNumber(5, 2, 3);
        return new Subject().part(subject).ports(FwCfg.PORTS, subject);
    }

    private void select(int key) {
        items.writePort(0, 2, key);
    }

    private long read(int bytes) {
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value = value << 8 | items.readPort(1, 1);
        }
        return value;
    }

    private String text(int bytes) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < bytes; i++) {
            int c = items.readPort(1, 1);
            if (c != 0) {
                out.append((char) c);
            }
        }
        return out.toString();
    }

    @Test
    void isKnownByItsSignature() {
        select(0);
        assertEquals("QEMU", text(4));
        assertEquals(0, read(2), "beyond the end");
        select(1);
        assertEquals(0x0300_0000, read(4), "traditional and DMA interface");
        assertEquals(0x554D4551, items.readPort(4, 4));
        assertEquals(0x47464320, items.readPort(8, 4));
    }

    @Test
    void filesAreFoundByTheDirectory() {
        select(DIRECTORY);
        assertEquals(2, read(4));
        assertEquals(7, read(4));
        int key = (int) read(2);
        read(2);
        assertEquals("etc/first", text(56));
        assertEquals(8, read(4));
        int other = (int) read(2);
        read(2);
        assertEquals("etc/second", text(56));
        select(key);
        assertEquals("content", text(7));
        select(other);
        assertEquals(0x2211_0000_0000_0000L, read(8), "little endian");
        select(5);
        assertEquals(0x0300, read(2));
    }

    /** Puts a command at 0x1000 and starts it; returns the control word afterwards. */
    private int dma(int control, int length, long address) {
        byte[] command =
                ByteBuffer.allocate(16).putInt(control).putInt(length).putLong(address).array();
        memory.writeExternal(0x1000, command, 0, command.length);
        items.writePort(4, 4, 0);
        items.writePort(8, 4, Integer.reverseBytes(0x1000));
        return Integer.reverseBytes((int) memory.read(0x1000, 4));
    }

    @Test
    void dmaSelectsSkipsAndReads() {
        byte[] ones = new byte[16];
        Arrays.fill(ones, (byte) 0xFF);
        memory.writeExternal(0x2000, ones, 0, ones.length);
        assertEquals(0, dma(0x20 << 16 | 0x08, 0, 0));
        assertEquals(0, dma(0x04, 3, 0));
        assertEquals(0, dma(0x02, 6, 0x2000));
        byte[] got = new byte[8];
        memory.readExternal(0x2000, got, 0, got.length);
        assertArrayEquals(new byte[] {'t', 'e', 'n', 't', 0, 0, (byte) 0xFF, (byte) 0xFF}, got);
        assertEquals(1, dma(0x20 << 16 | 0x18, 4, 0x2000), "nothing can be written");
    }

    @Test
    void aTransferThatWouldNotEndIsAnError() {
        memory.write(0x2000, 1, 0xFF);
        assertEquals(1, dma(0x20 << 16 | 0x0A, -1, 0x2000));
        assertEquals(0xFF, memory.read(0x2000, 1), "and nothing was written");
    }
}
