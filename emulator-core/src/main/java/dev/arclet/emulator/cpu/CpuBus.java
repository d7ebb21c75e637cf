package dev.arclet.emulator.cpu;

/** The processor's pins other than memory: what it asks of the board. */
public interface CpuBus {
    /** IN: reads 1, 2 or 4 bytes from a port (0..0xFFFF), zero extended. */
    int in(int port, int bytes);

    /** OUT: writes the low 1, 2 or 4 bytes of a value to a port. */
    void out(int port, int bytes, int value);

    /** INTA cycle: the vector (0..255) of the interrupt that the controller wants served. */
    int acknowledgeInterrupt();

    /**
     * The FERR# pin: an unmasked x87 exception is pending while CR0.NE is 0. A PC board latches it
     * as IRQ 13 until port 0xF0 is written. The processor then goes on as if IGNNE# were asserted;
     * the interrupt comes before anything depends on it.
     */
    default void floatingPointError() {}

    /** IA32_APIC_BASE was written: the local APIC is switched on or off, or moved. */
    default void setApicBase(long value) {}

    /** CR8 was written: the task priority class, 0..15. */
    default void setTaskPriorityClass(int priorityClass) {}

    /**
     * The task priority class of the local APIC, 0..15.
     *
     * @param written what was last written to CR8, which a processor without a local APIC keeps
     */
    default int taskPriorityClass(int written) {
        return written;
    }

    /** The time-stamp counter, in ticks of its nominal frequency, before the guest's offset. */
    long timeStampCounter();
}
