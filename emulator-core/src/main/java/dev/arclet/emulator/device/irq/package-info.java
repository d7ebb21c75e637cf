/** Interrupt controllers: the 8259A pair. */
package dev.arclet.emulator.device.irq;
