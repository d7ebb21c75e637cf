package dev.arclet.launcher.policy;

import dev.arclet.format.model.Audio;
import dev.arclet.format.model.Capabilities;
import dev.arclet.format.model.Clipboard;
import dev.arclet.format.model.FolderRequest;
import dev.arclet.format.model.Network;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What is granted: never more than the spec asks, the user ticked and this version is able to give.
 *
 * @param granted the rest is denied
 * @param folders host folder for each granted folder request, by its name
 */
public record Decision(Capabilities granted, Map<String, Path> folders) {
    public Decision {
        folders = Map.copyOf(folders);
    }

    /** Intersects request, choice and abilities. */
    public static Decision of(Capabilities asked, Choice choice, Abilities able) {
        Map<String, Path> folders = new LinkedHashMap<>();
        if (able.folders()) {
            for (FolderRequest request : asked.folders()) {
                Path chosen = choice.folders().get(request.name());
                if (chosen != null) {
                    folders.put(request.name(), chosen);
                }
            }
        }
        Capabilities granted =
                new Capabilities(
                        choice.network() && able.network() ? asked.network() : Network.NONE,
                        choice.clipboard() && able.clipboard() ? asked.clipboard() : Clipboard.NONE,
                        choice.audio() && able.audio() ? asked.audio() : Audio.NONE,
                        asked.folders().stream()
                                .filter(f -> folders.containsKey(f.name()))
                                .toList(),
                        choice.ports() && able.ports() ? asked.ports() : List.of());
        return new Decision(granted, folders);
    }
}
