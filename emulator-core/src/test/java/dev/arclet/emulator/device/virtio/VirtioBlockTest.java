package dev.arclet.emulator.device.virtio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.bus.Resettable;
import dev.arclet.emulator.device.TestRig;
import dev.arclet.emulator.device.virtio.VirtioDriver.Piece;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;
import dev.arclet.emulator.storage.HostWork;
import dev.arclet.emulator.storage.MemoryDisk;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class VirtioBlockTest extends VirtioContractTest {
    private static final int SECTORS = 64;
    private static final long LATENCY = 1000;
    private static final int IN = 0;
    private static final int OUT = 1;
    private static final int FLUSH = 4;
    private static final int GET_ID = 8;
    private static final int DISCARD = 11;
    private static final int WRITE_ZEROES = 13;

    private final TestRig rig = new TestRig();
    private final TestRam ram = new TestRam(1 << 17);
    private final MemoryDisk disk = disk(1, false);
    private final VirtioDriver driver = driver(disk);

    private static MemoryDisk disk(long seed, boolean readOnly) {
        byte[] content = new byte[SECTORS * 512];
        new Random(seed).nextBytes(content);
        return new MemoryDisk(content, readOnly);
    }

    private VirtioDriver driver(MemoryDisk medium) {
        return new VirtioDriver(block(rig, ram, medium), ram).place();
    }

    private static VirtioBlock block(TestRig rig, TestRam ram, MemoryDisk medium) {
        return new VirtioBlock(
                "virtio-blk0", ram, rig.events, HostWork.IMMEDIATE, medium, "SERIAL", LATENCY);
    }

    /** The disk's content as a part with state, which a machine's snapshot leaves to the host. */
    private record DiskPart(MemoryDisk disk, byte[] initial) implements Resettable, Stateful {
        @Override
        public void reset() {
            System.arraycopy(initial, 0, disk.bytes, 0, initial.length);
        }

        @Override
        public String sectionId() {
            return "disk";
        }

        @Override
        public int sectionVersion() {
            return 1;
        }

        @Override
        public void save(SnapshotWriter out) {
            out.putBytes("bytes", disk.bytes);
        }

        @Override
        public void restore(SnapshotReader in, int version) throws SnapshotException {
            in.getBytes("bytes", disk.bytes);
        }
    }

    @Override
    protected VirtioDevice device(TestRig contractRig, TestRam contractRam, Subject subject) {
        MemoryDisk medium = disk(2, false);
        subject.part(new DiskPart(medium, medium.bytes.clone()));
        return block(contractRig, contractRam, medium);
    }

    private static Piece header(int type, long sector) {
        ByteBuffer out = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
        return Piece.out(out.putInt(type).putInt(0).putLong(sector).array());
    }

    private static Piece ranges(long sector, int count, int flags) {
        ByteBuffer out = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
        return Piece.out(out.putLong(sector).putInt(count).putInt(flags).array());
    }

    /** Runs one request on a started device; returns status and what was written. */
    private byte[] request(boolean indirect, Piece... pieces) {
        int before = driver.usedIndex(0);
        int start = driver.offer(0, 2, 0, indirect, pieces);
        driver.notifyQueue(0);
        rig.advance(2 * LATENCY);
        assertEquals(before + 1, driver.usedIndex(0));
        assertEquals(2, driver.usedHead(0, before));
        int in = 0;
        int out = 0;
        for (Piece piece : pieces) {
            if (piece.content() == null) {
                in += piece.length();
            } else {
                out += piece.length();
            }
        }
        return Arrays.copyOfRange(ram.bytes, start + out, start + out + in);
    }

    private static int status(byte[] written) {
        return written[written.length - 1];
    }

    @Test
    void describesTheDisk() {
        assertEquals(0x1AF4, driver.function.readConfig(0, 2));
        assertEquals(0x1001, driver.function.readConfig(2, 2));
        assertEquals(2, driver.function.readConfig(0x2E, 2));
        assertEquals(SECTORS, driver.config(0, 8));
        assertEquals(SECTORS, driver.legacy(20, 4));
        assertEquals(512, driver.config(20, 4));
        assertTrue((driver.offered() & VirtioDriver.VERSION_1) != 0);
    }

    @Test
    void readsAndWrites() {
        for (boolean indirect : new boolean[] {false, true}) {
            driver.start(driver.offered());
            byte[] got = request(indirect, header(IN, 5), Piece.in(1024), Piece.in(1));
            assertEquals(0, status(got));
            assertArrayEquals(
                    Arrays.copyOfRange(disk.bytes, 5 * 512, 7 * 512), Arrays.copyOf(got, 1024));
            assertEquals(1025, driver.usedLength(0, 0));

            byte[] data = new byte[512];
            new Random(9).nextBytes(data);
            byte[] first = Arrays.copyOf(data, 200);
            byte[] second = Arrays.copyOfRange(data, 200, 512);
            byte[] written =
                    request(
                            indirect,
                            header(OUT, 63),
                            Piece.out(first),
                            Piece.out(second),
                            Piece.in(1));
            assertEquals(0, status(written));
            assertArrayEquals(data, Arrays.copyOfRange(disk.bytes, 63 * 512, 64 * 512));
            assertEquals(1, driver.usedLength(0, 1));
        }
    }

    @Test
    void flushesDiscardsAndZeroes() {
        driver.start(driver.offered());
        byte[] before = disk.bytes.clone();
        assertEquals(0, status(request(false, header(FLUSH, 0), Piece.in(1))));
        assertEquals(1, disk.flushes);
        assertEquals(
                0, status(request(false, header(WRITE_ZEROES, 0), ranges(3, 2, 1), Piece.in(1))));
        Arrays.fill(before, 3 * 512, 5 * 512, (byte) 0);
        assertArrayEquals(before, disk.bytes);
        assertEquals(
                0,
                status(
                        request(
                                false,
                                header(DISCARD, 0),
                                ranges(0, 8, 0),
                                ranges(60, 4, 0),
                                Piece.in(1))));
        assertEquals(1, status(request(false, header(DISCARD, 0), ranges(60, 5, 0), Piece.in(1))));
        assertEquals(2, status(request(false, header(DISCARD, 0), ranges(6, 1, 1), Piece.in(1))));
        byte[] id = request(false, header(GET_ID, 0), Piece.in(20), Piece.in(1));
        assertEquals("SERIAL", new String(id, 0, 6, StandardCharsets.US_ASCII));
        assertEquals(0, id[6]);
    }

    @Test
    void withoutAFlushCommandEveryWriteIsSafe() {
        driver.start(VirtioDriver.VERSION_1);
        request(false, header(OUT, 0), Piece.out(new byte[512]), Piece.in(1));
        assertEquals(1, disk.flushes);
        driver.start(driver.offered());
        request(false, header(OUT, 0), Piece.out(new byte[512]), Piece.in(1));
        assertEquals(1, disk.flushes);
        assertEquals(1, driver.config(32, 1));
        driver.config(32, 1, 0);
        request(false, header(OUT, 0), Piece.out(new byte[512]), Piece.in(1));
        assertEquals(2, disk.flushes);
    }

    @Test
    void refusesWhatLeavesTheDisk() {
        driver.start(driver.offered());
        byte[] before = disk.bytes.clone();
        for (long sector : new long[] {63, 64, 65, -1, Long.MAX_VALUE, 1L << 55, Long.MIN_VALUE}) {
            assertEquals(
                    1, status(request(false, header(IN, sector), Piece.in(1024), Piece.in(1))));
            assertEquals(
                    1,
                    status(
                            request(
                                    false,
                                    header(OUT, sector),
                                    Piece.out(new byte[1024]),
                                    Piece.in(1))));
        }
        assertEquals(1, status(request(false, header(IN, 0), Piece.in(100), Piece.in(1))));
        assertEquals(2, status(request(false, header(99, 0), Piece.in(1))));
        assertArrayEquals(before, disk.bytes);
        disk.broken = true;
        assertEquals(1, status(request(false, header(IN, 0), Piece.in(512), Piece.in(1))));
    }

    @Test
    void aReadOnlyDiskIsNotWritten() {
        MemoryDisk fixed = disk(3, true);
        VirtioDriver other = driver(fixed);
        assertTrue((other.offered() & 1 << 5) != 0);
        assertEquals(0, other.offered() & (1 << 11 | 1 << 13 | 1 << 14));
        other.start(other.offered());
        other.offer(0, 0, 0, false, header(OUT, 0), Piece.out(new byte[512]), Piece.in(1));
        other.notifyQueue(0);
        rig.advance(2 * LATENCY);
        assertArrayEquals(disk(3, true).bytes, fixed.bytes);
        assertEquals(1, ram.bytes[0x1000 + 0x1000 + 16 + 512]);
    }

    @Test
    void interruptsWhenTheDriverWantsIt() {
        driver.start(driver.offered() & ~VirtioDriver.EVENT_IDX);
        request(false, header(FLUSH, 0), Piece.in(1));
        assertTrue(driver.pin.high);
        assertEquals(1, driver.isr());
        assertFalse(driver.pin.high);
        driver.noInterrupt(0, true);
        request(false, header(FLUSH, 0), Piece.in(1));
        assertFalse(driver.pin.high);

        driver.start(driver.offered());
        driver.setUsedEvent(0, 1);
        request(false, header(FLUSH, 0), Piece.in(1));
        assertFalse(driver.pin.high);
        request(false, header(FLUSH, 0), Piece.in(1));
        assertTrue(driver.pin.high);
        assertEquals(2, driver.availableEvent(0));
    }

    @Test
    void aDriverThatBreaksTheRulesIsTold() {
        int table = 0x1000;
        Runnable[] sins = {
            () -> driver.setAvailableIndex(0, 17),
            () -> {
                driver.descriptor(table, 0x5000, 16, 1, 0); // itself
                driver.publish(0, 0);
            },
            () -> driver.publish(0, 16),
            () -> {
                driver.descriptor(table, 0x5000, 16, 1, 200);
                driver.publish(0, 0);
            },
            () -> {
                driver.descriptor(table, 0x5000, 1, 2 | 1, 1);
                driver.descriptor(table + 16, 0x6000, 16, 0, 0); // readable after writable
                driver.publish(0, 0);
            },
            () -> {
                driver.descriptor(table, table, 16, 4, 0); // indirect to itself
                driver.publish(0, 0);
            },
            () -> {
                driver.descriptor(table, 0x5000, -16, 4, 0); // a huge indirect table
                driver.publish(0, 0);
            },
            () -> {
                driver.descriptor(table, 0x5000, 3, 0, 0); // no header, no status
                driver.publish(0, 0);
            }
        };
        for (int i = 0; i < sins.length; i++) {
            driver.start(driver.offered());
            assertEquals(15, driver.status());
            sins[i].run();
            driver.notifyQueue(0);
            assertEquals(0x4F, driver.status(), "sin " + i);
            assertEquals(2, driver.isr());
        }
        driver.start(driver.offered());
        assertEquals(0, status(request(false, header(FLUSH, 0), Piece.in(1))));
    }

    @Test
    void aLegacyDriverReadsToo() {
        driver.legacy(18, 1, 0);
        driver.legacy(18, 1, 3);
        driver.legacy(4, 4, driver.legacy(0, 4) & ~(1 << 29));
        driver.legacy(14, 2, 0);
        int size = driver.legacy(12, 2);
        assertEquals(256, size);
        driver.legacy(8, 4, 4); // page 4: 0x4000; ring at 0x5000, used at 0x6000
        assertEquals(4, driver.legacy(8, 4));
        driver.legacy(18, 1, 7);
        ram.view.putInt(0x8000, IN).putLong(0x8008, 7);
        driver.descriptor(0x4000, 0x8000, 16, 1, 1);
        driver.descriptor(0x4010, 0x9000, 512, 3, 2);
        driver.descriptor(0x4020, 0xA000, 1, 2, 0);
        ram.view.putShort(0x5002, (short) 1);
        ram.bytes[0xA000] = 77;
        driver.legacy(16, 2, 0);
        rig.advance(LATENCY);
        assertEquals(0, ram.bytes[0xA000]);
        assertEquals(1, ram.view.getShort(0x6002));
        assertArrayEquals(
                Arrays.copyOfRange(disk.bytes, 7 * 512, 8 * 512),
                Arrays.copyOfRange(ram.bytes, 0x9000, 0x9200));
        assertEquals(1, driver.legacy(19, 1));
        assertFalse(driver.pin.high);
    }

    @Test
    void requestsUnderWaySurviveASnapshot() throws SnapshotException {
        driver.start(driver.offered());
        int read = driver.offer(0, 0, 0, false, header(IN, 9), Piece.in(512), Piece.in(1));
        driver.offer(0, 4, 600, false, header(OUT, 1), Piece.out(new byte[512]), Piece.in(1));
        driver.notifyQueue(0);
        rig.advance(LATENCY / 2);
        SnapshotWriter out = new SnapshotWriter();
        driver.function.save(out);
        TestRig otherRig = new TestRig(rig.nanos());
        VirtioDriver other = new VirtioDriver(block(otherRig, ram, disk), ram);
        other.function.restore(new SnapshotReader("x", out.toByteArray()), 1);
        assertEquals(0, other.usedIndex(0));
        otherRig.advance(LATENCY);
        assertEquals(2, other.usedIndex(0));
        assertArrayEquals(
                Arrays.copyOfRange(disk.bytes, 9 * 512, 10 * 512),
                Arrays.copyOfRange(ram.bytes, read + 16, read + 16 + 512));
        assertTrue(other.pin.high);
    }

    @Test
    void theConfigurationWindowReachesTheRegisters() {
        driver.function.writeConfig(0x98 + 4, 1, 4);
        driver.function.writeConfig(0x98 + 8, 4, 0x2000);
        driver.function.writeConfig(0x98 + 12, 4, 4);
        assertEquals(SECTORS, driver.function.readConfig(0x98 + 16, 4));
    }
}
