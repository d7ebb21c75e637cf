package dev.arclet.launcher.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code arclet boot} as a process of its own whose guest hangs, and which a signal ends. */
class SignalledBootTest {
    private static final int ROM_BYTES = 0x10000;
    private static final int RESET = 0xFFF0;
    private static final int TEXT = 0x20;

    /** Sends the text on COM1 and halts for good: mov dx; mov si; lods cs:; test; jz; out; jmp. */
    private static final String CODE = "BAF803 BE2000 2EAC 84C0 7403 EE EBF7 F4 EBFD";

    @TempDir private Path folder;

    @Test
    void keepsLinesAtOnceAndTheRestWhenItIsEnded() throws Exception {
        byte[] rom = new byte[ROM_BYTES];
        put(rom, 0, HexFormat.of().parseHex(CODE.replace(" ", "")));
        put(rom, TEXT, "a line\r\na prompt: ".getBytes(StandardCharsets.US_ASCII));
        put(rom, RESET, HexFormat.of().parseHex("EA000000F0"));
        Path firmware = Files.write(folder.resolve("rom"), rom);
        Path serial = folder.resolve("serial");
        Path screenshot = folder.resolve("screen.png");
        Process process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:TieredStopAtLevel=1",
                                "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
                                "--enable-native-access=ALL-UNNAMED",
                                "-cp",
                                System.getProperty("java.class.path"),
                                Main.class.getName(),
                                "boot",
                                "--firmware",
                                firmware.toString(),
                                "--serial",
                                "file:" + serial,
                                "--screenshot",
                                screenshot.toString())
                        .redirectErrorStream(true)
                        .redirectOutput(folder.resolve("messages").toFile())
                        .start();
        try {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
            while (!kept(serial).startsWith("a line\r\n")) {
                assertTrue(process.isAlive(), Files.readString(folder.resolve("messages")));
                assertTrue(System.nanoTime() < end, "nothing was kept while the guest ran");
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
            }
            process.destroy();
            assertTrue(process.waitFor(120, TimeUnit.SECONDS), "the signal did not end it");
        } finally {
            process.destroyForcibly();
        }
        assertEquals("a line\r\na prompt: ", kept(serial));
        assertNotNull(ImageIO.read(screenshot.toFile()));
    }

    private static void put(byte[] rom, int at, byte[] bytes) {
        System.arraycopy(bytes, 0, rom, at, bytes.length);
    }

    private static String kept(Path file) throws Exception {
        return Files.exists(file) ? Files.readString(file, StandardCharsets.US_ASCII) : "";
    }
}
