package dev.arclet.emulator.mmu;

import dev.arclet.emulator.fault.GuestFault;
import dev.arclet.emulator.memory.GuestMemory;
import dev.arclet.emulator.memory.MapListener;
import dev.arclet.emulator.memory.PhysicalMap;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import dev.arclet.emulator.snapshot.Stateful;
import java.util.Arrays;

/**
 * Memory as instructions see it: linear addresses, through the software TLB and, on a miss, the
 * page walker. Accesses are made with the current privilege unless the name says system.
 *
 * <p>Page faults are thrown as {@link GuestFault} before anything is written, also when an access
 * spans two pages.
 *
 * <p>The TLB is direct mapped, with separate tags for reads, writes and instruction fetches. A tag
 * is the linear address of the page; an access hits if the tag equals the page of its <em>last</em>
 * byte in the slot of its first, so that accesses over a page border miss. Each kind has four
 * banks, of which the current privilege selects one: changing it costs nothing.
 */
public final class Mmu implements MapListener, Stateful {
    /** Slots of a bank. */
    private static final int SLOTS = 1024;

    private static final int SLOT_MASK = SLOTS - 1;

    /** Supervisor accesses, subject to SMAP if that is on. */
    private static final int BANK_SUPERVISOR = 0;

    /** User accesses. */
    private static final int BANK_USER = SLOTS;

    /** Supervisor accesses while EFLAGS.AC lifts SMAP. */
    private static final int BANK_SUPERVISOR_AC = 2 * SLOTS;

    /** User accesses with alignment checks: its read and write tags never match. */
    private static final int BANK_ALIGNED = 3 * SLOTS;

    private static final int ALL = 4 * SLOTS;

    private static final int WRITE = PageWalker.WRITE, EXECUTE = PageWalker.EXECUTE;

    /** log2 of the bytes of a TLB entry: its tag, and behind it what to add to a linear address. */
    private static final int ENTRY_SHIFT = 4;

    /** Bytes of a TLB entry. */
    private static final int ENTRY_BYTES = 1 << ENTRY_SHIFT;

    /** Where an entry's addend is. */
    private static final int ADDEND = 8;

    /** How far to shift a linear address right to have its page number count in entries' bytes. */
    private static final int ENTRY_PAGE_SHIFT = GuestMemory.PAGE_SHIFT - ENTRY_SHIFT;

    /** Masks the byte offset of a slot in its bank. */
    private static final int SLOT_BYTES_MASK = SLOT_MASK << ENTRY_SHIFT;

    /** Entries of the journal; when it is full, a flush visits all slots. */
    private static final int JOURNAL = 2048;

    /** A tag that matches no page: its low bits are not zero. */
    private static final long INVALID = 2;

    /** In a tag: the page is translated, but is no RAM, or alignment is to be checked. */
    private static final long INDIRECT = 1;

    /** In a write tag: the page is translated, but has code. */
    private static final long GUARDED = 4;

    /** Ranges that can be watched. */
    private static final int WATCHES = 4;

    private static final long PAGE = ~(GuestMemory.PAGE_SIZE - 1L);
    private static final int OFFSET = GuestMemory.PAGE_SIZE - 1;

    private static final long CR0_MASK = 1L << 31 | 1L << 16;
    private static final long CR4_MASK =
            1L << 4 | 1L << 5 | 1L << 7 | 1L << 20 | 1L << 21 | 1L << 22 | 1L << 24;
    private static final long EFER_MASK = 1L << 10 | 1L << 11;

    private final PhysicalMap map;
    private final GuestFault fault = new GuestFault();
    private final PageWalker walker;

    /**
     * Host address of the TLB: entries of tag and addend, numbered kind * ALL + bank + slot. Off
     * the heap, so that translated code finds it at a constant address.
     */
    private final long tlb = GuestMemory.table(this, 3L * ALL * ENTRY_BYTES);

    // Physical page, with PageWalker's entry flags in the low bits, by entry number.
    private final long[] physicals = new long[3 * ALL];

    // Entries filled since the last flush, so that a flush need not visit all.
    private final int[] journal = new int[JOURNAL];
    private int journalled = JOURNAL;

    private int bank = BANK_SUPERVISOR;

    // Host addresses of the current bank's entries.
    private long readBank = tlb;
    private long writeBank = tlb + (long) ALL * ENTRY_BYTES;
    private CodePageGuard guard =
            new CodePageGuard() {
                @Override
                public boolean hasCode(long physicalPage) {
                    return false;
                }

                @Override
                public void codeWritten(long physical, int bytes) {}
            };

    private long cr0;
    private long cr3;
    private long cr4;
    private long efer;
    private long linearMask = 0xFFFF_FFFFL;

