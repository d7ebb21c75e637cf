package dev.arclet.emulator.memory;

import java.lang.ref.Cleaner;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import jdk.internal.misc.Unsafe;

/**
 * A block of guest RAM (or video RAM), page granular and off the Java heap. It is the only way to
 * the bytes of the guest: everything else holds offsets, or a host page address obtained here.
 *
 * <p>A page that nobody has touched owns no host memory and reads as zeros; it becomes private on
 * first touch. With a {@link PageSource} an untouched page reads as the source has it, and is
 * fetched from there on first touch. What is discarded is untouched again. Host pages never move
 * and stay valid until {@link #close()}, so a software TLB may keep {@link #pageAddress} results;
 * but only who asks again after a page was discarded makes it count as touched. All multi-byte
 * values are little endian, as the guest sees them.
 *
 * <p>Not synchronised: one machine thread writes. Other threads (a display) may read racily.
 */
public final class GuestMemory implements AutoCloseable {
    /** log2 of {@link #PAGE_SIZE}. */
    public static final int PAGE_SHIFT = 12;

    /** Bytes of a page; the granularity of everything in this class. */
    public static final int PAGE_SIZE = 1 << PAGE_SHIFT;

    private static final long PAGE_MASK = PAGE_SIZE - 1L;

    /** Host memory is taken in pieces of this many pages, so that an idle guest costs little. */
    private static final int SLAB_PAGES = 256;

    /** Bytes of a cache line. */
    private static final long TABLE_ALIGNMENT = 64;

    /**
     * See docs/adr/0002: generated code needs raw addresses, FFM costs 2.5 x there; {@code
     * sun.misc.Unsafe} would be called through five methods for each access.
     */
    private static final Unsafe UNSAFE = Unsafe.getUnsafe();

    private static final Cleaner CLEANER = Cleaner.create();

    private final long size;
    private final long[] pageAddresses;
    private final List<Long> slabs = new ArrayList<>();
    private long slabNext;
    private int slabPagesLeft;
    private PageSource source;
    private byte[] sourceBuffer;

    /** Pages that read as zeros whatever the source has; their host pages have no memory. */
    private final BitSet discarded = new BitSet();

    private long discardedHostPages;

    /**
     * Reserves, but does not yet occupy, {@code size} bytes.
     *
     * @param size bytes, a positive multiple of {@link #PAGE_SIZE}, at most 64 GiB
     */
    public GuestMemory(long size) {
        if (size <= 0 || (size & PAGE_MASK) != 0 || size > (64L << 30)) {
            throw new IllegalArgumentException(
                    "guest memory size " + size + " is not a multiple of 4 KiB in 4 KiB..64 GiB");
        }
        this.size = size;
        this.pageAddresses = new long[Math.toIntExact(size >>> PAGE_SHIFT)];
    }

    /** Bytes of this memory. */
    public long size() {
        return size;
    }

    /** Number of pages that own host memory. */
    public long residentPages() {
        return slabs.size() * (long) SLAB_PAGES - slabPagesLeft - discardedHostPages;
    }

    /** Whether the page was never touched, and so is all zeros without owning host memory. */
    public boolean isUntouched(long page) {
        return discarded.get((int) page)
                || pageAddresses[(int) page] == 0 && (source == null || !source.holds(page));
    }

    /**
     * Replaces the whole content: every page is as {@code pages} has it, and is read when it is
     * first touched. Host page addresses obtained before become invalid.
     *
     * @param pages must stay readable until {@link #close()}
     */
    public void load(PageSource pages) {
        close();
        source = pages;
        sourceBuffer = new byte[PAGE_SIZE];
    }

    /**
     * Copies a page out without making it private.
     *
     * @return false, and nothing copied, if it was never touched and so is all zeros
     */
    public boolean copyPage(long page, byte[] target) {
        if (discarded.get((int) page)) {
            return false;
        }
        long address = pageAddresses[(int) page];
        if (address != 0) {
            UNSAFE.copyMemory(null, address, target, Unsafe.ARRAY_BYTE_BASE_OFFSET, PAGE_SIZE);
            return true;
        }
        if (source == null || !source.holds(page)) {
            return false;
        }
        source.read(page, target);
        return true;
    }

    /**
     * The host address of a page, which becomes private if it was untouched.
     *
     * @param page page number, offset / 4096
     */
    public long pageAddress(long page) {
        long address = pageAddresses[(int) page];
        if (!discarded.isEmpty() && discarded.get((int) page)) {
            discarded.clear((int) page);
            if (address != 0) {
                discardedHostPages--;
            } else {
                return allocate((int) page, false);
            }
        }
        return address != 0 ? address : allocate((int) page, source != null && source.holds(page));
    }

