package dev.arclet.launcher.session;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.arclet.format.json.StrictJson;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.policy.Choice;
import dev.arclet.launcher.run.VmInstance;
import dev.arclet.launcher.run.VmRegistry;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.node.ObjectNode;

/**
 * The launcher's pages on 127.0.0.1, at a port that changes with every start. Everything that is
 * not exactly as it must be gets one and the same 404.
 */
final class LaunchServer implements Closeable {
    private static final int MAX_AT_ONCE = 64;
    private static final Pattern NONCE = Pattern.compile("/s/([A-Za-z0-9_-]{43})");
    private static final Pattern LAUNCH =
            Pattern.compile("/launch/([A-Za-z0-9]{12})(/state|/run|/cancel)?");
    private static final Pattern MACHINE = Pattern.compile("/vm/([0-9a-f]{8})(/tickets)?");
    private static final Pattern ASSET = Pattern.compile("/assets/([a-z.]{1,40})");
    private static final Set<String> RUN_FIELDS =
            Set.of("token", "network", "clipboard", "audio", "ports", "always", "remembered");

    static {
        // The server of the JDK reads its bounds from properties when it is first used. A request
        // must
        // be complete within seconds, and few connections may be open: a page cannot starve us.
        bound("sun.net.httpserver.maxReqTime", "10");
        bound("sun.net.httpserver.maxRspTime", "60");
        bound("sun.net.httpserver.maxReqHeaders", "64");
        bound("sun.net.httpserver.maxReqHeaderSize", "16384");
        bound("sun.net.httpserver.idleInterval", "30");
        bound("jdk.httpserver.maxConnections", "256");
    }

    private static void bound(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    private record Response(int status, String type, byte[] body, Map<String, String> headers) {
        Response(int status, String type, byte[] body) {
            this(status, type, body, Map.of());
        }
    }

    private static final Response NOT_FOUND = text(404, "Not found\n");

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Semaphore slots = new Semaphore(MAX_AT_ONCE);
    private final RequestCheck check;
    private final Sessions sessions;
    private final Function<String, Optional<Launch>> launches;
    private final VmRegistry machines;
    private final Assets assets = new Assets();
    private int socketPort;

    /**
     * @param launches finds opened links by id
     */
    LaunchServer(
            Sessions sessions, Function<String, Optional<Launch>> launches, VmRegistry machines)
            throws IOException {
        this.sessions = sessions;
        this.launches = launches;
        this.machines = machines;
        InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
        server = HttpServer.create(new InetSocketAddress(loopback, 0), 64);
        check = new RequestCheck(port());
        server.createContext("/", this::handle);
        server.setExecutor(threads);
    }

    int port() {
        return server.getAddress().getPort();
    }

    String origin() {
        return check.origin();
    }

    /**
     * @param webSocketPort where the pages find their WebSockets
     */
    void start(int webSocketPort) {
        socketPort = webSocketPort;
        server.start();
    }

    /** The address that lets a browser in, once. */
    URI oneTimeAddress(Sessions.Target target) {
        return URI.create(origin() + "/s/" + sessions.issueNonce(target));
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            if (!slots.tryAcquire()) {
                send(exchange, text(503, "Busy\n"));
                return;
            }
            try {
                Response response;
                try {
                    response = route(exchange);
                } catch (LauncherException e) {
                    response = json(409, StrictJson.object().put("message", e.getMessage()));
                }
                send(exchange, response);
            } finally {
                slots.release();
            }
        }
    }

    private Response route(HttpExchange exchange) throws IOException, LauncherException {
        String method = exchange.getRequestMethod();
        URI target = exchange.getRequestURI();
        String path = target.getRawPath() == null ? "" : target.getRawPath();
        boolean get = method.equals("GET");
        boolean post = method.equals("POST");
        Matcher nonce = NONCE.matcher(path);
        if (nonce.matches()) {
            return get && passes(exchange, RequestCheck.Kind.PAGE)
                    ? redeem(exchange, nonce.group(1))
                    : NOT_FOUND;
        }
        Optional<BrowserSession> session =
                sessions.find(values(exchange.getRequestHeaders(), "Cookie"));
        if (session.isEmpty()) {
            return NOT_FOUND;
        }
        Matcher launch = LAUNCH.matcher(path);
        if (launch.matches()) {
            return launch(exchange, session.get(), launch, get, post);
        }
        Matcher machine = MACHINE.matcher(path);
        if (machine.matches()) {
            return machine(exchange, session.get(), machine, get, post);
        }
        Matcher asset = ASSET.matcher(path);
        if (asset.matches() && get && passes(exchange, RequestCheck.Kind.PART)) {
            return assets.find(asset.group(1))
                    .map(a -> new Response(200, a.type(), a.bytes()))
                    .orElse(NOT_FOUND);
        }
        return NOT_FOUND;
    }

