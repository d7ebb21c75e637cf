/** Floppy disk drives and their controller. */
package dev.arclet.emulator.device.floppy;
