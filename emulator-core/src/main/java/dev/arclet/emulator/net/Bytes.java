package dev.arclet.emulator.net;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Big-endian fields in byte arrays (network order, RFC 791 appendix B). */
final class Bytes {
    private static final VarHandle INT =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

    private Bytes() {}

    static int u8(byte[] data, int at) {
        return data[at] & 0xFF;
    }

    static int u16(byte[] data, int at) {
        return (data[at] & 0xFF) << 8 | data[at + 1] & 0xFF;
    }

    static int i32(byte[] data, int at) {
        return u16(data, at) << 16 | u16(data, at + 2);
    }

    static void put16(byte[] data, int at, int value) {
        data[at] = (byte) (value >>> 8);
        data[at + 1] = (byte) value;
    }

    static void put32(byte[] data, int at, int value) {
        put16(data, at, value >>> 16);
        put16(data, at + 2, value);
    }

    /**
     * The one's complement sum of 16-bit words (RFC 1071), folded, to be continued or inverted.
     *
     * @param initial a sum so far
     */
    static int sum(byte[] data, int from, int length, int initial) {
        long sum = initial;
        int end = from + length;
        int i = from;
        // Two words at a time: what overflows from the lower into the upper is folded back below.
        for (; i + 4 <= end; i += 4) {
            sum += (int) INT.get(data, i) & 0xFFFFFFFFL;
        }
        if (i + 2 <= end) {
            sum += u16(data, i);
            i += 2;
        }
        if (i < end) {
            sum += (data[i] & 0xFF) << 8;
        }
        while (sum > 0xFFFF) {
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return (int) sum;
    }

    /** An address for people. */
    static String dotted(int address) {
        return (address >>> 24)
                + "."
                + (address >>> 16 & 0xFF)
                + "."
                + (address >>> 8 & 0xFF)
                + "."
                + (address & 0xFF);
    }
}
