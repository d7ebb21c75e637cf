package dev.arclet.format.verify;

import dev.arclet.format.model.PublisherId;
import java.io.IOException;
import java.util.Optional;

/**
 * What a launcher remembers of publishers. It is trusted, so it belongs in a folder of the user's
 * own.
 */
public interface PublisherStore {
    /** The publisher that a location was first used with. */
    Optional<PublisherId> pinned(String location) throws IOException;

    /** Remembers the publisher of a location; the launcher calls it once the user has agreed. */
    void pin(String location, PublisherId id) throws IOException;

    /**
     * The newest verified document of a role.
     *
     * @param role {@code root}, {@code timestamp}, {@code snapshot} or {@code targets}
     */
    Optional<byte[]> metadata(PublisherId id, String role) throws IOException;

    /** Keeps a verified document; it must survive a crash once this returns. */
    void saveMetadata(PublisherId id, String role, byte[] bytes) throws IOException;
}
