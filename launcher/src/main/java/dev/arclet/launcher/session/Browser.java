package dev.arclet.launcher.session;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Opens a page in the user's browser. */
public final class Browser {
    private Browser() {}

    /** Whether this session has a screen to show a browser on. */
    public static boolean available() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        return os.startsWith("mac")
                || os.startsWith("windows")
                || (command().isPresent()
                        && (System.getenv("DISPLAY") != null
                                || System.getenv("WAYLAND_DISPLAY") != null
                                || System.getenv("BROWSER") != null));
    }

    /** Opens the page; false if no browser could be started. */
    public static boolean open(URI page) {
        Optional<List<String>> command = command();
        if (command.isEmpty() || !available()) {
            return false;
        }
        List<String> words = new java.util.ArrayList<>(command.get());
        words.add(page.toString());
        try {
            new ProcessBuilder(words)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static Optional<List<String>> command() {
        String named = System.getenv("BROWSER");
        if (named != null && !named.isBlank() && !named.contains("%") && !named.contains(":")) {
            return Optional.of(List.of(named));
        }
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        if (os.startsWith("mac")) {
            return Optional.of(List.of("/usr/bin/open"));
        }
        if (os.startsWith("windows")) {
            return Optional.of(List.of("rundll32.exe", "url.dll,FileProtocolHandler"));
        }
        Path xdg = Path.of("/usr/bin/xdg-open");
        return Files.isExecutable(xdg) ? Optional.of(List.of(xdg.toString())) : Optional.empty();
    }
}
