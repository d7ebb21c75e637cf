package dev.arclet.format.model;

/**
 * Devices beyond those every machine has (interrupt controllers, timers, RTC, keyboard, serial
 * port). Text form: the name in lower case with hyphens, such as {@code virtio-net}.
 */
public enum Device {
    VIRTIO_NET,
    NE2K_PCI,
    RTL8139,
    VIRTIO_RNG,
    VIRTIO_CONSOLE,
    VIRTIO_9P,
    VIRTIO_BALLOON,
    AC97,
    SB16
}