    /**
     * Makes pages zero and gives their host memory back. Nobody may write through a host address
     * obtained before and expect the page to be counted.
     */
    public void discard(long firstPage, long pages) {
        long run = 0;
        long runBytes = 0;
        for (long page = firstPage; page < firstPage + pages; page++) {
            if (discarded.get((int) page)) {
                continue;
            }
            discarded.set((int) page);
            long address = pageAddresses[(int) page];
            if (address == 0) {
                continue;
            }
            discardedHostPages++;
            if (address != run + runBytes || !sameSlab(run, address)) {
                giveBack(run, runBytes);
                run = address;
                runBytes = 0;
            }
            runBytes += PAGE_SIZE;
        }
        giveBack(run, runBytes);
    }

    /** Slabs may happen to lie side by side, which is nobody's promise. */
    private boolean sameSlab(long first, long second) {
        for (long slab : slabs) {
            long end = slab + (SLAB_PAGES + 1L) * PAGE_SIZE;
            if (first >= slab && first < end) {
                return second >= slab && second < end;
            }
        }
        return false;
    }

    private static void giveBack(long address, long bytes) {
        if (bytes > 0 && !HostPages.giveBack(address, bytes)) {
            UNSAFE.setMemory(address, bytes, (byte) 0);
        }
    }

    private long allocate(int page, boolean fromSource) {
        if (slabPagesLeft == 0) {
            // One page more than used, so that the slab can be aligned to a page.
            long slab = UNSAFE.allocateMemory((SLAB_PAGES + 1L) * PAGE_SIZE);
            UNSAFE.setMemory(slab, (SLAB_PAGES + 1L) * PAGE_SIZE, (byte) 0);
            slabs.add(slab);
            slabNext = (slab + PAGE_MASK) & ~PAGE_MASK;
            slabPagesLeft = SLAB_PAGES;
        }
        long address = slabNext;
        slabNext += PAGE_SIZE;
        slabPagesLeft--;
        if (fromSource) {
            source.read(page, sourceBuffer);
            UNSAFE.copyMemory(
                    sourceBuffer, Unsafe.ARRAY_BYTE_BASE_OFFSET, null, address, PAGE_SIZE);
        }
        pageAddresses[page] = address;
        return address;
    }

    /** The host address of a page to read from; 0 if it is all zeros. */
    private long readAddress(long page) {
        if (!discarded.isEmpty() && discarded.get((int) page)) {
            return 0;
        }
        long address = pageAddresses[(int) page];
        return address != 0 || source == null || !source.holds(page) ? address : pageAddress(page);
    }

    /** Reads a value of 1, 2, 4 or 8 bytes, zero extended; may cross pages. */
    public long read(long offset, int bytes) {
        if ((offset & PAGE_MASK) + bytes > PAGE_SIZE) {
            long value = 0;
            for (int i = 0; i < bytes; i++) {
                value |= read(offset + i, 1) << (8 * i);
            }
            return value;
        }
        long page = readAddress(offset >>> PAGE_SHIFT);
        if (page == 0) {
            return 0;
        }
        long address = page + (offset & PAGE_MASK);
        return switch (bytes) {
            case 1 -> load8(address) & 0xFFL;
            case 2 -> load16(address) & 0xFFFFL;
            case 4 -> load32(address) & 0xFFFF_FFFFL;
            case 8 -> load64(address);
            default -> throw new IllegalArgumentException("access of " + bytes + " bytes");
        };
    }

    /** Writes the low 1, 2, 4 or 8 bytes of {@code value}; may cross pages. */
    public void write(long offset, int bytes, long value) {
        if ((offset & PAGE_MASK) + bytes > PAGE_SIZE) {
            for (int i = 0; i < bytes; i++) {
                write(offset + i, 1, value >>> (8 * i));
            }
            return;
        }
        long address = pageAddress(offset >>> PAGE_SHIFT) + (offset & PAGE_MASK);
        switch (bytes) {
            case 1 -> store8(address, (byte) value);
            case 2 -> store16(address, (short) value);
            case 4 -> store32(address, (int) value);
            case 8 -> store64(address, value);
            default -> throw new IllegalArgumentException("access of " + bytes + " bytes");
        }
    }

    /** Copies guest bytes out. */
    public void read(long offset, byte[] target, int from, int length) {
        while (length > 0) {
            int inPage = (int) (offset & PAGE_MASK);
            int n = Math.min(length, PAGE_SIZE - inPage);
            long page = readAddress(offset >>> PAGE_SHIFT);
            if (page == 0) {
                Arrays.fill(target, from, from + n, (byte) 0);
            } else {
                UNSAFE.copyMemory(
                        null, page + inPage, target, Unsafe.ARRAY_BYTE_BASE_OFFSET + from, n);
            }
            offset += n;
            from += n;
            length -= n;
        }
    }

    /** Copies bytes into the guest. */
    public void write(long offset, byte[] source, int from, int length) {
        if (from < 0 || length < 0 || from > source.length - length) {
            throw new IndexOutOfBoundsException("source range " + from + "+" + length);
        }
        while (length > 0) {
            int inPage = (int) (offset & PAGE_MASK);
            int n = Math.min(length, PAGE_SIZE - inPage);
            long page = pageAddress(offset >>> PAGE_SHIFT);
            UNSAFE.copyMemory(source, Unsafe.ARRAY_BYTE_BASE_OFFSET + from, null, page + inPage, n);
            offset += n;
            from += n;
            length -= n;
        }
    }

