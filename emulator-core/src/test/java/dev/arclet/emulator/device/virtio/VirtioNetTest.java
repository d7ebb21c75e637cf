package dev.arclet.emulator.device.virtio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.device.TestRig;
import dev.arclet.emulator.device.virtio.VirtioDriver.Piece;
import dev.arclet.emulator.net.Cable;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import org.junit.jupiter.api.Test;

class VirtioNetTest extends VirtioContractTest {
    private static final byte[] MAC = {0x52, 0x54, 0, 1, 2, 3};

    private final Queue<Runnable> posted = new ArrayDeque<>();
    private final Cable cable = new Cable();
    private final TestRam ram = new TestRam(1 << 17);
    private final VirtioNet card = new VirtioNet("n", ram, MAC, cable);
    private final VirtioDriver driver = new VirtioDriver(card, ram).place();

    VirtioNetTest() {
        cable.plugCard(card, posted::add);
    }

    @Override
    protected VirtioDevice device(TestRig rig, TestRam contractRam, Subject subject) {
        Cable unplugged = new Cable();
        VirtioNet device = new VirtioNet("virtio-net0", contractRam, MAC, unplugged);
        unplugged.plugCard(device, Runnable::run);
        unplugged.plugNetwork(
                () -> {
                    byte[] frame = unplugged.take();
                    if (frame != null) {
                        unplugged.deliver(frame);
                    }
                });
        return device;
    }

    private void runPosted() {
        for (Runnable r = posted.poll(); r != null; r = posted.poll()) {
            r.run();
        }
    }

    private static byte[] frame(int length) {
        byte[] frame = new byte[length];
        for (int i = 0; i < length; i++) {
            frame[i] = (byte) (i * 7);
        }
        return frame;
    }

    @Test
    void sendsWhatFollowsTheHeader() {
        driver.start(driver.offered());
        driver.offer(1, 0, 0, false, Piece.out(new byte[12]), Piece.out(frame(600)));
        driver.offer(1, 4, 1500, false, Piece.out(new byte[12]), Piece.out(frame(13)));
        driver.notifyQueue(1);
        assertArrayEquals(frame(600), cable.take());
        assertNull(cable.take(), "13 bytes are no frame");
        assertEquals(2, driver.usedIndex(1));
    }

    @Test
    void aLegacyDriverHasAShorterHeader() {
        driver.start(driver.offered() & ~VirtioDriver.VERSION_1);
        driver.offer(1, 0, 0, false, Piece.out(new byte[10]), Piece.out(frame(60)));
        driver.notifyQueue(1);
        assertArrayEquals(frame(60), cable.take());
        int at = driver.offer(0, 0, 0, false, Piece.in(10), Piece.in(1514));
        driver.notifyQueue(0);
        cable.deliver(frame(100));
        runPosted();
        assertEquals(110, driver.usedLength(0, 0));
        assertArrayEquals(frame(100), Arrays.copyOfRange(ram.bytes, at + 10, at + 110));
    }

    @Test
    void computesTheCheckSumThatTheDriverLeavesToIt() {
        driver.start(driver.offered());
        byte[] header = new byte[12];
        header[0] = 1;
        header[6] = 34;
        header[8] = 6;
        byte[] frame = new byte[34 + 9];
        frame[34] = 0x12;
        frame[35] = 0x34;
        frame[40] = 0x01; // the pseudo header's sum
        frame[42] = 0x05;
        driver.offer(1, 0, 0, false, Piece.out(header), Piece.out(frame));
        header[8] = 100; // outside
        driver.offer(1, 4, 500, false, Piece.out(header), Piece.out(frame));
        driver.notifyQueue(1);
        byte[] sent = cable.take();
        // 0x1234 + 0x0100 + 0x0500 = 0x1834
        assertEquals(0xE7CB, (sent[40] & 0xFF) << 8 | sent[41] & 0xFF);
        assertNull(cable.take());
    }

    @Test
    void framesWaitUntilTheDriverHasBuffers() {
        cable.deliver(frame(60));
        runPosted();
        driver.start(driver.offered());
        assertEquals(Cable.QUEUE, cable.room(), "before the driver runs nobody listens");
        cable.deliver(frame(300));
        cable.deliver(frame(400));
        runPosted();
        assertEquals(0, driver.usedIndex(0));
        int first = driver.offer(0, 0, 0, false, Piece.in(1526));
        driver.notifyQueue(0);
        assertEquals(1, driver.usedIndex(0));
        assertEquals(312, driver.usedLength(0, 0));
        assertEquals(1, ram.bytes[first + 10], "one buffer");
        assertArrayEquals(frame(300), Arrays.copyOfRange(ram.bytes, first + 12, first + 312));
        assertTrue(driver.pin.high);
        driver.offer(0, 2, 1600, false, Piece.in(1526));
        driver.notifyQueue(0);
        assertEquals(412, driver.usedLength(0, 1));
    }

    @Test
    void tellsItsAddress() {
        assertEquals(0x1000, driver.function.readConfig(2, 2));
        for (int i = 0; i < 6; i++) {
            assertEquals(MAC[i] & 0xFF, driver.config(i, 1));
        }
        assertEquals(1, driver.config(6, 2), "the link is up");
    }
}
