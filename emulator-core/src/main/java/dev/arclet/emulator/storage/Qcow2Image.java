package dev.arclet.emulator.storage;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * A disk image in the qcow2 format, versions 2 and 3, for reading (QEMU's {@code
 * docs/interop/qcow2.rst}). Big endian.
 *
 * <p>Has deflate compression, zero clusters and backing files; a backing file must be a plain name
 * in the image's own folder and say its format. Refused by name: encryption, external data files,
 * extended L2 entries, zstd compression, images marked as corrupt. Internal snapshots are ignored,
 * and so are reference counts, which only a writer needs.
 */
public final class Qcow2Image implements BlockDevice {
    private static final int MAGIC = 0x514649FB; // "QFI" 0xFB
    private static final int VERSION_2_HEADER = 72;
    private static final int VERSION_3_HEADER = 104;

    private static final int MIN_CLUSTER_BITS = 9;
    private static final int MAX_CLUSTER_BITS = 21;

    /** Entries of the first-level table: 32 MiB of them, as QEMU itself allows. */
    private static final int MAX_L1_ENTRIES = 4 << 20;

    private static final int MAX_BACKING_NAME = 1023;
    private static final int MAX_CHAIN = 16;

    /** Bytes of second-level tables that are kept. */
    private static final int L2_CACHE_BYTES = 8 << 20;

    // Incompatible features
    private static final long DIRTY = 1;
    private static final long CORRUPT = 1 << 1;
    private static final long EXTERNAL_DATA = 1 << 2;
    private static final long COMPRESSION_TYPE = 1 << 3;
    private static final long EXTENDED_L2 = 1 << 4;

    private static final int EXTENSION_BACKING_FORMAT = 0xE2792ACA;

    // Table entries
    private static final long OFFSET_MASK = 0x00FF_FFFF_FFFF_FE00L;
    private static final long COMPRESSED = 1L << 62;
    private static final long READS_ZERO = 1;

    private final HostFile file;
    private final int clusterBits;
    private final int clusterSize;
    private final long size;
    private final long[] l1;
    private final BlockDevice backing;
    private final long fileLength;
    private final Map<Long, long[]> l2Cache;
    private final byte[] inflated;
    private long inflatedEntry;
    private boolean closed;

    private Qcow2Image(HostFile file, Header header, long[] l1, BlockDevice backing)
            throws StorageException {
        this.file = file;
        this.clusterBits = header.clusterBits;
        this.clusterSize = 1 << clusterBits;
        this.size = header.size;
        this.l1 = l1;
        this.backing = backing;
        this.fileLength = file.length();
        this.inflated = new byte[clusterSize];
        int tables = Math.max(4, L2_CACHE_BYTES / clusterSize);
        l2Cache =
                new LinkedHashMap<>(16, 0.75f, true) {
                    private static final long serialVersionUID = 1;

                    @Override
                    protected boolean removeEldestEntry(Map.Entry<Long, long[]> eldest) {
                        return size() > tables;
                    }
                };
    }

    /** What the header says, checked. */
    private static final class Header {
        private int clusterBits;
        private long size;
        private int l1Entries;
        private long l1Offset;
        private String backingName = "";
        private String backingFormat = "";
    }

    /** Whether a file begins like an image of this format. */
    static boolean detect(byte[] start, int length) {
        return length >= 4 && ByteBuffer.wrap(start).getInt() == MAGIC;
    }

    /**
     * Opens an image for reading, and the chain of its backing files.
     *
     * @throws StorageException if it cannot be read, is damaged, or uses what is refused
     */
    public static Qcow2Image open(Path path) throws StorageException {
        return open(path, 0);
    }

    private static Qcow2Image open(Path path, int depth) throws StorageException {
        HostFile file = HostFile.open(path, true);
        BlockDevice backing = null;
        boolean opened = false;
        try {
            Header header = readHeader(file);
            long[] l1 = readTable(file, header.l1Offset, header.l1Entries);
            if (!header.backingName.isEmpty()) {
                backing = openBacking(path, file, header, depth);
            }
            Qcow2Image image = new Qcow2Image(file, header, l1, backing);
            opened = true;
            return image;
        } finally {
            if (!opened) {
                if (backing != null) {
                    backing.close();
                }
                file.close();
            }
        }
    }

