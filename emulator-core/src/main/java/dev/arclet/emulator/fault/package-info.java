/** What an instruction can raise. */
package dev.arclet.emulator.fault;
