package dev.arclet.launcher.session;

import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * What every request must satisfy before it is even routed. Pure: decides on headers alone. A
 * request that fails gets the same 404 as an unknown path, so that nobody learns what runs here.
 */
final class RequestCheck {
    /** What kind of thing is asked for; each has its own demands. */
    enum Kind {
        /** A document at the top level of a tab. */
        PAGE,
        /** Something that our own page loads. */
        PART,
        /** Something that our own page changes. */
        CHANGE
    }

    private final String host;
    private final String origin;

    /**
     * @param port of the server, on 127.0.0.1
     */
    RequestCheck(int port) {
        host = "127.0.0.1:" + port;
        origin = "http://" + host;
    }

    /** The only Host that is served. */
    String host() {
        return host;
    }

    /** The only Origin that may change something. */
    String origin() {
        return origin;
    }

    /**
     * @param headers all values of a header, by its name; empty if absent
     */
    boolean passes(Kind kind, URI target, Function<String, List<String>> headers) {
        // An absolute-form target could name another host than the Host header does.
        if (target.getScheme() != null
                || target.getRawAuthority() != null
                || target.getRawQuery() != null
                || target.getRawFragment() != null) {
            return false;
        }
        if (!headers.apply("Host").equals(List.of(host))) {
            return false;
        }
        List<String> origins = headers.apply("Origin");
        boolean ours = origins.equals(List.of(origin));
        Optional<String> site = single(headers.apply("Sec-Fetch-Site"));
        Optional<String> dest = single(headers.apply("Sec-Fetch-Dest"));
        return switch (kind) {
            case PAGE ->
                    (origins.isEmpty() || ours)
                            && dest.map("document"::equals).orElse(true)
                            && headers.apply("Purpose").isEmpty()
                            && headers.apply("Sec-Purpose").isEmpty();
            case PART ->
                    (origins.isEmpty() || ours) && site.map("same-origin"::equals).orElse(true);
            case CHANGE -> ours && site.map("same-origin"::equals).orElse(true);
        };
    }

    /** Absent, or the one value; several values count as a wrong one. */
    private static Optional<String> single(List<String> values) {
        return values.isEmpty()
                ? Optional.empty()
                : Optional.of(values.size() == 1 ? values.getFirst() : "");
    }

    /**
     * The value of the one cookie of that name; empty if there is none or if there are several, one
     * of which somebody else has set.
     */
    static Optional<String> cookie(List<String> headers, String name) {
        String found = null;
        for (String header : headers) {
            for (String part : header.split(";", -1)) {
                int equals = part.indexOf('=');
                if (equals >= 0 && part.substring(0, equals).strip().equals(name)) {
                    if (found != null) {
                        return Optional.empty();
                    }
                    found = part.substring(equals + 1).strip();
                }
            }
        }
        return Optional.ofNullable(found);
    }
}
