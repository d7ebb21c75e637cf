package dev.arclet.emulator.cpu;

/** Fields of an 8-byte segment or gate descriptor (SDM vol. 3A, sections 3.4.5 and 5.8.3). */
final class Descriptor {
    /** System types. */
    static final int TSS16 = 1,
            LDT = 2,
            TSS16_BUSY = 3,
            CALL_GATE16 = 4,
            TASK_GATE = 5,
            INTERRUPT_GATE16 = 6,
            TRAP_GATE16 = 7,
            TSS32 = 9,
            TSS32_BUSY = 11,
            CALL_GATE32 = 12,
            INTERRUPT_GATE32 = 14,
            TRAP_GATE32 = 15;

    private Descriptor() {}

    static long base(long descriptor) {
        return descriptor >>> 16 & 0xFF_FFFFL | descriptor >>> 32 & 0xFF00_0000L;
    }

    /** Scaled by the granularity. */
    static long limit(long descriptor) {
        long raw = descriptor & 0xFFFFL | descriptor >>> 32 & 0xF_0000L;
        return granular(descriptor) ? raw << 12 | 0xFFF : raw;
    }

    static int access(long descriptor) {
        return (int) (descriptor >>> 40) & 0xFF;
    }

    /** Type of a system descriptor, or the low four bits of a code or data type. */
    static int type(long descriptor) {
        return (int) (descriptor >>> 40) & 15;
    }

    static int dpl(long descriptor) {
        return (int) (descriptor >>> 45) & 3;
    }

    static boolean present(long descriptor) {
        return (descriptor & 1L << 47) != 0;
    }

    /** S: code or data. */
    static boolean isSegment(long descriptor) {
        return (descriptor & 1L << 44) != 0;
    }

    static boolean isCode(long descriptor) {
        return (descriptor & 3L << 43) == 3L << 43;
    }

    static boolean isConforming(long descriptor) {
        return (descriptor & 1L << 42) != 0;
    }

    /** Readable (code) or writable (data). */
    static boolean readableOrWritable(long descriptor) {
        return (descriptor & 1L << 41) != 0;
    }

    static boolean isWritableData(long descriptor) {
        return isSegment(descriptor) && !isCode(descriptor) && readableOrWritable(descriptor);
    }

    static boolean granular(long descriptor) {
        return (descriptor & 1L << 55) != 0;
    }

    static boolean big(long descriptor) {
        return (descriptor & 1L << 54) != 0;
    }

    static boolean longMode(long descriptor) {
        return (descriptor & 1L << 53) != 0;
    }

    /** Target selector of a gate. */
    static int gateSelector(long descriptor) {
        return (int) (descriptor >>> 16) & 0xFFFF;
    }

    /** Target offset of a gate; 16-bit gates use its low half. */
    static long gateOffset(long descriptor) {
        return descriptor & 0xFFFFL | descriptor >>> 32 & 0xFFFF_0000L;
    }

    /** Parameter count of a call gate. */
    static int gateParameters(long descriptor) {
        return (int) (descriptor >>> 32) & 0x1F;
    }

    /** Interrupt stack table index of a 64-bit gate. */
    static int gateStackTable(long descriptor) {
        return (int) (descriptor >>> 32) & 7;
    }
}
