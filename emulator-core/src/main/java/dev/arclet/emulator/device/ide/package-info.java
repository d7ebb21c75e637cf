/**
 * IDE: a channel with up to two devices on its cable, ATA disks and ATAPI CD drives. The PCI
 * function in front, with the bus master, is in the chipset.
 */
package dev.arclet.emulator.device.ide;
