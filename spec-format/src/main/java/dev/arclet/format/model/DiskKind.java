package dev.arclet.format.model;

/** What the guest sees the medium as. */
public enum DiskKind {
    DISK,
    CDROM,
    FLOPPY
}
