package dev.arclet.server;

import dev.arclet.format.digest.Digest;
import dev.arclet.format.tree.TreeLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A file of a published tree that may be served.
 *
 * @param path where it is
 * @param size its bytes
 * @param etag strong entity tag, with quotes: the digest of its bytes
 * @param contentType media type
 * @param immutable whether its URL will never mean other bytes
 */
record TreeFile(Path path, long size, String etag, String contentType, boolean immutable) {
    /**
     * What a path of a tree looks like. Everything else (dot segments, empty segments, escapes,
     * back slashes, hidden files) is no file of a tree, so a request cannot leave it.
     */
    private static final Pattern TREE_PATH =
            Pattern.compile(
                    "[A-Za-z0-9][A-Za-z0-9._-]{0,127}(/[A-Za-z0-9][A-Za-z0-9._-]{0,127}){0,5}");

    private static final Pattern BLOB =
            Pattern.compile(TreeLayout.BLOBS + "/([0-9a-f]{2})/(\\1[0-9a-f]{62})");

    /** Largest file that is not a blob; its entity tag is computed at each request. */
    private static final long MAX_METADATA = 16 << 20;

    /**
     * Finds what a request path names.
     *
     * @param root the tree
     * @param request path without leading slash, as sent (not decoded)
     */
    static Optional<TreeFile> find(Path root, String request) throws IOException {
        if (!TREE_PATH.matcher(request).matches()) {
            return Optional.empty();
        }
        Path path = root;
        for (String segment : request.split("/", -1)) {
            path = path.resolve(segment);
            if (Files.isSymbolicLink(path)) {
                return Optional.empty();
            }
        }
        if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
            return Optional.empty();
        }
        long size = Files.size(path);
        var blob = BLOB.matcher(request);
        if (blob.matches()) {
            return Optional.of(
                    new TreeFile(
                            path,
                            size,
                            '"' + blob.group(2) + '"',
                            "application/octet-stream",
                            true));
        }
        if (size > MAX_METADATA || !request.endsWith(".json")) {
            return Optional.empty();
        }
        return Optional.of(
                new TreeFile(
                        path, size, '"' + Digest.of(path).hex() + '"', "application/json", false));
    }
}
