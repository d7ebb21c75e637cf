/**
 * Compares execution engines: random programs, shrunk when two engines differ over one, and kept as
 * regressions in {@code src/test/resources/differential}.
 */
package dev.arclet.emulator.cpu.differential;
