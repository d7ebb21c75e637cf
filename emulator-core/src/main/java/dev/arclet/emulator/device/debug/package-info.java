/** Ports that exist for people who debug guests. */
package dev.arclet.emulator.device.debug;