    /**
     * Makes every byte zero. Host pages that are owned stay owned, so their addresses stay valid.
     */
    public void clear() {
        source = null;
        for (int page = 0; page < pageAddresses.length; page++) {
            if (pageAddresses[page] != 0 && !discarded.get(page)) {
                UNSAFE.setMemory(pageAddresses[page], PAGE_SIZE, (byte) 0);
            }
        }
    }

    /** Gives the host memory back. Nothing may touch this memory afterwards. */
    @Override
    public void close() {
        Arrays.fill(pageAddresses, 0);
        slabs.forEach(UNSAFE::freeMemory);
        slabs.clear();
        slabPagesLeft = 0;
        source = null;
        discarded.clear();
        discardedHostPages = 0;
    }

    /** One byte at a host address obtained from {@link #pageAddress}. */
    public static byte load8(long hostAddress) {
        return UNSAFE.getByte(null, hostAddress);
    }

    /** Two bytes, little endian, any alignment within the page. */
    public static short load16(long hostAddress) {
        return UNSAFE.getShort(null, hostAddress);
    }

    /** Four bytes, little endian, any alignment within the page. */
    public static int load32(long hostAddress) {
        return UNSAFE.getInt(null, hostAddress);
    }

    /** Eight bytes, little endian, any alignment within the page. */
    public static long load64(long hostAddress) {
        return UNSAFE.getLong(null, hostAddress);
    }

    /** Stores one byte at a host address obtained from {@link #pageAddress}. */
    public static void store8(long hostAddress, byte value) {
        UNSAFE.putByte(null, hostAddress, value);
    }

    /** Stores two bytes, little endian, any alignment within the page. */
    public static void store16(long hostAddress, short value) {
        UNSAFE.putShort(null, hostAddress, value);
    }

    /** Stores four bytes, little endian, any alignment within the page. */
    public static void store32(long hostAddress, int value) {
        UNSAFE.putInt(null, hostAddress, value);
    }

    /** Stores eight bytes, little endian, any alignment within the page. */
    public static void store64(long hostAddress, long value) {
        UNSAFE.putLong(null, hostAddress, value);
    }

    /** As {@link #load8(long)}, with {@code none} null, which C1 then need not make each time. */
    public static byte load8(long hostAddress, Object none) {
        return UNSAFE.getByte(none, hostAddress);
    }

    /** As {@link #store8(long, byte)}, with {@code none} null. */
    public static void store8(long hostAddress, byte value, Object none) {
        UNSAFE.putByte(none, hostAddress, value);
    }

    /** As {@link #load16(long)}, with {@code none} null. */
    public static short load16(long hostAddress, Object none) {
        return UNSAFE.getShort(none, hostAddress);
    }

    /** As {@link #store16(long, short)}, with {@code none} null. */
    public static void store16(long hostAddress, short value, Object none) {
        UNSAFE.putShort(none, hostAddress, value);
    }

    /** As {@link #load32(long)}, with {@code none} null. */
    public static int load32(long hostAddress, Object none) {
        return UNSAFE.getInt(none, hostAddress);
    }

    /** As {@link #store32(long, int)}, with {@code none} null. */
    public static void store32(long hostAddress, int value, Object none) {
        UNSAFE.putInt(none, hostAddress, value);
    }

    /** As {@link #load64(long)}, with {@code none} null. */
    public static long load64(long hostAddress, Object none) {
        return UNSAFE.getLong(none, hostAddress);
    }

    /** As {@link #store64(long, long)}, with {@code none} null. */
    public static void store64(long hostAddress, long value, Object none) {
        UNSAFE.putLong(none, hostAddress, value);
    }

    /** Copies between two host ranges, each within one page. */
    public static void copy(long fromHostAddress, long toHostAddress, int bytes) {
        UNSAFE.copyMemory(fromHostAddress, toHostAddress, bytes);
    }

    /** Copies host bytes of one page into an int array (a frame buffer row, say). */
    public static void copyToInts(long hostAddress, int[] target, int from, int count) {
        UNSAFE.copyMemory(
                null, hostAddress, target, Unsafe.ARRAY_INT_BASE_OFFSET + 4L * from, 4L * count);
    }

    /**
     * Host memory for a table that generated code reads by its address: zeros, aligned to a cache
     * line, freed when {@code owner} is no longer reachable.
     *
     * @param bytes its size, positive
     */
    public static long table(Object owner, long bytes) {
        long raw = UNSAFE.allocateMemory(bytes + TABLE_ALIGNMENT);
        UNSAFE.setMemory(raw, bytes + TABLE_ALIGNMENT, (byte) 0);
        CLEANER.register(owner, () -> UNSAFE.freeMemory(raw));
        return raw + TABLE_ALIGNMENT - 1 & -TABLE_ALIGNMENT;
    }
}
