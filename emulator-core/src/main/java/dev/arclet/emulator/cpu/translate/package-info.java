/** Guest code as JVM bytecode: the second execution engine, and the choice between the two. */
package dev.arclet.emulator.cpu.translate;
