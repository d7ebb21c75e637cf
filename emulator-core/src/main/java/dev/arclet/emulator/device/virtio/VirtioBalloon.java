package dev.arclet.emulator.device.virtio;

import dev.arclet.emulator.bus.DmaMemory;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import java.util.Map;
import java.util.TreeMap;

/**
 * The memory balloon (section 5.5): the guest gives pages to the host, as many as it is asked for
 * or those that happen to be free (free page reporting, 5.5.6.9), and they cost the host nothing
 * until the guest writes to them again. It may take pages back at any time.
 *
 * <p>Absent: free page hints and poison, for a host that copies memory while the guest runs.
 */
public final class VirtioBalloon extends VirtioDevice {
    private static final int TYPE = 5;
    private static final int QUEUE_SIZE = 128;
    private static final int PAGE_BYTES = 4096;

    /** A request names at most 256 MiB of pages; drivers name 1 MiB. */
    private static final int MAX_INFLATE_BYTES = 256 << 10;

    private static final int PAGE_NUMBER_BYTES = 4;

    private static final long STATS_VQ = 1 << 1;
    private static final long DEFLATE_ON_OOM = 1 << 2;
    private static final long REPORTING = 1 << 5;

    private static final int INFLATE = 0;
    private static final int DEFLATE = 1;

    /** Tags and values (5.5.6.3), of which there are ten kinds. */
    private static final int STATISTIC_BYTES = 10;

    private static final int MAX_STATISTICS = 64;
    private static final int NONE = -1;

    /** Takes pages from the guest, which may name any address. */
    public interface Discarder {
        /** Whole pages within the range become zero and cost nothing. */
        void discard(long physical, long length);
    }

    private final Discarder discarder;
    private int target;
    private int actual;

    /** The driver's buffer for statistics, kept until they are wanted; or {@link #NONE}. */
    private int statisticsHead = NONE;

    private final Map<Integer, Long> statistics = new TreeMap<>();

    /** A balloon that is empty. */
    public VirtioBalloon(String name, DmaMemory memory, Discarder discarder) {
        super(
                name,
                TYPE,
                STATS_VQ | DEFLATE_ON_OOM | REPORTING,
                memory,
                QUEUE_SIZE,
                QUEUE_SIZE,
                QUEUE_SIZE,
                QUEUE_SIZE);
        this.discarder = discarder;
    }

    /** Asks the guest to give up so many pages of 4 KiB; it may give fewer. */
    public void ask(int pages) {
        if (pages != target) {
            target = pages;
            configurationChanged();
        }
    }

    /** Pages that the guest says it has given up. */
    public int given() {
        return actual;
    }

    /** Asks the guest for new statistics, which come soon or never. */
    public void refreshStatistics() {
        if (statisticsHead != NONE && running()) {
            int head = statisticsHead;
            statisticsHead = NONE;
            guard(
                    () -> {
                        queue(2).giveBack(head, 0);
                        interruptIfWanted(2);
                    });
        }
    }

    /** The last statistics, by tag (5.5.6.4), such as 4 for the bytes of free memory. */
    public Map<Integer, Long> statistics() {
        return Map.copyOf(statistics);
    }

    /** Queues without a feature are not there: those behind them move up (5.5.2). */
    private boolean isStatistics(int number) {
        return number == 2 && has(STATS_VQ);
    }

    private boolean isReporting(int number) {
        return has(REPORTING) && number == (has(STATS_VQ) ? 3 : 2);
    }

    @Override
    protected void process(int number) throws VirtioException {
        VirtQueue queue = queue(number);
        for (DescriptorChain chain = queue.next(); chain != null; chain = queue.next()) {
            if (isStatistics(number)) {
                readStatistics(chain);
                statisticsHead = chain.head();
                continue;
            }
            if (number == INFLATE) {
                inflate(chain);
            } else if (isReporting(number)) {
                chain.forEachWritable(
                        (address, length) -> discarder.discard(address, length & 0xFFFFFFFFL));
            }
            queue.giveBack(chain.head(), 0);
        }
        interruptIfWanted(number);
    }

    /** Page numbers; those that follow each other are taken together. */
    private void inflate(DescriptorChain chain) throws VirtioException {
        if (chain.readableBytes() > MAX_INFLATE_BYTES) {
            throw new VirtioException("a list of " + chain.readableBytes() + " bytes");
        }
        byte[] numbers = new byte[(int) chain.readableBytes()];
        chain.read(0, numbers, 0, numbers.length);
        long first = 0;
        long count = 0;
        for (int at = 0; at + PAGE_NUMBER_BYTES <= numbers.length; at += PAGE_NUMBER_BYTES) {
            long page = little(numbers, at, PAGE_NUMBER_BYTES);
            if (count == 0 || page != first + count) {
                discard(first, count);
                first = page;
                count = 0;
            }
            count++;
        }
        discard(first, count);
    }

    private void discard(long page, long count) {
        if (count > 0) {
            discarder.discard(page * PAGE_BYTES, count * PAGE_BYTES);
        }
    }

    private void readStatistics(DescriptorChain chain) {
        long count = Math.min(MAX_STATISTICS, chain.readableBytes() / STATISTIC_BYTES);
        byte[] pair = new byte[STATISTIC_BYTES];
        statistics.clear();
        for (int i = 0; i < count; i++) {
            chain.read((long) i * STATISTIC_BYTES, pair, 0, STATISTIC_BYTES);
            statistics.put((int) little(pair, 0, 2), little(pair, 2, 8));
        }
    }

    private static long little(byte[] bytes, int at, int length) {
        long value = 0;
        for (int i = 0; i < length; i++) {
            value |= (bytes[at + i] & 0xFFL) << 8 * i;
        }
        return value;
    }

    @Override
    public int configurationBytes() {
        return 8;
    }

    @Override
    public int readConfiguration(int offset) {
        return (offset < 4 ? target : actual) >>> 8 * (offset & 3) & 0xFF;
    }

    /** The driver tells how many pages it has given up. */
    @Override
    public void writeConfiguration(int offset, int value) {
        if (offset >= 4) {
            int shift = 8 * (offset & 3);
            actual = actual & ~(0xFF << shift) | value << shift;
        }
    }

    /** Whoever wants pages of the next driver asks again. */
    @Override
    protected void resetDevice() {
        target = 0;
        actual = 0;
        statisticsHead = NONE;
        statistics.clear();
    }

    @Override
    protected void saveDevice(SnapshotWriter out) {
        out.putInt("target", target);
        out.putInt("actual", actual);
        out.putInt("statisticsHead", statisticsHead);
        int[] tags = new int[statistics.size()];
        long[] values = new long[tags.length];
        int i = 0;
        for (Map.Entry<Integer, Long> entry : statistics.entrySet()) {
            tags[i] = entry.getKey();
            values[i++] = entry.getValue();
        }
        out.putInt("statistics", tags.length);
        for (i = 0; i < tags.length; i++) {
            out.putInt("tag" + i, tags[i]);
            out.putLong("value" + i, values[i]);
        }
    }

    @Override
    protected void restoreDevice(SnapshotReader in, int version) throws SnapshotException {
        target = in.getInt("target");
        actual = in.getInt("actual");
        statisticsHead = in.getInt("statisticsHead", NONE, QUEUE_SIZE - 1);
        statistics.clear();
        int count = in.getInt("statistics", 0, MAX_STATISTICS);
        for (int i = 0; i < count; i++) {
            int tag = in.getInt("tag" + i, 0, 0xFFFF);
            statistics.put(tag, in.getLong("value" + i));
        }
    }
}
