package dev.arclet.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteRangeTest {
    @ParameterizedTest
    @CsvSource({
        "bytes=0-0, 0, 0",
        "bytes=0-99, 0, 99",
        "bytes=10-, 10, 99",
        "bytes=-10, 90, 99",
        "bytes=-1000, 0, 99",
        "bytes=50-1000, 50, 99",
    })
    void readsSingleRanges(String header, long first, long last) throws Exception {
        assertEquals(Optional.of(new ByteRange(first, last)), ByteRange.parse(header, 100));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "bytes=0-1,5-6",
                "bytes=5-2",
                "bytes=-",
                "lines=1-2",
                "bytes=a-b",
                "",
                "bytes=1-99999999999999999999"
            })
    void ignoresWhatItNeedNotUnderstand(String header) throws Exception {
        assertEquals(Optional.empty(), ByteRange.parse(header, 100));
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytes=100-", "bytes=100-200", "bytes=-0"})
    void refusesRangesWithoutAnyByte(String header) {
        assertThrows(ByteRange.NotSatisfiable.class, () -> ByteRange.parse(header, 100));
    }

    @Test
    void nothingOfAnEmptyFileIsSatisfiable() {
        assertThrows(ByteRange.NotSatisfiable.class, () -> ByteRange.parse("bytes=0-", 0));
    }
}
