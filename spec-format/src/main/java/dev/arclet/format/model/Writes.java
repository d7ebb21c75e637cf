package dev.arclet.format.model;

/** What becomes of the guest's writes; the layers themselves never change. */
public enum Writes {
    /** The device reports write protection. */
    READ_ONLY,
    /** Kept until the machine ends. */
    DISCARD,
    /** Kept on the visitor's machine, per publisher and VM name. */
    KEEP
}
