/** What the machine tells its firmware. */
package dev.arclet.emulator.device.firmware;
