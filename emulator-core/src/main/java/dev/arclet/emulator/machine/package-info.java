/** The PC, assembled. */
package dev.arclet.emulator.machine;