    private boolean passes(HttpExchange exchange, RequestCheck.Kind kind) {
        Headers headers = exchange.getRequestHeaders();
        return check.passes(kind, exchange.getRequestURI(), name -> values(headers, name));
    }

    private static List<String> values(Headers headers, String name) {
        List<String> values = headers.get(name);
        return values == null ? List.of() : values;
    }

    private Response redeem(HttpExchange exchange, String nonce) {
        Optional<Sessions.Target> target = sessions.redeemNonce(nonce);
        if (target.isEmpty()) {
            return NOT_FOUND;
        }
        BrowserSession session =
                sessions.find(values(exchange.getRequestHeaders(), "Cookie"))
                        .orElseGet(sessions::create);
        String page =
                switch (target.get()) {
                    case Sessions.LaunchTarget t -> {
                        session.addLaunch(t.launch().id());
                        t.launch().check();
                        yield "/launch/" + t.launch().id();
                    }
                    case Sessions.MachineTarget t -> {
                        session.addMachine(t.vm());
                        yield "/vm/" + t.vm();
                    }
                };
        String cookie =
                sessions.cookieName()
                        + "="
                        + session.cookie()
                        + "; HttpOnly; SameSite=Strict; Path=/";
        return new Response(
                303,
                "text/plain; charset=utf-8",
                new byte[0],
                Map.of("Location", page, "Set-Cookie", cookie));
    }

    private Response launch(
            HttpExchange exchange, BrowserSession session, Matcher m, boolean get, boolean post)
            throws IOException, LauncherException {
        String id = m.group(1);
        String page = "/launch/" + id;
        Optional<Launch> launch = session.hasLaunch(id) ? launches.apply(id) : Optional.empty();
        if (launch.isEmpty()) {
            return NOT_FOUND;
        }
        String action = m.group(2) == null ? "" : m.group(2);
        switch (action) {
            case "" -> {
                return get && passes(exchange, RequestCheck.Kind.PAGE)
                        ? page("consent.html", page, session, strictPolicy())
                        : NOT_FOUND;
            }
            case "/state" -> {
                return get && passes(exchange, RequestCheck.Kind.PART)
                        ? json(200, launch.get().json())
                        : NOT_FOUND;
            }
            default -> {
                if (!post || !passes(exchange, RequestCheck.Kind.CHANGE)) {
                    return NOT_FOUND;
                }
                return change(exchange, session, launch.get(), page, action);
            }
        }
    }

    private Response change(
            HttpExchange exchange,
            BrowserSession session,
            Launch launch,
            String page,
            String action)
            throws IOException, LauncherException {
        if (!session.mayPost()) {
            return text(429, "Too many requests\n");
        }
        Optional<byte[]> body = body(exchange);
        if (body.isEmpty()) {
            return text(413, "Too large\n");
        }
        Optional<Map<String, String>> fields = form(exchange, body.get());
        if (fields.isEmpty()
                || !RUN_FIELDS.containsAll(fields.get().keySet())
                || !session.useToken(fields.get().getOrDefault("token", ""), page)) {
            return NOT_FOUND;
        }
        if (action.equals("/cancel")) {
            launch.cancel();
            return json(200, StrictJson.object().put("state", "cancelled"));
        }
        Map<String, String> f = fields.get();
        Optional<Choice> choice =
                f.containsKey("remembered")
                        ? Optional.empty()
                        : Optional.of(
                                new Choice(
                                        f.containsKey("network"),
                                        f.containsKey("clipboard"),
                                        f.containsKey("audio"),
                                        f.containsKey("ports"),
                                        Map.of(),
                                        f.containsKey("always")));
        VmInstance vm = launch.run(choice);
        session.addMachine(vm.id());
        return json(200, StrictJson.object().put("page", "/vm/" + vm.id()));
    }

