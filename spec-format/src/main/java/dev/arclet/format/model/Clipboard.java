package dev.arclet.format.model;

/** Directions in which text may be copied. */
public enum Clipboard {
    NONE,
    TO_GUEST,
    FROM_GUEST,
    BOTH
}