    /** Bit i: a large page may be known whose linear address has i in bits 30 to 35. */
    private long largePages;

    // Protection keys of the pages in the TLB, as PageWalker numbers them.
    private int keysSeen;
    private int generation;
    private int globalGeneration;

    /**
     * Slots out of which the translation of a fetch was displaced: others may rely on it although
     * it cannot be seen any more.
     */
    private final boolean[] displaced = new boolean[SLOTS];

    // Linear ranges whose accesses are to be told of; none with a length of 0.
    private final long[] watchStart = new long[WATCHES];
    private final int[] watchBytes = new int[WATCHES];
    private final boolean[] watchReads = new boolean[WATCHES];
    private boolean watching;
    private int watchHits;

    /** An MMU with paging off. */
    public Mmu(PhysicalMap map) {
        this.map = map;
        walker = new PageWalker(map, fault);
        flushAll();
        map.onChange(this);
    }

    /** The physical address space behind. */
    public PhysicalMap physical() {
        return map;
    }

    /** Names the keeper of decoded code, who is told when it is overwritten. */
    public void setCodeGuard(CodePageGuard newGuard) {
        guard = newGuard;
        flushAll();
    }

    /**
     * A number that changes whenever the linear address of an instruction may lead to another
     * physical address than before for the same privilege, or to a fault.
     */
    public int generation() {
        return generation;
    }

    /**
     * The same for global pages only, which outlive loads of CR3, or as {@link #generation()}.
     *
     * @param global whether only code in pages is meant for which {@link #fetchesGlobal} held
     */
    public int generation(boolean global) {
        return global ? globalGeneration : generation;
    }

    /**
     * Whether an instruction at an address was last fetched from a global page; if in doubt not.
     */
    public boolean fetchesGlobal(long linear) {
        int entry = EXECUTE * ALL + (bank | slot(linear));
        return tag(entry) == (linear & PAGE) && (physicals[entry] & PageWalker.GLOBAL) != 0;
    }

    // Control

    /**
     * Takes over control registers (SDM vol. 3A, section 4.10.4): a new CR3 drops all but global
     * translations, a change of a paging mode or right drops everything.
     *
     * @param cr3Written whether this is a load of CR3, also with the value it had
     */
    public void setControl(
            long newCr0, long newCr3, long newCr4, long newEfer, boolean cr3Written) {
        boolean all =
                ((cr0 ^ newCr0) & CR0_MASK) != 0
                        || ((cr4 ^ newCr4) & CR4_MASK) != 0
                        || ((efer ^ newEfer) & EFER_MASK) != 0;
        cr0 = newCr0;
        cr3 = newCr3;
        cr4 = newCr4;
        efer = newEfer;
        walker.configure(newCr0, newCr3, newCr4, newEfer);
        linearMask = walker.longMode() ? -1L : 0xFFFF_FFFFL;
        if (all) {
            flushAll();
        } else if (cr3Written && walker.paging()) {
            flushNonGlobal();
        }
    }

    /**
     * Takes over PKRU and IA32_PKRS (SDM vol. 3A, section 4.6.2), and drops translations for data
     * whose rights that changes. Nothing is to be done where pages have key 0 only, and guests
     * change the rights of other keys.
     */
    public void setKeyRights(int user, int supervisor) {
        int changed = walker.setKeyRights(user, supervisor) & keysSeen;
        if (changed == 0) {
            return;
        }
        for (int entry = 0; entry < EXECUTE * ALL; entry++) {
            if ((changed >>> (physicals[entry] >>> PageWalker.KEY_SHIFT & PageWalker.KEY_MASK) & 1)
                    != 0) {
                setTag(entry, INVALID);
            }
        }
        keysSeen &= ~changed;
    }

    /**
     * Reads the PDPTEs of PAE paging outside long mode, as a load of CR3 does.
     *
     * @return whether their reserved bits are clear; if not, nothing has changed and the load of
     *     CR3 must fault
     */
    public boolean loadPdptes(long newCr3) {
        return walker.loadPdptes(newCr3);
    }

    /** The PDPTEs as last loaded; live, four of them. */
    public long[] pdptes() {
        return walker.pdptes();
    }

    /**
     * Selects the privilege of the accesses to come.
     *
     * @param user CPL is 3
     * @param alignmentCheck EFLAGS.AC (with {@code user}: and CR0.AM)
     */
    public void setPrivilege(boolean user, boolean alignmentCheck) {
        if (user) {
            bank = alignmentCheck ? BANK_ALIGNED : BANK_USER;
        } else {
            bank = alignmentCheck && (cr4 & 1L << 21) != 0 ? BANK_SUPERVISOR_AC : BANK_SUPERVISOR;
        }
        readBank = tlb + (long) bank * ENTRY_BYTES;
        writeBank = readBank + (long) ALL * ENTRY_BYTES;
    }

