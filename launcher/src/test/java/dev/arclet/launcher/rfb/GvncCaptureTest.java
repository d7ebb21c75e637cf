package dev.arclet.launcher.rfb;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.arclet.emulator.display.Screen;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The distribution's {@code gvnccapture} takes a picture of a screen. */
@Tag("slow")
@Timeout(120)
class GvncCaptureTest {
    @Test
    void takesThePictureThatWasDrawn(@TempDir Path folder)
            throws IOException, InterruptedException {
        GvncCapture.assumeInstalled();
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
            BufferedImage image = GvncCapture.take(server.port(), folder);
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
