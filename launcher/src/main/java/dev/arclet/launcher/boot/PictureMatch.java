package dev.arclet.launcher.boot;

import dev.arclet.launcher.LauncherException;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.ImageIO;

/**
 * A picture that the screen is to show. Clocks and pointers may differ: what counts is the share of
 * equal pixels among those that are not background in both pictures, background being the picture's
 * most frequent colour. So a screen that is merely as empty as the picture does not resemble it.
 */
public final class PictureMatch {
    private static final int RGB = 0xFFFFFF;
    private static final double DEFAULT_SHARE = 0.9;

    private final String name;
    private final int width;
    private final int height;
    private final int[] pixels;
    private final double share;
    private final int background;

    /**
     * A picture in memory.
     *
     * @param name what messages call it
     * @param pixels {@code width * height} pixels {@code 0x00RRGGBB}, row by row
     * @param share the least resemblance, above 0 and at most 1
     */
    PictureMatch(String name, int width, int height, int[] pixels, double share) {
        this.name = name;
        this.width = width;
        this.height = height;
        this.pixels = pixels;
        this.share = share;
        background = mostFrequent(pixels);
    }

    /**
     * Reads {@code FILE[,PERCENT]}.
     *
     * @throws LauncherException if there is no such picture, or the percentage is none
     */
    public static PictureMatch parse(String option) throws LauncherException {
        int comma = option.lastIndexOf(',');
        String file = comma < 0 ? option : option.substring(0, comma);
        double share = DEFAULT_SHARE;
        if (comma >= 0) {
            String percent = option.substring(comma + 1);
            if (!percent.matches("[1-9][0-9]?|100")) {
                throw refused(
                        option,
                        percent + " is no percentage from 1 to 100",
                        "Write for example screen.png,90");
            }
            share = Integer.parseInt(percent) / 100.0;
        }
        BufferedImage image;
        try {
            image = ImageIO.read(Path.of(file).toFile());
        } catch (IOException e) {
            throw refused(file, "it cannot be read: " + e.getMessage(), "Give a picture as PNG");
        }
        if (image == null) {
            throw refused(file, "it is no picture", "Give a picture as PNG");
        }
        int[] pixels =
                image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] &= RGB;
        }
        return new PictureMatch(file, image.getWidth(), image.getHeight(), pixels, share);
    }

    private static LauncherException refused(String what, String why, String next) {
        return new LauncherException(
                LauncherException.Kind.USAGE, "use", "--expect-picture " + what, why, next);
    }

    private static int mostFrequent(int[] pixels) {
        int[] sorted = pixels.clone();
        Arrays.sort(sorted);
        int best = 0;
        int bestRun = 0;
        int run = 0;
        for (int i = 0; i < sorted.length; i++) {
            run = i > 0 && sorted[i] == sorted[i - 1] ? run + 1 : 1;
            if (run > bestRun) {
                bestRun = run;
                best = sorted[i];
            }
        }
        return best;
    }

    /** What messages call it. */
    public String name() {
        return name;
    }

    /** How far a screen resembles the picture, from 0 to 1; 0 if its size is another. */
    double resemblance(int screenWidth, int screenHeight, int[] screen) {
        if (screenWidth != width || screenHeight != height) {
            return 0;
        }
        int counted = 0;
        int equal = 0;
        for (int i = 0; i < pixels.length; i++) {
            int shown = screen[i] & RGB;
            if (pixels[i] != background || shown != background) {
                counted++;
                equal += pixels[i] == shown ? 1 : 0;
            }
        }
        return counted == 0 ? 1 : (double) equal / counted;
    }

    /** Whether a screen shows the picture. */
    public boolean matches(int screenWidth, int screenHeight, int[] screen) {
        return resemblance(screenWidth, screenHeight, screen) >= share;
    }
}
