/** Guest RAM and the physical address map. */
package dev.arclet.emulator.memory;
