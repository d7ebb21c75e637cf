package dev.arclet.emulator.cpu;

/**
 * A segment register with its hidden part (SDM vol. 3A, section 3.4.3). Field meanings are those of
 * the descriptor; {@link #limit} is already scaled by the granularity.
 */
public final class SegmentRegister {
    /** Visible selector. */
    public int selector;

    /** Linear base. */
    public long base;

    /** Last valid offset (for expand-down: first invalid one), scaled, 0..0xFFFF_FFFF. */
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

    /** Descriptor privilege level. */
    public int dpl() {
        return (access >>> 5) & 3;
    }
}