    // What translated code is made of

    /** Number of the bank in use, 0..{@link #ALIGNED_BANK}: what the current privilege selects. */
    public int bank() {
        return bank / SLOTS;
    }

    /** The bank of ring 3, without alignment checks. */
    public static final int USER_BANK = BANK_USER / SLOTS;

    /** The bank whose accesses must all be made by calls. */
    public static final int ALIGNED_BANK = BANK_ALIGNED / SLOTS;

    /**
     * Host address of a bank's entries for reads: 1024 of 16 bytes each, by bits 12..21 of the
     * linear address. An entry's first eight bytes equal the page of an access's last byte if it
     * may be made directly; the second eight, added to the linear address, give its host address.
     */
    public long readEntries(int bankNumber) {
        return tlb + (long) bankNumber * SLOTS * ENTRY_BYTES;
    }

    /** Host address of a bank's entries for writes; see {@link #readEntries}. */
    public long writeEntries(int bankNumber) {
        return readEntries(bankNumber) + (long) ALL * ENTRY_BYTES;
    }

    /** As {@link #fetch}, but changes nothing: -1 if the translation is not in the TLB. */
    public long peekFetch(long linear) {
        int entry = EXECUTE * ALL + (bank | slot(linear));
        return tag(entry) == (linear & PAGE) ? physicals[entry] & PAGE | linear & OFFSET : -1;
    }

    // The TLB

    private long tag(int entry) {
        return GuestMemory.load64(tlb + (long) entry * ENTRY_BYTES);
    }

    private void setTag(int entry, long tag) {
        GuestMemory.store64(tlb + (long) entry * ENTRY_BYTES, tag);
    }

    private void setAddend(int entry, long addend) {
        GuestMemory.store64(tlb + (long) entry * ENTRY_BYTES + ADDEND, addend);
    }

    private void invalidateTags(int from, int to) {
        for (int entry = from; entry < to; entry++) {
            setTag(entry, INVALID);
        }
    }

    /** Forgets every translation. */
    public void flushAll() {
        if (journalled == JOURNAL) {
            invalidateTags(0, 3 * ALL);
        } else {
            for (int i = 0; i < journalled; i++) {
                setTag(journal[i], INVALID);
            }
        }
        journalled = 0;
        largePages = 0;
        keysSeen = 0;
        Arrays.fill(displaced, false);
        generation++;
        globalGeneration++;
    }

    private void flushNonGlobal() {
        if (!walker.globalPages()) {
            flushAll();
            return;
        }
        boolean all = journalled == JOURNAL;
        int count = all ? 3 * ALL : journalled;
        journalled = 0;
        for (int i = 0; i < count; i++) {
            int entry = all ? i : journal[i];
            if ((physicals[entry] & PageWalker.GLOBAL) == 0) {
                setTag(entry, INVALID);
            } else if (tag(entry) != INVALID) {
                note(entry);
            }
        }
        generation++;
    }

    private void note(int entry) {
        if (journalled < JOURNAL) {
            journal[journalled++] = entry;
        }
    }

    /** INVLPG: forgets the page that contains {@code linear}, global or not. */
    public void invalidatePage(long linear) {
        boolean fetched = displaced[slot(linear)];
        boolean global = fetched;
        if ((largePages & largePageBit(linear)) != 0) {
            // A 2 MiB or larger page has entries in many slots, and INVLPG must drop them all.
            // Its size is not kept; what lies within 1 GiB is dropped, which is always allowed.
            fetched = true;
            global = true;
            for (int entry = 0; entry < 3 * ALL; entry++) {
                if ((physicals[entry] & PageWalker.LARGE) != 0
                        && (tag(entry) ^ linear) >>> 30 == 0) {
                    setTag(entry, INVALID);
                }
            }
        }
        long page = linear & linearMask & PAGE;
        for (int entry = slot(page); entry < 3 * ALL; entry += SLOTS) {
            if ((tag(entry) & ~(INDIRECT | GUARDED)) == page) {
                setTag(entry, INVALID);
                if (entry >= EXECUTE * ALL) {
                    fetched = true;
                    global |= (physicals[entry] & PageWalker.GLOBAL) != 0;
                }
            }
        }
        if (fetched) {
            generation++;
        }
        if (global) {
            globalGeneration++;
        }
    }

    private static long largePageBit(long linear) {
        return 1L << (linear >>> 30);
    }

