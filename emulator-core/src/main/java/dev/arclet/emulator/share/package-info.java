/** A folder of the host that a guest may use, and the file protocol by which it does. */
package dev.arclet.emulator.share;
