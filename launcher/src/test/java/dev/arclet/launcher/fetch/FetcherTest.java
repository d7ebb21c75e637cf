package dev.arclet.launcher.fetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import dev.arclet.format.VerifyException;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.model.Descriptor;
import dev.arclet.format.model.MediaTypes;
import dev.arclet.format.tree.TreeLayout;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.LauncherException.Kind;
import dev.arclet.launcher.store.ArcletHome;
import dev.arclet.launcher.store.BlobStore;
import dev.arclet.launcher.store.PartialBlob;
import dev.arclet.launcher.support.TestLauncher;
import dev.arclet.launcher.support.TestServer;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Fetching from servers that behave, and from those that do not. */
class FetcherTest {
    private static final int SIZE = 400_000;

    @TempDir private Path dir;

    private TestServer server;
    private BlobStore store;
    private HttpReader reader;
    private Fetcher fetcher;
    private HttpTree tree;
    private byte[] bytes;
    private Descriptor blob;

    @BeforeEach
    void open() throws IOException {
        Path site = Files.createDirectories(dir.resolve("site"));
        server = new TestServer(site);
        store = new BlobStore(ArcletHome.at(dir.resolve("home")));
        reader = new HttpReader(TestLauncher.LIMITS);
        Backoff backoff = new Backoff(TestLauncher.LIMITS, new Random(1));
        fetcher = new Fetcher(store, TestLauncher.LIMITS, backoff);
        tree = new HttpTree(reader, server.base(), backoff);
        bytes = new byte[SIZE];
        new Random(2).nextBytes(bytes);
        blob = publish(bytes);
    }

    @AfterEach
    void close() throws IOException {
        server.close();
        reader.close();
        store.close();
    }

    private Descriptor publish(byte[] content) throws IOException {
        Descriptor d = new Descriptor(MediaTypes.KERNEL, Digest.of(content), content.length);
        Path file = dir.resolve("site").resolve(TreeLayout.blobPath(d.digest()));
        Files.createDirectories(file.getParent());
        Files.write(file, content);
        return d;
    }

    private void fetch() throws Exception {
        assertTimeoutPreemptively(
                Duration.ofSeconds(30),
                () -> fetcher.fetchAll(List.of(blob), tree, FetchProgress.NONE, "test-vm"));
    }

    private void assertNothingKept() throws IOException {
        assertFalse(store.has(blob));
        assertEquals(0, store.partialBytes(blob));
    }

    @Test
    void fetchesAndReportsProgressThatNeverRunsBackwards() throws Exception {
        List<Descriptor> blobs = new ArrayList<>(List.of(blob));
        for (int i = 0; i < 20; i++) {
            byte[] content = new byte[10_000 + i];
            new Random(i).nextBytes(content);
            blobs.add(publish(content));
        }
        // Every third file breaks off in the middle the first time.
        Set<String> asked = ConcurrentHashMap.newKeySet();
        server.behave(
                exchange -> {
                    String path = exchange.getRequestURI().getPath();
                    if (asked.add(path) && asked.size() % 3 == 1) {
                        exchange.sendResponseHeaders(200, 0);
                        exchange.getResponseBody()
                                .write(Files.readAllBytes(dir.resolve("site" + path)), 0, 5000);
                        return true;
                    }
                    return false;
                });
        List<long[]> seen = new ArrayList<>();
        fetcher.fetchAll(
                blobs, tree, (done, total) -> seen.add(new long[] {done, total}), "test-vm");
        long total = blobs.stream().mapToLong(Descriptor::size).sum();
        long before = 0;
        for (long[] report : seen) {
            assertEquals(total, report[1]);
            assertTrue(report[0] >= before, "ran from " + before + " to " + report[0]);
            assertTrue(report[0] <= total);
            before = report[0];
        }
        assertEquals(total, before);
        assertTrue(fetcher.missing(blobs).isEmpty());
    }

    @Test
    void neverOpensMoreThanEightAtOnce() throws Exception {
        List<Descriptor> blobs = new ArrayList<>();
        for (int i = 0; i < 32; i++) {
            byte[] content = new byte[1000 + i];
            new Random(i).nextBytes(content);
            blobs.add(publish(content));
        }
        // Eight requests meet before any is answered: so eight are really open, and not nine.
        CyclicBarrier eight = new CyclicBarrier(8);
        server.behave(
                exchange -> {
                    try {
                        eight.await(20, java.util.concurrent.TimeUnit.SECONDS);
                    } catch (java.util.concurrent.BrokenBarrierException
                            | java.util.concurrent.TimeoutException e) {
                        throw new IOException(e);
                    }
                    return false;
                });
        fetcher.fetchAll(blobs, tree, FetchProgress.NONE, "test-vm");
        assertEquals(8, server.mostAtOnce());
    }