    private void noteLarge(long linear, int entryFlags) {
        if ((entryFlags & PageWalker.LARGE) != 0) {
            largePages |= largePageBit(linear);
        }
    }

    /**
     * Forgets direct write access to a physical page that has just gained code.
     *
     * @param physicalPage canonical physical address / 4096
     */
    public void protectCode(long physicalPage) {
        for (int entry = WRITE * ALL; entry < (WRITE + 1) * ALL; entry++) {
            if (physicals[entry] >>> GuestMemory.PAGE_SHIFT == physicalPage) {
                long tag = tag(entry);
                if ((tag & OFFSET) == 0) {
                    setTag(entry, tag | GUARDED);
                }
            }
        }
    }

    @Override
    public void mapChanged() {
        flushAll();
        guard.mapChanged();
    }

    @Override
    public void pagesDiscarded() {
        flushAll();
    }

    @Override
    public void writePermissionChanged() {
        invalidateTags(WRITE * ALL, (WRITE + 1) * ALL);
    }

    // Data breakpoints

    /**
     * Watches accesses to a linear range: those of instructions and of event delivery, but not the
     * processor's own to descriptors and task states. Pages with a watched range have no direct TLB
     * entries.
     *
     * @param index 0..3
     * @param start first byte, aligned to {@code bytes}
     * @param bytes 1, 2, 4 or 8; 0 watches nothing
     * @param reads whether reads count, too
     */
    public void watch(int index, long start, int bytes, boolean reads) {
        if (watchBytes[index] == bytes
                && (bytes == 0 || (watchStart[index] == start && watchReads[index] == reads))) {
            return;
        }
        watchStart[index] = start;
        watchBytes[index] = bytes;
        watchReads[index] = reads;
        watching = false;
        for (int length : watchBytes) {
            watching |= length != 0;
        }
        flushAll();
    }

    /** The watched ranges accessed, bit i for range i. */
    public int watchHits() {
        return watchHits;
    }

    /** {@link #watchHits}, which are forgotten then. */
    public int takeWatchHits() {
        int hits = watchHits;
        watchHits = 0;
        return hits;
    }

    private boolean isWatched(long page) {
        for (int i = 0; i < WATCHES; i++) {
            if (watchBytes[i] != 0 && (watchStart[i] & PAGE) == page) {
                return true;
            }
        }
        return false;
    }

    private void noteWatched(long linear, int bytes, boolean read) {
        for (int i = 0; i < WATCHES; i++) {
            if (watchBytes[i] != 0
                    && (watchReads[i] || !read)
                    && (Long.compareUnsigned(watchStart[i] - linear & linearMask, bytes) < 0
                            || Long.compareUnsigned(
                                            linear - watchStart[i] & linearMask, watchBytes[i])
                                    < 0)) {
                watchHits |= 1 << i;
            }
        }
    }

    // Accesses with the current privilege

    private static int slot(long linear) {
        return (int) (linear >>> GuestMemory.PAGE_SHIFT) & SLOT_MASK;
    }

    /** Loads one byte, zero extended. */
    public int load8(long linear) {
        long entry = readBank + (linear >>> ENTRY_PAGE_SHIFT & SLOT_BYTES_MASK);
        if (GuestMemory.load64(entry) == (linear & PAGE)) {
            return GuestMemory.load8(GuestMemory.load64(entry + ADDEND) + linear) & 0xFF;
        }
        return (int) loadSlow(linear, 1);
    }

    /** Loads two bytes, zero extended. */
    public int load16(long linear) {
        long entry = readBank + (linear >>> ENTRY_PAGE_SHIFT & SLOT_BYTES_MASK);
        if (GuestMemory.load64(entry) == (linear + 1 & PAGE)) {
            return GuestMemory.load16(GuestMemory.load64(entry + ADDEND) + linear) & 0xFFFF;
        }
        return (int) loadSlow(linear, 2);
    }

    /** Loads four bytes. */
    public int load32(long linear) {
        long entry = readBank + (linear >>> ENTRY_PAGE_SHIFT & SLOT_BYTES_MASK);
        if (GuestMemory.load64(entry) == (linear + 3 & PAGE)) {
            return GuestMemory.load32(GuestMemory.load64(entry + ADDEND) + linear);
        }
        return (int) loadSlow(linear, 4);
    }

    /** Loads eight bytes. */
    public long load64(long linear) {
        long entry = readBank + (linear >>> ENTRY_PAGE_SHIFT & SLOT_BYTES_MASK);
        if (GuestMemory.load64(entry) == (linear + 7 & PAGE)) {
            return GuestMemory.load64(GuestMemory.load64(entry + ADDEND) + linear);
        }
        return loadSlow(linear, 8);
    }

