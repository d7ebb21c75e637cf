package dev.arclet.format.model;

import java.util.List;

/** What the guest asks of the host. The visitor's consent decides; absent means not wanted. */
public record Capabilities(
        Network network,
        Clipboard clipboard,
        Audio audio,
        List<FolderRequest> folders,
        List<PortRequest> ports) {
    /** Asks for nothing. */
    public static final Capabilities NONE =
            new Capabilities(Network.NONE, Clipboard.NONE, Audio.NONE, List.of(), List.of());

    public Capabilities {
        folders = List.copyOf(folders);
        ports = List.copyOf(ports);
    }
}
