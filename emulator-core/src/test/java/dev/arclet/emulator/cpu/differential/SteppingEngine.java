package dev.arclet.emulator.cpu.differential;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.ExecutionEngine;
import dev.arclet.emulator.cpu.interp.Interpreter;
import java.util.Map;

/**
 * The interpreter, one instruction at a time and each time decoded anew: no caches, no links, no
 * fused pairs. It heeds attention behind each instruction.
 */
final class SteppingEngine implements ExecutionEngine {
    private final CpuState cpu;
    private final Interpreter interpreter;

    SteppingEngine(CpuState cpu) {
        this.cpu = cpu;
        interpreter = new Interpreter(cpu);
    }

    @Override
    public void run(long instructionLimit) {
        while (cpu.instructions < instructionLimit && !cpu.attention) {
            interpreter.invalidateAllCode();
            long before = cpu.instructions;
            long rip = cpu.rip();
            interpreter.run(before + 1);
            if (cpu.instructions == before && cpu.rip() == rip) {
                return;
            }
        }
    }

    @Override
    public void invalidateCode(long physical, long length) {
        interpreter.invalidateCode(physical, length);
    }

    @Override
    public void invalidateAllCode() {
        interpreter.invalidateAllCode();
    }

    @Override
    public Map<String, Long> counters() {
        return Map.of();
    }
}
