package dev.arclet.launcher.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.format.json.Fields;
import dev.arclet.format.json.StrictJson;
import dev.arclet.launcher.run.VmState;
import dev.arclet.launcher.support.FakeMachine;
import dev.arclet.launcher.support.RawHttp;
import dev.arclet.launcher.support.TestLauncher;
import dev.arclet.launcher.support.TestServer;
import dev.arclet.launcher.support.TestSite;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The whole way from a link to a machine's channels, and everything on it that must be refused. */
class LaunchTest {
    @TempDir private static Path sites;
    private static TestSite site;
    private static TestServer server;

    @TempDir private Path dir;
    private TestLauncher launcher;
    private int port;
    private String origin;

    @BeforeAll
    static void publish() throws Exception {
        site = TestSite.build(sites);
        server = new TestServer(site.tree());
    }

    @AfterAll
    static void unpublish() {
        server.close();
    }

    @BeforeEach
    void open() throws Exception {
        server.requests().clear();
        launcher = new TestLauncher(dir.resolve("home"));
        port = launcher.service().open(link()).getPort();
        origin = "http://127.0.0.1:" + port;
    }

    @AfterEach
    void close() throws Exception {
        launcher.close();
    }

    private static String link() {
        return server.base() + "vm/" + TestSite.NAME + site.fragment();
    }

    /** A browser that has come through a one-time address. */
    private final class Tab {
        final String cookie;
        final String page;
        String token = "";

        Tab(URI address) throws Exception {
            RawHttp.Answer answer = get(address.getPath(), "");
            assertEquals(303, answer.status());
            page = answer.header("Location").orElseThrow();
            cookie = answer.header("Set-Cookie").orElseThrow().split(";", 2)[0];
        }

        RawHttp.Answer get(String path, String more) throws Exception {
            return RawHttp.send(
                    port,
                    "GET "
                            + path
                            + " HTTP/1.1\nHost: 127.0.0.1:"
                            + port
                            + "\n"
                            + (cookie == null ? "" : "Cookie: " + cookie + "\n")
                            + more,
                    new byte[0]);
        }

        RawHttp.Answer post(String path, String body, String headers) throws Exception {
            byte[] bytes = body.getBytes(StandardCharsets.US_ASCII);
            return RawHttp.send(
                    port,
                    "POST " + path + " HTTP/1.1\n" + headers + "Content-Length: " + bytes.length,
                    bytes);
        }

        String headers() {
            return "Host: 127.0.0.1:"
                    + port
                    + "\nOrigin: "
                    + origin
                    + "\nCookie: "
                    + cookie
                    + "\nContent-Type: application/x-www-form-urlencoded\n";
        }

        /** Opens a page and keeps its token. */
        void load(String path) throws Exception {
            RawHttp.Answer answer = get(path, "");
            assertEquals(200, answer.status(), path);
            token = answer.body().replaceAll("(?s).*data-token=\"([^\"]*)\".*", "$1");
            assertEquals(43, token.length());
        }

        Fields awaitState(String wanted) throws Exception {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (System.nanoTime() < end) {
                RawHttp.Answer answer = get(page + "/state", "");
                assertEquals(200, answer.status());
                Fields f =
                        Fields.of(
                                StrictJson.parse(
                                        answer.body().getBytes(StandardCharsets.UTF_8), "state"),
                                "state");
                if (f.string("state").equals(wanted)) {
                    return f;
                }
                assertEquals("checking", f.string("state"), answer.body());
                LockSupport.parkNanos(2_000_000);
            }
            throw new AssertionError("never " + wanted);
        }

        /** Says yes and returns the machine's page. */
        String run() throws Exception {
            return run("");
        }

        /** The same, with grants such as {@code &audio=1}. */
        String run(String grants) throws Exception {
            load(page);
            awaitState("asking");
            RawHttp.Answer answer = post(page + "/run", "token=" + token + grants, headers());
            assertEquals(200, answer.status(), answer.body());
            return Fields.of(
                            StrictJson.parse(
                                    answer.body().getBytes(StandardCharsets.UTF_8), "answer"),
                            "answer")
                    .string("page");
        }

        /** Tickets for a machine's channels. */
        Fields tickets(String machine) throws Exception {
            load(machine);
            RawHttp.Answer answer = post(machine + "/tickets", "token=" + token, headers());
            assertEquals(200, answer.status(), answer.body());
            return Fields.of(
                    StrictJson.parse(answer.body().getBytes(StandardCharsets.UTF_8), "answer"),
                    "answer");
        }
    }

    private static void await(VmState wanted, TestLauncher launcher) throws Exception {
        CompletableFuture<Void> reached = new CompletableFuture<>();
        launcher.registry()
                .list()
                .getFirst()
                .listen(
                        s -> {
                            if (s.state() == wanted) {
                                reached.complete(null);
                            } else if (s.state().isOver()) {
                                reached.completeExceptionally(new AssertionError(s.message()));
                            }
                        });
        reached.get(20, TimeUnit.SECONDS);
    }

