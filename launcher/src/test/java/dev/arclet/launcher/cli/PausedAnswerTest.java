package dev.arclet.launcher.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code arclet boot --pause} with a guest that asks and echoes. */
class PausedAnswerTest {
    private static final int ROM_BYTES = 0x10000;
    private static final int RESET = 0xFFF0;

    /**
     * Sends a question mark on COM1 and what comes back from there: mov dx; mov al; out; then mov
     * dx; in; test al, 1; jz; mov dx; in; out; jmp.
     */
    private static final String CODE = "BAF803 B03F EE BAFD03 EC A801 74FB BAF803 EC EE EBF1";

    @TempDir private Path folder;

    @Test
    void answersInOrderAfterThePauseOnly() throws Exception {
        byte[] rom = new byte[ROM_BYTES];
        put(rom, 0, HexFormat.of().parseHex(CODE.replace(" ", "")));
        put(rom, RESET, HexFormat.of().parseHex("EA000000F0"));
        Path firmware = Files.write(folder.resolve("rom"), rom);
        Path serial = folder.resolve("serial");
        Path stats = folder.resolve("stats");
        int status =
                Main.commandLine()
                        .execute(
                                "boot",
                                "--firmware=" + firmware,
                                "--serial=file:" + serial,
                                "--stats=" + stats,
                                "--expect-serial=?",
                                "--type=a",
                                "--pause=1",
                                "--type=b",
                                "--expect-serial=a",
                                "--type=c",
                                "--expect-serial=b",
                                "--expect-serial=c",
                                "--timeout=120");
        assertEquals(0, status);
        assertEquals("?abc", Files.readString(serial, StandardCharsets.US_ASCII));
        double[] seen =
                Pattern.compile("\"seconds\" : ([0-9.]+),\\s+\"instructions\" : [0-9]+\\s+}")
                        .matcher(Files.readString(stats))
                        .results()
                        .mapToDouble(mark -> Double.parseDouble(mark.group(1)))
                        .toArray();
        assertEquals(4, seen.length);
        assertTrue(seen[2] - seen[0] >= 1, "b was typed after " + (seen[2] - seen[0]) + " s");
    }

    private static void put(byte[] rom, int at, byte[] bytes) {
        System.arraycopy(bytes, 0, rom, at, bytes.length);
    }
}
