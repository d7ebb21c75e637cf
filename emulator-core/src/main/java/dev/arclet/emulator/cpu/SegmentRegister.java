package dev.arclet.emulator.cpu;

import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;

/**
 * A segment register with its hidden part (SDM vol. 3A, section 3.4.3). Field meanings are those of
 * the descriptor; {@link #limit} is already scaled by the granularity.
 */
public final class SegmentRegister {
    /** Bits of {@link #access}: code (with S), conforming or expand-down, readable or writable. */
    static final int CODE = 8, CONFORMING = 4, READABLE = 2, WRITABLE = 2, ACCESSED = 1;

    /** Bits of {@link #access}: code or data rather than system; present. */
    static final int S = 0x10, PRESENT = 0x80;

    private static final long LAST = 0xFFFF_FFFFL;

    /** Visible selector. */
    public int selector;

    /** Linear base. */
    public long base;

    /** Last valid offset (for expand-down: last invalid one), scaled, 0..0xFFFF_FFFF. */
    public long limit;

    /** Descriptor byte 5: type in bits 0..3, S in 4, DPL in 5..6, P in 7. */
    public int access;

    /** D/B bit. */
    public boolean big;

    /** L bit (code segments). */
    public boolean longMode;

    /** G bit, as loaded. */
    public boolean granular;

    /**
     * Whether it holds the null selector, or was invalidated; any access faults outside 64-bit
     * mode.
     */
    public boolean unusable;

    /** Derived: no check is needed for a read (flat and readable, or 64-bit mode). */
    public boolean readUnchecked;

    /** Derived: no check is needed for a write. */
    public boolean writeUnchecked;

    /** Derived: what to add to an offset; {@link #base}, or 0 where 64-bit mode ignores it. */
    public long effectiveBase;

    /** Derived: what holds for all accesses, the highest that does; {@link #CHECKED} and up. */
    public int kind;

    /**
     * In {@link #kind}: nothing holds, or each access has to be looked at; {@link #readableUpTo}
     * and {@link #writableUpTo} tell; the first 64 KiB can be read and written; no check is needed;
     * and nothing is added to offsets.
     */
    public static final int CHECKED = 0, TO_LIMIT = 1, WORD = 2, UNCHECKED = 3, FLAT = 4;

    /**
     * Derived: an access whose last byte is at or below this may be read; -1 if none, or unclear.
     */
    public long readableUpTo;

    /** Derived: the same for writes. */
    public long writableUpTo;

    /** Descriptor privilege level. */
    public int dpl() {
        return (access >>> 5) & 3;
    }

    /** Takes over a descriptor (the 8 bytes, little endian) and its selector. */
    void load(int newSelector, long descriptor) {
        selector = newSelector;
        base = Descriptor.base(descriptor);
        limit = Descriptor.limit(descriptor);
        access = Descriptor.access(descriptor);
        big = Descriptor.big(descriptor);
        longMode = Descriptor.longMode(descriptor);
        granular = Descriptor.granular(descriptor);
        unusable = false;
    }

    /** Loads as real mode and virtual-8086 mode do: base is 16 times the selector. */
    void loadReal(int newSelector, boolean vm86) {
        selector = newSelector;
        base = (long) newSelector << 4;
        access = vm86 ? 0xF3 : 0x93;
        unusable = false;
        longMode = false;
        if (vm86) {
            limit = 0xFFFF;
            big = false;
            granular = false;
        }
    }

    /** Loads a null selector: any use faults outside 64-bit mode. */
    void loadNull(int newSelector) {
        selector = newSelector;
        base = 0;
        limit = 0;
        access = 0;
        big = false;
        longMode = false;
        granular = false;
        unusable = true;
    }

    void copyFrom(SegmentRegister other) {
        selector = other.selector;
        base = other.base;
        limit = other.limit;
        access = other.access;
        big = other.big;
        longMode = other.longMode;
        granular = other.granular;
        unusable = other.unusable;
    }

    private boolean isCode() {
        return (access & CODE) != 0;
    }

    private boolean expandsDown() {
        return (access & (CODE | CONFORMING)) == CONFORMING;
    }

    /**
     * Computes the derived fields.
     *
     * @param flat64 64-bit mode: nothing is checked
     * @param ignoreBase 64-bit mode and not FS or GS
     * @param anyType real or virtual-8086 mode: reads and writes are allowed whatever the type
     */
    void derive(boolean flat64, boolean ignoreBase, boolean anyType) {
        effectiveBase = ignoreBase ? 0 : base;
        if (flat64) {
            readUnchecked = true;
            writeUnchecked = true;
            readableUpTo = Long.MAX_VALUE;
            writableUpTo = Long.MAX_VALUE;
            deriveKind();
            return;
        }
        boolean up = !unusable && !expandsDown();
        boolean readable = up && (anyType || !isCode() || (access & READABLE) != 0);
        boolean writable = up && (anyType || (!isCode() && (access & WRITABLE) != 0));
        readableUpTo = readable ? limit : -1;
        writableUpTo = writable ? limit : -1;
        readUnchecked = readable && limit == LAST;
        writeUnchecked = writable && limit == LAST;
        deriveKind();
    }

    private void deriveKind() {
        if (readUnchecked && writeUnchecked) {
            kind = effectiveBase == 0 ? FLAT : UNCHECKED;
        } else if (readableUpTo >= 0xFFFF && writableUpTo >= 0xFFFF) {
            kind = WORD;
        } else {
            kind = readableUpTo >= 0 ? TO_LIMIT : CHECKED;
        }
    }

    /** Whether {@code bytes} bytes at an offset are inside and the type lets them be accessed. */
    boolean allows(long offset, int bytes, boolean write, boolean anyType) {
        if (unusable) {
            return false;
        }
        if (!anyType
                && (write
                        ? isCode() || (access & WRITABLE) == 0
                        : isCode() && (access & READABLE) == 0)) {
            return false;
        }
        return inside(offset, bytes);
    }

    /** Whether {@code bytes} bytes at an offset (0..2^32-1) are within the limit. */
    boolean inside(long offset, int bytes) {
        long last = offset + bytes - 1;
        if (expandsDown()) {
            return offset > limit && last <= (big ? LAST : 0xFFFF);
        }
        return last <= limit;
    }

    void save(SnapshotWriter out) {
        out.putInt("selector", selector);
        out.putLong("base", base);
        out.putLong("limit", limit);
        out.putInt("access", access);
        out.putBoolean("big", big);
        out.putBoolean("long-mode", longMode);
        out.putBoolean("granular", granular);
        out.putBoolean("unusable", unusable);
    }

    void restore(SnapshotReader in) throws SnapshotException {
        selector = in.getInt("selector", 0, 0xFFFF);
        base = in.getLong("base");
        limit = in.getLong("limit") & LAST;
        access = in.getInt("access", 0, 0xFF);
        big = in.getBoolean("big");
        longMode = in.getBoolean("long-mode");
        granular = in.getBoolean("granular");
        unusable = in.getBoolean("unusable");
    }
}
