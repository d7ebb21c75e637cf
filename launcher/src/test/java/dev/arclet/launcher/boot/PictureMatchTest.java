package dev.arclet.launcher.boot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.display.PngWriter;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.boot.ExpectScript.Answer;
import dev.arclet.launcher.boot.ExpectScript.Source;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PictureMatchTest {
    private static final int WIDTH = 20;
    private static final int HEIGHT = 10;

    @TempDir Path folder;

    /** A black screen with a white line of 20 dots and a coloured one of as many. */
    private static int[] lines() {
        int[] pixels = new int[WIDTH * HEIGHT];
        for (int x = 0; x < WIDTH; x++) {
            pixels[2 * WIDTH + x] = 0xFFFFFF;
            pixels[5 * WIDTH + x] = 0x112233 + x;
        }
        return pixels;
    }

    private Path file(int[] pixels) throws IOException {
        Path file = folder.resolve("expected, too.png");
        try (OutputStream out = Files.newOutputStream(file)) {
            PngWriter.write(WIDTH, HEIGHT, pixels, out);
        }
        return file;
    }

    @Test
    void aPictureMatchesItself() throws Exception {
        PictureMatch match = PictureMatch.parse(file(lines()) + ",100");
        assertTrue(match.matches(WIDTH, HEIGHT, lines()));
    }

    @Test
    void theBackgroundDoesNotCount() throws Exception {
        PictureMatch match = PictureMatch.parse(file(lines()) + ",50");
        assertFalse(match.matches(WIDTH, HEIGHT, new int[WIDTH * HEIGHT]));
        int[] half = lines();
        java.util.Arrays.fill(half, 5 * WIDTH, 6 * WIDTH, 0);
        assertEquals(0.5, match.resemblance(WIDTH, HEIGHT, half));
        half[0] = 1; // one more dot that the picture does not have
        assertFalse(match.matches(WIDTH, HEIGHT, half));
    }

    @Test
    void fourDotsOfFortyMayDiffer() throws Exception {
        PictureMatch match = new PictureMatch("p", WIDTH, HEIGHT, lines(), 0.9);
        int[] other = lines();
        for (int x = 0; x < 4; x++) {
            other[2 * WIDTH + x] = 0xFF0000;
        }
        assertTrue(match.matches(WIDTH, HEIGHT, other));
        other[2 * WIDTH + 4] = 0xFF0000;
        assertFalse(match.matches(WIDTH, HEIGHT, other));
    }

    @Test
    void anotherSizeDoesNotMatch() {
        PictureMatch match = new PictureMatch("p", WIDTH, HEIGHT, lines(), 0.01);
        assertFalse(match.matches(HEIGHT, WIDTH, lines()));
    }

    @Test
    void whatIsNoPictureIsRefused() throws Exception {
        Path text = Files.writeString(folder.resolve("t.png"), "no picture");
        for (String option :
                List.of(
                        text.toString(),
                        folder.resolve("absent.png").toString(),
                        file(lines()) + ",0",
                        file(lines()) + ",101",
                        file(lines()).toString())) { // its name has a comma
            LauncherException refused =
                    assertThrows(LauncherException.class, () -> PictureMatch.parse(option));
            assertTrue(refused.getMessage().contains("--expect-picture"), refused.getMessage());
        }
    }

    @Test
    void aScriptWaitsForPicturesInTheirTurnAndAnswersByKeyboard() {
        ExpectScript script = new ExpectScript();
        script.expect("boot:");
        script.expect(new PictureMatch("desktop.png", WIDTH, HEIGHT, lines(), 1));
        script.type("x");
        script.expect("bye");
        assertEquals(List.of(), script.picture(WIDTH, HEIGHT, lines()), "not its turn");
        for (char c : "boot: bye".toCharArray()) {
            assertEquals(List.of(), script.serial(c));
        }
        assertTrue(script.awaitsPicture());
        assertEquals("desktop.png", script.awaited());
        assertEquals(List.of(), script.picture(WIDTH, HEIGHT, new int[WIDTH * HEIGHT]));
        assertEquals(
                List.of(new Answer("x", Source.SCREEN)), script.picture(WIDTH, HEIGHT, lines()));
        assertTrue(script.complete(), "the text had come before");
    }
}
