package dev.arclet.format.model;

/** A place the firmware looks for a boot sector. */
public enum BootDevice {
    DISK,
    CDROM,
    FLOPPY,
    NETWORK
}
