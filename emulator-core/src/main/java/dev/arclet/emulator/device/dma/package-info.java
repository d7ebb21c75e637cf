/** ISA direct memory access: the 8237A pair and its page registers. */
package dev.arclet.emulator.device.dma;
