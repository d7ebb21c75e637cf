package dev.arclet.launcher.rfb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.arclet.emulator.display.Screen;
import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The distribution's {@code gvnccapture} takes a picture of a screen. */
@Tag("slow")
@Timeout(60)
class GvncCaptureTest {
    private static final Path PROGRAM = Path.of("/usr/bin/gvnccapture");

    @Test
    void takesThePictureThatWasDrawn(@TempDir Path folder)
            throws IOException, InterruptedException {
        assumeTrue(
                Files.isExecutable(PROGRAM),
                "gvnccapture is missing: install the package gvncviewer");
        Screen screen = new Screen();
        screen.resize(640, 400);
        Random random = new Random(4);
        for (int i = 0; i < 10; i++) {
            Drawing.random(screen, random);
        }
        InputSink nobody =
                new InputSink() {
                    @Override
                    public void key(int scanCode, boolean down) {}

                    @Override
                    public void pointer(int x, int y, int buttons) {}
                };
        try (RfbTcpServer server =
                RfbTcpServer.listen(
                        new InetSocketAddress(
                                InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0),
                        screen,
                        nobody,
                        "test")) {
            File picture = folder.resolve("picture.png").toFile();
            // gvnccapture takes a display number: port 5900 is display 0.
            Process process =
                    new ProcessBuilder(
                                    PROGRAM.toString(),
                                    "127.0.0.1:" + (server.port() - 5900),
                                    picture.getPath())
                            .redirectErrorStream(true)
                            .redirectOutput(folder.resolve("log").toFile())
                            .start();
            try {
                assertTrue(process.waitFor(30, TimeUnit.SECONDS), "gvnccapture does not end");
            } finally {
                process.destroyForcibly();
            }
            assertEquals(0, process.exitValue(), Files.readString(folder.resolve("log")));
            BufferedImage image = ImageIO.read(picture);
            assertEquals(640, image.getWidth());
            assertEquals(400, image.getHeight());
            synchronized (screen) {
                for (int y = 0; y < 400; y++) {
                    for (int x = 0; x < 640; x++) {
                        assertEquals(
                                screen.pixels()[y * 640 + x],
                                image.getRGB(x, y) & 0xFFFFFF,
                                x + "," + y);
                    }
                }
            }
        }
    }
}
