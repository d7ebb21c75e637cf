package dev.arclet.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.format.digest.Digest;
import dev.arclet.format.tree.TreeLayout;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArcletServerTest {
    @TempDir static Path dir;

    private static final byte[] BLOB = new byte[300_000];
    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static String blobPath;
    private static ArcletServer server;
    private static int port;

    @BeforeAll
    static void start() throws IOException {
        new Random(1).nextBytes(BLOB);
        Path root = dir.resolve("tree");
        blobPath = TreeLayout.blobPath(Digest.of(BLOB));
        Files.createDirectories(root.resolve(blobPath).getParent());
        Files.write(root.resolve(blobPath), BLOB);
        Files.writeString(root.resolve("blobs/note.txt"), "not part of a tree");
        Files.createDirectories(root.resolve("vm/a"));
        Files.writeString(root.resolve("vm/a/arclet.json"), "{}");
        Files.writeString(dir.resolve("secret.json"), "{\"secret\":1}");
        Files.createSymbolicLink(root.resolve("vm/link.json"), dir.resolve("secret.json"));
        server = new ArcletServer(root);
        port = server.start("127.0.0.1", 0);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static HttpResponse<byte[]> send(String method, String path, String... headers)
            throws Exception {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                        .method(method, HttpRequest.BodyPublishers.noBody());
        if (headers.length > 0) {
            request.headers(headers);
        }
        return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    }

    private static String header(HttpResponse<?> response, String name) {
        return response.headers().firstValue(name).orElse("");
    }

    @Test
    void servesBlobsWhole() throws Exception {
        var response = send("GET", "/" + blobPath);
        assertEquals(200, response.statusCode());
        assertArrayEquals(BLOB, response.body());
        assertEquals('"' + Digest.of(BLOB).hex() + '"', header(response, "ETag"));
        assertTrue(header(response, "Cache-Control").contains("immutable"));
        assertEquals("bytes", header(response, "Accept-Ranges"));
        assertEquals("nosniff", header(response, "X-Content-Type-Options"));
        assertEquals("", header(response, "Content-Encoding"));
    }

    @Test
    void servesRanges() throws Exception {
        var response = send("GET", "/" + blobPath, "Range", "bytes=1000-65999");
        assertEquals(206, response.statusCode());
        assertEquals("bytes 1000-65999/300000", header(response, "Content-Range"));
        assertArrayEquals(Arrays.copyOfRange(BLOB, 1000, 66000), response.body());
    }

    @Test
    void servesRangesOfTheSameRepresentationOnly() throws Exception {
        String etag = '"' + Digest.of(BLOB).hex() + '"';
        assertEquals(
                206,
                send("GET", "/" + blobPath, "Range", "bytes=0-9", "If-Range", etag).statusCode());
        assertEquals(
                200,
                send("GET", "/" + blobPath, "Range", "bytes=0-9", "If-Range", "\"other\"")
                        .statusCode());
    }

    @Test
    void refusesRangesBehindTheEnd() throws Exception {
        var response = send("GET", "/" + blobPath, "Range", "bytes=300000-");
        assertEquals(416, response.statusCode());
        assertEquals("bytes */300000", header(response, "Content-Range"));
    }

    @Test
    void answersNotModified() throws Exception {
        String etag = header(send("GET", "/" + blobPath), "ETag");
        for (String condition : new String[] {etag, "W/" + etag, "\"x\", " + etag, "*"}) {
            var response = send("GET", "/" + blobPath, "If-None-Match", condition);
            assertEquals(304, response.statusCode(), condition);
            assertEquals(0, response.body().length);
        }
    }

    @Test
    void answersHeadWithoutBody() throws Exception {
        var response = send("HEAD", "/" + blobPath);
        assertEquals(200, response.statusCode());
        assertEquals("300000", header(response, "Content-Length"));
    }

    @Test
    void metadataIsShortLived() throws Exception {
        var response = send("GET", "/vm/a/arclet.json");
        assertEquals(200, response.statusCode());
        assertEquals("application/json", header(response, "Content-Type"));
        assertTrue(header(response, "Cache-Control").contains("max-age=60"));
    }

    /** Sends a path as it is; client libraries would normalise it. */
    private static String raw(String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(request.getBytes(UTF_8));
            socket.getOutputStream().flush();
            InputStream in = socket.getInputStream();
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            byte[] buffer = new byte[4096];
            for (int n = in.read(buffer); n >= 0 && out.size() < 100_000; n = in.read(buffer)) {
                out.write(buffer, 0, n);
            }
            return out.toString(UTF_8);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/blobs/../../secret.json",
                "/blobs/%2e%2e/%2e%2e/secret.json",
                "/blobs/..%2f..%2fsecret.json",
                "/blobs/..\\..\\secret.json",
                "/blobs//secret.json",
                "/blobs/./note.txt",
                "/blobs/note.txt",
                "/blobs/%00",
                "/vm/link.json",
                "/vm/../../secret.json",
                "/secret.json",
                "//etc/passwd",
                "/etc/passwd",
                "/publishers/;/../secret.json",
                "/vm/a/arclet.json/",
                "/vm/a",
                "/blobs/sha256",
            })
    void servesNothingButTheTree(String path) throws Exception {
        String answer = raw("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assertTrue(answer.startsWith("HTTP/1.1 4"), path + " -> " + answer.lines().findFirst());
        assertFalse(answer.contains("secret\":1"), path);
        assertFalse(answer.contains("root:"), path);
    }

    @Test
    void refusesOtherMethods() throws Exception {
        for (String method : new String[] {"POST", "PUT", "DELETE", "PATCH"}) {
            assertEquals(405, send(method, "/" + blobPath).statusCode(), method);
        }
    }

    @Test
    void boundsRequestHeaders() throws Exception {
        String answer =
                raw("GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + "a".repeat(20_000) + "\r\n\r\n");
        assertTrue(answer.startsWith("HTTP/1.1 431"), answer.lines().findFirst().orElse(""));
    }

    @Test
    void anEmptyGallerySaysSo() throws Exception {
        var response = send("GET", "/");
        assertEquals(200, response.statusCode());
        assertTrue(new String(response.body(), UTF_8).contains("Nothing is published here yet"));
        assertTrue(header(response, "Content-Security-Policy").contains("frame-ancestors 'none'"));
    }
}
