package dev.arclet.emulator.device.virtio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.device.TestRig;
import dev.arclet.emulator.device.virtio.VirtioDriver.Piece;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class VirtioRngTest extends VirtioContractTest {
    @Override
    protected VirtioDevice device(TestRig rig, TestRam ram, Subject subject) {
        return new VirtioRng("virtio-rng0", ram, bytes -> Arrays.fill(bytes, (byte) 42));
    }

    @Test
    void fillsWhatIsWritable() {
        TestRam ram = new TestRam(1 << 17);
        VirtioDriver driver =
                new VirtioDriver(device(new TestRig(), ram, new Subject()), ram).place();
        assertEquals(0x1005, driver.function.readConfig(2, 2));
        driver.start(driver.offered() & ~VirtioDriver.EVENT_IDX);
        int at = driver.offer(0, 3, 0, false, Piece.in(3000), Piece.in(3000));
        driver.notifyQueue(0);
        assertEquals(1, driver.usedIndex(0));
        assertEquals(3, driver.usedHead(0, 0));
        assertEquals(4096, driver.usedLength(0, 0));
        assertEquals(42, ram.bytes[at + 4095]);
        assertEquals(0, ram.bytes[at + 4096]);
        assertTrue(driver.pin.high);
    }
}
