package dev.arclet.emulator.cpu.simd;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** String comparisons as C libraries use them. */
class StringCompareTest {
    private static final int ANY = 0x00, RANGES = 0x04, EACH = 0x08, ORDERED = 0x0C;
    private static final int NEGATIVE = 0x10, VALID_ONLY_NEGATIVE = 0x30, LAST = 0x40;

    private static long[] text(String s) {
        byte[] bytes = Arrays.copyOf(s.getBytes(StandardCharsets.ISO_8859_1), 16);
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        return new long[] {buffer.getLong(), buffer.getLong()};
    }

    private static int compare(String first, String second, int control) {
        long[] a = text(first);
        long[] b = text(second);
        return StringCompare.compare(
                a[0],
                a[1],
                StringCompare.implicitLength(a[0], a[1], control),
                b[0],
                b[1],
                StringCompare.implicitLength(b[0], b[1], control),
                control);
    }

    private static int index(String first, String second, int control) {
        return StringCompare.index(compare(first, second, control), control);
    }

    @Test
    void findsCharactersOfASet() {
        assertEquals(5, index(" ,;", "hello, world", ANY));
        assertEquals(6, index(" ,;", "hello, world", ANY | LAST));
        assertEquals(16, index("xyz", "hello, world", ANY));
        assertEquals(3, index("0123456789", "125,7", ANY | VALID_ONLY_NEGATIVE));
    }

    @Test
    void endOfStringDecidesBetweenTheNegations() {
        assertEquals(16, index("ab", "abba", ANY | VALID_ONLY_NEGATIVE));
        assertEquals(4, index("ab", "abba", ANY | NEGATIVE));
    }

    @Test
    void findsRanges() {
        assertEquals(2, index("09az", "--x5--", RANGES));
        assertEquals(3, index("09az", "--x5--", RANGES | LAST));
        // The unpaired last element makes no range.
        assertEquals(16, index("09a", "xyz", RANGES));
    }

    @Test
    void comparesStrings() {
        assertEquals(16, index("same", "same", EACH | NEGATIVE));
        assertEquals(3, index("samE", "same", EACH | NEGATIVE));
        assertEquals(4, index("same", "same more", EACH | NEGATIVE));
    }

    @Test
    void findsSubstringsAlsoCutOffAtTheEnd() {
        assertEquals(4, index("needle", "the needle", ORDERED));
        assertEquals(13, index("needle", "............, nee", ORDERED | LAST) - 1);
        assertEquals(0, index("", "anything", ORDERED));
        assertEquals(16, index("needle", "no such", ORDERED));
    }

    @Test
    void lengthsSaturate() {
        assertEquals(16, StringCompare.explicitLength(Long.MIN_VALUE, 0));
        assertEquals(16, StringCompare.explicitLength(17, 0));
        assertEquals(5, StringCompare.explicitLength(-5, 0));
        assertEquals(8, StringCompare.explicitLength(-9, 1));
        assertEquals(0, StringCompare.explicitLength(0, 1));
    }

    @Test
    void expandsMasks() {
        assertEquals(0xFF00_FFL, StringCompare.maskLow(0x105, 0x40));
        assertEquals(0xFFL, StringCompare.maskHigh(0x105, 0x40));
        assertEquals(0x105L, StringCompare.maskLow(0x105, 0));
        assertEquals(0L, StringCompare.maskHigh(0x105, 0));
        assertEquals(0xFFFF_0000_0000_FFFFL, StringCompare.maskLow(0x89, 0x41));
        assertEquals(0xFFFF_0000_0000_0000L, StringCompare.maskHigh(0x89, 0x41));
    }
}