    private static Header readHeader(HostFile file) throws StorageException {
        byte[] bytes = new byte[VERSION_3_HEADER];
        int n = file.read(0, bytes, 0, bytes.length);
        ByteBuffer in = ByteBuffer.wrap(bytes);
        int version = in.getInt(4);
        if (n < VERSION_2_HEADER || !detect(bytes, n) || version != 2 && version != 3) {
            throw refused(file, "it is no qcow2 image of version 2 or 3");
        }
        Header header = new Header();
        long features = 0;
        int headerBytes = VERSION_2_HEADER;
        if (version == 3) {
            features = in.getLong(72);
            headerBytes = in.getInt(100);
            if (n < VERSION_3_HEADER || headerBytes < VERSION_3_HEADER || headerBytes > 4096) {
                throw damaged(file, "its header is cut off");
            }
        }
        refuseFeatures(file, features, in.getInt(32));
        header.clusterBits = in.getInt(20);
        header.size = in.getLong(24);
        header.l1Entries = in.getInt(36);
        header.l1Offset = in.getLong(40);
        if (header.clusterBits < MIN_CLUSTER_BITS || header.clusterBits > MAX_CLUSTER_BITS) {
            throw damaged(file, "clusters of 2^" + header.clusterBits + " bytes are out of bounds");
        }
        long clustersOfTable = 1L << (header.clusterBits - 3);
        long bytesOfTable = clustersOfTable << header.clusterBits;
        if (header.size <= 0
                || header.size > 1L << 56
                || header.size % SECTOR != 0
                || header.l1Entries <= 0
                || header.l1Entries > MAX_L1_ENTRIES
                || header.l1Entries < (header.size + bytesOfTable - 1) / bytesOfTable) {
            throw damaged(file, "a disk of " + header.size + " bytes does not fit its tables");
        }
        header.l1Entries = (int) ((header.size + bytesOfTable - 1) / bytesOfTable);
        readBackingName(file, in.getLong(8), in.getInt(16), header);
        if (!header.backingName.isEmpty()) {
            readExtensions(file, headerBytes, in.getLong(8), header);
        }
        return header;
    }

    private static void refuseFeatures(HostFile file, long features, int encryption)
            throws StorageException {
        if (encryption != 0) {
            throw refused(file, "it is encrypted");
        }
        if ((features & CORRUPT) != 0) {
            throw refused(file, "it is marked as corrupt");
        }
        if ((features & EXTERNAL_DATA) != 0) {
            throw refused(file, "its data are in another file");
        }
        if ((features & COMPRESSION_TYPE) != 0) {
            throw refused(file, "it is compressed with zstd");
        }
        if ((features & EXTENDED_L2) != 0) {
            throw refused(file, "it has extended L2 entries");
        }
        if ((features & ~DIRTY) != 0) {
            throw refused(file, "it uses unknown features (0x%x)".formatted(features));
        }
    }

    private static void readBackingName(HostFile file, long offset, int length, Header header)
            throws StorageException {
        if (offset == 0 || length == 0) {
            return;
        }
        if (offset < VERSION_2_HEADER
                || length < 0
                || length > MAX_BACKING_NAME
                || offset > (1L << header.clusterBits) - length) {
            throw damaged(file, "the name of its backing file is out of bounds");
        }
        byte[] name = new byte[length];
        file.readFully(offset, name, 0, length);
        header.backingName = new String(name, StandardCharsets.UTF_8);
    }

    private static void readExtensions(HostFile file, int from, long until, Header header)
            throws StorageException {
        long at = from;
        byte[] head = new byte[8];
        while (at + head.length <= until) {
            file.readFully(at, head, 0, head.length);
            int type = ByteBuffer.wrap(head).getInt();
            long length = Integer.toUnsignedLong(ByteBuffer.wrap(head).getInt(4));
            at += head.length;
            if (type == 0) {
                return;
            }
            if (length > until - at) {
                throw damaged(file, "a header extension is out of bounds");
            }
            if (type == EXTENSION_BACKING_FORMAT && length <= 16) {
                byte[] format = new byte[(int) length];
                file.readFully(at, format, 0, format.length);
                header.backingFormat = new String(format, StandardCharsets.US_ASCII);
            }
            at += (length + 7) & -8;
        }
    }

    /** An image may name any file of the host; only its own folder is open to it. */
    private static BlockDevice openBacking(Path path, HostFile file, Header header, int depth)
            throws StorageException {
        String name = header.backingName;
        Path folder = path.toAbsolutePath().getParent();
        boolean plain =
                !name.contains("/")
                        && !name.contains("\\")
                        && !name.contains(":")
                        && name.indexOf('\0') < 0
                        && !name.equals(".")
                        && !name.equals("..");
        if (!plain || !Files.isRegularFile(folder.resolve(name), LinkOption.NOFOLLOW_LINKS)) {
            throw refused(
                    file,
                    "its backing file \""
                            + printable(name)
                            + "\" is no file in the image's own folder");
        }
        if (depth == MAX_CHAIN) {
            throw refused(file, "its chain of backing files has more than " + MAX_CHAIN);
        }
        Path below = folder.resolve(name);
        return switch (header.backingFormat) {
            case "qcow2" -> open(below, depth + 1);
            case "raw" -> RawImage.open(below, true);
            default ->
                    throw refused(
                            file,
                            "it does not say whether its backing file is raw or qcow2 (qemu-img"
                                    + " rebase -u -F does)");
        };
    }

    private static String printable(String name) {
        return name.replaceAll("[^\\x20-\\x7E]", "?");
    }

