package dev.arclet.launcher.session;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * One browser that has come through a one-time address. The cookie names it; the cookie alone opens
 * pages but starts nothing. Thread-safe.
 */
final class BrowserSession {
    private static final int MAX_PAGES = 128;

    private final String cookie;
    private final RateLimit posts = new RateLimit(2, 60, System::nanoTime);
    private final Set<String> launches = new LinkedHashSet<>();
    private final Set<String> machines = new LinkedHashSet<>();
    private final Map<String, String> pages = new LinkedHashMap<>();

    BrowserSession(String cookie) {
        this.cookie = cookie;
    }

    String cookie() {
        return cookie;
    }

    synchronized void addLaunch(String id) {
        launches.add(id);
        trim(launches);
    }

    synchronized boolean hasLaunch(String id) {
        return launches.contains(id);
    }

    synchronized void addMachine(String id) {
        machines.add(id);
        trim(machines);
    }

    synchronized boolean hasMachine(String id) {
        return machines.contains(id);
    }

    /** A token that a page at {@code path} must send with its POSTs. */
    synchronized String pageToken(String path) {
        String token = Secrets.next();
        pages.put(token, path);
        trim(pages.keySet());
        return token;
    }

    /** Whether the token belongs to a page at {@code path}. */
    synchronized boolean hasToken(String token, String path) {
        return path.equals(pages.get(token));
    }

    /** As {@link #hasToken}, and voids it. */
    synchronized boolean useToken(String token, String path) {
        return hasToken(token, path) && pages.remove(token) != null;
    }

    /** Whether one more POST is within the session's rate. */
    boolean mayPost() {
        return posts.allows(1);
    }

    private static void trim(Set<String> set) {
        Iterator<String> oldest = set.iterator();
        for (int excess = set.size() - MAX_PAGES; excess > 0; excess--) {
            oldest.next();
            oldest.remove();
        }
    }
}
