/** MMX and SSE: operand access, floating-point and integer operations. */
package dev.arclet.emulator.cpu.simd;
