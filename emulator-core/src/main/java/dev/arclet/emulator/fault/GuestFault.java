package dev.arclet.emulator.fault;

/**
 * An exception of the guest's processor (SDM vol. 3A, chapter 6), thrown through the operation that
 * raised it and caught in the execution loop only. Preallocated, one per owner, and stackless: a
 * guest may raise millions a second.
 */
public final class GuestFault extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Divide error. */
    public static final int DE = 0;

    /** Debug exception. */
    public static final int DB = 1;

    /** Breakpoint (INT3), a trap. */
    public static final int BP = 3;

    /** Overflow (INTO), a trap. */
    public static final int OF = 4;

    /** BOUND range exceeded. */
    public static final int BR = 5;

    /** Invalid opcode. */
    public static final int UD = 6;

    /** Device not available. */
    public static final int NM = 7;

    /** Double fault. */
    public static final int DF = 8;

    /** Invalid TSS. */
    public static final int TS = 10;

    /** Segment not present. */
    public static final int NP = 11;

    /** Stack-segment fault. */
    public static final int SS = 12;

    /** General protection. */
    public static final int GP = 13;

    /** Page fault. */
    public static final int PF = 14;

    /** x87 floating-point error. */
    public static final int MF = 16;

    /** Alignment check. */
    public static final int AC = 17;

    /** SIMD floating-point exception. */
    public static final int XM = 19;

    private int vector;
    private int errorCode;
    private long address;
    private boolean nonCanonical;

    /** A fault object to be kept and reused by its owner. */
    public GuestFault() {
        super(null, null, false, false);
    }

    /** Prepares this object for throwing; the error code is ignored for vectors that push none. */
    public GuestFault set(int newVector, int newErrorCode) {
        vector = newVector;
        errorCode = newErrorCode;
        nonCanonical = false;
        return this;
    }

    /**
     * Prepares this object as the fault of a data access to a non-canonical address: #GP(0), which
     * the engine turns into #SS(0) if the access went through SS.
     */
    public GuestFault setNonCanonical(long linearAddress) {
        vector = GP;
        errorCode = 0;
        address = linearAddress;
        nonCanonical = true;
        return this;
    }

    /** Prepares this object as a page fault at a linear address. */
    public GuestFault setPageFault(long linearAddress, int newErrorCode) {
        vector = PF;
        errorCode = newErrorCode;
        address = linearAddress;
        nonCanonical = false;
        return this;
    }

    /** The exception vector, 0..31. */
    public int vector() {
        return vector;
    }

    /** The error code; meaningful if {@link #pushesErrorCode()}. */
    public int errorCode() {
        return errorCode;
    }

    /** Whether the cause is a data access to a non-canonical {@link #address()}. */
    public boolean nonCanonical() {
        return nonCanonical;
    }

    /** The linear address of a page fault, or the non-canonical address. */
    public long address() {
        return address;
    }

    /** Whether the vector has an error code (SDM vol. 3A, table 6-1). */
    public boolean pushesErrorCode() {
        return pushesErrorCode(vector);
    }

    /** Whether a vector has an error code (SDM vol. 3A, table 6-1). */
    public static boolean pushesErrorCode(int vector) {
        return vector == DF || (vector >= TS && vector <= PF) || vector == AC || vector == 21;
    }

    @Override
    public String getMessage() {
        return "vector " + vector + " error code " + Integer.toHexString(errorCode);
    }
}
