/** One instruction table, and what derives from it. */
package dev.arclet.emulator.cpu.decode;
