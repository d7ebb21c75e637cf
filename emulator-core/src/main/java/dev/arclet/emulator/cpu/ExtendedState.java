package dev.arclet.emulator.cpu;

/**
 * The components of the XSAVE area in its standard format (SDM vol. 1, chapter 13): x87 and SSE in
 * the legacy region, and PKRU where processors with AVX-512 have it, so that software which knows
 * the layout without asking finds it.
 */
public final class ExtendedState {
    /** Number of a component. */
    public static final int X87 = 0, SSE = 1, AVX = 2, PKRU = 9;

    /** Bytes of the legacy region and the header. */
    public static final int HEADER_END = 576;

    /** Where PKRU is in the area. */
    public static final int PKRU_OFFSET = 2688;

    /** Bytes that PKRU takes there. */
    public static final int PKRU_BYTES = 8;

    private ExtendedState() {}

    /** The bits of XCR0 that may be set. */
    public static long components(CpuModel model) {
        return 1L << X87 | 1L << SSE | (model.has(CpuFeature.PKU) ? 1L << PKRU : 0);
    }

    /** The size of an area for some components. */
    public static int bytes(long components) {
        return (components & 1L << PKRU) != 0 ? PKRU_OFFSET + PKRU_BYTES : HEADER_END;
    }
}
