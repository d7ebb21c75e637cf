package dev.arclet.server;

import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HandlerType;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * Answers GET and HEAD for files of the tree: entity tags, conditions, ranges (RFC 9110, RFC 9111).
 */
final class TreeHandler implements Handler {
    private static final String IMMUTABLE = "public, max-age=31536000, immutable, no-transform";

    /** Channel metadata is short-lived: a launcher must see a new timestamp soon. */
    private static final String SHORT_LIVED = "public, max-age=60, no-transform";

    private final Path root;

    TreeHandler(Path root) {
        this.root = root;
    }

    @Override
    public void handle(Context ctx) throws IOException {
        String request = ctx.req().getRequestURI();
        Optional<TreeFile> found =
                request.startsWith("/")
                        ? TreeFile.find(root, request.substring(1))
                        : Optional.empty();
        if (found.isEmpty()) {
            ErrorPage.notFound(ctx);
            return;
        }
        serve(ctx, found.get());
    }

    private static void serve(Context ctx, TreeFile file) throws IOException {
        ctx.header("ETag", file.etag());
        ctx.header("Cache-Control", file.immutable() ? IMMUTABLE : SHORT_LIVED);
        ctx.header("Accept-Ranges", "bytes");
        ctx.contentType(file.contentType());
        String noneMatch = ctx.header("If-None-Match");
        if (noneMatch != null && matches(noneMatch, file.etag())) {
            ctx.status(304);
            return;
        }
        ByteRange range = new ByteRange(0, file.size() - 1);
        String header = ctx.header("Range");
        String ifRange = ctx.header("If-Range");
        if (header != null && (ifRange == null || ifRange.strip().equals(file.etag()))) {
            try {
                Optional<ByteRange> part = ByteRange.parse(header, file.size());
                if (part.isPresent()) {
                    range = part.get();
                    ctx.status(206);
                    ctx.header(
                            "Content-Range",
                            "bytes " + range.first() + "-" + range.last() + "/" + file.size());
                }
            } catch (ByteRange.NotSatisfiable e) {
                ctx.status(416);
                ctx.header("Content-Range", "bytes */" + file.size());
                return;
            }
        }
        ctx.res().setContentLengthLong(range.length());
        if (ctx.method().equals(HandlerType.HEAD)) {
            return;
        }
        try (InputStream in = Files.newInputStream(file.path())) {
            in.skipNBytes(range.first());
            copy(in, ctx.res().getOutputStream(), range.length());
        }
    }

    /** Weak comparison, as If-None-Match wants it (RFC 9110, section 13.1.2). */
    private static boolean matches(String header, String etag) {
        return Arrays.stream(header.split(",", -1))
                .map(String::strip)
                .map(tag -> tag.startsWith("W/") ? tag.substring(2) : tag)
                .anyMatch(tag -> tag.equals("*") || tag.equals(etag));
    }

    private static void copy(InputStream in, OutputStream out, long length) throws IOException {
        byte[] buffer = new byte[1 << 16];
        long left = length;
        while (left > 0) {
            int n = in.read(buffer, 0, (int) Math.min(buffer.length, left));
            if (n < 0) {
                throw new IOException("the file has become shorter while it was sent");
            }
            out.write(buffer, 0, n);
            left -= n;
        }
    }
}
