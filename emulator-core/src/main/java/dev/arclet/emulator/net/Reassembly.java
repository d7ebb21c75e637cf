package dev.arclet.emulator.net;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Puts fragments together (RFC 791 section 3.2, in the manner of RFC 815's holes, kept as a set of
 * 8-byte blocks). A few packets at a time, for a short while; overlapping fragments drop the packet
 * (RFC 5722's rule, for IPv4 as well).
 */
final class Reassembly {
    private static final int MAX_PACKETS = 8;
    private static final long TIMEOUT_NANOS = 15_000_000_000L;
    private static final int BLOCK = 8;

    private record Key(int source, int destination, int protocol, int identification) {}

    private static final class Partial {
        private final long started;
        private final BitSet blocks = new BitSet();
        private byte[] data = new byte[0];
        private int total = -1;

        Partial(long started) {
            this.started = started;
        }
    }

    private final Map<Key, Partial> partials = new LinkedHashMap<>();

    /**
     * Takes a fragment.
     *
     * @param now nanoseconds
     * @return the whole packet if this was the last piece of it, else null
     */
    Ipv4.Packet add(Ipv4.Packet f, long now) {
        expire(now);
        int end = f.fragmentOffset() + f.length();
        boolean proper =
                f.length() > 0
                        && end <= Ipv4.MAX_PAYLOAD
                        && (!f.moreFragments() || f.length() % BLOCK == 0);
        if (!proper) {
            return null;
        }
        Key key = new Key(f.source(), f.destination(), f.protocol(), f.identification());
        Partial partial = partials.get(key);
        if (partial == null) {
            if (partials.size() >= MAX_PACKETS) {
                Iterator<Key> oldest = partials.keySet().iterator();
                oldest.next();
                oldest.remove();
            }
            partial = new Partial(now);
            partials.put(key, partial);
        }
        int first = f.fragmentOffset() / BLOCK;
        int last = (end + BLOCK - 1) / BLOCK;
        int taken = partial.blocks.nextSetBit(first);
        boolean overlaps = taken >= 0 && taken < last;
        boolean pastEnd = partial.total >= 0 && (end > partial.total || !f.moreFragments());
        if (overlaps || pastEnd || !f.moreFragments() && partial.data.length > end) {
            partials.remove(key);
            return null;
        }
        if (end > partial.data.length) {
            partial.data = Arrays.copyOf(partial.data, end);
        }
        System.arraycopy(f.data(), f.payload(), partial.data, f.fragmentOffset(), f.length());
        partial.blocks.set(first, last);
        if (!f.moreFragments()) {
            partial.total = end;
        }
        if (partial.total < 0
                || partial.blocks.nextClearBit(0) < (partial.total + BLOCK - 1) / BLOCK) {
            return null;
        }
        partials.remove(key);
        return new Ipv4.Packet(
                partial.data,
                -1,
                0,
                partial.total,
                f.protocol(),
                f.source(),
                f.destination(),
                f.identification(),
                0,
                false);
    }

    private void expire(long now) {
        partials.values().removeIf(p -> now - p.started > TIMEOUT_NANOS);
    }
}
