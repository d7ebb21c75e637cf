package dev.arclet.launcher.rfb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;

/** The distribution's VNC viewer that takes one picture. */
final class GvncCapture {
    private static final Path PROGRAM = Path.of("/usr/bin/gvnccapture");

    /** VNC's display 0 is at this port. */
    private static final int FIRST_PORT = 5900;

    private GvncCapture() {}

    static void assumeInstalled() {
        assumeTrue(
                Files.isExecutable(PROGRAM),
                "gvnccapture is missing: install the package gvncviewer");
    }

    /** Takes a picture of the server at a loopback port. */
    static BufferedImage take(int port, Path folder) throws IOException, InterruptedException {
        File picture = folder.resolve("picture.png").toFile();
        Path log = folder.resolve("log");
        Process process =
                new ProcessBuilder(
                                PROGRAM.toString(),
                                "127.0.0.1:" + (port - FIRST_PORT),
                                picture.getPath())
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
        try {
            assertTrue(process.waitFor(60, TimeUnit.SECONDS), "gvnccapture does not end");
        } finally {
            process.destroyForcibly();
        }
        assertEquals(0, process.exitValue(), Files.readString(log));
        return ImageIO.read(picture);
    }
}
