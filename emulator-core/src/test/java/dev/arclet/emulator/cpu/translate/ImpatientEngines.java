package dev.arclet.emulator.cpu.translate;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.ExecutionEngine;

/** Translators for which little is enough to count as hot, so that short programs use all tiers. */
public final class ImpatientEngines {
    private static final int HOT = 3, ASKED_TWICE = 2, MANY = 2, WAITING = 300;
    private static final long WORTH_OPTIMISING = 60;

    private ImpatientEngines() {}

    /** Makes code on the machine thread, always at the same places of a run. */
    public static ExecutionEngine inStep(CpuState cpu) {
        return new Translator(
                cpu, false, new Tiers(HOT, 2, 1, WORTH_OPTIMISING, 0, MANY, WAITING, ASKED_TWICE));
    }

    /** Never comes to making code; so many regions may wait for it. */
    static Translator waiting(CpuState cpu, int most) {
        return new Translator(
                cpu,
                false,
                new Tiers(HOT, 2, 1, WORTH_OPTIMISING, 0, MANY, most, Integer.MAX_VALUE));
    }

    /** Makes code as for guests: in the background, by HotSpot's compilers. */
    public static ExecutionEngine inBackground(CpuState cpu) {
        return new Translator(
                cpu, false, new Tiers(HOT, 2, 1, WORTH_OPTIMISING, 0, MANY, WAITING, 0));
    }
}
