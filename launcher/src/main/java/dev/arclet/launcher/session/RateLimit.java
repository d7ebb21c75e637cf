package dev.arclet.launcher.session;

import java.util.function.LongSupplier;

/** A token bucket. */
final class RateLimit {
    private final LongSupplier nanoTime;
    private final double perSecond;
    private final double burst;
    private double tokens;
    private long last;

    /**
     * @param perSecond units that may pass for long
     * @param burst units that may pass at once
     */
    RateLimit(double perSecond, double burst, LongSupplier nanoTime) {
        this.perSecond = perSecond;
        this.burst = burst;
        this.nanoTime = nanoTime;
        this.tokens = burst;
        this.last = nanoTime.getAsLong();
    }

    /** Takes {@code units} if they may pass now. */
    synchronized boolean allows(double units) {
        long now = nanoTime.getAsLong();
        tokens = Math.min(burst, tokens + (now - last) * 1e-9 * perSecond);
        last = now;
        if (tokens < units) {
            return false;
        }
        tokens -= units;
        return true;
    }
}
