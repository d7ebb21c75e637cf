package dev.arclet.server;

import dev.arclet.format.SpecException;
import io.javalin.Javalin;
import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves one published tree. Only GET and HEAD exist, nothing a client sends is stored, and
 * requests are bounded in size, time and number.
 */
public final class ArcletServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ArcletServer.class);

    private static final int MAX_THREADS = 64;
    private static final int IDLE_TIMEOUT_MILLIS = 30_000;
    private static final int MAX_REQUEST_HEADER = 8 << 10;

    /** Pages run our own script and style only, and cannot be framed or send forms. */
    private static final String CONTENT_SECURITY_POLICY =
            "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; base-uri 'none';"
                    + " form-action 'none'; frame-ancestors 'none'";

    private final Javalin javalin;

    /**
     * A server that has not started.
     *
     * @param root the published tree, an existing folder
     */
    public ArcletServer(Path root) {
        TreeHandler tree = new TreeHandler(root);
        GalleryPages pages = new GalleryPages(root);
        javalin =
                Javalin.create(
                        config -> {
                            config.startup.showJavalinBanner = false;
                            config.http.maxRequestSize = 0;
                            config.http.prefer405over404 = true;
                            config.http.compressionStrategy =
                                    io.javalin.compression.CompressionStrategy.NONE;
                            config.jetty.threadPool =
                                    new QueuedThreadPool(MAX_THREADS, 2, IDLE_TIMEOUT_MILLIS);
                            config.jetty.modifyHttpConfiguration(
                                    http -> {
                                        http.setSendServerVersion(false);
                                        http.setRequestHeaderSize(MAX_REQUEST_HEADER);
                                        http.setIdleTimeout(IDLE_TIMEOUT_MILLIS);
                                    });
                            config.routes.before(ArcletServer::commonHeaders);
                            config.routes.get("/", pages::gallery);
                            config.routes.get("/vm/{name}", pages::landing);
                            config.routes.get("/assets/{file}", ArcletServer::asset);
                            config.routes.get("/screenshots/{file}", ctx -> screenshot(ctx, pages));
                            for (String folder :
                                    new String[] {"/blobs/*", "/publishers/*", "/vm/*"}) {
                                config.routes.get(folder, tree);
                                config.routes.head(folder, tree);
                            }
                            config.routes.get("/catalog.json", tree);
                            config.routes.head("/catalog.json", tree);
                            config.routes.error(404, ErrorPage::notFound);
                            config.routes.exception(SpecException.class, ArcletServer::failed);
                            config.routes.exception(IOException.class, ArcletServer::failed);
                        });
    }

    private static void commonHeaders(Context ctx) {
        ctx.header("X-Content-Type-Options", "nosniff");
        ctx.header("Referrer-Policy", "no-referrer");
        ctx.header("Content-Security-Policy", CONTENT_SECURITY_POLICY);
        ctx.header("Cross-Origin-Opener-Policy", "same-origin");
    }

    private static void failed(Exception e, Context ctx) {
        LOG.error("cannot answer {} {}: {}", ctx.method(), ctx.path(), e.getMessage());
        ctx.status(500).result("The server could not read its tree. Its log says why.\n");
    }

    private static void asset(Context ctx) throws IOException {
        String name = ctx.pathParam("file");
        String type =
                switch (name) {
                    case "gallery.css" -> "text/css; charset=utf-8";
                    case "landing.js" -> "text/javascript; charset=utf-8";
                    default -> null;
                };
        if (type == null) {
            ErrorPage.notFound(ctx);
            return;
        }
        try (InputStream in = ArcletServer.class.getResourceAsStream("/web/gallery/" + name)) {
            ctx.header("Cache-Control", "no-cache");
            ctx.contentType(type).result(in.readAllBytes());
        }
    }

    private static void screenshot(Context ctx, GalleryPages pages)
            throws IOException, SpecException {
        String file = ctx.pathParam("file");
        Optional<Path> image =
                file.endsWith(".png")
                        ? pages.screenshot(file.substring(0, file.length() - 4))
                        : Optional.empty();
        if (image.isEmpty() || !Files.isRegularFile(image.get())) {
            ErrorPage.notFound(ctx);
            return;
        }
        ctx.header("Cache-Control", "public, max-age=31536000, immutable");
        ctx.contentType("image/png").result(Files.readAllBytes(image.get()));
    }

    /**
     * Starts listening.
     *
     * @param host address to bind
     * @param port port, or 0 for a free one
     * @return the port
     */
    public int start(String host, int port) {
        javalin.start(host, port);
        return javalin.port();
    }

    @Override
    public void close() {
        javalin.stop();
    }
}
