package dev.arclet.emulator.snapshot;

import dev.arclet.emulator.memory.GuestMemory;
import dev.arclet.emulator.memory.PageSource;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.zip.CRC32C;

/**
 * A snapshot file opened for reading (docs/snapshots.md). Opening checks every section; pages of
 * memory are read and checked when they are first touched, so the file must stay open, and
 * unchanged, as long as a machine runs from it.
 */
public final class SnapshotFile implements Closeable {
    private static final int MAX_SECTIONS = 1_000;
    private static final int MAX_ID = 64;

    /** A section is a device's registers, video memory, or a memory's index. */
    private static final long MAX_SECTION = 256L << 20;

    private static final int PAGE_SIZE = GuestMemory.PAGE_SIZE;

    private record Section(int version, byte[] data) {}

    private final Path path;
    private final FileChannel file;
    private final SequencedMap<String, Section> sections = new LinkedHashMap<>();
    private final Map<String, Pages> memories = new LinkedHashMap<>();
    private long position;

    private SnapshotFile(Path path) throws IOException {
        this.path = path;
        file = FileChannel.open(path, StandardOpenOption.READ);
    }

    /**
     * Opens a snapshot and checks it, memory pages excepted.
     *
     * @throws SnapshotException if it is none, of another format version, or damaged; the message
     *     names the file, the section and the next step
     * @throws IOException if it can't be read
     */
    public static SnapshotFile open(Path path) throws SnapshotException, IOException {
        SnapshotFile snapshot = new SnapshotFile(path);
        try {
            snapshot.readAll();
            return snapshot;
        } catch (SnapshotException | IOException e) {
            snapshot.close();
            throw e;
        }
    }

    private SnapshotException damaged(String what) {
        return new SnapshotException(
                "cannot load the snapshot %s: %s; it is damaged or no snapshot of this version of Arclet, start the machine without it"
                        .formatted(path, what));
    }

    private ByteBuffer read(int bytes, String what) throws SnapshotException, IOException {
        if (bytes > file.size() - position) {
            throw damaged(what + " is cut off");
        }
        ByteBuffer buffer = ByteBuffer.allocate(bytes);
        while (buffer.hasRemaining()) {
            if (file.read(buffer, position + buffer.position()) < 0) {
                throw damaged(what + " is cut off");
            }
        }
        position += bytes;
        return buffer.flip();
    }

    private void readAll() throws SnapshotException, IOException {
        ByteBuffer head = read(12, "its header");
        if (head.getLong() != SnapshotOutput.MAGIC) {
            throw damaged("it does not begin as a snapshot");
        }
        int version = head.getInt();
        if (version != SnapshotOutput.FORMAT_VERSION) {
            throw damaged(
                    "its format version is %d, this Arclet reads version %d"
                            .formatted(version, SnapshotOutput.FORMAT_VERSION));
        }
        for (int count = 0; count < MAX_SECTIONS; count++) {
            String id = readSection();
            if (id.equals(SnapshotOutput.END)) {
                if (position != file.size()) {
                    throw damaged("bytes follow its end");
                }
                return;
            }
            if (id.endsWith(SnapshotOutput.PAGES_SUFFIX)) {
                readMemory(id);
            }
        }
        throw damaged("it has more than " + MAX_SECTIONS + " sections");
    }

    private String readSection() throws SnapshotException, IOException {
        String previous =
                sections.isEmpty()
                        ? "its header"
                        : "section '" + sections.lastEntry().getKey() + "'";
        int idLength = read(2, "what follows " + previous).getShort() & 0xFFFF;
        if (idLength == 0 || idLength > MAX_ID) {
            throw damaged("what follows " + previous + " is no section");
        }
        ByteBuffer head = read(idLength + 16, "the section after " + previous);
        byte[] name = new byte[idLength];
        head.get(name);
        String id = new String(name, StandardCharsets.US_ASCII);
        if (!id.matches("[a-z0-9.-]+")) {
            throw damaged("what follows " + previous + " is no section");
        }
        int version = head.getInt();
        long length = head.getLong();
        int expected = head.getInt();
        if (length < 0 || length > MAX_SECTION) {
            throw damaged("section '" + id + "' has an impossible length");
        }
        byte[] data = read((int) length, "section '" + id + "'").array();
        CRC32C sum = new CRC32C();
        sum.update(new byte[] {(byte) (idLength >>> 8), (byte) idLength});
        sum.update(head.array(), 0, idLength + 12);
        sum.update(data, 0, data.length);
        if ((int) sum.getValue() != expected) {
            throw damaged("section '" + id + "' does not have its checksum");
        }
        if (sections.putIfAbsent(id, new Section(version, data)) != null) {
            throw damaged("section '" + id + "' is there twice");
        }
        return id;
    }

