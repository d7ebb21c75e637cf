package dev.arclet.emulator.device.virtio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.device.TestRig;
import dev.arclet.emulator.device.virtio.VirtioDriver.Piece;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class VirtioRngTest extends VirtioContractTest {
    @Override
    protected VirtioDevice device(TestRig rig, TestRam ram, Subject subject) {
        return new VirtioRng(
                "virtio-rng0",
                ram,
                (bytes, handedOut) -> Arrays.fill(bytes, (byte) (42 + handedOut)));
    }

    @Test
    void goesOnAfterARestoreWithTheSameBytes() throws SnapshotException {
        TestRam ram = new TestRam(1 << 17);
        VirtioDriver driver =
                new VirtioDriver(device(new TestRig(), ram, new Subject()), ram).place();
        driver.start(driver.offered() & ~VirtioDriver.EVENT_IDX);
        driver.offer(0, 0, 0, false, Piece.in(3));
        driver.notifyQueue(0);
        SnapshotWriter out = new SnapshotWriter();
        driver.function.save(out);
        VirtioDriver restored =
                new VirtioDriver(device(new TestRig(), ram, new Subject()), ram).place();
        restored.function.restore(
                new SnapshotReader("test", out.toByteArray()), restored.function.sectionVersion());
        int at = restored.offer(0, 1, 0, false, Piece.in(1));
        restored.notifyQueue(0);
        assertEquals(42 + 3, ram.bytes[at], "the fourth byte");
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
