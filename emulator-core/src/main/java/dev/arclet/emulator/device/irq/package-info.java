/** Interrupt controllers: the 8259A pair, local APIC and IOAPIC. */
package dev.arclet.emulator.device.irq;
