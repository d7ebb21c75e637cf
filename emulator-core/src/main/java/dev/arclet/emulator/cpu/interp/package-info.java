/** The interpreter: decoded blocks of small operation objects. */
package dev.arclet.emulator.cpu.interp;
