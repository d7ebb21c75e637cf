package dev.arclet.launcher.rfb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.arclet.emulator.display.CodePage437;
import dev.arclet.emulator.display.Screen;
import dev.arclet.emulator.display.TextFont;
import dev.arclet.emulator.firmware.BootException;
import dev.arclet.emulator.machine.MachineConfig;
import dev.arclet.emulator.machine.PcMachine;
import dev.arclet.launcher.assemble.PcInput;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A VNC viewer of the distribution takes a picture of Debian's kernel booting in text mode; the
 * text is read back from the picture's dots. -Darclet.media names the folder that the samples'
 * recipes filled.
 */
@Tag("slow")
@Timeout(600)
class BootingGuestPictureTest {
    private static final String AWAITED = "smp: Brought up 1 node, 1 CPU";

    @Test
    void pictureShowsTheBootText(@TempDir Path folder)
            throws IOException, InterruptedException, BootException {
        GvncCapture.assumeInstalled();
        String media = System.getProperty("arclet.media", "");
        assumeTrue(!media.isEmpty(), "-Darclet.media is not set");
        MachineConfig config =
                MachineConfig.builder()
                        .memoryBytes(128L << 20)
                        .display(0, 0)
                        .kernel(
                                "vmlinuz",
                                Files.readAllBytes(Path.of(media, "debian-shell", "vmlinuz")),
                                Files.readAllBytes(Path.of(media, "debian-shell", "initrd.gz")),
                                "console=tty0")
                        .serial(value -> {})
                        .build();
        try (PcMachine machine = PcMachine.assemble(config)) {
            Thread runs = new Thread(machine::run, "machine");
            CountDownLatch seen = new CountDownLatch(1);
            machine.screen().addListener(new Awaiter(machine, seen));
            runs.start();
            try (RfbTcpServer server =
                    RfbTcpServer.listen(
                            new InetSocketAddress(
                                    InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0),
                            machine.screen(),
                            new PcInput(machine),
                            "test")) {
                assertTrue(seen.await(500, TimeUnit.SECONDS), "the kernel does not get so far");
                // The machine has stopped with the text on its screen.
                runs.join();
                BufferedImage picture = GvncCapture.take(server.port(), folder);
                assertEquals(720, picture.getWidth());
                assertEquals(400, picture.getHeight());
                String text = read(picture);
                assertTrue(text.contains(AWAITED), text);
            } finally {
                machine.stop();
                runs.join();
            }
        }
    }

    /** Stops the machine when the awaited line is on the screen. */
    private record Awaiter(PcMachine machine, CountDownLatch seen) implements Screen.Listener {
        @Override
        public void damaged(List<Screen.Rect> rects) {
            Screen.Text text = machine.screen().text();
            if (text != null && text.toPlainText().contains(AWAITED)) {
                machine.stop();
                seen.countDown();
            }
        }

        @Override
        public void resized(int width, int height) {}
    }

    /** Reads text from dots: each cell's ink, whatever its colour, looked up in the font. */
    private static String read(BufferedImage picture) {
        byte[] font = TextFont.glyphs();
        Map<String, Character> glyphs = new HashMap<>();
        for (int code = 0x20; code < 0x7F; code++) {
            StringBuilder art = new StringBuilder();
            for (int y = 0; y < TextFont.HEIGHT; y++) {
                art.append(font[code * TextFont.HEIGHT + y] & 0xFF).append(' ');
            }
            glyphs.put(art.toString(), CodePage437.toUnicode(code));
        }
        StringBuilder text = new StringBuilder();
        for (int row = 0; row < 25; row++) {
            for (int column = 0; column < 80; column++) {
                StringBuilder art = new StringBuilder();
                for (int y = 0; y < TextFont.HEIGHT; y++) {
                    int bits = 0;
                    for (int x = 0; x < 8; x++) {
                        int rgb = picture.getRGB(9 * column + x, TextFont.HEIGHT * row + y);
                        bits = bits << 1 | ((rgb & 0xFFFFFF) != 0 ? 1 : 0);
                    }
                    art.append(bits).append(' ');
                }
                text.append(glyphs.getOrDefault(art.toString(), '?'));
            }
            text.append('\n');
        }
        return text.toString();
    }
}
