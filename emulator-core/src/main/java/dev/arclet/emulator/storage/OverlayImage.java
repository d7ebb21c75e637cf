package dev.arclet.emulator.storage;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.BitSet;

/**
 * A disk that shows another one below it, which never changes, and keeps what is written in a file
 * of its own, in blocks of 4 KiB. A permanent overlay survives the death of the process at any
 * moment: see {@link OverlayJournal}. A temporary one is gone when it is closed.
 *
 * <p>A block that the overlay holds is overwritten in place, as on any disk; what the guest has not
 * flushed may be lost or kept, block by block, as by a disk with a volatile cache.
 */
public final class OverlayImage implements BlockDevice {
    private static final int BLOCK = OverlayJournal.SLOT;

    /** Bytes that identify what an overlay belongs to. */
    public static final int IDENTITY_BYTES = OverlayJournal.IDENTITY_BYTES;

    /** Largest disk: 4 TiB, so that block and slot numbers stay well within an int. */
    private static final long MAX_BYTES = 1L << 42;

    /** Runs that wait for a flush at most; then they are committed unasked. */
    private static final int MAX_PENDING = 3 * 32_768;

    private static final System.Logger LOG = System.getLogger(OverlayImage.class.getName());

    private final BlockDevice below;
    private final HostFile file;
    private final BlockMap map;
    private final OverlayJournal journal;
    private final Path temporary;

    /** Slots that nothing on stable storage refers to. */
    private final BitSet free = new BitSet();

    /** Slots that the map no longer has, but the journal on stable storage may. */
    private final BitSet freed = new BitSet();

    private int end = OverlayJournal.FIRST_FREE_SLOT;
    private int[] pending = new int[3 * 64];
    private int pendingLength;
    private boolean dirty;
    private StorageException broken;
    private boolean closed;

    private OverlayImage(BlockDevice below, HostFile file, byte[] identity, Path temporary)
            throws StorageException {
        if (below.size() > MAX_BYTES) {
            throw new StorageException(
                    "put an overlay over",
                    file.name(),
                    "the disk has more than 4 TiB",
                    "use a smaller disk");
        }
        this.below = below;
        this.file = file;
        this.map = new BlockMap((int) ((below.size() + BLOCK - 1) / BLOCK));
        this.temporary = temporary;
        this.journal =
                temporary != null
                        ? null
                        : new OverlayJournal(file, below.size(), identity, this::takeTogether);
    }

    /**
     * Opens a permanent overlay, or makes a new one where there is none.
     *
     * @param path its file
     * @param below the disk that it changes; closed with the overlay
     * @param identity 32 bytes that say which disk that is, such as a digest: an overlay over
     *     another one is refused
     */
    public static OverlayImage open(Path path, BlockDevice below, byte[] identity)
            throws StorageException {
        if (!Files.exists(path)) {
            create(path, below, identity);
        }
        HostFile file = HostFile.open(path, false);
        boolean opened = false;
        try {
            OverlayImage overlay = new OverlayImage(below, file, identity, null);
            overlay.load();
            opened = true;
            return overlay;
        } finally {
            if (!opened) {
                file.close();
            }
        }
    }

    /** Under another name until it is whole, so that a half-made overlay never stands there. */
    private static void create(Path path, BlockDevice below, byte[] identity)
            throws StorageException {
        Path absolute = path.toAbsolutePath();
        Path unfinished = absolute.resolveSibling(absolute.getFileName() + ".new");
        try {
            Files.deleteIfExists(unfinished);
            try (HostFile file = HostFile.create(unfinished)) {
                new OverlayImage(below, file, identity, null).journal.create();
            }
            Files.move(unfinished, absolute, StandardCopyOption.ATOMIC_MOVE);
            forceFolder(absolute.getParent());
        } catch (StorageException e) {
            throw e;
        } catch (IOException e) {
            throw new StorageException(
                    "make disk overlay",
                    path.toString(),
                    e.getMessage(),
                    "check that its folder is there and can be written",
                    e);
        }
    }

    /** Makes the new name survive a power failure, on systems that need and can do that. */
    private static void forceFolder(Path folder) throws IOException {
        if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }

    /**
     * An overlay that is thrown away when closed.
     *
     * @param folder where its file lives meanwhile
     * @param below the disk that it hides changes from; closed with the overlay
     */
    public static OverlayImage temporary(Path folder, BlockDevice below) throws StorageException {
        try {
            Path path = Files.createTempFile(folder, "arclet-", ".overlay");
            HostFile file = HostFile.open(path, false);
            deleteNow(path);
            return new OverlayImage(below, file, new byte[IDENTITY_BYTES], path);
        } catch (StorageException e) {
            throw e;
        } catch (IOException e) {
            throw new StorageException(
                    "make a temporary overlay in",
                    folder.toString(),
                    e.getMessage(),
                    "check that the folder can be written",
                    e);
        }
    }

