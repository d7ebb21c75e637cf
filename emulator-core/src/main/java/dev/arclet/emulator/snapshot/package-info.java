/** Saving and restoring machine state. */
package dev.arclet.emulator.snapshot;
