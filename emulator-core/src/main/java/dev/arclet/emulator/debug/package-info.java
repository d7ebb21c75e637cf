/** Tools for developers: the instruction vectors and the disassembler's output. */
package dev.arclet.emulator.debug;
