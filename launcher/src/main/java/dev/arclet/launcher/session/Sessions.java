package dev.arclet.launcher.session;

import java.time.Clock;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One-time addresses, the browser sessions they lead to, and tickets for WebSockets. Thread-safe.
 */
final class Sessions {
    /** How long a one-time address may be used. */
    static final Duration NONCE_LIFE = Duration.ofSeconds(60);

    /** How long a ticket may be used. */
    static final Duration TICKET_LIFE = Duration.ofSeconds(30);

    private static final int MAX_NONCES = 64;
    private static final int MAX_TICKETS = 256;
    private static final int MAX_SESSIONS = 64;

    /** What a one-time address leads to. */
    sealed interface Target permits LaunchTarget, MachineTarget {}

    record LaunchTarget(Launch launch) implements Target {}

    record MachineTarget(String vm) implements Target {}

    /** Which of a machine's two channels. */
    enum Channel {
        /** RFB. */
        DISPLAY("binary"),
        /** Everything else. */
        SIDE("arclet.side.v1");

        private final String subprotocol;

        Channel(String subprotocol) {
            this.subprotocol = subprotocol;
        }

        String subprotocol() {
            return subprotocol;
        }
    }

    /** What a ticket opens. */
    record Ticket(BrowserSession session, String vm, Channel channel) {}

    private final String cookieName = "arclet" + Secrets.name();
    private final OneTime<Target> nonces;
    private final OneTime<Ticket> tickets;
    private final Map<String, BrowserSession> byCookie = new LinkedHashMap<>();

    Sessions(Clock clock) {
        nonces = new OneTime<>(clock, NONCE_LIFE, MAX_NONCES);
        tickets = new OneTime<>(clock, TICKET_LIFE, MAX_TICKETS);
    }

    /** Random, so that neither two launchers nor another local server meet in one cookie. */
    String cookieName() {
        return cookieName;
    }

    String issueNonce(Target target) {
        return nonces.issue(target);
    }

    Optional<Target> redeemNonce(String nonce) {
        return nonces.redeem(nonce);
    }

    String issueTicket(Ticket ticket) {
        return tickets.issue(ticket);
    }

    Optional<Ticket> redeemTicket(String secret) {
        return tickets.redeem(secret);
    }

    synchronized BrowserSession create() {
        BrowserSession session = new BrowserSession(Secrets.next());
        byCookie.put(session.cookie(), session);
        Iterator<String> oldest = byCookie.keySet().iterator();
        for (int excess = byCookie.size() - MAX_SESSIONS; excess > 0; excess--) {
            oldest.next();
            oldest.remove();
        }
        return session;
    }

    /**
     * The session that a request belongs to.
     *
     * @param cookieHeaders all its Cookie headers
     */
    synchronized Optional<BrowserSession> find(List<String> cookieHeaders) {
        return RequestCheck.cookie(cookieHeaders, cookieName)
                .filter(v -> v.length() == Secrets.LENGTH)
                .map(byCookie::get);
    }
}
