package dev.arclet.launcher.session;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Reads {@code application/x-www-form-urlencoded}, strictly. */
final class Form {
    /** Largest body in bytes. */
    static final int MAX_BYTES = 8 << 10;

    private static final int MAX_FIELDS = 64;

    private Form() {}

    /** The fields; empty if the body is malformed, or names one field twice. */
    static Optional<Map<String, String>> parse(byte[] body) {
        Map<String, String> out = new LinkedHashMap<>();
        String text = new String(body, StandardCharsets.US_ASCII);
        if (text.isEmpty()) {
            return Optional.of(out);
        }
        for (String field : text.split("&", -1)) {
            int equals = field.indexOf('=');
            if (equals <= 0) {
                return Optional.empty();
            }
            try {
                String name = URLDecoder.decode(field.substring(0, equals), StandardCharsets.UTF_8);
                String value =
                        URLDecoder.decode(field.substring(equals + 1), StandardCharsets.UTF_8);
                if (out.put(name, value) != null || out.size() > MAX_FIELDS) {
                    return Optional.empty();
                }
            } catch (IllegalArgumentException e) {
                return Optional.empty();
            }
        }
        return Optional.of(out);
    }
}
