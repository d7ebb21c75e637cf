package dev.arclet.emulator.cpu;

import java.util.Map;

/**
 * The seam between the machine and the two ways to execute guest code: interpreter and translator.
 */
public interface ExecutionEngine {
    /**
     * Executes instructions until {@link CpuState#attention} is set, {@link CpuState#instructions}
     * has reached {@code instructionLimit} (exactly, never beyond), the processor halts or shuts
     * down. Guest exceptions are delivered inside. External interrupts are the caller's affair: the
     * engine returns as soon as one could be taken.
     */
    void run(long instructionLimit);

    /** Forgets everything derived from guest code in {@code [physical, physical + length)}. */
    void invalidateCode(long physical, long length);

    /** Forgets everything derived from guest code. */
    void invalidateAllCode();

    /** Figures of this engine by name, for people; exact on the machine thread. */
    Map<String, Long> counters();

    /**
     * Host time in nanoseconds, never less than before, for which guest code that was to be
     * executed had to wait until it was translated. To the guest that takes no time.
     */
    default long waitedNanos() {
        return 0;
    }

    /** How many of the executed instructions ran as translated code. */
    default long translatedInstructions() {
        return 0;
    }
}