    /** A WebSocket of a page. */
    private final class Channel implements WebSocket.Listener {
        /** The connection ended without a close frame. */
        static final int NO_CODE = -1;

        final BlockingQueue<String> texts = new LinkedBlockingQueue<>();
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        final CompletableFuture<Integer> closed = new CompletableFuture<>();
        private final StringBuilder text = new StringBuilder();
        final WebSocket socket;

        Channel(Fields channel, Tab tab) throws Exception {
            socket =
                    HttpClient.newHttpClient()
                            .newWebSocketBuilder()
                            .header("Origin", origin)
                            .header("Cookie", tab.cookie)
                            .subprotocols(channel.string("protocol"))
                            .buildAsync(URI.create(channel.string("url")), this)
                            .get(10, TimeUnit.SECONDS);
        }

        @Override
        public CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
            text.append(data);
            if (last) {
                texts.add(text.toString());
                text.setLength(0);
            }
            webSocket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onBinary(WebSocket webSocket, ByteBuffer data, boolean last) {
            synchronized (bytes) {
                byte[] piece = new byte[data.remaining()];
                data.get(piece);
                bytes.writeBytes(piece);
                bytes.notifyAll();
            }
            webSocket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket webSocket, int code, String reason) {
            closed.complete(code);
            return null;
        }

        @Override
        public void onError(WebSocket webSocket, Throwable error) {
            closed.complete(NO_CODE);
        }

        /** Waits for bytes that contain the text. */
        void awaitBytes(String wanted) throws InterruptedException {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            synchronized (bytes) {
                while (!bytes.toString(StandardCharsets.ISO_8859_1).contains(wanted)) {
                    long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
                    assertTrue(left > 0, "never: " + wanted + " in " + bytes);
                    bytes.wait(left);
                }
            }
        }

        String awaitText(String wanted) throws InterruptedException {
            while (true) {
                String message = texts.poll(20, TimeUnit.SECONDS);
                assertTrue(message != null, "never: " + wanted);
                if (message.contains(wanted)) {
                    return message;
                }
            }
        }
    }

    @Test
    void leadsFromALinkToAMachine() throws Exception {
        Tab tab = new Tab(launcher.service().open(link()));
        tab.load(tab.page);
        Fields facts = tab.awaitState("asking");
        assertEquals("A machine for tests", facts.string("title"));
        assertEquals(site.keys().id().grouped(), facts.string("publisherId"));
        assertFalse(facts.bool("known"));
        assertEquals(
                (double) site.built().spec().downloadSize(),
                (double) facts.integer("missing"),
                2e5);
        assertTrue(launcher.registry().list().isEmpty());

        String machine = tab.run();
        await(VmState.RUNNING, launcher);
        Fields tickets = tab.tickets(machine);
        Channel side = new Channel(tickets.object("side"), tab);
        side.socket.sendText(tickets.object("side").string("ticket"), true).join();
        side.awaitText("\"state\":\"running\"");
        side.awaitBytes(FakeMachine.GREETING);
        side.awaitText("Welcome 42");
        side.socket
                .sendBinary(ByteBuffer.wrap("\0typed".getBytes(StandardCharsets.US_ASCII)), true)
                .join();
        side.awaitBytes("typed");

        Channel display = new Channel(tickets.object("display"), tab);
        display.socket.sendText(tickets.object("display").string("ticket"), true).join();
        display.awaitBytes("RFB 003.008\n");

        // The page goes; the machine stays, and a second look finds the same one.
        side.socket.abort();
        display.socket.abort();
        assertEquals(machine, new Tab(launcher.service().open(machine.substring(4))).page);
        Fields again = tab.tickets(machine);
        Channel second = new Channel(again.object("side"), tab);
        second.socket.sendText(again.object("side").string("ticket"), true).join();
        second.awaitBytes("typed");
        assertEquals(1, launcher.factory().made().size());

        second.socket.sendText("{\"type\":\"stop\"}", true).join();
        second.awaitText("\"state\":\"ended\"");
        assertEquals(VmState.ENDED, launcher.registry().list().getFirst().status().state());
    }

    /** A page's side channel to a new machine that asks for sound. */
    private Channel soundingMachine(String grants) throws Exception {
        site.version("2", "capabilities:\n  audio: output\n");
        Tab tab = new Tab(launcher.service().open(link()));
        String machine = tab.run(grants);
        await(VmState.RUNNING, launcher);
        Fields side = tab.tickets(machine).object("side");
        Channel channel = new Channel(side, tab);
        channel.socket.sendText(side.string("ticket"), true).join();
        return channel;
    }

    private FakeMachine guest() {
        return launcher.factory().made().getFirst();
    }

