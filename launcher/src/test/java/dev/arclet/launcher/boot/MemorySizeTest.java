package dev.arclet.launcher.boot;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.launcher.LauncherException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MemorySizeTest {
    @ParameterizedTest
    @CsvSource({
        "256M, 268435456",
        "2G, 2147483648",
        "64, 67108864",
        "8192K, 8388608",
        "1gb, 1073741824"
    })
    void readsSizes(String text, long bytes) throws LauncherException {
        assertEquals(bytes, MemorySize.parse(text, "--memory"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "M", "-1M", "1.5G", "1M", "33G", "999999999G", "5000K", "256X", "0x100"})
    void refusesOthersByName(String text) {
        LauncherException e =
                assertThrows(LauncherException.class, () -> MemorySize.parse(text, "--memory"));
        assertTrue(e.getMessage().contains("--memory"), e.getMessage());
    }

    @Test
    void refusesWhatTheHostLacks() {
        assertDoesNotThrow(() -> MemorySize.checkHost(1L << 30, 2L << 30));
        LauncherException e =
                assertThrows(
                        LauncherException.class, () -> MemorySize.checkHost(2L << 30, 2L << 30));
        assertEquals(LauncherException.Kind.HOST, e.kind());
        assertTrue(e.getMessage().contains("2048 MiB"), e.getMessage());
    }
}
