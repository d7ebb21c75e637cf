package dev.arclet.emulator.cpu.simd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Rearrangements against the same on arrays of bytes. */
class PackedShuffleTest {
    private static final long SEED = 771;
    private static final int ROUNDS = 2_000;

    private static byte[] bytes(long... quadwords) {
        ByteBuffer buffer =
                ByteBuffer.allocate(8 * quadwords.length).order(ByteOrder.LITTLE_ENDIAN);
        for (long quadword : quadwords) {
            buffer.putLong(quadword);
        }
        return buffer.array();
    }

    private static byte[] interleave(byte[] a, byte[] b, int width, int from) {
        byte[] result = new byte[a.length];
        for (int i = 0; i < a.length / 2; i++) {
            int element = i / width;
            result[2 * element * width + i % width] = a[from + i];
            result[(2 * element + 1) * width + i % width] = b[from + i];
        }
        return result;
    }

    @Test
    void interleavesBothHalves() {
        Random random = new Random(SEED);
        for (int n = 0; n < ROUNDS; n++) {
            long a = random.nextLong();
            long b = random.nextLong();
            byte[] as = bytes(a);
            byte[] bs = bytes(b);
            assertArrayEquals(interleave(as, bs, 1, 0), bytes(PackedShuffle.interleaveLow8(a, b)));
            assertArrayEquals(interleave(as, bs, 1, 4), bytes(PackedShuffle.interleaveHigh8(a, b)));
            assertArrayEquals(interleave(as, bs, 2, 0), bytes(PackedShuffle.interleaveLow16(a, b)));
            assertArrayEquals(
                    interleave(as, bs, 2, 4), bytes(PackedShuffle.interleaveHigh16(a, b)));
            assertArrayEquals(interleave(as, bs, 4, 0), bytes(PackedShuffle.interleaveLow32(a, b)));
            assertArrayEquals(
                    interleave(as, bs, 4, 4), bytes(PackedShuffle.interleaveHigh32(a, b)));
        }
    }

    @Test
    void shufflesBytes() {
        Random random = new Random(SEED);
        for (int n = 0; n < ROUNDS; n++) {
            long low = random.nextLong();
            long high = random.nextLong();
            long control = random.nextLong();
            byte[] all = bytes(low, high);
            byte[] selectors = bytes(control);
            byte[] wide = new byte[8];
            byte[] narrow = new byte[8];
            for (int i = 0; i < 8; i++) {
                wide[i] = selectors[i] < 0 ? 0 : all[selectors[i] & 15];
                narrow[i] = selectors[i] < 0 ? 0 : all[selectors[i] & 7];
            }
            assertArrayEquals(wide, bytes(PackedShuffle.shuffle8(low, high, control)));
            assertArrayEquals(narrow, bytes(PackedShuffle.shuffle8(low, control)));
        }
    }

    @Test
    void takesBytesAtAnyOffset() {
        Random random = new Random(SEED);
        long[] q = {random.nextLong(), random.nextLong(), random.nextLong(), random.nextLong()};
        byte[] all = bytes(q[0], q[1], q[2], q[3], 0, 0);
        for (int offset = 0; offset < 40; offset++) {
            byte[] expected = new byte[8];
            System.arraycopy(all, offset, expected, 0, 8);
            assertArrayEquals(
                    expected,
                    bytes(PackedShuffle.bytesAt(q[0], q[1], q[2], q[3], offset)),
                    "offset " + offset);
        }
        // Offsets up to those of the largest immediate.
        for (int offset = 40; offset <= 263; offset++) {
            assertEquals(0, PackedShuffle.bytesAt(q[0], q[1], q[2], q[3], offset));
        }
    }

    @Test
    void widensSignedAndUnsigned() {
        Random random = new Random(SEED);
        for (int n = 0; n < ROUNDS; n++) {
            long a = random.nextLong();
            ByteBuffer in = ByteBuffer.wrap(bytes(a)).order(ByteOrder.LITTLE_ENDIAN);
            ByteBuffer words = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
            ByteBuffer doublewords = ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < 4; i++) {
                words.putShort(2 * i, in.get(i));
                words.putShort(8 + 2 * i, (short) (in.get(i) & 0xFF));
            }
            for (int i = 0; i < 2; i++) {
                doublewords.putInt(4 * i, in.get(i));
                doublewords.putInt(8 + 4 * i, in.get(i) & 0xFF);
                doublewords.putInt(16 + 4 * i, in.getShort(2 * i));
                doublewords.putInt(24 + 4 * i, in.getShort(2 * i) & 0xFFFF);
            }
            assertArrayEquals(
                    words.array(),
                    bytes(PackedShuffle.widenS8To16(a), PackedShuffle.widenU8To16(a)));
            assertArrayEquals(
                    doublewords.array(),
                    bytes(
                            PackedShuffle.widenS8To32(a),
                            PackedShuffle.widenU8To32(a),
                            PackedShuffle.widenS16To32(a),
                            PackedShuffle.widenU16To32(a)));
        }
    }
}
