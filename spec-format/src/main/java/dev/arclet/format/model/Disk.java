package dev.arclet.format.model;

import java.util.List;

/**
 * A disk: a stack of layers, base first. The top layer gives its size.
 *
 * @param name unique in the spec
 * @param layers 1 to 8
 */
public record Disk(String name, DiskKind kind, DiskBus bus, List<Layer> layers, Writes writes) {
    public Disk {
        layers = List.copyOf(layers);
    }

    /** Bytes that the guest sees. */
    public long size() {
        return layers.getLast().diskSize();
    }
}
