/** The display adapter: a VGA with the Bochs VBE extensions, and what draws its picture. */
package dev.arclet.emulator.device.video;
