package dev.arclet.emulator.device.virtio;

import dev.arclet.emulator.bus.DmaMemory;
import dev.arclet.emulator.bus.EventQueue;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.storage.BlockDevice;
import dev.arclet.emulator.storage.BlockQueue;
import dev.arclet.emulator.storage.HostWork;
import dev.arclet.emulator.storage.StorageException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A disk (section 5.2): read, write, flush, discard, write zeroes, identifier. One queue. The write
 * cache is the driver's to switch (5.2.6.2); without {@code FLUSH} every write is safe before it
 * completes.
 */
public final class VirtioBlock extends VirtioDevice {
    private static final int TYPE = 2;
    private static final int QUEUE_SIZE = 256;

    // Features (5.2.3)
    private static final long SIZE_MAX = 1 << 1;
    private static final long SEG_MAX = 1 << 2;
    private static final long GEOMETRY = 1 << 4;
    private static final long READ_ONLY = 1 << 5;
    private static final long BLK_SIZE = 1 << 6;
    private static final long FLUSH = 1 << 9;
    private static final long TOPOLOGY = 1 << 10;
    private static final long CONFIG_WCE = 1 << 11;
    private static final long DISCARD = 1 << 13;
    private static final long WRITE_ZEROES = 1 << 14;

    // Requests (5.2.6)
    private static final int TYPE_IN = 0;
    private static final int TYPE_OUT = 1;
    private static final int TYPE_FLUSH = 4;
    private static final int TYPE_GET_ID = 8;
    private static final int TYPE_DISCARD = 11;
    private static final int TYPE_WRITE_ZEROES = 13;
    private static final int HEADER_BYTES = 16;
    private static final int ID_BYTES = 20;
    private static final int RANGE_BYTES = 16;
    private static final int STATUS_OK = 0;
    private static final int STATUS_IO_ERROR = 1;
    private static final int STATUS_UNSUPPORTED = 2;

    private static final int SECTOR = BlockDevice.SECTOR;

    /** A request has at most so many data segments of at most so many bytes: 8 MiB. */
    private static final int MAX_SEGMENTS = 126;

    private static final int MAX_SEGMENT_BYTES = 64 << 10;
    private static final int MAX_REQUEST_BYTES = MAX_SEGMENTS * MAX_SEGMENT_BYTES;

    /** Data under way at most, unless a single request has more: a bound for the host's memory. */
    private static final int MAX_BYTES_UNDER_WAY = 16 << 20;

    /** Bytes of buffers at most that are kept for the next requests. */
    private static final int MAX_SPARE_BYTES = 4 << 20;

    private static final int MAX_RANGES = 16;
    private static final int MAX_RANGE_SECTORS = 1 << 22;

    private static final int CONFIG_BYTES = 60;
    private static final int CONFIG_WRITEBACK = 32;

    /** A request that waits for the disk. */
    private static final class Request {
        private final int head;
        private final int type;
        private final long offset;

        /** Completions of the disk still to come. */
        private int steps;

        private boolean ok = true;

        /** Null for one that came from a snapshot. */
        private DescriptorChain chain;

        private byte[] data;

        Request(int head, int type, long offset) {
            this.head = head;
            this.type = type;
            this.offset = offset;
        }
    }

    private final BlockQueue disk;
    private final byte[] identifier;
    private final byte[] configuration;
    private final Map<Long, Request> underWay = new LinkedHashMap<>();
    private long nextToken;
    private long bytesUnderWay;

    /** Buffers of requests that have ended: a new array would be cleared, and collected later. */
    private final ArrayDeque<byte[]> spare = new ArrayDeque<>();

    private int spareBytes;
    private boolean writeback = true;

    /**
     * A drive with a disk in it.
     *
     * @param name such as {@code "virtio-blk0"}
     * @param serial what the drive calls itself, at most 20 ASCII characters
     * @param latencyNanos virtual time that a request takes at least
     */
    public VirtioBlock(
            String name,
            DmaMemory memory,
            EventQueue events,
            HostWork host,
            BlockDevice medium,
            String serial,
            long latencyNanos) {
        super(name, TYPE, features(medium), memory, QUEUE_SIZE);
        disk = new BlockQueue(name, events, host, medium, latencyNanos, this::completed);
        identifier = Arrays.copyOf(serial.getBytes(StandardCharsets.US_ASCII), ID_BYTES);
        configuration = configuration(medium.size() / SECTOR);
    }

    private static long features(BlockDevice medium) {
        long common = SIZE_MAX | SEG_MAX | GEOMETRY | BLK_SIZE | FLUSH | TOPOLOGY;
        return common | (medium.readOnly() ? READ_ONLY : CONFIG_WCE | DISCARD | WRITE_ZEROES);
    }