    /** Loads one byte, zero extended, that will be stored to: faults as a write would. */
    public int loadForUpdate8(long linear) {
        long entry = writeBank + (linear >>> ENTRY_PAGE_SHIFT & SLOT_BYTES_MASK);
        if (GuestMemory.load64(entry) == (linear & PAGE)) {
            return GuestMemory.load8(GuestMemory.load64(entry + ADDEND) + linear) & 0xFF;
        }
        return (int) loadForUpdateSlow(linear, 1);
    }

    /** Loads two bytes that will be stored to. */
    public int loadForUpdate16(long linear) {
        long entry = writeBank + (linear >>> ENTRY_PAGE_SHIFT & SLOT_BYTES_MASK);
        if (GuestMemory.load64(entry) == (linear + 1 & PAGE)) {
            return GuestMemory.load16(GuestMemory.load64(entry + ADDEND) + linear) & 0xFFFF;
        }
        return (int) loadForUpdateSlow(linear, 2);
    }

    /** Loads four bytes that will be stored to. */
    public int loadForUpdate32(long linear) {
        long entry = writeBank + (linear >>> ENTRY_PAGE_SHIFT & SLOT_BYTES_MASK);
        if (GuestMemory.load64(entry) == (linear + 3 & PAGE)) {
            return GuestMemory.load32(GuestMemory.load64(entry + ADDEND) + linear);
        }
        return (int) loadForUpdateSlow(linear, 4);
    }

    /** Loads eight bytes that will be stored to. */
    public long loadForUpdate64(long linear) {
        long entry = writeBank + (linear >>> ENTRY_PAGE_SHIFT & SLOT_BYTES_MASK);
        if (GuestMemory.load64(entry) == (linear + 7 & PAGE)) {
            return GuestMemory.load64(GuestMemory.load64(entry + ADDEND) + linear);
        }
        return loadForUpdateSlow(linear, 8);
    }

    /** Stores the low byte. */
    public void store8(long linear, int value) {
        long entry = writeBank + (linear >>> ENTRY_PAGE_SHIFT & SLOT_BYTES_MASK);
        if (GuestMemory.load64(entry) == (linear & PAGE)) {
            GuestMemory.store8(GuestMemory.load64(entry + ADDEND) + linear, (byte) value);
        } else {
            storeSlow(linear, 1, value);
        }
    }

    /** Stores the low two bytes. */
    public void store16(long linear, int value) {
        long entry = writeBank + (linear >>> ENTRY_PAGE_SHIFT & SLOT_BYTES_MASK);
        if (GuestMemory.load64(entry) == (linear + 1 & PAGE)) {
            GuestMemory.store16(GuestMemory.load64(entry + ADDEND) + linear, (short) value);
        } else {
            storeSlow(linear, 2, value);
        }
    }

    /** Stores four bytes. */
    public void store32(long linear, int value) {
        long entry = writeBank + (linear >>> ENTRY_PAGE_SHIFT & SLOT_BYTES_MASK);
        if (GuestMemory.load64(entry) == (linear + 3 & PAGE)) {
            GuestMemory.store32(GuestMemory.load64(entry + ADDEND) + linear, value);
        } else {
            storeSlow(linear, 4, value);
        }
    }

    /** Stores eight bytes. */
    public void store64(long linear, long value) {
        long entry = writeBank + (linear >>> ENTRY_PAGE_SHIFT & SLOT_BYTES_MASK);
        if (GuestMemory.load64(entry) == (linear + 7 & PAGE)) {
            GuestMemory.store64(GuestMemory.load64(entry + ADDEND) + linear, value);
        } else {
            storeSlow(linear, 8, value);
        }
    }

    /** Stores sixteen bytes; nothing is written if any of them faults. */
    public void store128(long linear, long low, long high) {
        long entry = writeBank + (linear >>> ENTRY_PAGE_SHIFT & SLOT_BYTES_MASK);
        if (GuestMemory.load64(entry) == (linear + 15 & PAGE)) {
            long host = GuestMemory.load64(entry + ADDEND) + linear;
            GuestMemory.store64(host, low);
            GuestMemory.store64(host + 8, high);
            return;
        }
        probeWrite(linear, 16);
        store64(linear, low);
        store64(linear + 8 & linearMask, high);
    }

    /**
     * Faults exactly as a write of {@code bytes} (1..4096) bytes would, and changes nothing else.
     */
    public void probeWrite(long linear, int bytes) {
        probe(bank, linear, bytes, WRITE);
    }

    /** Faults exactly as a read of {@code bytes} (1..4096) bytes would. */
    public void probeRead(long linear, int bytes) {
        probe(bank, linear, bytes, PageWalker.READ);
    }

