package dev.arclet.format.build;

/** Hears what a build is doing. */
public interface BuildListener {
    /** Hears nothing. */
    BuildListener NONE = message -> {};

    /** A step begins, or something is worth knowing. One line. */
    void note(String message);
}