    @Test
    void continuesByRangeWhereAKilledProcessEnded() throws Exception {
        try (PartialBlob partial = store.begin(blob)) {
            partial.write(bytes, 0, 150_000);
        }
        fetch();
        assertTrue(store.has(blob));
        assertTrue(
                server.requests().getLast().endsWith(" bytes=150000-"),
                server.requests().toString());
    }

    @Test
    void startsOverWhenTheServerHasNoRange() throws Exception {
        try (PartialBlob partial = store.begin(blob)) {
            partial.write(bytes, 0, 150_000);
        }
        server.behave(
                exchange -> {
                    exchange.sendResponseHeaders(200, SIZE);
                    exchange.getResponseBody().write(bytes);
                    return true;
                });
        fetch();
        assertTrue(store.has(blob));
    }

    @Test
    void startsOverWhenWhatWasKeptIsDamaged() throws Exception {
        byte[] damaged = bytes.clone();
        damaged[7] ^= 1;
        try (PartialBlob partial = store.begin(blob)) {
            partial.write(damaged, 0, 150_000);
        }
        fetch();
        assertTrue(store.has(blob));
    }

    @Test
    void continuesAfterABrokenTransfer() throws Exception {
        AtomicInteger requests = new AtomicInteger();
        server.behave(
                exchange -> {
                    if (requests.getAndIncrement() == 0) {
                        exchange.sendResponseHeaders(200, SIZE);
                        exchange.getResponseBody().write(bytes, 0, 100_000);
                        exchange.getResponseBody().flush();
                        return true; // closes with the rest missing
                    }
                    return false;
                });
        fetch();
        assertTrue(store.has(blob));
        assertEquals(2, server.requests().size());
        assertTrue(server.requests().getLast().contains("bytes="), server.requests().toString());
    }

    @ParameterizedTest
    @ValueSource(ints = {408, 429, 500, 502, 503, 504})
    void triesAgainAfterPassingTrouble(int status) throws Exception {
        AtomicInteger requests = new AtomicInteger();
        server.behave(
                exchange -> {
                    if (requests.getAndIncrement() == 0) {
                        exchange.sendResponseHeaders(status, -1);
                        return true;
                    }
                    return false;
                });
        fetch();
        assertTrue(store.has(blob));
    }

