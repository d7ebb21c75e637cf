/**
 * The PC: CPU, memory, buses, devices, firmware tables, display and snapshots. Depends on {@code
 * java.base} and {@code jdk.unsupported} only; knows nothing of JSON, HTTP or specs.
 */
package dev.arclet.emulator;
