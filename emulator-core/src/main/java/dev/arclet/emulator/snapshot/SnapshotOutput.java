package dev.arclet.emulator.snapshot;

import dev.arclet.emulator.memory.GuestMemory;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * Writes a snapshot file (docs/snapshots.md). Nothing stands under its name before {@link #commit}:
 * a snapshot that was there before stays whole if writing fails or the process is killed.
 */
public final class SnapshotOutput implements Closeable {
    static final long MAGIC = 0x4152_434C_534E_4150L; // "ARCLSNAP"
    static final int FORMAT_VERSION = 1;

    /** What a memory's name is followed by in the identifier of its section. */
    public static final String PAGES_SUFFIX = ".pages";

    /** The last section. */
    public static final String END = "end";

    static final int PAGE_SIZE = GuestMemory.PAGE_SIZE;
    private static final int PAGES_AT_ONCE = 256;

    private final Path target;
    private final Path temporary;
    private final FileChannel file;

    /**
     * Starts a snapshot beside its final name.
     *
     * @throws IOException if the folder can't be written
     */
    public SnapshotOutput(Path target) throws IOException {
        this.target = target.toAbsolutePath();
        temporary = this.target.resolveSibling("." + this.target.getFileName() + ".part");
        file =
                FileChannel.open(
                        temporary,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE);
        write(ByteBuffer.allocate(12).putLong(MAGIC).putInt(FORMAT_VERSION).flip());
    }

    /** Writes one part's section. */
    public void section(Stateful part) throws IOException {
        SnapshotWriter fields = new SnapshotWriter();
        part.save(fields);
        section(part.sectionId(), part.sectionVersion(), fields.toByteArray());
    }

    private void section(String id, int version, byte[] data) throws IOException {
        byte[] name = id.getBytes(StandardCharsets.US_ASCII);
        ByteBuffer head = ByteBuffer.allocate(2 + name.length + 4 + 8 + 4);
        head.putShort((short) name.length).put(name).putInt(version).putLong(data.length);
        CRC32C sum = new CRC32C();
        sum.update(head.array(), 0, head.position());
        sum.update(data, 0, data.length);
        head.putInt((int) sum.getValue());
        write(head.flip());
        write(ByteBuffer.wrap(data));
    }

    /**
     * Writes a memory: a section that says which pages follow and their checksums, then those
     * pages, which start at a multiple of the page size. Pages of zeros are left out.
     */
    public void memory(String id, GuestMemory memory) throws IOException {
        int pages = Math.toIntExact(memory.size() / PAGE_SIZE);
        byte[] present = new byte[(pages + 7) / 8];
        byte[] page = new byte[PAGE_SIZE];
        int count = 0;
        for (int i = 0; i < pages; i++) {
            if (memory.copyPage(i, page) && !isZero(page)) {
                present[i >>> 3] |= (byte) (1 << (i & 7));
                count++;
            }
        }
        int[] sums = new int[count];
        // The index comes first but holds the checksums: its place is kept free.
        SnapshotWriter index = index(memory.size(), present, sums);
        long indexAt = file.position();
        section(id + PAGES_SUFFIX, 1, index.toByteArray());
        long dataAt = Math.ceilDiv(file.position(), (long) PAGE_SIZE) * PAGE_SIZE;
        file.position(dataAt);
        ByteBuffer batch = ByteBuffer.allocateDirect(PAGES_AT_ONCE * PAGE_SIZE);
        CRC32C sum = new CRC32C();
        int done = 0;
        for (int i = 0; i < pages; i++) {
            if ((present[i >>> 3] & 1 << (i & 7)) == 0) {
                continue;
            }
            memory.copyPage(i, page);
            sum.reset();
            sum.update(page, 0, PAGE_SIZE);
            sums[done++] = (int) sum.getValue();
            batch.put(page);
            if (!batch.hasRemaining()) {
                write(batch.flip());
                batch.clear();
            }
        }
        write(batch.flip());
        long end = file.position();
        file.position(indexAt);
        section(id + PAGES_SUFFIX, 1, index(memory.size(), present, sums).toByteArray());
        file.position(end);
    }

    private static SnapshotWriter index(long size, byte[] present, int[] sums) {
        SnapshotWriter out = new SnapshotWriter();
        out.putLong("bytes", size);
        out.putBytes("present", present);
        out.putInts("checksums", sums);
        return out;
    }

    private static boolean isZero(byte[] page) {
        for (byte b : page) {
            if (b != 0) {
                return false;
            }
        }
        return true;
    }

    private void write(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            file.write(bytes);
        }
    }

    /** Ends the file, brings it to the disk, and gives it its name. */
    public void commit() throws IOException {
        section(END, 1, new byte[0]);
        file.force(true);
        file.close();
        try {
            Files.move(
                    temporary,
                    target,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /** Drops what was not committed. */
    @Override
    public void close() throws IOException {
        file.close();
        Files.deleteIfExists(temporary);
    }
}
