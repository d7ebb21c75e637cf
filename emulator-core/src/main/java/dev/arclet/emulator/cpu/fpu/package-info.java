/** The x87 FPU: 80-bit integer softfloat, shared with SSE arithmetic. */
package dev.arclet.emulator.cpu.fpu;