    /**
     * Host address of the byte at {@code linear}, if the page can be read directly; else 0. For
     * bulk operations, which may use it to the end of the page; faults as a read would.
     */
    public long hostForRead(long linear) {
        long entry = readBank + (linear >>> ENTRY_PAGE_SHIFT & SLOT_BYTES_MASK);
        if (GuestMemory.load64(entry) != (linear & PAGE)) {
            translate(bank, linear, PageWalker.READ);
            if (GuestMemory.load64(entry) != (linear & PAGE)) {
                return 0;
            }
        }
        return GuestMemory.load64(entry + ADDEND) + linear;
    }

    /**
     * Host address of the byte at {@code linear}, if the page can be written directly (no code, no
     * device); else 0. For bulk operations, which may use it to the end of the page; faults as a
     * write would.
     */
    public long hostForWrite(long linear) {
        long entry = writeBank + (linear >>> ENTRY_PAGE_SHIFT & SLOT_BYTES_MASK);
        if (GuestMemory.load64(entry) != (linear & PAGE)) {
            translate(bank, linear, WRITE);
            if (GuestMemory.load64(entry) != (linear & PAGE)) {
                return 0;
            }
        }
        return GuestMemory.load64(entry + ADDEND) + linear;
    }

    /**
     * Fills the TLB for an access with the current privilege, which is about to be made.
     *
     * @param bytes of the access, from 1 to a page's
     * @return host address of its first byte; 0, and nothing has changed that the access itself
     *     would not change, if it faults, is to a device or to code, or is in two pages, or if page
     *     tables are in a device
     */
    public long hostAfterFill(long linear, int bytes, boolean write) {
        long page = linear + bytes - 1 & PAGE;
        if ((linear & PAGE) != page || bank == BANK_ALIGNED) {
            return 0;
        }
        walker.setUnnoticed(true);
        try {
            translate(bank, linear, write ? WRITE : PageWalker.READ);
        } catch (GuestFault fault) {
            return 0; // Whoever makes the access has it thrown again.
        } finally {
            walker.setUnnoticed(false);
        }
        long entry =
                (write ? writeBank : readBank) + (linear >>> ENTRY_PAGE_SHIFT & SLOT_BYTES_MASK);
        return GuestMemory.load64(entry) == page ? GuestMemory.load64(entry + ADDEND) + linear : 0;
    }

    /**
     * Physical address of the instruction byte at {@code linear}: canonical (A20 applied), so that
     * it identifies the code; faults as an instruction fetch does.
     */
    public long fetch(long linear) {
        int entry = EXECUTE * ALL + (bank | slot(linear));
        if (tag(entry) == (linear & PAGE)) {
            return physicals[entry] & PAGE | linear & OFFSET;
        }
        return translate(bank, linear, EXECUTE);
    }

    // Accesses of the processor itself

    /** Loads for the processor itself (descriptor tables, TSS), as supervisor whatever the CPL. */
    public long loadSystem(long linear, int bytes) {
        return loadIn(BANK_SUPERVISOR, linear, bytes);
    }

    /** Stores for the processor itself, as supervisor whatever the CPL. */
    public void storeSystem(long linear, int bytes, long value) {
        storeIn(BANK_SUPERVISOR, linear, bytes, value);
    }

    /** Loads 1, 2, 4 or 8 bytes, zero extended, with a privilege that need not be the current. */
    public long load(long linear, int bytes, boolean user) {
        long value = loadIn(user ? BANK_USER : BANK_SUPERVISOR, linear, bytes);
        if (watching) {
            noteWatched(linear, bytes, true);
        }
        return value;
    }

    /** Stores 1, 2, 4 or 8 bytes with a privilege that need not be the current. */
    public void store(long linear, int bytes, long value, boolean user) {
        storeIn(user ? BANK_USER : BANK_SUPERVISOR, linear, bytes, value);
        if (watching) {
            noteWatched(linear, bytes, false);
        }
    }

    /** {@link #probeWrite(long, int)} with a privilege that need not be the current. */
    public void probeWrite(long linear, int bytes, boolean user) {
        probe(user ? BANK_USER : BANK_SUPERVISOR, linear, bytes, WRITE);
    }

    /** {@link #probeRead(long, int)} with a privilege that need not be the current. */
    public void probeRead(long linear, int bytes, boolean user) {
        probe(user ? BANK_USER : BANK_SUPERVISOR, linear, bytes, PageWalker.READ);
    }

    // Slow paths

    private long loadSlow(long linear, int bytes) {
        long value = loadIn(bank, linear, bytes);
        if (watching) {
            noteWatched(linear, bytes, true);
        }
        return value;
    }

