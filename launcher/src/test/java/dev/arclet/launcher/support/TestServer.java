package dev.arclet.launcher.support;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A real HTTP server on loopback. Serves a folder, unless a test's own behaviour takes the request.
 */
public final class TestServer implements Closeable {
    /** A test's behaviour. */
    public interface Behaviour {
        /** Answers the request, or returns false to have the folder's file served. */
        boolean handle(HttpExchange exchange) throws IOException, InterruptedException;
    }

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Path folder;
    private final AtomicInteger now = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private volatile Behaviour behaviour = exchange -> false;

    /**
     * @param folder to serve
     */
    public TestServer(Path folder) throws IOException {
        this.folder = folder;
        server =
                HttpServer.create(
                        new InetSocketAddress(
                                InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0),
                        0);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    /** Replaces the behaviour. */
    public void behave(Behaviour next) {
        behaviour = next;
    }

    public URI base() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/");
    }

    /** Most requests that were open at one time. */
    public int mostAtOnce() {
        return most.get();
    }

    /** Paths asked for, each followed by a blank and its Range header if it had one. */
    public List<String> requests() {
        return requests;
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            most.accumulateAndGet(now.incrementAndGet(), Math::max);
            String range = exchange.getRequestHeaders().getFirst("Range");
            requests.add(exchange.getRequestURI().getPath() + (range == null ? "" : " " + range));
            if (!behaviour.handle(exchange)) {
                serve(exchange);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            now.decrementAndGet();
        }
    }

    /** Serves the folder's file, with Range. */
    public void serve(HttpExchange exchange) throws IOException {
        Path file = folder.resolve("." + exchange.getRequestURI().getPath()).normalize();
        if (!file.startsWith(folder) || !Files.isRegularFile(file)) {
            exchange.sendResponseHeaders(404, -1);
            return;
        }
        send(exchange, Files.readAllBytes(file));
    }

    /** Sends bytes, with Range. */
    public static void send(HttpExchange exchange, byte[] bytes) throws IOException {
        String range = exchange.getRequestHeaders().getFirst("Range");
        int from = 0;
        int status = 200;
        if (range != null) {
            from = Integer.parseInt(range.replace("bytes=", "").replace("-", ""));
            status = 206;
            exchange.getResponseHeaders()
                    .set(
                            "Content-Range",
                            "bytes " + from + "-" + (bytes.length - 1) + "/" + bytes.length);
        }
        int length = bytes.length - from;
        exchange.sendResponseHeaders(status, length == 0 ? -1 : length);
        if (length > 0) {
            exchange.getResponseBody().write(bytes, from, length);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
