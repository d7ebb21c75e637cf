package dev.arclet.launcher.policy;

/**
 * What this version of the launcher is able to give a guest at all. What it cannot give it says so
 * before consent, rather than seem to grant it.
 */
public record Abilities(
        boolean network, boolean clipboard, boolean audio, boolean folders, boolean ports) {
    /** Of this version. */
    public static final Abilities CURRENT = new Abilities(true, false, true, false, true);
}
