package dev.arclet.emulator.net;

/** Measures the round trip and says when to send again (RFC 6298). Times are nanoseconds. */
final class TcpTimers {
    /** The least timeout (section 2.4): nothing is lost on the cable, but the host may be busy. */
    static final long MIN_RTO = 1_000_000_000L;

    static final long MAX_RTO = 8_000_000_000L;
    private static final long INITIAL_RTO = 1_000_000_000L;

    private long smoothed = -1;
    private long variation;
    private long rto = INITIAL_RTO;
    private long timedAt = -1;
    private int timedSequence;

    /** The timeout now. */
    long timeout() {
        return rto;
    }

    /** Starts to measure with a segment, unless one is being measured. */
    void sent(int endSequence, long now) {
        if (timedAt < 0) {
            timedAt = now;
            timedSequence = endSequence;
        }
    }

    /** Everything before a sequence number has arrived. */
    void acknowledged(int sequence, long now) {
        if (timedAt < 0 || sequence - timedSequence < 0) {
            return;
        }
        long sample = now - timedAt;
        timedAt = -1;
        if (smoothed < 0) {
            smoothed = sample;
            variation = sample / 2;
        } else {
            variation += (Math.abs(smoothed - sample) - variation) / 4;
            smoothed += (sample - smoothed) / 8;
        }
        rto = Math.clamp(smoothed + 4 * variation, MIN_RTO, MAX_RTO);
    }

    /** Something was sent again: no measurement (Karn's rule). */
    void repeated() {
        timedAt = -1;
    }

    /** The timeout has passed: wait longer next time. */
    void backOff() {
        timedAt = -1;
        rto = Math.min(2 * rto, MAX_RTO);
    }
}