    private Response machine(
            HttpExchange exchange, BrowserSession session, Matcher m, boolean get, boolean post)
            throws IOException {
        String id = m.group(1);
        String page = "/vm/" + id;
        if (!session.hasMachine(id) || machines.find(id).isEmpty()) {
            return NOT_FOUND;
        }
        if (m.group(2) == null) {
            return get && passes(exchange, RequestCheck.Kind.PAGE)
                    ? page("player.html", page, session, playerPolicy())
                    : NOT_FOUND;
        }
        if (!post || !passes(exchange, RequestCheck.Kind.CHANGE)) {
            return NOT_FOUND;
        }
        if (!session.mayPost()) {
            return text(429, "Too many requests\n");
        }
        Optional<byte[]> body = body(exchange);
        if (body.isEmpty()) {
            return text(413, "Too large\n");
        }
        Optional<Map<String, String>> fields = form(exchange, body.get());
        if (fields.isEmpty()
                || !fields.get().keySet().equals(Set.of("token"))
                || !session.hasToken(fields.get().get("token"), page)) {
            return NOT_FOUND;
        }
        ObjectNode out = StrictJson.object();
        for (Sessions.Channel channel : Sessions.Channel.values()) {
            String name = channel.name().toLowerCase(java.util.Locale.ROOT);
            out.putObject(name)
                    .put("url", "ws://127.0.0.1:" + socketPort + "/v/" + id + "/" + name)
                    .put("protocol", channel.subprotocol())
                    .put("ticket", sessions.issueTicket(new Sessions.Ticket(session, id, channel)));
        }
        return json(200, out);
    }

    /** The body; empty if it is too large. */
    private static Optional<byte[]> body(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readNBytes(Form.MAX_BYTES + 1);
        return body.length > Form.MAX_BYTES ? Optional.empty() : Optional.of(body);
    }

    private static Optional<Map<String, String>> form(HttpExchange exchange, byte[] body) {
        return values(exchange.getRequestHeaders(), "Content-Type")
                        .equals(List.of("application/x-www-form-urlencoded"))
                ? Form.parse(body)
                : Optional.empty();
    }

    private Response page(String file, String path, BrowserSession session, String policy)
            throws IOException {
        String html = new String(assets.page(file), StandardCharsets.UTF_8);
        String filled = html.replace("@TOKEN@", session.pageToken(path)).replace("@PATH@", path);
        return new Response(
                200,
                "text/html; charset=utf-8",
                filled.getBytes(StandardCharsets.UTF_8),
                Map.of("Content-Security-Policy", policy));
    }

    private static final String POLICY_BASE =
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
                    + " script-src 'self'";

    private static String strictPolicy() {
        return POLICY_BASE + "; style-src 'self'; connect-src 'self'";
    }

    /**
     * xterm.js makes style elements at run time, and noVNC shows data images: hence the two
     * widenings.
     */
    private String playerPolicy() {
        return POLICY_BASE
                + "; style-src 'self' 'unsafe-inline'; img-src data: blob:; connect-src 'self'"
                + " ws://127.0.0.1:"
                + socketPort;
    }

    private static Response text(int status, String body) {
        return new Response(
                status, "text/plain; charset=utf-8", body.getBytes(StandardCharsets.UTF_8));
    }

    private static Response json(int status, ObjectNode body) {
        return new Response(status, "application/json", StrictJson.write(body));
    }

    private static void send(HttpExchange exchange, Response response) throws IOException {
        Headers headers = exchange.getResponseHeaders();
        headers.set("Content-Type", response.type());
        headers.set("Content-Security-Policy", POLICY_BASE);
        headers.set("X-Frame-Options", "DENY");
        headers.set("X-Content-Type-Options", "nosniff");
        headers.set("Cross-Origin-Opener-Policy", "same-origin");
        headers.set("Cross-Origin-Resource-Policy", "same-origin");
        headers.set("Referrer-Policy", "no-referrer");
        headers.set("Cache-Control", "no-store");
        headers.set(
                "Permissions-Policy",
                "camera=(), microphone=(), geolocation=(), payment=(), usb=()");
        response.headers().forEach(headers::set);
        boolean empty = response.body().length == 0;
        boolean head = exchange.getRequestMethod().equals("HEAD");
        exchange.sendResponseHeaders(
                response.status(), empty || head ? -1 : response.body().length);
        if (!empty && !head) {
            exchange.getResponseBody().write(response.body());
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