    private void readMemory(String id) throws SnapshotException, IOException {
        Section section = sections.get(id);
        if (section.version() != 1) {
            throw damaged("section '" + id + "' has version " + section.version());
        }
        SnapshotReader in = new SnapshotReader(id, section.data());
        long bytes = in.getLong("bytes");
        if (bytes <= 0 || bytes % PAGE_SIZE != 0 || bytes > 64L << 30) {
            throw damaged("section '" + id + "' tells an impossible size");
        }
        int pages = (int) (bytes / PAGE_SIZE);
        byte[] present = new byte[(pages + 7) / 8];
        in.getBytes("present", present);
        int[] ranks = new int[present.length];
        int stored = 0;
        for (int i = 0; i < present.length; i++) {
            ranks[i] = stored;
            stored += Integer.bitCount(present[i] & 0xFF);
        }
        if (pages % 8 != 0 && (present[present.length - 1] & 0xFF) >>> pages % 8 != 0) {
            throw damaged("section '" + id + "' names pages beyond its memory");
        }
        int[] sums = new int[stored];
        in.getInts("checksums", sums);
        in.end();
        long at = Math.ceilDiv(position, (long) PAGE_SIZE) * PAGE_SIZE;
        long end = at + (long) stored * PAGE_SIZE;
        if (end > file.size()) {
            throw damaged("the pages of '" + id + "' are cut off");
        }
        memories.put(
                id.substring(0, id.length() - SnapshotOutput.PAGES_SUFFIX.length()),
                new Pages(bytes, present, ranks, sums, at));
        position = end;
    }

    /** The identifiers of all sections, in their order. */
    public Set<String> sections() {
        return Collections.unmodifiableSet(sections.keySet());
    }

    /**
     * A section's data; of a memory it is the index, with a checksum of every page.
     *
     * @throws IllegalArgumentException if there is none of this identifier
     */
    public byte[] section(String id) {
        Section section = sections.get(id);
        if (section == null) {
            throw new IllegalArgumentException("no section " + id + " in " + path);
        }
        return section.data().clone();
    }

    /**
     * Restores a part from its section.
     *
     * @throws SnapshotException if there is none for it, or the section is not as the part wrote it
     */
    public void restore(Stateful part) throws SnapshotException {
        Section section = sections.get(part.sectionId());
        if (section == null) {
            throw new SnapshotException(
                    "cannot load the snapshot %s: it has no section '%s'; give the machine the same devices as when it was saved"
                            .formatted(path, part.sectionId()));
        }
        if (section.version() < 1 || section.version() > part.sectionVersion()) {
            throw damaged(
                    "section '%s' has version %d, this Arclet reads up to %d"
                            .formatted(part.sectionId(), section.version(), part.sectionVersion()));
        }
        SnapshotReader in = new SnapshotReader(part.sectionId(), section.data());
        part.restore(in, section.version());
        in.end();
    }

    /**
     * Gives a memory its saved content; its pages are read when they are touched.
     *
     * @throws SnapshotException if the snapshot has no such memory, or one of another size
     */
    public void restore(String id, GuestMemory memory) throws SnapshotException {
        Pages pages = memories.get(id);
        if (pages == null || pages.bytes != memory.size()) {
            throw new SnapshotException(
                    "cannot load the snapshot %s: it holds %s of memory '%s', the machine has %d bytes; give the same --memory as when it was saved"
                            .formatted(
                                    path,
                                    pages == null ? "nothing" : pages.bytes + " bytes",
                                    id,
                                    memory.size()));
        }
        memory.load(pages);
    }

    /** Closes the file; a machine that runs from it can't read further pages. */
    @Override
    public void close() throws IOException {
        file.close();
    }

    /** The stored pages of one memory. */
    private final class Pages implements PageSource {
        private final long bytes;
        private final byte[] present;

        /** How many pages are stored before those of each byte of {@link #present}. */
        private final int[] ranks;

        private final int[] sums;
        private final long at;
        private final CRC32C sum = new CRC32C();

        Pages(long bytes, byte[] present, int[] ranks, int[] sums, long at) {
            this.bytes = bytes;
            this.present = present;
            this.ranks = ranks;
            this.sums = sums;
            this.at = at;
        }

        @Override
        public boolean holds(long page) {
            return (present[(int) (page >>> 3)] & 1 << (page & 7)) != 0;
        }

        @Override
        public void read(long page, byte[] target) {
            int group = (int) (page >>> 3);
            int before = present[group] & (1 << (page & 7)) - 1;
            int rank = ranks[group] + Integer.bitCount(before);
            ByteBuffer buffer = ByteBuffer.wrap(target, 0, PAGE_SIZE);
            long from = at + (long) rank * PAGE_SIZE;
            try {
                while (buffer.hasRemaining()) {
                    if (file.read(buffer, from + buffer.position()) < 0) {
                        throw new IOException("the file has become shorter");
                    }
                }
            } catch (IOException e) {
                throw unreadable(page, e);
            }
            sum.reset();
            sum.update(target, 0, PAGE_SIZE);
            if ((int) sum.getValue() != sums[rank]) {
                throw unreadable(page, new IOException("it does not have its checksum"));
            }
        }

        private UncheckedIOException unreadable(long page, IOException cause) {
            return new UncheckedIOException(
                    "cannot read memory page %d from the snapshot %s: %s; the snapshot is damaged, start the machine without it"
                            .formatted(page, path, cause.getMessage()),
                    cause);
        }
    }
}
