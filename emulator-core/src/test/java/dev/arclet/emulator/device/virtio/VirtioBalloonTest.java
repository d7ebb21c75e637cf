package dev.arclet.emulator.device.virtio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.device.TestRig;
import dev.arclet.emulator.device.virtio.VirtioDriver.Piece;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class VirtioBalloonTest extends VirtioContractTest {
    private static final int INFLATE = 0;
    private static final int DEFLATE = 1;
    private static final int STATISTICS = 2;
    private static final int REPORTING = 3;
    private static final long STATS_VQ = 2;

    private record Range(long physical, long length) {}

    private final List<Range> discarded = new ArrayList<>();
    private final TestRam ram = new TestRam(1 << 17);
    private final VirtioBalloon balloon =
            new VirtioBalloon(
                    "virtio-balloon0",
                    ram,
                    (physical, length) -> discarded.add(new Range(physical, length)));
    private final VirtioDriver driver = new VirtioDriver(balloon, ram).place();

    @Override
    protected VirtioDevice device(TestRig rig, TestRam ram, Subject subject) {
        VirtioBalloon device = new VirtioBalloon("virtio-balloon0", ram, (at, length) -> {});
        subject.host(
                random -> {
                    device.ask(random.nextInt(1000));
                    device.refreshStatistics();
                });
        return device;
    }

    private static byte[] numbers(int... pages) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * pages.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int page : pages) {
            bytes.putInt(page);
        }
        return bytes.array();
    }

    @Test
    void takesWhatTheGuestInflatesTheBalloonWith() {
        assertEquals(0x1002, driver.function.readConfig(2, 2));
        driver.start(driver.offered() & ~VirtioDriver.EVENT_IDX);
        driver.offer(INFLATE, 0, 0, false, Piece.out(numbers(16, 17, 18, 40, 3)));
        driver.notifyQueue(INFLATE);
        assertEquals(
                List.of(
                        new Range(0x10000, 0x3000),
                        new Range(0x28000, 0x1000),
                        new Range(0x3000, 0x1000)),
                discarded);
        assertEquals(1, driver.usedIndex(INFLATE));
        assertTrue(driver.pin.high);
        driver.offer(DEFLATE, 0, 0, false, Piece.out(numbers(16)));
        driver.notifyQueue(DEFLATE);
        assertEquals(1, driver.usedIndex(DEFLATE));
        assertEquals(3, discarded.size(), "giving back takes nothing");
    }

    @Test
    void takesWhatTheGuestReportsAsFree() {
        driver.start(driver.offered());
        int at = driver.offer(REPORTING, 0, 0, true, Piece.in(0x400), Piece.in(0x800));
        driver.notifyQueue(REPORTING);
        assertEquals(List.of(new Range(at, 0x400), new Range(at + 0x400, 0x800)), discarded);
        assertEquals(1, driver.usedIndex(REPORTING));
    }

    @Test
    void withoutStatisticsReportingIsTheThirdQueue() {
        driver.start(driver.offered() & ~STATS_VQ);
        driver.offer(2, 0, 0, false, Piece.in(0x400));
        driver.notifyQueue(2);
        assertEquals(1, discarded.size());
        assertEquals(1, driver.usedIndex(2));
    }

    @Test
    void asksAndIsToldHowMuch() {
        driver.start(driver.offered());
        balloon.ask(0x12345);
        assertEquals(0x12345, driver.config(0, 4));
        assertEquals(2, driver.isr(), "the configuration has changed");
        driver.config(4, 4, 0x1234);
        assertEquals(0x1234, balloon.given());
        driver.config(0, 4, 7);
        assertEquals(0x12345, driver.config(0, 4), "what is asked for is the host's");
    }

    @Test
    void statisticsWaitUntilTheyAreWanted() {
        driver.start(driver.offered());
        byte[] pairs =
                ByteBuffer.allocate(20)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putShort((short) 4)
                        .putLong(1L << 40)
                        .putShort((short) 5)
                        .putLong(77)
                        .array();
        driver.offer(STATISTICS, 6, 0, false, Piece.out(pairs));
        driver.notifyQueue(STATISTICS);
        assertEquals(Map.of(4, 1L << 40, 5, 77L), balloon.statistics());
        assertEquals(0, driver.usedIndex(STATISTICS), "the buffer is kept");
        balloon.refreshStatistics();
        balloon.refreshStatistics();
        assertEquals(1, driver.usedIndex(STATISTICS));
        assertEquals(6, driver.usedHead(STATISTICS, 0));
    }

    @Test
    void refusesAListOfMorePagesThanAnyDriverNames() {
        driver.start(driver.offered() & ~VirtioDriver.EVENT_IDX);
        int at = driver.offer(INFLATE, 0, 0, false, Piece.out(numbers(16)));
        driver.descriptor((int) balloon.queue(INFLATE).descriptors(), at, 1 << 30, 0, 0);
        driver.notifyQueue(INFLATE);
        assertEquals(List.of(), discarded);
        assertEquals(0x40, driver.status() & 0x40, "needs a reset");
    }

    @Test
    void survivesEveryListOfPages() {
        Random random = new Random(3);
        for (int i = 0; i < 200; i++) {
            driver.start(driver.offered());
            byte[] bytes = new byte[random.nextInt(300)];
            random.nextBytes(bytes);
            driver.offer(INFLATE, 0, 0, random.nextBoolean(), Piece.out(bytes));
            driver.notifyQueue(INFLATE);
            assertEquals(1, driver.usedIndex(INFLATE));
        }
    }
}
