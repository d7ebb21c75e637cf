/**
 * Virtio devices (OASIS Virtual I/O Device Version 1.2): what each kind does with its virtqueues,
 * and the virtqueues. How a driver finds them is the transport's affair: {@link
 * dev.arclet.emulator.chipset.VirtioPci}.
 *
 * <p>The driver's memory is not trusted. Rings, descriptors and requests are copied out before they
 * are looked at, chains are bounded, and a driver that breaks the rules finds {@code
 * DEVICE_NEEDS_RESET} in the status register.
 */
package dev.arclet.emulator.device.virtio;
