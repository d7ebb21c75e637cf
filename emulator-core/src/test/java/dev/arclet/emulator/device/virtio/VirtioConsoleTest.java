package dev.arclet.emulator.device.virtio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.device.TestRig;
import dev.arclet.emulator.device.virtio.VirtioDriver.Piece;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class VirtioConsoleTest extends VirtioContractTest {
    private final ByteArrayOutputStream output = new ByteArrayOutputStream();
    private final TestRam ram = new TestRam(1 << 17);
    private final VirtioConsole console = new VirtioConsole("c", ram, output::writeBytes);
    private final VirtioDriver driver = new VirtioDriver(console, ram).place();

    @Override
    protected VirtioDevice device(TestRig rig, TestRam contractRam, Subject subject) {
        VirtioConsole device = new VirtioConsole("virtio-console0", contractRam, bytes -> {});
        return device;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Test
    void writesAndReads() {
        driver.start(driver.offered());
        driver.offer(1, 0, 0, false, Piece.out(ascii("Hello, ")), Piece.out(ascii("world")));
        driver.notifyQueue(1);
        assertEquals("Hello, world", output.toString(StandardCharsets.US_ASCII));
        assertEquals(1, driver.usedIndex(1));

        assertEquals(3, console.send(ascii("abc")));
        int at = driver.offer(0, 0, 0, false, Piece.in(2));
        driver.notifyQueue(0);
        assertEquals(2, driver.usedLength(0, 0));
        assertEquals('a', ram.bytes[at]);
        at = driver.offer(0, 1, 100, false, Piece.in(50));
        driver.notifyQueue(0);
        assertEquals(1, driver.usedLength(0, 1));
        assertEquals('c', ram.bytes[at]);
        assertTrue(console.send(new byte[100_000]) <= 65536);
    }

    @Test
    void tellsItsSize() {
        driver.start(driver.offered());
        assertEquals(80 | 25 << 16, driver.config(0, 4));
        long generation = driver.common(21, 1);
        console.resize(132, 43);
        assertEquals(132 | 43 << 16, driver.config(0, 4));
        assertEquals(generation + 1, driver.common(21, 1));
        assertEquals(2, driver.isr());
        driver.config(8, 4, '!');
        assertEquals("!", output.toString(StandardCharsets.US_ASCII).substring(0, 1));
    }
}
