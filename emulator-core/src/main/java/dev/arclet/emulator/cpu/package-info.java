/** The processor's state and the seam to its engines. */
package dev.arclet.emulator.cpu;
