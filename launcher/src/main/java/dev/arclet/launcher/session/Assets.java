package dev.arclet.launcher.session;

import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** The launcher's pages, from the {@code web} module's resources. */
final class Assets {
    private static final String ROOT = "/web/launcher/";

    /** Everything that may be asked for, with its type; nothing else is looked up. */
    private static final Map<String, String> TYPES =
            Map.of(
                    "consent.js", "text/javascript; charset=utf-8",
                    "consent.css", "text/css; charset=utf-8",
                    "player.js", "text/javascript; charset=utf-8",
                    "player.css", "text/css; charset=utf-8",
                    "worklet.js", "text/javascript; charset=utf-8");

    private final Map<String, byte[]> cache = new ConcurrentHashMap<>();

    /**
     * @param type for the Content-Type header
     */
    record Asset(byte[] bytes, String type) {}

    /** A script or style sheet. */
    Optional<Asset> find(String name) throws IOException {
        String type = TYPES.get(name);
        return type == null ? Optional.empty() : Optional.of(new Asset(load(name), type));
    }

    /** A page of ours. */
    byte[] page(String name) throws IOException {
        return load(name);
    }

    private byte[] load(String name) throws IOException {
        byte[] known = cache.get(name);
        if (known != null) {
            return known;
        }
        try (InputStream in = Assets.class.getResourceAsStream(ROOT + name)) {
            if (in == null) {
                throw new IOException(
                        "the page file " + name + " is missing from this build; build module web");
            }
            byte[] bytes = in.readAllBytes();
            cache.put(name, bytes);
            return bytes;
        }
    }
}
