package dev.arclet.format.model;

/** Controller that a disk hangs on. A floppy uses {@link #FLOPPY} and nothing else does. */
public enum DiskBus {
    IDE,
    VIRTIO,
    FLOPPY
}