    /** Where the system lets an open file lose its name, nothing is left even after a kill. */
    private static void deleteNow(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException inUse) {
            LOG.log(System.Logger.Level.DEBUG, "{0} is removed when it is closed", path);
        }
    }

    private void load() throws StorageException {
        journal.replay(map);
        long slots = (file.length() + BLOCK - 1) / BLOCK;
        BitSet used = new BitSet();
        used.set(0, OverlayJournal.FIRST_FREE_SLOT);
        for (int segment : journal.segments()) {
            claim(used, segment, OverlayJournal.segmentSlots(), Integer.MAX_VALUE);
        }
        map.forEachRun(
                (block, count, slot) -> {
                    if (slot != BlockMap.ZERO) {
                        claim(used, slot, count, slots);
                    }
                });
        end = (int) Math.max(used.length(), Math.min(slots, Integer.MAX_VALUE / 2));
        free.set(0, end);
        free.andNot(used);
    }

    private void claim(BitSet used, int slot, int count, long slots) throws StorageException {
        int next = used.nextSetBit(slot);
        if (slot < 0 || (long) slot + count > slots || next >= 0 && next < slot + count) {
            throw journal.damaged("its journal places two things in one slot, or past its end");
        }
        used.set(slot, slot + count);
    }

    private int takeTogether(int count) {
        int slot = free.nextSetBit(0);
        while (slot >= 0) {
            int stop = free.nextClearBit(slot);
            if (stop - slot >= count) {
                free.clear(slot, slot + count);
                return slot;
            }
            slot = free.nextSetBit(stop);
        }
        return takeAtEnd(count);
    }

    private int takeAtEnd(int count) {
        int slot = end;
        end += count;
        return slot;
    }

    @Override
    public long size() {
        return below.size();
    }

    @Override
    public boolean readOnly() {
        return false;
    }

    @Override
    public void read(long offset, byte[] target, int from, int length) throws StorageException {
        checkRange(offset, length);
        int done = 0;
        while (done < length) {
            long position = offset + done;
            int block = (int) (position / BLOCK);
            int last = (int) ((offset + length - 1) / BLOCK);
            long runEnd = (long) map.runEnd(block, last + 1) * BLOCK;
            int n = (int) Math.min(length - done, runEnd - position);
            int slot = map.get(block);
            switch (slot) {
                case BlockMap.BELOW -> below.read(position, target, from + done, n);
                case BlockMap.ZERO -> Arrays.fill(target, from + done, from + done + n, (byte) 0);
                default -> file.readFully(place(slot, position), target, from + done, n);
            }
            done += n;
        }
    }

    private static long place(int slot, long position) {
        return (long) slot * BLOCK + position % BLOCK;
    }

    @Override
    public void write(long offset, byte[] source, int from, int length) throws StorageException {
        checkRange(offset, length);
        dirty |= length > 0;
        int done = 0;
        while (done < length) {
            long position = offset + done;
            int block = (int) (position / BLOCK);
            int slot = map.get(block);
            int left = length - done;
            if (slot >= 0) {
                int last = (int) ((offset + length - 1) / BLOCK);
                long runEnd = (long) map.runEnd(block, last + 1) * BLOCK;
                int n = (int) Math.min(left, runEnd - position);
                file.write(place(slot, position), source, from + done, n);
                done += n;
            } else if (position % BLOCK != 0 || left < BLOCK) {
                done += writePart(position, source, from + done, left);
            } else {
                done += writeWhole(block, source, from + done, left / BLOCK) * BLOCK;
            }
        }
    }

    /** Completes a block that is not held yet by what it shows so far. */
    private int writePart(long position, byte[] source, int from, int left)
            throws StorageException {
        int inBlock = (int) (position % BLOCK);
        int n = Math.min(left, BLOCK - inBlock);
        long start = position - inBlock;
        byte[] whole = new byte[BLOCK];
        read(start, whole, 0, (int) Math.min(BLOCK, size() - start));
        System.arraycopy(source, from, whole, inBlock, n);
        writeWhole((int) (start / BLOCK), whole, 0, 1);
        return n;
    }

    /** Places as many whole new blocks as find consecutive slots; returns how many. */
    private int writeWhole(int block, byte[] source, int from, int wanted) throws StorageException {
        int count = 1;
        while (count < wanted && map.get(block + count) < 0) {
            count++;
        }
        int slot = free.nextSetBit(0);
        if (slot >= 0) {
            count = Math.min(count, free.nextClearBit(slot) - slot);
            free.clear(slot, slot + count);
        } else {
            slot = takeAtEnd(count);
        }
        boolean written = false;
        try {
            file.write((long) slot * BLOCK, source, from, count * BLOCK);
            written = true;
        } finally {
            if (!written) {
                free.set(slot, slot + count);
            }
        }
        place(block, count, slot);
        return count;
    }

    private void place(int block, int count, int slot) throws StorageException {
        map.put(block, count, slot);
        if (journal == null) {
            return;
        }
        int last = pendingLength - 3;
        boolean continues =
                last >= 0
                        && pending[last] + pending[last + 1] == block
                        && (slot == BlockMap.ZERO
                                ? pending[last + 2] == BlockMap.ZERO
                                : pending[last + 2] >= 0
                                        && pending[last + 2] + pending[last + 1] == slot);
        if (continues) {
            pending[last + 1] += count;
            return;
        }
        if (pendingLength == pending.length) {
            pending = Arrays.copyOf(pending, 2 * pending.length);
        }
        pending[pendingLength++] = block;
        pending[pendingLength++] = count;
        pending[pendingLength++] = slot;
        if (pendingLength >= MAX_PENDING) {
            flush();
        }
    }

    @Override
    public void zero(long offset, long length) throws StorageException {
        checkRange(offset, length);
        clear(offset, length, true);
    }

    /** {@inheritDoc} Gives the blocks' place back; what was never written keeps what lies below. */
    @Override
    public void discard(long offset, long length) throws StorageException {
        checkRange(offset, length);
        clear(offset, length, false);
    }

    private void clear(long offset, long length, boolean hideBelow) throws StorageException {
        dirty |= length > 0;
        long stop = offset + length;
        long position = offset;
        while (position < stop) {
            int block = (int) (position / BLOCK);
            boolean toDiskEnd = stop == size();
            if (position % BLOCK != 0 || stop - position < BLOCK && !toDiskEnd) {
                int n = (int) Math.min(stop - position, BLOCK - position % BLOCK);
                if (hideBelow) {
                    write(position, new byte[n], 0, n);
                }
                position += n;
                continue;
            }
            int limit = (int) ((toDiskEnd ? stop + BLOCK - 1 : stop) / BLOCK);
            int runEnd = map.runEnd(block, limit);
            int slot = map.get(block);
            if (slot >= 0) {
                (journal == null ? free : freed).set(slot, slot + (runEnd - block));
            }
            if (slot >= 0 || slot == BlockMap.BELOW && hideBelow) {
                place(block, runEnd - block, BlockMap.ZERO);
            }
            position = Math.min(stop, (long) runEnd * BLOCK);
        }
    }

    @Override
    public void flush() throws StorageException {
        if (journal == null || !dirty) {
            return;
        }
        if (broken != null) {
            throw broken;
        }
        force();
        if (pendingLength > 0) {
            journal.append(pending, pendingLength);
            force();
            pendingLength = 0;
        }
        free.or(freed);
        freed.clear();
        dirty = false;
        renewIfWasteful();
    }

    private void force() throws StorageException {
        try {
            file.force();
        } catch (StorageException e) {
            // Nobody knows now what the host has kept: never say yes again.
            broken = e;
            throw e;
        }
    }

    private void renewIfWasteful() throws StorageException {
        if (!journal.isWasteful(0)) {
            return;
        }
        long[] runs = new long[1];
        map.forEachRun((block, count, slot) -> runs[0]++);
        if (!journal.isWasteful(runs[0])) {
            return;
        }
        dirty = true;
        try {
            for (int segment : journal.renew(map)) {
                freed.set(segment, segment + OverlayJournal.segmentSlots());
            }
        } catch (StorageException e) {
            // Half a generation: what would be appended now, nobody would find again.
            broken = e;
            throw e;
        }
    }

    @Override
    public void close() throws StorageException {
        if (closed) {
            return;
        }
        closed = true;
        try (below;
                file) {
            flush();
        } finally {
            if (temporary != null) {
                deleteTemporary();
            }
        }
    }

    private void deleteTemporary() throws StorageException {
        try {
            Files.deleteIfExists(temporary);
        } catch (IOException e) {
            throw file.failed("remove temporary overlay", e);
        }
    }
}
