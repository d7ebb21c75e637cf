package dev.arclet.emulator.cpu.interp;

import dev.arclet.emulator.memory.GuestMemory;

/**
 * Elements of repeated string instructions, in host memory: many at once, with the effect of one
 * after the other upwards (SDM vol. 2, MOVS, STOS).
 */
public final class StringElements {
    /** Up to so many bytes, a loop is faster than a call of the JVM's. */
    private static final int SHORT = 256;

    private StringElements() {}

    /**
     * MOVS. Where the target begins within the source, elements copied before are copied again.
     *
     * @param length in bytes, a multiple of {@code bytes}
     * @param bytes of an element: 1, 2, 4 or 8
     */
    public static void copy(long from, long to, int length, int bytes) {
        long distance = to - from;
        if (distance > 0 && distance < 8) {
            copyEach(from, to, length, bytes);
        } else if (length <= SHORT || distance > 0 && distance < length) {
            int i = 0;
            for (; i + 8 <= length; i += 8) {
                GuestMemory.store64(to + i, GuestMemory.load64(from + i));
            }
            copyEach(from + i, to + i, length - i, Math.min(bytes, 4));
        } else {
            GuestMemory.copy(from, to, length);
        }
    }

    private static void copyEach(long from, long to, int length, int bytes) {
        for (int i = 0; i < length; i += bytes) {
            switch (bytes) {
                case 1 -> GuestMemory.store8(to + i, GuestMemory.load8(from + i));
                case 2 -> GuestMemory.store16(to + i, GuestMemory.load16(from + i));
                case 4 -> GuestMemory.store32(to + i, GuestMemory.load32(from + i));
                default -> GuestMemory.store64(to + i, GuestMemory.load64(from + i));
            }
        }
    }

    /**
     * STOS.
     *
     * @param value whose low {@code bytes} are stored
     * @param length in bytes, a multiple of {@code bytes}
     */
    public static void fill(long to, int length, int bytes, long value) {
        long pattern =
                switch (bytes) {
                    case 1 -> (value & 0xFF) * 0x0101_0101_0101_0101L;
                    case 2 -> (value & 0xFFFF) * 0x0001_0001_0001_0001L;
                    case 4 -> (value & Gpr.MASK32) * 0x0000_0001_0000_0001L;
                    default -> value;
                };
        int i = 0;
        for (; i + 8 <= length; i += 8) {
            GuestMemory.store64(to + i, pattern);
        }
        for (; i < length; i++) {
            GuestMemory.store8(to + i, (byte) (pattern >>> (8 * (i & 7))));
        }
    }
}