    private static long[] readTable(HostFile file, long offset, int entries)
            throws StorageException {
        if (offset <= 0 || offset % SECTOR != 0 || offset > file.length() - 8L * entries) {
            throw damaged(file, "a table is out of bounds");
        }
        byte[] bytes = new byte[8 * entries];
        file.readFully(offset, bytes, 0, bytes.length);
        long[] table = new long[entries];
        ByteBuffer.wrap(bytes).asLongBuffer().get(table);
        return table;
    }

    private static StorageException damaged(HostFile file, String reason) {
        return new StorageException(
                "use qcow2 image", file.name(), reason, "check it with qemu-img check");
    }

    private static StorageException refused(HostFile file, String reason) {
        return new StorageException(
                "use qcow2 image",
                file.name(),
                reason,
                "convert it with qemu-img convert -O qcow2 or -O raw");
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public boolean readOnly() {
        return true;
    }

    @Override
    public void read(long offset, byte[] target, int from, int length) throws StorageException {
        checkRange(offset, length);
        int done = 0;
        while (done < length) {
            long position = offset + done;
            int inCluster = (int) (position & clusterSize - 1);
            int n = Math.min(length - done, clusterSize - inCluster);
            readPart(position, inCluster, target, from + done, n);
            done += n;
        }
    }

    private void readPart(long position, int inCluster, byte[] target, int from, int n)
            throws StorageException {
        long entry = entry(position);
        if ((entry & COMPRESSED) != 0) {
            System.arraycopy(inflate(entry), inCluster, target, from, n);
            return;
        }
        long host = entry & OFFSET_MASK;
        if ((entry & READS_ZERO) != 0) {
            Arrays.fill(target, from, from + n, (byte) 0);
        } else if (host == 0) {
            readBelow(position, target, from, n);
        } else if ((host & clusterSize - 1) != 0 || host >= fileLength) {
            throw damaged(file, "a cluster is out of bounds");
        } else {
            // The file may end within its last cluster; what is missing is zero.
            int got = file.read(host + inCluster, target, from, n);
            Arrays.fill(target, from + got, from + n, (byte) 0);
        }
    }

    private void readBelow(long position, byte[] target, int from, int n) throws StorageException {
        int there = backing == null ? 0 : (int) Math.clamp(backing.size() - position, 0L, (long) n);
        if (there > 0) {
            backing.read(position, target, from, there);
        }
        Arrays.fill(target, from + there, from + n, (byte) 0);
    }

    private long entry(long position) throws StorageException {
        long cluster = position >>> clusterBits;
        int perTable = clusterSize / 8;
        long l2Offset = l1[(int) (cluster / perTable)] & OFFSET_MASK;
        if (l2Offset == 0) {
            return 0;
        }
        long[] l2 = l2Cache.get(l2Offset);
        if (l2 == null) {
            if ((l2Offset & clusterSize - 1) != 0) {
                throw damaged(file, "a table is not aligned");
            }
            l2 = readTable(file, l2Offset, perTable);
            l2Cache.put(l2Offset, l2);
        }
        return l2[(int) (cluster % perTable)];
    }

    /** The cluster of a compressed entry: a raw deflate stream within some sectors. */
    private byte[] inflate(long entry) throws StorageException {
        if (entry == inflatedEntry) {
            return inflated;
        }
        int offsetBits = 62 - (clusterBits - 8);
        long host = entry & (1L << offsetBits) - 1;
        int sectors = (int) (entry >>> offsetBits & (1L << 62 - offsetBits) - 1) + 1;
        int length = sectors * SECTOR - (int) (host & SECTOR - 1);
        if (host <= 0 || host >= fileLength) {
            throw damaged(file, "a compressed cluster is out of bounds");
        }
        byte[] packed = new byte[(int) Math.min(length, fileLength - host)];
        file.readFully(host, packed, 0, packed.length);
        inflatedEntry = 0;
        try (Inflater inflater = new Inflater(true)) {
            inflater.setInput(packed);
            int got = 0;
            while (got < clusterSize) {
                int n = inflater.inflate(inflated, got, clusterSize - got);
                if (n == 0) {
                    break;
                }
                got += n;
            }
            if (got < clusterSize) {
                throw damaged(file, "a compressed cluster is cut off");
            }
        } catch (DataFormatException e) {
            throw damaged(file, "a compressed cluster cannot be unpacked");
        }
        inflatedEntry = entry;
        return inflated;
    }

    @Override
    public void write(long offset, byte[] source, int from, int length) throws StorageException {
        throw readOnlyFormat();
    }

    @Override
    public void zero(long offset, long length) throws StorageException {
        throw readOnlyFormat();
    }

    private StorageException readOnlyFormat() {
        return new StorageException(
                "write qcow2 image",
                file.name(),
                "this format can only be read",
                "put an overlay over it");
    }

    @Override
    public void flush() {}

    @Override
    public void close() throws StorageException {
        if (!closed) {
            closed = true;
            try (file) {
                if (backing != null) {
                    backing.close();
                }
            }
        }
    }
}
