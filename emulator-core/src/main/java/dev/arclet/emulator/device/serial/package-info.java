/** Serial ports: the 16550A UART. */
package dev.arclet.emulator.device.serial;