    private void awaitSound(boolean on) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (guest().play(new short[] {0x4142, 0x4344}) != on) {
            assertTrue(System.nanoTime() < end, "sound never is " + on);
            Thread.onSpinWait();
        }
    }

    @Test
    void sendsSoundToAPageThatListensAndNothingElse() throws Exception {
        Channel page = soundingMachine("&audio=1");
        page.awaitText("\"sound\":true");
        assertFalse(guest().play(new short[2]), "nobody listens yet");
        page.socket.sendText("{\"type\":\"sound\",\"on\":true}", true).join();
        awaitSound(true);
        page.awaitBytes("\1BADC");
        page.socket.sendText("{\"type\":\"sound\",\"on\":false}", true).join();
        awaitSound(false);
        page.socket.sendText("{\"type\":\"sound\",\"on\":true}", true).join();
        awaitSound(true);
        page.socket.abort();
        awaitSound(false);
    }

    @Test
    void soundThatTheUserDoesNotGrantIsNotThere() throws Exception {
        Channel page = soundingMachine("");
        page.awaitText("\"sound\":false");
        page.socket.sendText("{\"type\":\"sound\",\"on\":true}", true).join();
        page.socket.sendBinary(ByteBuffer.wrap(new byte[] {0, 'x'}), true).join();
        page.awaitBytes("x");
        assertFalse(guest().play(new short[2]));
    }

    @Test
    void aPageThatDoesNotReadMissesSoundAndCostsNoMemory() throws Exception {
        Channel page = soundingMachine("&audio=1");
        page.socket.sendText("{\"type\":\"sound\",\"on\":true}", true).join();
        awaitSound(true);
        synchronized (page.bytes) { // its reader stands still
            for (int i = 0; i < 40_000; i++) {
                guest().play(new short[960]);
            }
        }
        page.socket
                .sendBinary(ByteBuffer.wrap("\0end".getBytes(StandardCharsets.US_ASCII)), true)
                .join();
        page.awaitBytes("end");
        synchronized (page.bytes) {
            assertTrue(page.bytes.size() < 16 << 20, page.bytes.size() + " of 77 million bytes");
        }
    }

    @Test
    void reportsHowLongItTookToAPrompt() throws Exception {
        Tab tab = new Tab(launcher.service().open(link()));
        tab.run();
        await(VmState.RUNNING, launcher);
        guest().serialInput("out of # order\r\nfake:~# ".getBytes(StandardCharsets.US_ASCII));
        guest().serialInput("again# ".getBytes(StandardCharsets.US_ASCII));
        assertEquals(1, launcher.startTimes().size());
        String line = launcher.startTimes().getFirst();
        assertTrue(
                line.matches(
                        TestSite.NAME
                                + ": from consent \\d+\\.\\d s to its start, \\d+\\.\\d s to its first"
                                + " picture, \\d+\\.\\d s to its prompt"),
                line);
    }

    @Test
    void knowsAPublisherAfterConsentAndAsksAgainForMore() throws Exception {
        Tab first = new Tab(launcher.service().open(link()));
        first.load(first.page);
        first.awaitState("asking");
        assertEquals(
                200,
                first.post(
                                first.page + "/run",
                                "token=" + first.token + "&always=1",
                                first.headers())
                        .status());
        Tab second = new Tab(launcher.service().open(link()));
        Fields facts = second.awaitState("asking");
        assertTrue(facts.bool("known"));
        assertTrue(facts.bool("allowed"));

        site.version("2", "capabilities:\n  clipboard: both\n");
        Tab third = new Tab(launcher.service().open(link()));
        assertFalse(third.awaitState("asking").bool("allowed"));
    }

    @Test
    void startsAtMostOneMachineForOneConsent() throws Exception {
        Tab tab = new Tab(launcher.service().open(link()));
        String machine = tab.run();
        tab.load(tab.page);
        RawHttp.Answer again = tab.post(tab.page + "/run", "token=" + tab.token, tab.headers());
        assertTrue(again.body().contains(machine), again.body());
        assertEquals(1, launcher.registry().list().size());
    }

    @Test
    void startsNothingAfterCancel() throws Exception {
        Tab tab = new Tab(launcher.service().open(link()));
        tab.load(tab.page);
        tab.awaitState("asking");
        assertEquals(
                200, tab.post(tab.page + "/cancel", "token=" + tab.token, tab.headers()).status());
        tab.load(tab.page);
        assertEquals(
                409, tab.post(tab.page + "/run", "token=" + tab.token, tab.headers()).status());
        assertTrue(launcher.registry().list().isEmpty());
    }

    @Test
    void fetchesNothingBeforeTheOneTimeAddressIsUsed() throws Exception {
        launcher.service().open(link());
        assertTrue(server.requests().isEmpty(), server.requests().toString());
    }

    // One-time addresses

    @Test
    void refusesTheSecondUseOfAOneTimeAddress() throws Exception {
        URI address = launcher.service().open(link());
        Tab tab = new Tab(address);
        assertSame404(tab.get(address.getPath(), ""));
        assertSame404(
                RawHttp.send(
                        port,
                        "GET " + address.getPath() + " HTTP/1.1\nHost: 127.0.0.1:" + port,
                        new byte[0]));
    }

    @Test
    void refusesAnExpiredOneTimeAddress() throws Exception {
        URI address = launcher.service().open(link());
        launcher.clock().advance(Duration.ofSeconds(61));
        assertSame404(
                RawHttp.send(
                        port,
                        "GET " + address.getPath() + " HTTP/1.1\nHost: 127.0.0.1:" + port,
                        new byte[0]));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HEAD PATH HTTP/1.1\nHost: HOST",
                "POST PATH HTTP/1.1\nHost: HOST\nContent-Length: 0",
                "OPTIONS PATH HTTP/1.1\nHost: HOST\nOrigin: http://evil.example",
                "GET PATH?x HTTP/1.1\nHost: HOST",
                "GET PATH/ HTTP/1.1\nHost: HOST",
                "GET PATH HTTP/1.1\nHost: HOST\nSec-Purpose: prefetch;prerender",
                "GET PATH HTTP/1.1\nHost: HOST\nPurpose: prefetch",
                "GET PATH HTTP/1.1\nHost: HOST\nSec-Fetch-Dest: iframe",
                "GET PATH HTTP/1.1\nHost: HOST\nSec-Fetch-Dest: image",
                "GET PATH HTTP/1.1\nHost: HOST\nSec-Fetch-Dest: empty",
                "GET PATH HTTP/1.1\nHost: HOST\nOrigin: http://evil.example",
                "GET PATH HTTP/1.1\nHost: HOST\nOrigin: null",
                "GET PATH HTTP/1.1\nHost: evil.example",
                "GET PATH HTTP/1.1\nHost: evil.example:PORT",
                "GET PATH HTTP/1.1\nHost: localhost:PORT",
                "GET PATH HTTP/1.1\nHost: 127.0.0.1",
                "GET PATH HTTP/1.1\nHost: 127.0.0.1.:PORT",
                "GET PATH HTTP/1.1\nHost: 127.0.0.1:PORT.",
                "GET PATH HTTP/1.1\nHost: 127.1:PORT",
                "GET PATH HTTP/1.1\nHost: 0.0.0.0:PORT",
                "GET PATH HTTP/1.1\nHost: [::1]:PORT",
                "GET PATH HTTP/1.1\nHost: [::ffff:127.0.0.1]:PORT",
                "GET PATH HTTP/1.1\nHost: 127.0.0.1:80",
                "GET PATH HTTP/1.1\nHost: user@HOST",
                "GET PATH HTTP/1.1\nHost: HOST\nHost: HOST",
                "GET PATH HTTP/1.1\nHost: HOST\nHost: evil.example",
                "GET http://evil.examplePATH HTTP/1.1\nHost: HOST",
                "GET http://HOSTPATH HTTP/1.1\nHost: HOST"
            })
    void refusesARedemptionThatIsNoPlainNavigation(String request) throws Exception {
        URI address = launcher.service().open(link());
        RawHttp.Answer answer =
                RawHttp.send(
                        port,
                        request.replace("PATH", address.getPath())
                                .replace("HOST", "127.0.0.1:" + port)
                                .replace("PORT", String.valueOf(port)),
                        new byte[0]);
        assertTrue(
                answer.status() == 404 || answer.status() == 400, request + ": " + answer.status());
        assertTrue(answer.header("Set-Cookie").isEmpty());
        assertTrue(answer.headers().stream().noneMatch(h -> h.startsWith("Access-Control")));
        // It was not used up either: the user's own browser still gets in.
        assertEquals(303, new Tab(address).get("/", "").status() == 404 ? 303 : 0);
    }

    // Pages and changes

    private void assertSame404(RawHttp.Answer answer) throws Exception {
        RawHttp.Answer unknown =
                RawHttp.send(port, "GET /none HTTP/1.1\nHost: 127.0.0.1:" + port, new byte[0]);
        assertEquals(404, answer.status());
        assertEquals(withoutDate(unknown), withoutDate(answer));
        assertEquals(unknown.body(), answer.body());
    }

    private static List<String> withoutDate(RawHttp.Answer answer) {
        return answer.headers().stream()
                .filter(h -> !h.startsWith("Date:") && !h.startsWith("Connection:"))
                .sorted()
                .toList();
    }

    @Test
    void shieldsItsPages() throws Exception {
        Tab tab = new Tab(launcher.service().open(link()));
        for (String path : List.of(tab.page, "/none", tab.run())) {
            RawHttp.Answer answer = tab.get(path, "");
            String policy = answer.header("Content-Security-Policy").orElseThrow();
            assertTrue(policy.contains("default-src 'none'"), policy);
            assertTrue(policy.contains("frame-ancestors 'none'"), policy);
            assertTrue(policy.contains("form-action 'none'"), policy);
            assertFalse(policy.contains("script-src 'self' 'unsafe"), policy);
            assertEquals("DENY", answer.header("X-Frame-Options").orElseThrow());
            assertEquals("same-origin", answer.header("Cross-Origin-Opener-Policy").orElseThrow());
            assertEquals(
                    "same-origin", answer.header("Cross-Origin-Resource-Policy").orElseThrow());
            assertEquals("no-referrer", answer.header("Referrer-Policy").orElseThrow());
            assertEquals("no-store", answer.header("Cache-Control").orElseThrow());
            assertEquals("nosniff", answer.header("X-Content-Type-Options").orElseThrow());
            assertTrue(answer.headers().stream().noneMatch(h -> h.startsWith("Access-Control")));
        }
    }

    @Test
    void setsACookieThatNoScriptAndNoOtherSiteGets() throws Exception {
        URI address = launcher.service().open(link());
        RawHttp.Answer answer =
                RawHttp.send(
                        port,
                        "GET " + address.getPath() + " HTTP/1.1\nHost: 127.0.0.1:" + port,
                        new byte[0]);
        String cookie = answer.header("Set-Cookie").orElseThrow();
        assertTrue(cookie.endsWith("; HttpOnly; SameSite=Strict; Path=/"), cookie);
        try (TestLauncher other = new TestLauncher(dir.resolve("other"))) {
            int otherPort = other.service().open(link()).getPort();
            URI otherAddress = other.service().open(link());
            RawHttp.Answer otherAnswer =
                    RawHttp.send(
                            otherPort,
                            "GET "
                                    + otherAddress.getPath()
                                    + " HTTP/1.1\nHost: 127.0.0.1:"
                                    + otherPort,
                            new byte[0]);
            String otherCookie = otherAnswer.header("Set-Cookie").orElseThrow();
            assertNotEquals(
                    cookie.split("=", 2)[0], otherCookie.split("=", 2)[0], "names must differ");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET PAGE HTTP/1.1\nHost: HOST",
                "GET PAGE HTTP/1.1\nHost: HOST\nCookie: x=y",
                "GET PAGE HTTP/1.1\nHost: HOST\nCookie: COOKIE; COOKIE",
                "GET PAGE HTTP/1.1\nHost: HOST\nCookie: COOKIE\nCookie: COOKIEx",
                "GET PAGE HTTP/1.1\nHost: HOST\nCookie: COOKIEx",
                "GET PAGE HTTP/1.1\nHost: evil.example:PORT\nCookie: COOKIE",
                "GET PAGE HTTP/1.1\nHost: 127.0.0.1.:PORT\nCookie: COOKIE",
                "GET PAGE HTTP/1.1\nHost: HOST\nCookie: COOKIE\nSec-Fetch-Dest: iframe",
                "GET PAGE HTTP/1.1\nHost: HOST\nCookie: COOKIE\nSec-Fetch-Dest: frame",
                "GET PAGE HTTP/1.1\nHost: HOST\nCookie: COOKIE\nSec-Fetch-Dest: object",
                "GET PAGE/state HTTP/1.1\nHost: HOST\nCookie: COOKIE\nSec-Fetch-Site: same-site",
                "GET PAGE/state HTTP/1.1\nHost: HOST\nCookie: COOKIE\nSec-Fetch-Site: cross-site",
                "GET PAGE/state HTTP/1.1\nHost: HOST\nCookie: COOKIE\nOrigin: null",
                "GET PAGE/run HTTP/1.1\nHost: HOST\nCookie: COOKIE",
                "GET PAGE/../../etc/passwd HTTP/1.1\nHost: HOST\nCookie: COOKIE",
                "GET /launch/AAAAAAAAAAAA HTTP/1.1\nHost: HOST\nCookie: COOKIE",
                "GET /vm/00000000 HTTP/1.1\nHost: HOST\nCookie: COOKIE",
                "GET /assets/../consent.html HTTP/1.1\nHost: HOST\nCookie: COOKIE",
                "GET /assets/consent.html HTTP/1.1\nHost: HOST\nCookie: COOKIE",
                "GET /assets/consent.js HTTP/1.1\nHost: HOST",
                "GET /assets/consent.js HTTP/1.1\nHost: HOST\nCookie: COOKIE\nSec-Fetch-Site: same-site",
                "PUT PAGE HTTP/1.1\nHost: HOST\nCookie: COOKIE\nContent-Length: 0",
                "DELETE PAGE HTTP/1.1\nHost: HOST\nCookie: COOKIE"
            })
    void refusesPagesToStrangers(String request) throws Exception {
        Tab tab = new Tab(launcher.service().open(link()));
        RawHttp.Answer answer =
                RawHttp.send(
                        port,
                        request.replace("PAGE", tab.page)
                                .replace("HOST", "127.0.0.1:" + port)
                                .replace("PORT", String.valueOf(port))
                                .replace("COOKIE", tab.cookie),
                        new byte[0]);
        assertSame404(answer);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "missing Origin | Host: HOST;Cookie: COOKIE;Content-Type: FORM | token=TOKEN | 404",
                "null Origin | Host: HOST;Origin: null;Cookie: COOKIE;Content-Type: FORM | token=TOKEN | 404",
                "foreign Origin | Host: HOST;Origin: http://evil.example;Cookie: COOKIE;Content-Type: FORM | token=TOKEN | 404",
                "other port | Host: HOST;Origin: http://127.0.0.1:1;Cookie: COOKIE;Content-Type: FORM | token=TOKEN | 404",
                "localhost | Host: HOST;Origin: http://localhost:PORT;Cookie: COOKIE;Content-Type: FORM | token=TOKEN | 404",
                "https Origin | Host: HOST;Origin: https://HOST;Cookie: COOKIE;Content-Type: FORM | token=TOKEN | 404",
                "Origin with dot | Host: HOST;Origin: http://127.0.0.1.:PORT;Cookie: COOKIE;Content-Type: FORM | token=TOKEN | 404",
                "two Origins | Host: HOST;Origin: http://HOST;Origin: http://HOST;Cookie: COOKIE;Content-Type: FORM | token=TOKEN | 404",
                "foreign Host | Host: evil.example:PORT;Origin: http://HOST;Cookie: COOKIE;Content-Type: FORM | token=TOKEN | 404",
                "no cookie | Host: HOST;Origin: http://HOST;Content-Type: FORM | token=TOKEN | 404",
                "no token | Host: HOST;Origin: http://HOST;Cookie: COOKIE;Content-Type: FORM | x=1 | 404",
                "empty body | Host: HOST;Origin: http://HOST;Cookie: COOKIE;Content-Type: FORM | `` | 404",
                "wrong token | Host: HOST;Origin: http://HOST;Cookie: COOKIE;Content-Type: FORM | token=TOKENx | 404",
                "token twice | Host: HOST;Origin: http://HOST;Cookie: COOKIE;Content-Type: FORM | token=TOKEN&token=TOKEN | 404",
                "unknown field | Host: HOST;Origin: http://HOST;Cookie: COOKIE;Content-Type: FORM | token=TOKEN&disks=1 | 404",
                "other type | Host: HOST;Origin: http://HOST;Cookie: COOKIE;Content-Type: text/plain | token=TOKEN | 404",
                "no type | Host: HOST;Origin: http://HOST;Cookie: COOKIE | token=TOKEN | 404",
                "multipart | Host: HOST;Origin: http://HOST;Cookie: COOKIE;Content-Type: multipart/form-data | token=TOKEN | 404",
                "same-site fetch | Host: HOST;Origin: http://HOST;Cookie: COOKIE;Content-Type: FORM;Sec-Fetch-Site: same-site | token=TOKEN | 404",
                "large body | Host: HOST;Origin: http://HOST;Cookie: COOKIE;Content-Type: FORM | LARGE | 413",
            })
    void refusesToRunWithout(String what, String headers, String body, int status)
            throws Exception {
        Tab tab = new Tab(launcher.service().open(link()));
        tab.load(tab.page);
        tab.awaitState("asking");
        String filled =
                headers.replace(";", "\n")
                        .replace("HOST", "127.0.0.1:" + port)
                        .replace("PORT", String.valueOf(port))
                        .replace("COOKIE", tab.cookie)
                        .replace("FORM", "application/x-www-form-urlencoded");
        RawHttp.Answer answer =
                tab.post(
                        tab.page + "/run",
                        body.replace("TOKEN", tab.token).replace("LARGE", "x".repeat(20_000)),
                        filled + "\n");
        assertEquals(status, answer.status(), what);
        assertTrue(launcher.registry().list().isEmpty(), what);
        if (status == 404) {
            assertSame404(answer);
        }
    }

    @Test
    void takesAPagesTokenOnceAndOnItsOwnPageOnly() throws Exception {
        Tab one = new Tab(launcher.service().open(link()));
        Tab two = new Tab(launcher.service().open(link()));
        one.load(one.page);
        two.load(two.page);
        two.awaitState("asking");
        assertEquals(
                404, two.post(two.page + "/run", "token=" + one.token, two.headers()).status());
        assertEquals(
                404, two.post(one.page + "/run", "token=" + two.token, two.headers()).status());
        assertEquals(
                200, two.post(two.page + "/run", "token=" + two.token, two.headers()).status());
        assertEquals(
                404, two.post(two.page + "/run", "token=" + two.token, two.headers()).status());
    }

    @Test
    void keepsSessionsApart() throws Exception {
        Tab one = new Tab(launcher.service().open(link()));
        Tab two = new Tab(launcher.service().open(link()));
        String machine = one.run();
        assertSame404(two.get(machine, ""));
        assertSame404(two.get(one.page, ""));
    }

    @Test
    void limitsTheRateOfChanges() throws Exception {
        Tab tab = new Tab(launcher.service().open(link()));
        String machine = tab.run();
        tab.load(machine);
        int refused = 0;
        for (int i = 0; i < 80; i++) {
            RawHttp.Answer answer =
                    tab.post(machine + "/tickets", "token=" + tab.token, tab.headers());
            refused += answer.status() == 429 ? 1 : 0;
        }
        assertTrue(refused > 5, "refused " + refused);
    }

    // WebSockets

    private RawHttp.Answer upgrade(String url, String headers) throws Exception {
        URI uri = URI.create(url);
        return RawHttp.send(
                uri.getPort(),
                "GET "
                        + uri.getPath()
                        + " HTTP/1.1\nUpgrade: websocket\nConnection: Upgrade\n"
                        + "Sec-WebSocket-Version: 13\n"
                        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n"
                        + headers,
                new byte[0]);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "right | Host: WS;Origin: ORIGIN;Cookie: COOKIE;Sec-WebSocket-Protocol: binary | 101",
                "no Origin | Host: WS;Cookie: COOKIE;Sec-WebSocket-Protocol: binary | 404",
                "null Origin | Host: WS;Origin: null;Cookie: COOKIE;Sec-WebSocket-Protocol: binary | 404",
                "foreign Origin | Host: WS;Origin: http://evil.example;Cookie: COOKIE;Sec-WebSocket-Protocol: binary | 404",
                "own port as Origin | Host: WS;Origin: http://WS;Cookie: COOKIE;Sec-WebSocket-Protocol: binary | 404",
                "https Origin | Host: WS;Origin: https://HOST;Cookie: COOKIE;Sec-WebSocket-Protocol: binary | 404",
                "two Origins | Host: WS;Origin: ORIGIN;Origin: ORIGIN;Cookie: COOKIE;Sec-WebSocket-Protocol: binary | 404",
                "Origin with dot | Host: WS;Origin: ORIGIN.;Cookie: COOKIE;Sec-WebSocket-Protocol: binary | 404",
                "foreign Host | Host: evil.example;Origin: ORIGIN;Cookie: COOKIE;Sec-WebSocket-Protocol: binary | 404",
                "localhost | Host: localhost:WSPORT;Origin: ORIGIN;Cookie: COOKIE;Sec-WebSocket-Protocol: binary | 404",
                "any address | Host: 0.0.0.0:WSPORT;Origin: ORIGIN;Cookie: COOKIE;Sec-WebSocket-Protocol: binary | 404",
                "Host with dot | Host: 127.0.0.1.:WSPORT;Origin: ORIGIN;Cookie: COOKIE;Sec-WebSocket-Protocol: binary | 404",
                "page's Host | Host: HOST;Origin: ORIGIN;Cookie: COOKIE;Sec-WebSocket-Protocol: binary | 404",
                "no Host | Origin: ORIGIN;Cookie: COOKIE;Sec-WebSocket-Protocol: binary | 404",
                "no cookie | Host: WS;Origin: ORIGIN;Sec-WebSocket-Protocol: binary | 404",
                "wrong cookie | Host: WS;Origin: ORIGIN;Cookie: COOKIEx;Sec-WebSocket-Protocol: binary | 404",
                "cookie twice | Host: WS;Origin: ORIGIN;Cookie: COOKIE;Cookie: COOKIE;Sec-WebSocket-Protocol: binary | 404",
                "other channel's protocol | Host: WS;Origin: ORIGIN;Cookie: COOKIE;Sec-WebSocket-Protocol: arclet.side.v1 | 404",
                "two protocols | Host: WS;Origin: ORIGIN;Cookie: COOKIE;Sec-WebSocket-Protocol: binary, base64 | 404",
                "no protocol | Host: WS;Origin: ORIGIN;Cookie: COOKIE | 404",
            })
    void opensAWebSocketOnlyForItsOwnPage(String what, String headers, int status)
            throws Exception {
        Tab tab = new Tab(launcher.service().open(link()));
        String machine = tab.run();
        String url = tab.tickets(machine).object("display").string("url");
        URI uri = URI.create(url);
        RawHttp.Answer answer =
                upgrade(
                        url,
                        headers.replace(";", "\n")
                                .replace("WSPORT", String.valueOf(uri.getPort()))
                                .replace("WS", uri.getHost() + ":" + uri.getPort())
                                .replace("HOST", "127.0.0.1:" + port)
                                .replace("ORIGIN", origin)
                                .replace("COOKIE", tab.cookie));
        assertEquals(status, answer.status(), what);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v/00000000/display",
                "/v/MACHINE/other",
                "/v/MACHINE/display?x",
                "/v/MACHINE/display/",
                "/",
                "/v/MACHINE/../MACHINE/display"
            })
    void opensAWebSocketOnlyAtAMachinesPath(String path) throws Exception {
        Tab tab = new Tab(launcher.service().open(link()));
        String machine = tab.run();
        URI uri = URI.create(tab.tickets(machine).object("display").string("url"));
        RawHttp.Answer answer =
                RawHttp.send(
                        uri.getPort(),
                        "GET "
                                + path.replace("MACHINE", machine.substring(4))
                                + " HTTP/1.1\nUpgrade: websocket\nConnection: Upgrade\n"
                                + "Sec-WebSocket-Version: 13\n"
                                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nHost: 127.0.0.1:"
                                + uri.getPort()
                                + "\nOrigin: "
                                + origin
                                + "\nCookie: "
                                + tab.cookie
                                + "\nSec-WebSocket-Protocol: binary",
                        new byte[0]);
        assertEquals(404, answer.status());
    }

    /** What a page may send first instead of its ticket. */
    private enum First {
        NOTHING_GOOD,
        OTHER_CHANNELS,
        OTHER_SESSIONS,
        USED,
        EXPIRED,
        BINARY
    }

    @ParameterizedTest
    @org.junit.jupiter.params.provider.EnumSource(First.class)
    void closesAWebSocketThatShowsNoTicketOfItsOwn(First first) throws Exception {
        Tab tab = new Tab(launcher.service().open(link()));
        String machine = tab.run();
        await(VmState.RUNNING, launcher);
        Fields tickets = tab.tickets(machine);
        Fields side = tickets.object("side");
        Channel channel = new Channel(side, tab);
        switch (first) {
            case NOTHING_GOOD -> channel.socket.sendText("x".repeat(43), true).join();
            case OTHER_CHANNELS ->
                    channel.socket
                            .sendText(tickets.object("display").string("ticket"), true)
                            .join();
            case OTHER_SESSIONS -> {
                Tab other = new Tab(launcher.service().open(machine.substring(4)));
                channel.socket
                        .sendText(other.tickets(machine).object("side").string("ticket"), true)
                        .join();
            }
            case USED -> {
                Channel before = new Channel(side, tab);
                before.socket.sendText(side.string("ticket"), true).join();
                before.awaitText("status");
                channel.socket.sendText(side.string("ticket"), true).join();
            }
            case EXPIRED -> {
                launcher.clock().advance(Duration.ofSeconds(31));
                channel.socket.sendText(side.string("ticket"), true).join();
            }
            case BINARY ->
                    channel.socket.sendBinary(ByteBuffer.wrap(new byte[] {0, 65}), true).join();
        }
        assertEquals(1008, channel.closed.get(20, TimeUnit.SECONDS));
        assertEquals(0, channel.bytes.size());
        assertTrue(channel.texts.isEmpty(), channel.texts.toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"type\":\"reboot\"}",
                "not json",
                "{}",
                "{\"type\":\"stop\",\"x\":1}",
                "{\"type\":\"sound\"}",
                "{\"type\":\"sound\",\"on\":1}",
                "[]"
            })
    void closesASideChannelThatSaysNonsense(String message) throws Exception {
        Tab tab = new Tab(launcher.service().open(link()));
        String machine = tab.run();
        await(VmState.RUNNING, launcher);
        Fields side = tab.tickets(machine).object("side");
        Channel channel = new Channel(side, tab);
        channel.socket.sendText(side.string("ticket"), true).join();
        channel.awaitText("status");
        channel.socket.sendText(message, true).join();
        assertEquals(1008, channel.closed.get(20, TimeUnit.SECONDS));
        assertEquals(VmState.RUNNING, launcher.registry().list().getFirst().status().state());
    }

    /** A side channel that has let its ticket's holder in. */
    private Channel sideChannel() throws Exception {
        Tab tab = new Tab(launcher.service().open(link()));
        String machine = tab.run();
        await(VmState.RUNNING, launcher);
        Fields side = tab.tickets(machine).object("side");
        Channel channel = new Channel(side, tab);
        channel.socket.sendText(side.string("ticket"), true).join();
        channel.awaitText("status");
        return channel;
    }

    @Test
    void closesAWebSocketWithAMessageThatIsTooLarge() throws Exception {
        Channel channel = sideChannel();
        channel.socket.sendBinary(ByteBuffer.allocate(ViewSockets.MAX_MESSAGE), false).join();
        channel.socket.sendBinary(ByteBuffer.allocate(1), true).join();
        assertEquals(1009, channel.closed.get(20, TimeUnit.SECONDS));
    }

    @Test
    void closesAWebSocketWithAFrameThatIsTooLarge() throws Exception {
        Channel channel = sideChannel();
        var unused =
                channel.socket.sendBinary(ByteBuffer.allocate(ViewSockets.MAX_MESSAGE + 1), true);
        // The frame's end is not read: TCP may reset the connection before the client has seen why.
        int code = channel.closed.get(20, TimeUnit.SECONDS);
        assertTrue(code == 1009 || code == Channel.NO_CODE, "closed with " + code);
    }

    @Test
    void closesAHandshakeWithoutEnd() throws Exception {
        Tab tab = new Tab(launcher.service().open(link()));
        URI uri = URI.create(tab.tickets(tab.run()).object("display").string("url"));
        RawHttp.Answer answer =
                RawHttp.send(
                        uri.getPort(), "GET / HTTP/1.1\nX: " + "x".repeat(40_000), new byte[0]);
        assertTrue(answer.status() == 0 || answer.status() == 404, "status " + answer.status());
    }
}
