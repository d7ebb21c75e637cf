/** The PS/2 keyboard controller, keyboard and mouse. */
package dev.arclet.emulator.device.input;
