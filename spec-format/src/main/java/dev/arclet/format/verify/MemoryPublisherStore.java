package dev.arclet.format.verify;

import dev.arclet.format.model.PublisherId;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Remembers until the process ends. */
public final class MemoryPublisherStore implements PublisherStore {
    private record Key(PublisherId id, String role) {}

    private final Map<String, PublisherId> pins = new ConcurrentHashMap<>();
    private final Map<Key, byte[]> documents = new ConcurrentHashMap<>();

    @Override
    public Optional<PublisherId> pinned(String location) {
        return Optional.ofNullable(pins.get(location));
    }

    @Override
    public void pin(String location, PublisherId id) {
        pins.put(location, id);
    }

    @Override
    public Optional<byte[]> metadata(PublisherId id, String role) {
        return Optional.ofNullable(documents.get(new Key(id, role))).map(byte[]::clone);
    }

    @Override
    public void saveMetadata(PublisherId id, String role, byte[] bytes) {
        documents.put(new Key(id, role), bytes.clone());
    }
}
