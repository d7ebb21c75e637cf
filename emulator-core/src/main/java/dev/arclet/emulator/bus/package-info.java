/** What devices are made of: port and memory access, interrupt wires, virtual time. */
package dev.arclet.emulator.bus;