    private long loadForUpdateSlow(long linear, int bytes) {
        probe(bank, linear, bytes, WRITE);
        return loadSlow(linear, bytes);
    }

    private void storeSlow(long linear, int bytes, long value) {
        storeIn(bank, linear, bytes, value);
        if (watching) {
            noteWatched(linear, bytes, false);
        }
    }

    private long loadIn(int bankBase, long linear, int bytes) {
        long entry = tlb + (long) (bankBase | slot(linear)) * ENTRY_BYTES;
        if (GuestMemory.load64(entry) == (linear + bytes - 1 & PAGE)) {
            long host = GuestMemory.load64(entry + ADDEND) + linear;
            switch (bytes) {
                case 1 -> {
                    return GuestMemory.load8(host) & 0xFF;
                }
                case 2 -> {
                    return GuestMemory.load16(host) & 0xFFFF;
                }
                case 4 -> {
                    return GuestMemory.load32(host) & 0xFFFF_FFFFL;
                }
                case 8 -> {
                    return GuestMemory.load64(host);
                }
                default -> {}
            }
        }
        checkAlignment(bankBase, linear, bytes);
        int inPage = (int) linear & OFFSET;
        if (inPage + bytes <= GuestMemory.PAGE_SIZE) {
            return map.read(translate(bankBase, linear, PageWalker.READ), bytes);
        }
        int first = GuestMemory.PAGE_SIZE - inPage;
        long low = translate(bankBase, linear, PageWalker.READ);
        long high = translate(bankBase, linear + first & linearMask, PageWalker.READ);
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            long physical = i < first ? low + i : high + i - first;
            value |= map.read(physical, 1) << (8 * i);
        }
        return value;
    }

    private void storeIn(int bankBase, long linear, int bytes, long value) {
        long entry = tlb + (long) (WRITE * ALL + (bankBase | slot(linear))) * ENTRY_BYTES;
        if (GuestMemory.load64(entry) == (linear + bytes - 1 & PAGE)) {
            long host = GuestMemory.load64(entry + ADDEND) + linear;
            switch (bytes) {
                case 1 -> {
                    GuestMemory.store8(host, (byte) value);
                    return;
                }
                case 2 -> {
                    GuestMemory.store16(host, (short) value);
                    return;
                }
                case 4 -> {
                    GuestMemory.store32(host, (int) value);
                    return;
                }
                case 8 -> {
                    GuestMemory.store64(host, value);
                    return;
                }
                default -> {}
            }
        }
        checkAlignment(bankBase, linear, bytes);
        int inPage = (int) linear & OFFSET;
        if (inPage + bytes <= GuestMemory.PAGE_SIZE) {
            storePhysical(translate(bankBase, linear, WRITE), bytes, value);
            return;
        }
        int first = GuestMemory.PAGE_SIZE - inPage;
        long low = translate(bankBase, linear, WRITE);
        long high = translate(bankBase, linear + first & linearMask, WRITE);
        for (int i = 0; i < bytes; i++) {
            storePhysical(i < first ? low + i : high + i - first, 1, value >>> (8 * i));
        }
    }

    private void storePhysical(long physical, int bytes, long value) {
        map.write(physical, bytes, value);
        if (guard.hasCode(physical >>> GuestMemory.PAGE_SHIFT)) {
            guard.codeWritten(physical, bytes);
        }
    }

    private void probe(int bankBase, long linear, int bytes, int access) {
        checkAlignment(bankBase, linear, bytes);
        translate(bankBase, linear, access);
        long last = linear + bytes - 1 & linearMask;
        if (((linear ^ last) & PAGE) != 0) {
            translate(bankBase, last, access);
        }
    }

    private void checkAlignment(int bankBase, long linear, int bytes) {
        // SSE operands have their own rule (#GP); wider accesses arrive here in parts.
        if (bankBase == BANK_ALIGNED
                && bytes <= 8
                && (bytes & bytes - 1) == 0
                && (linear & bytes - 1) != 0) {
            throw fault.set(GuestFault.AC, 0);
        }
    }

    /** The canonical physical address of a byte; fills the TLB. */
    private long translate(int bankBase, long linear, int access) {
        long page = linear & PAGE;
        int entry = access * ALL + (bankBase | slot(linear));
        long tag = tag(entry);
        // A guarded page whose code is gone falls through, and becomes directly writable again.
        if (tag == page
                || tag == (page | INDIRECT)
                || (tag == (page | GUARDED)
                        && guard.hasCode(physicals[entry] >>> GuestMemory.PAGE_SHIFT))) {
            return physicals[entry] & PAGE | linear & OFFSET;
        }
        boolean user = bankBase == BANK_USER || bankBase == BANK_ALIGNED;
        if (walker.longMode() && linear << 16 >> 16 != linear) {
            throw fault.setNonCanonical(linear);
        }
        long physical =
                map.canonical(walker.walk(linear, access, user, bankBase == BANK_SUPERVISOR_AC));
        physicals[entry] = physical | walker.entryFlags;
        noteLarge(linear, walker.entryFlags);
        noteKey(walker.entryFlags);
        if (access == EXECUTE && tag != INVALID && tag != page) {
            displaced[slot(linear)] = true;
        }
        install(entry, page, physical);
        return physical | linear & OFFSET;
    }

    private void noteKey(int entryFlags) {
        keysSeen |= 1 << (entryFlags >>> PageWalker.KEY_SHIFT & PageWalker.KEY_MASK);
    }

    private void install(int entry, long page, long physical) {
        note(entry);
        if (entry < EXECUTE * ALL) {
            // Reads and writes of one page find the same memory: an entry from before the guest
            // changed its tables may go at any time.
            int other = entry < ALL ? entry + ALL : entry - ALL;
            if ((tag(other) & PAGE) == page && (physicals[other] & PAGE) != physical) {
                setTag(other, INVALID);
            }
        }
        boolean direct =
                (entry & (ALL - 1) & -SLOTS) != BANK_ALIGNED && !(watching && isWatched(page));
        switch (entry / ALL) {
            case PageWalker.READ -> {
                long host = direct ? map.readablePage(physical) : 0;
                setAddend(entry, host - page);
                setTag(entry, host == 0 ? page | INDIRECT : page);
            }
            case WRITE -> {
                boolean code = guard.hasCode(physical >>> GuestMemory.PAGE_SHIFT);
                long host = direct && !code ? map.writablePage(physical) : 0;
                setAddend(entry, host - page);
                setTag(entry, host != 0 ? page : page | (code ? GUARDED : INDIRECT));
            }
            default -> setTag(entry, page);
        }
    }

    // Snapshots

    /** Writes what the control registers don't tell: the PDPTE registers of PAE paging. */
    public void saveRegisters(SnapshotWriter out) {
        out.putLongs("pdptes", walker.pdptes());
    }

    /** Reads what {@link #saveRegisters} wrote, and empties the TLB. */
    public void restoreRegisters(SnapshotReader in) throws SnapshotException {
        in.getLongs("pdptes", walker.pdptes());
        flushAll();
    }

    @Override
    public String sectionId() {
        return "tlb";
    }

    @Override
    public int sectionVersion() {
        return 1;
    }

    /**
     * Writes the TLB: guests clear accessed bits without a flush, so that a resumed run with an
     * empty one would differ. Which entries are there depends on more than the guest's state: an
     * engine that knows a block needs no translation to fetch it.
     */
    @Override
    public void save(SnapshotWriter out) {
        int count = 0;
        int[] entries = new int[3 * ALL];
        for (int entry = 0; entry < entries.length; entry++) {
            if (tag(entry) != INVALID) {
                entries[count++] = entry;
            }
        }
        long[] tags = new long[count];
        long[] physical = new long[count];
        for (int i = 0; i < count; i++) {
            tags[i] = tag(entries[i]) & PAGE;
            physical[i] = physicals[entries[i]];
        }
        out.putInt("tlb-count", count);
        out.putInts("tlb-entries", Arrays.copyOf(entries, count));
        out.putLongs("tlb-tags", tags);
        out.putLongs("tlb-physical", physical);
    }

    /** Reads what {@link #save} wrote; the control registers have been set before. */
    @Override
    public void restore(SnapshotReader in, int version) throws SnapshotException {
        flushAll();
        int count = in.getInt("tlb-count", 0, 3 * ALL);
        int[] entries = new int[count];
        long[] tags = new long[count];
        long[] physical = new long[count];
        in.getInts("tlb-entries", entries);
        in.getLongs("tlb-tags", tags);
        in.getLongs("tlb-physical", physical);
        for (int i = 0; i < count; i++) {
            if (entries[i] < 0 || entries[i] >= 3 * ALL) {
                throw new SnapshotException(
                        "cannot restore the TLB: entry "
                                + entries[i]
                                + " does not exist; the snapshot is damaged, start without it");
            }
            long canonical = map.canonical(physical[i] & PAGE);
            int flags = (int) physical[i] & PageWalker.FLAGS;
            physicals[entries[i]] = canonical | flags;
            noteKey(flags);
            noteLarge(tags[i], flags);
            install(entries[i], tags[i] & PAGE, canonical);
        }
    }
}
