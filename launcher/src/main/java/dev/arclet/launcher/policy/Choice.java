package dev.arclet.launcher.policy;

import java.nio.file.Path;
import java.util.Map;

/**
 * What the user ticked.
 *
 * @param folders host folder to share for each requested name; names without one are not shared
 * @param always whether to remember this for the publisher
 */
public record Choice(
        boolean network,
        boolean clipboard,
        boolean audio,
        boolean ports,
        Map<String, Path> folders,
        boolean always) {
    /** Runs the machine and grants nothing else. */
    public static final Choice NOTHING = new Choice(false, false, false, false, Map.of(), false);

    public Choice {
        folders = Map.copyOf(folders);
    }
}
