package dev.arclet.emulator.device.irq;

import dev.arclet.emulator.bus.IrqLine;

/**
 * What a local APIC does to its processor. Called on the machine thread, perhaps from inside an
 * instruction: implementations note the request.
 */
public interface ApicProcessor {
    /** The INTR level: an interrupt waits for {@link LocalApic#acknowledge}. */
    IrqLine intr();

    /** A non-maskable interrupt. */
    void nmi();

    /** A system management interrupt. */
    void smi();

    /** INIT: reset all but caches and MSRs, then (application processors) wait for a start-up. */
    void init();

    /**
     * Start-up: a processor that waits for it begins in real mode at {@code page << 12}.
     *
     * @param page 0..255
     */
    void startup(int page);
}
