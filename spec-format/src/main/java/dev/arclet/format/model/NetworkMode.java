package dev.arclet.format.model;

/** Whether the guest asks for a network at all. */
public enum NetworkMode {
    NONE,
    USER
}