    @Test
    void givesUpAfterAFewAttempts() throws Exception {
        server.behave(
                exchange -> {
                    exchange.sendResponseHeaders(503, -1);
                    return true;
                });
        LauncherException e = assertThrows(LauncherException.class, this::fetch);
        assertEquals(Kind.TRANSFER, e.kind());
        assertTrue(e.getMessage().contains("after 3 attempts"), e.getMessage());
        assertEquals(3, server.requests().size());
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 401, 403, 404, 410, 204, 302})
    void givesUpAtOnceWhenNoAttemptCouldHelp(int status) throws Exception {
        server.behave(
                exchange -> {
                    exchange.sendResponseHeaders(status, -1);
                    return true;
                });
        LauncherException e = assertThrows(LauncherException.class, this::fetch);
        assertEquals(Kind.TRANSFER, e.kind());
        assertEquals(1, server.requests().size());
        assertNothingKept();
    }

    @Test
    void refusesAnEndlessBody() throws Exception {
        server.behave(
                exchange -> {
                    exchange.sendResponseHeaders(200, 0);
                    OutputStream out = exchange.getResponseBody();
                    byte[] piece = new byte[1 << 16];
                    while (true) {
                        out.write(piece);
                    }
                });
        VerifyException e = assertThrows(VerifyException.class, this::fetch);
        assertTrue(e.getMessage().contains("more than the " + SIZE), e.getMessage());
        assertNothingKept();
    }

    @Test
    void refusesADripFeed() throws Exception {
        server.behave(
                exchange -> {
                    exchange.sendResponseHeaders(200, SIZE);
                    OutputStream out = exchange.getResponseBody();
                    for (int i = 0; i < SIZE; i++) {
                        out.write(bytes[i]);
                        out.flush();
                        Thread.sleep(20);
                    }
                    return true;
                });
        // Each attempt brings some bytes; what ends it is that attempts never bring the required
        // rate.
        Fetcher impatient =
                new Fetcher(
                        store,
                        TestLauncher.LIMITS,
                        new Backoff(TestLauncher.LIMITS, new Random(1)));
        LauncherException e =
                assertThrows(
                        LauncherException.class,
                        () ->
                                assertTimeoutPreemptively(
                                        Duration.ofSeconds(30),
                                        () ->
                                                impatient.fetchAll(
                                                        List.of(blob),
                                                        tree,
                                                        FetchProgress.NONE,
                                                        "test-vm")));
        assertTrue(e.getMessage().contains("fewer than 1024 bytes"), e.getMessage());
        assertFalse(store.has(blob));
    }

    @Test
    void refusesSilenceAfterTheHeaders() throws Exception {
        server.behave(
                exchange -> {
                    exchange.sendResponseHeaders(200, SIZE);
                    exchange.getResponseBody().flush();
                    Thread.sleep(20_000);
                    return true;
                });
        LauncherException e = assertThrows(LauncherException.class, this::fetch);
        assertEquals(Kind.TRANSFER, e.kind());
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 1, 100_000})
    void refusesAnotherLength(int more) throws Exception {
        byte[] other = Arrays.copyOf(bytes, SIZE + more);
        server.behave(
                exchange -> {
                    TestServer.send(exchange, other);
                    return true;
                });
        LauncherException e = assertThrows(LauncherException.class, this::fetch);
        assertTrue(e.getMessage().contains(SIZE + " were signed for"), e.getMessage());
        assertNothingKept();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 200_000, SIZE - 1})
    void refusesAFlippedByte(int at) throws Exception {
        byte[] other = bytes.clone();
        other[at] ^= 0x40;
        server.behave(
                exchange -> {
                    TestServer.send(exchange, other);
                    return true;
                });
        VerifyException e = assertThrows(VerifyException.class, this::fetch);
        assertTrue(e.getMessage().contains(blob.digest().toString()), e.getMessage());
        assertNothingKept();
    }

    @Test
    void refusesAnEncodedBody() throws Exception {
        server.behave(
                exchange -> {
                    exchange.getResponseHeaders().set("Content-Encoding", "gzip");
                    TestServer.send(exchange, bytes);
                    return true;
                });
        LauncherException e = assertThrows(LauncherException.class, this::fetch);
        assertTrue(e.getMessage().contains("Content-Encoding gzip"), e.getMessage());
    }

    @Test
    void refusesAWrongContentRange() throws Exception {
        try (PartialBlob partial = store.begin(blob)) {
            partial.write(bytes, 0, 150_000);
        }
        server.behave(
                exchange -> {
                    exchange.getResponseHeaders()
                            .set("Content-Range", "bytes 0-" + (SIZE - 1) + "/" + SIZE);
                    exchange.sendResponseHeaders(206, SIZE);
                    exchange.getResponseBody().write(bytes);
                    return true;
                });
        LauncherException e = assertThrows(LauncherException.class, this::fetch);
        assertTrue(e.getMessage().contains("Content-Range"), e.getMessage());
    }

    private void redirect(HttpExchange exchange, String to) throws IOException {
        exchange.getResponseHeaders().set("Location", to);
        exchange.sendResponseHeaders(302, -1);
    }

    @Test
    void followsARedirectWithinTheScheme() throws Exception {
        String path = "/" + TreeLayout.blobPath(blob.digest());
        server.behave(
                exchange -> {
                    if (exchange.getRequestURI().getPath().equals("/moved")) {
                        TestServer.send(exchange, bytes);
                    } else {
                        redirect(exchange, "/moved");
                    }
                    return true;
                });
        fetch();
        assertEquals(List.of(path, "/moved"), server.requests());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://127.0.0.1/x",
                "file:///etc/passwd",
                "ftp://127.0.0.1/x",
                "javascript:alert(1)",
                "http://user:secret@127.0.0.1/x",
                "http://",
                "http://a b/",
                ""
            })
    void refusesARedirectElsewhere(String to) throws Exception {
        server.behave(
                exchange -> {
                    redirect(exchange, to);
                    return true;
                });
        LauncherException e = assertThrows(LauncherException.class, this::fetch);
        assertTrue(e.getMessage().contains("redirect"), e.getMessage());
        assertEquals(1, server.requests().size());
    }

    @Test
    void refusesARedirectInCircles() throws Exception {
        server.behave(
                exchange -> {
                    redirect(exchange, exchange.getRequestURI().getPath());
                    return true;
                });
        LauncherException e = assertThrows(LauncherException.class, this::fetch);
        assertTrue(e.getMessage().contains("more than 3 times"), e.getMessage());
        assertEquals(4, server.requests().size());
    }

    @Test
    void boundsMetadata() throws Exception {
        Files.write(dir.resolve("site").resolve("small.json"), new byte[100]);
        assertEquals(100, tree.metadata("small.json", 100).orElseThrow().length);
        assertThrows(IOException.class, () -> tree.metadata("small.json", 99));
        assertTrue(tree.metadata("none.json", 99).isEmpty());
    }

    @Test
    void pausesLongerAfterEachFailureAndNeverTooLong() {
        Backoff backoff = new Backoff(FetchLimits.STANDARD, new Random(3));
        for (int failures = 1; failures < 30; failures++) {
            long full = Math.min(10_000, 300L << Math.min(failures - 1, 20));
            long pause = backoff.next(failures).toMillis();
            assertTrue(pause >= full / 2 && pause <= full, failures + ": " + pause);
        }
    }
}
