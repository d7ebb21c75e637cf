package dev.arclet.launcher.fetch;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Locale;
import java.util.Optional;

/**
 * GET over HTTP(S) with bounds: time to connect and to answer, a least rate for the body, a few
 * redirects within the same scheme. Never sends cookies or credentials. Bodies must not be encoded:
 * lengths and digests are of the bytes as stored.
 */
public final class HttpReader implements Closeable {
    private final HttpClient client;
    private final FetchLimits limits;
    private final StallGuard guard;

    public HttpReader(FetchLimits limits) {
        this.limits = limits;
        guard = new StallGuard(limits.window(), limits.windowBytes());
        client =
                HttpClient.newBuilder()
                        .connectTimeout(limits.connect())
                        .followRedirects(HttpClient.Redirect.NEVER)
                        .build();
    }

    /**
     * An answer whose body is still to be read and closed.
     *
     * @param offset where in the file the body starts; 0 if the server ignored the wish
     */
    public record Answer(InputStream body, long offset) implements Closeable {
        @Override
        public void close() throws IOException {
            body.close();
        }
    }

    /**
     * Opens a file.
     *
     * @param offset first byte wanted; a server may start at 0 nevertheless
     * @param size its whole length if known, else -1
     * @return empty if the server has no such file (404, 410)
     * @throws TransientFetchException if another attempt may help
     */
    public Optional<Answer> get(URI start, long offset, long size)
            throws IOException, InterruptedException {
        URI uri = start;
        for (int hop = 0; ; hop++) {
            HttpRequest.Builder request =
                    HttpRequest.newBuilder(uri)
                            .timeout(limits.headers())
                            .header("Accept", "*/*")
                            .header("Accept-Encoding", "identity")
                            .header("User-Agent", "arclet");
            if (offset > 0) {
                request.header("Range", "bytes=" + offset + "-");
            }
            HttpResponse<InputStream> response = send(request.build());
            int status = response.statusCode();
            if (status == 200 || (status == 206 && offset > 0)) {
                return Optional.of(answer(uri, response, offset, size));
            }
            response.body().close();
            switch (status) {
                case 301, 302, 303, 307, 308 -> {
                    if (hop == limits.redirects()) {
                        throw new IOException(
                                start + " redirects more than " + limits.redirects() + " times");
                    }
                    uri = target(uri, response);
                }
                case 404, 410 -> {
                    return Optional.empty();
                }
                case 416 -> {
                    // What was kept does not fit the file there; start over without a range.
                    if (offset == 0) {
                        throw new IOException(uri + " answers 416 to a request without a range");
                    }
                    offset = 0;
                }
                case 408, 425, 429, 500, 502, 503, 504 ->
                        throw new TransientFetchException(uri + " answers " + status);
                default -> throw new IOException(uri + " answers " + status);
            }
        }
    }

    private HttpResponse<InputStream> send(HttpRequest request)
            throws IOException, InterruptedException {
        try {
            return client.send(request, HttpResponse.BodyHandlers.ofInputStream());
        } catch (IOException e) {
            String cause = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
            throw new TransientFetchException(
                    "no answer from " + request.uri() + " (" + cause + ")", e);
        }
    }

    private Answer answer(URI uri, HttpResponse<InputStream> response, long offset, long size)
            throws IOException {
        InputStream body = guard.guard(response.body());
        boolean good = false;
        try {
            String encoding = response.headers().firstValue("Content-Encoding").orElse("identity");
            if (!encoding.equalsIgnoreCase("identity")) {
                throw new IOException(
                        uri
                                + " is sent with Content-Encoding "
                                + encoding
                                + ", which was not asked for");
            }
            long startsAt =
                    response.statusCode() == 206 ? contentRange(uri, response, offset, size) : 0;
            long left = size < 0 ? -1 : size - startsAt;
            long length = response.headers().firstValueAsLong("Content-Length").orElse(left);
            if (left >= 0 && length != left) {
                throw new IOException(
                        uri
                                + " has "
                                + (startsAt + length)
                                + " bytes; "
                                + size
                                + " were signed for");
            }
            good = true;
            return new Answer(body, startsAt);
        } catch (NumberFormatException e) {
            throw new IOException(uri + " is sent with a malformed Content-Length", e);
        } finally {
            if (!good) {
                body.close();
            }
        }
    }

    /** RFC 9110 section 14.4: {@code bytes first-last/length}, where length may be {@code *}. */
    private static long contentRange(
            URI uri, HttpResponse<InputStream> response, long offset, long size)
            throws IOException {
        String range = response.headers().firstValue("Content-Range").orElse("");
        String wanted = "bytes " + offset + "-" + (size - 1) + "/";
        if (size < 0 || !(range.equals(wanted + size) || range.equals(wanted + "*"))) {
            throw new IOException(
                    uri
                            + " answers 206 with Content-Range \""
                            + range
                            + "\", not "
                            + wanted
                            + size);
        }
        return offset;
    }

    private static URI target(URI from, HttpResponse<InputStream> response) throws IOException {
        String location = response.headers().firstValue("Location").orElse("");
        URI to;
        try {
            to = from.resolve(location);
        } catch (IllegalArgumentException e) {
            throw new IOException(from + " redirects to a malformed address", e);
        }
        String scheme = to.getScheme() == null ? "" : to.getScheme().toLowerCase(Locale.ROOT);
        if (location.isEmpty() || to.getHost() == null || to.getUserInfo() != null) {
            throw new IOException(from + " redirects to \"" + location + "\", which is no address");
        }
        if (!scheme.equalsIgnoreCase(from.getScheme())) {
            throw new IOException(
                    from
                            + " redirects to "
                            + to
                            + ": a redirect must stay with "
                            + from.getScheme());
        }
        return to;
    }

    @Override
    public void close() {
        guard.close();
        client.shutdownNow();
    }
}
