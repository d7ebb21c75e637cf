/** Linear addresses: page walker and software TLB. */
package dev.arclet.emulator.mmu;