    /** Section 5.2.4. */
    private static byte[] configuration(long sectors) {
        ByteBuffer out = ByteBuffer.allocate(CONFIG_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(0, sectors).putInt(8, MAX_SEGMENT_BYTES).putInt(12, MAX_SEGMENTS);
        // The usual made-up geometry: 16 heads, 63 sectors.
        out.putShort(16, (short) Math.min(sectors / (16 * 63), 16383));
        out.put(18, (byte) 16).put(19, (byte) 63).putInt(20, SECTOR);
        // Eight sectors to a physical block: what the disk formats here like best.
        out.put(24, (byte) 3).putShort(26, (short) 8).putInt(28, 0);
        out.putShort(34, (short) 1);
        out.putInt(36, MAX_RANGE_SECTORS).putInt(40, MAX_RANGES).putInt(44, 8);
        out.putInt(48, MAX_RANGE_SECTORS).putInt(52, MAX_RANGES).put(56, (byte) 1);
        return out.array();
    }

    @Override
    public int configurationBytes() {
        return CONFIG_BYTES;
    }

    @Override
    public int readConfiguration(int offset) {
        return offset == CONFIG_WRITEBACK ? (writeback ? 1 : 0) : configuration[offset] & 0xFF;
    }

    @Override
    public void writeConfiguration(int offset, int value) {
        if (offset == CONFIG_WRITEBACK && has(CONFIG_WCE)) {
            writeback = (value & 1) != 0;
        }
    }

    /** Whether a completed write must be safe already (5.2.6.2). */
    private boolean writeThrough() {
        return has(CONFIG_WCE) ? !writeback : !has(FLUSH);
    }

    @Override
    protected void process(int number) throws VirtioException {
        VirtQueue queue = queue(0);
        while (bytesUnderWay < MAX_BYTES_UNDER_WAY) {
            DescriptorChain chain = queue.next();
            if (chain == null) {
                break;
            }
            start(chain);
        }
        interruptIfWanted(0);
    }

    private void start(DescriptorChain chain) throws VirtioException {
        if (chain.readableBytes() < HEADER_BYTES || chain.writableBytes() < 1) {
            throw new VirtioException("a request without header or status");
        }
        byte[] bytes = new byte[HEADER_BYTES];
        chain.read(0, bytes, 0, HEADER_BYTES);
        ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int type = header.getInt(0);
        long sector = header.getLong(8);
        long sectors = disk.disk().size() / SECTOR;
        boolean known = sector >= 0 && sector <= sectors;
        Request request = new Request(chain.head(), type, known ? sector * SECTOR : 0);
        request.chain = chain;
        switch (type) {
            case TYPE_IN -> read(request, known);
            case TYPE_OUT -> write(request, known);
            case TYPE_FLUSH -> flush(request);
            case TYPE_GET_ID -> identify(request);
            case TYPE_DISCARD, TYPE_WRITE_ZEROES -> ranges(request);
            default -> finish(request, STATUS_UNSUPPORTED, 0);
        }
    }

    private boolean fits(Request request, long length) {
        return length > 0
                && length % SECTOR == 0
                && length <= MAX_REQUEST_BYTES
                && length <= disk.disk().size() - request.offset;
    }

    private void read(Request request, boolean known) {
        long length = request.chain.writableBytes() - 1;
        if (!known || !fits(request, length)) {
            finish(request, STATUS_IO_ERROR, 0);
            return;
        }
        request.data = buffer((int) length);
        long token = submit(request, 1);
        disk.read(token, request.offset, request.data, 0, (int) length);
    }

    private void write(Request request, boolean known) {
        long length = request.chain.readableBytes() - HEADER_BYTES;
        if (!known || !fits(request, length) || disk.disk().readOnly()) {
            finish(request, STATUS_IO_ERROR, 0);
            return;
        }
        request.data = buffer((int) length);
        request.chain.read(HEADER_BYTES, request.data, 0, (int) length);
        boolean through = writeThrough();
        long token = submit(request, through ? 2 : 1);
        disk.write(token, request.offset, request.data, 0, (int) length);
        if (through) {
            disk.flush(token);
        }
    }

    private void flush(Request request) {
        disk.flush(submit(request, 1));
    }

    private void identify(Request request) {
        int n = (int) Math.min(ID_BYTES, request.chain.writableBytes() - 1);
        request.chain.write(0, identifier, 0, n);
        finish(request, STATUS_OK, n);
    }

    /** Discard and write zeroes: up to 16 ranges of sectors (5.2.6). */
    private void ranges(Request request) {
        boolean discard = request.type == TYPE_DISCARD;
        long length = request.chain.readableBytes() - HEADER_BYTES;
        if (!has(discard ? DISCARD : WRITE_ZEROES)) {
            finish(request, STATUS_UNSUPPORTED, 0);
            return;
        }
        if (length <= 0 || length % RANGE_BYTES != 0 || length / RANGE_BYTES > MAX_RANGES) {
            finish(request, STATUS_IO_ERROR, 0);
            return;
        }
        byte[] bytes = new byte[(int) length];
        request.chain.read(HEADER_BYTES, bytes, 0, bytes.length);
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        long sectors = disk.disk().size() / SECTOR;
        for (int at = 0; at < length; at += RANGE_BYTES) {
            long first = in.getLong(at);
            int count = in.getInt(at + 8);
            int flags = in.getInt(at + 12);
            if ((flags & ~1) != 0 || discard && flags != 0) {
                finish(request, STATUS_UNSUPPORTED, 0);
                return;
            }
            if (first < 0 || count < 0 || count > MAX_RANGE_SECTORS || first > sectors - count) {
                finish(request, STATUS_IO_ERROR, 0);
                return;
            }
        }
        boolean through = writeThrough();
        long token = submit(request, (int) (length / RANGE_BYTES) + (through ? 1 : 0));
        for (int at = 0; at < length; at += RANGE_BYTES) {
            long from = in.getLong(at) * SECTOR;
            long size = (long) in.getInt(at + 8) * SECTOR;
            if (discard) {
                disk.discard(token, from, size);
            } else {
                disk.zero(token, from, size);
            }
        }
        if (through) {
            disk.flush(token);
        }
    }

    private long submit(Request request, int steps) {
        request.steps = steps;
        long token = nextToken++;
        underWay.put(token, request);
        bytesUnderWay += request.data == null ? 0 : request.data.length;
        return token;
    }

    private void completed(long token, boolean ok) {
        Request request = underWay.get(token);
        if (request == null) {
            return; // a damaged snapshot
        }
        request.ok &= ok;
        if (--request.steps > 0) {
            return;
        }
        underWay.remove(token);
        bytesUnderWay -= request.data == null ? 0 : request.data.length;
        guard(
                () -> {
                    if (request.chain == null) {
                        recall(request);
                    }
                    long written = 0;
                    if (request.ok && request.type == TYPE_IN) {
                        request.chain.write(0, request.data, 0, request.data.length);
                        written = request.data.length;
                    }
                    finish(request, request.ok ? STATUS_OK : STATUS_IO_ERROR, written);
                    release(request);
                    process(0);
                });
    }

    /** A buffer with any content. */
    private byte[] buffer(int length) {
        for (Iterator<byte[]> all = spare.iterator(); all.hasNext(); ) {
            byte[] buffer = all.next();
            if (buffer.length == length) {
                all.remove();
                spareBytes -= length;
                return buffer;
            }
        }
        return new byte[length];
    }

    /** Keeps a request's buffer for the next one as long. */
    private void release(Request request) {
        if (request.data == null || request.data.length > MAX_SPARE_BYTES) {
            return;
        }
        spare.addFirst(request.data);
        spareBytes += request.data.length;
        request.data = null;
        while (spareBytes > MAX_SPARE_BYTES) {
            spareBytes -= spare.removeLast().length;
        }
    }

    /**
     * Completes a request that a snapshot brought: its chain stands where the driver put it, and
     * what was read then can be read again.
     */
    private void recall(Request request) throws VirtioException {
        request.chain = queue(0).chain(request.head);
        if (request.chain.writableBytes() < 1) {
            throw new VirtioException("a request without status");
        }
        if (request.type != TYPE_IN) {
            return;
        }
        long length = request.chain.writableBytes() - 1;
        if (!fits(request, length)) {
            request.ok = false;
            return;
        }
        request.data = buffer((int) length);
        try {
            disk.disk().read(request.offset, request.data, 0, (int) length);
        } catch (StorageException e) {
            request.ok = false;
        }
    }

    /** Writes the status, which is the last byte, and gives the request back. */
    private void finish(Request request, int status, long written) {
        request.chain.write(request.chain.writableBytes() - 1, new byte[] {(byte) status}, 0, 1);
        queue(0).giveBack(request.head, written + 1);
    }

    @Override
    protected void resetDevice() {
        disk.reset();
        underWay.clear();
        bytesUnderWay = 0;
        nextToken = 0;
        writeback = true;
    }

    @Override
    protected void saveDevice(SnapshotWriter out) {
        out.putBoolean("writeback", writeback);
        out.putLong("nextToken", nextToken);
        out.putInt("underWay", underWay.size());
        underWay.forEach(
                (token, request) -> {
                    out.putLong("token", token);
                    out.putInt("head", request.head);
                    out.putInt("type", request.type);
                    out.putLong("offset", request.offset);
                    out.putInt("steps", request.steps);
                    out.putBoolean("ok", request.ok);
                });
        disk.save(out);
    }

    @Override
    protected void restoreDevice(SnapshotReader in, int version) throws SnapshotException {
        writeback = in.getBoolean("writeback");
        nextToken = in.getLong("nextToken");
        underWay.clear();
        bytesUnderWay = 0;
        int count = in.getInt("underWay", 0, QUEUE_SIZE);
        long size = disk.disk().size();
        for (int i = 0; i < count; i++) {
            long token = in.getLong("token");
            int head = in.getInt("head", 0, 0xFFFF);
            int type = in.getInt("type");
            long offset = in.getLong("offset");
            if (offset < 0 || offset > size) {
                throw new SnapshotException(
                        "cannot restore snapshot section '%s': a request leaves the disk; start the machine without it"
                                .formatted(name()));
            }
            Request request = new Request(head, type, offset);
            request.steps = in.getInt("steps", 1, MAX_RANGES + 1);
            request.ok = in.getBoolean("ok");
            underWay.put(token, request);
        }
        disk.restore(in);
    }
}
