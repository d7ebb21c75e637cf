package dev.arclet.format.model;

/** Sound wanted. */
public enum Audio {
    NONE,
    OUTPUT
}
