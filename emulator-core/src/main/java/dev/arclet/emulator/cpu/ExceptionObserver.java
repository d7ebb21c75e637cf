package dev.arclet.emulator.cpu;

/**
 * Sees exceptions and software interrupts of the processor before they are delivered through the
 * interrupt table; for tests and debuggers.
 */
@FunctionalInterface
public interface ExceptionObserver {
    /**
     * An exception, INT3, INTO or INT n is about to be delivered.
     *
     * @param cpu the processor; as the handler would find it, apart from what delivery changes
     * @param vector 0..255
     * @param errorCode the error code, or -1 if the vector has none
     * @param returnRip the instruction pointer that would be pushed
     * @return true to suppress the delivery; the observer then decides how things go on
     */
    boolean intercept(CpuState cpu, int vector, int errorCode, long returnRip);
}
