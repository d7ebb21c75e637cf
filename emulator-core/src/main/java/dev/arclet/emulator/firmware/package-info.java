/**
 * What a firmware leaves in memory for an operating system: kernels loaded directly, ACPI tables,
 * memory map.
 */
package dev.arclet.emulator.firmware;
