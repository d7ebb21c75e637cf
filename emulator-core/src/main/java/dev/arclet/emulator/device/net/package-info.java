/** Network cards that are no virtio devices. */
package dev.arclet.emulator.device.net;
