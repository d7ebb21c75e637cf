package dev.arclet.emulator.device.virtio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.device.TestRig;
import dev.arclet.emulator.device.virtio.VirtioDriver.Piece;
import dev.arclet.emulator.net.Cable;
import dev.arclet.emulator.net.Frame;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import org.junit.jupiter.api.Test;

class VirtioNetTest extends VirtioContractTest {
    private static final byte[] MAC = {0x52, 0x54, 0, 1, 2, 3};

    private final Queue<Runnable> posted = new ArrayDeque<>();
    private final Cable cable = new Cable();
    private final TestRam ram = new TestRam(1 << 18);
    private final VirtioNet card = new VirtioNet("n", ram, MAC, cable);
    private final VirtioDriver driver = new VirtioDriver(card, ram).place();

    VirtioNetTest() {
        cable.plugCard(card, posted::add);
    }

    @Override
    protected VirtioDevice device(TestRig rig, TestRam contractRam, Subject subject) {
        Cable unplugged = new Cable();
        VirtioNet device = new VirtioNet("virtio-net0", contractRam, MAC, unplugged);
        unplugged.plugCard(
                frame -> {
                    device.receive(frame);
                    return true; // what waits on a cable is not saved, so nothing may wait here
                },
                Runnable::run);
        unplugged.plugNetwork(
                () -> {
                    Frame frame = unplugged.take();
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

    private static Frame plain(int length) {
        return Frame.plain(frame(length));
    }

    @Test
    void sendsWhatFollowsTheHeader() {
        driver.start(driver.offered());
        driver.offer(1, 0, 0, false, Piece.out(new byte[12]), Piece.out(frame(600)));
        driver.offer(1, 4, 1500, false, Piece.out(new byte[12]), Piece.out(frame(13)));
        driver.notifyQueue(1);
        assertArrayEquals(frame(600), cable.take().bytes());
        assertNull(cable.take(), "13 bytes are no frame");
        assertEquals(2, driver.usedIndex(1));
    }

    @Test
    void aLegacyDriverHasAShorterHeader() {
        driver.start(
                driver.offered() & ~(VirtioDriver.VERSION_1 | 1 << 15)); // nor mergeable buffers
        driver.offer(1, 0, 0, false, Piece.out(new byte[10]), Piece.out(frame(60)));
        driver.notifyQueue(1);
        assertArrayEquals(frame(60), cable.take().bytes());
        int at = driver.offer(0, 0, 0, false, Piece.in(10), Piece.in(1514));
        driver.notifyQueue(0);
        cable.deliver(plain(100));
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
        byte[] sent = cable.take().bytes();
        // 0x1234 + 0x0100 + 0x0500 = 0x1834
        assertEquals(0xE7CB, (sent[40] & 0xFF) << 8 | sent[41] & 0xFF);
        assertNull(cable.take());
    }

    @Test
    void framesWaitUntilTheDriverHasBuffers() {
        cable.deliver(plain(60));
        runPosted();
        driver.start(driver.offered());
        assertEquals(Cable.QUEUE, cable.room(), "before the driver runs nobody listens");
        cable.deliver(plain(300));
        cable.deliver(plain(400));
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

    /** A TCP segment over IPv4 without a check sum: what a driver hands over, or takes. */
    private static byte[] segment(int data) {
        byte[] frame = frame(14 + 20 + 20 + data);
        frame[12] = 8;
        frame[13] = 0;
        frame[14] = 0x45;
        frame[23] = 6;
        frame[34 + 12] = 0x50;
        return frame;
    }

    private static byte[] offload(int gsoType, int gsoSize) {
        byte[] header = new byte[12];
        header[0] = 1;
        header[1] = (byte) gsoType;
        header[4] = (byte) gsoSize;
        header[5] = (byte) (gsoSize >>> 8);
        header[6] = 34;
        header[8] = 16;
        return header;
    }

    @Test
    void aLargeSegmentGoesOutAsOneFrame() {
        driver.start(driver.offered());
        byte[] large = segment(9000);
        driver.offer(1, 0, 0, false, Piece.out(offload(1, 1448)), Piece.out(large));
        driver.offer(1, 4, 20_000, false, Piece.out(offload(0, 0)), Piece.out(large));
        driver.offer(1, 8, 40_000, false, Piece.out(offload(4, 1448)), Piece.out(large));
        driver.offer(1, 12, 60_000, false, Piece.out(offload(0, 0)), Piece.out(segment(99)));
        driver.notifyQueue(1);
        Frame sent = cable.take();
        assertArrayEquals(large, sent.bytes());
        assertEquals(1448, sent.segment());
        assertTrue(sent.unsummed());
        Frame small = cable.take();
        assertArrayEquals(segment(99), small.bytes(), "neither too large nor of another protocol");
        assertEquals(0, small.segment());
        assertTrue(small.unsummed());
        assertNull(cable.take());
        assertEquals(4, driver.usedIndex(1));
    }

    @Test
    void aLargeSegmentComesInByManyBuffers() {
        driver.start(driver.offered());
        byte[] large = segment(4000);
        int[] at = new int[3];
        for (int i = 0; i < 2; i++) {
            at[i] = driver.offer(0, i, i * 2000, false, Piece.in(1526));
        }
        driver.notifyQueue(0);
        cable.deliver(new Frame(large, true, 1400));
        runPosted();
        assertEquals(0, driver.usedIndex(0), "all or nothing");
        at[2] = driver.offer(0, 2, 4000, false, Piece.in(1526));
        driver.notifyQueue(0);
        assertEquals(3, driver.usedIndex(0));
        assertEquals(1526, driver.usedLength(0, 0));
        assertEquals(12 + large.length - 2 * 1526, driver.usedLength(0, 2));
        byte[] header = Arrays.copyOfRange(ram.bytes, at[0], at[0] + 12);
        byte[] expected = offload(1, 1400);
        expected[2] = 54;
        expected[10] = 3;
        assertArrayEquals(expected, header);
        byte[] got = new byte[3 * 1526];
        for (int i = 0; i < 3; i++) {
            System.arraycopy(ram.bytes, at[i], got, 1526 * i, 1526);
        }
        assertArrayEquals(large, Arrays.copyOfRange(got, 12, 12 + large.length));
    }

    @Test
    void whatTheDriverDoesNotTakeNeverReachesIt() {
        driver.start(driver.offered() & ~(1 << 1 | 1 << 7)); // neither GUEST_CSUM nor GUEST_TSO4
        driver.offer(0, 0, 0, false, Piece.in(1526));
        driver.notifyQueue(0);
        cable.deliver(new Frame(segment(100), true, 0));
        cable.deliver(new Frame(segment(5000), true, 1400));
        cable.deliver(plain(60));
        runPosted();
        assertEquals(1, driver.usedIndex(0));
        assertEquals(72, driver.usedLength(0, 0));
    }
}
