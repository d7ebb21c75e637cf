package dev.arclet.server;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A single byte range of a representation (RFC 9110, section 14).
 *
 * @param first offset of the first byte
 * @param last offset of the last byte
 */
record ByteRange(long first, long last) {
    private static final Pattern SINGLE = Pattern.compile("bytes=([0-9]{0,18})-([0-9]{0,18})");

    /** Thrown where no byte of the range exists: the answer is 416. */
    static final class NotSatisfiable extends Exception {
        private static final long serialVersionUID = 1L;
    }

    /** Number of bytes. */
    long length() {
        return last - first + 1;
    }

    /**
     * Reads a Range header. Several ranges, other units and malformed values are ignored, as the
     * RFC allows: the whole representation is sent.
     *
     * @param size bytes of the representation
     * @throws NotSatisfiable if the range lies behind the end
     */
    static Optional<ByteRange> parse(String header, long size) throws NotSatisfiable {
        Matcher matcher = SINGLE.matcher(header.strip());
        if (!matcher.matches()) {
            return Optional.empty();
        }
        String from = matcher.group(1);
        String to = matcher.group(2);
        if (from.isEmpty()) {
            if (to.isEmpty()) {
                return Optional.empty();
            }
            long suffix = Math.min(Long.parseLong(to), size);
            if (suffix == 0) {
                throw new NotSatisfiable();
            }
            return Optional.of(new ByteRange(size - suffix, size - 1));
        }
        long first = Long.parseLong(from);
        long last = to.isEmpty() ? size - 1 : Math.min(Long.parseLong(to), size - 1);
        if (!to.isEmpty() && Long.parseLong(to) < first) {
            return Optional.empty();
        }
        if (first >= size) {
            throw new NotSatisfiable();
        }
        return Optional.of(new ByteRange(first, last));
    }
}
