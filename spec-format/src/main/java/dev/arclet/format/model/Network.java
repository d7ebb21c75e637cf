package dev.arclet.format.model;

import java.util.List;

/**
 * Network wanted. Nothing is granted by asking; what no rule names is denied.
 *
 * @param allow empty when mode is {@link NetworkMode#NONE}
 */
public record Network(NetworkMode mode, List<NetworkRule> allow) {
    /** No network. */
    public static final Network NONE = new Network(NetworkMode.NONE, List.of());

    public Network {
        allow = List.copyOf(allow);
    }
}
