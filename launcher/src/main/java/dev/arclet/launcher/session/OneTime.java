package dev.arclet.launcher.session;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Secrets that stand for something and work once, for a short time. Thread-safe; holds a bounded
 * number, of which the oldest go first.
 */
final class OneTime<T> {
    private record Entry<T>(T value, Instant until) {}

    private final Clock clock;
    private final Duration life;
    private final int most;
    private final Map<String, Entry<T>> entries = new LinkedHashMap<>();

    OneTime(Clock clock, Duration life, int most) {
        this.clock = clock;
        this.life = life;
        this.most = most;
    }

    /** A new secret for {@code value}. */
    synchronized String issue(T value) {
        Instant now = clock.instant();
        entries.values().removeIf(e -> !now.isBefore(e.until()));
        Iterator<String> oldest = entries.keySet().iterator();
        for (int excess = entries.size() - most + 1; excess > 0; excess--) {
            oldest.next();
            oldest.remove();
        }
        String secret = Secrets.next();
        entries.put(secret, new Entry<>(value, now.plus(life)));
        return secret;
    }

    /** What the secret stands for; it is void from now on. */
    synchronized Optional<T> redeem(String secret) {
        if (secret.length() != Secrets.LENGTH) {
            return Optional.empty();
        }
        Entry<T> entry = entries.remove(secret);
        return entry == null || !clock.instant().isBefore(entry.until())
                ? Optional.empty()
                : Optional.of(entry.value());
    }
}
