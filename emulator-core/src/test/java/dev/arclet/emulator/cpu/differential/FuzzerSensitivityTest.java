package dev.arclet.emulator.cpu.differential;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.ExecutionEngine;
import dev.arclet.emulator.cpu.LazyFlags;
import dev.arclet.emulator.cpu.decode.Instruction;
import dev.arclet.emulator.cpu.decode.Mnemonic;
import dev.arclet.emulator.cpu.decode.Operand;
import dev.arclet.emulator.cpu.interp.Interpreter;
import dev.arclet.emulator.cpu.interp.Op;
import dev.arclet.emulator.cpu.interp.OpTable;
import dev.arclet.emulator.mmu.CodePageGuard;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** The fuzzer can fail: engines with planted defects are found out, by small programs. */
class FuzzerSensitivityTest {
    private static final int PROGRAMS = 200;
    private static final int LARGEST = 6;

    /** The program that finds an engine out, or null. */
    private static String find(Function<CpuState, ExecutionEngine> engine) {
        try (Fuzzer fuzzer =
                new Fuzzer(
                        new FuzzMachine("interpreter", Interpreter::new),
                        new FuzzMachine("defective", engine),
                        63)) {
            for (long seed = 1; seed <= PROGRAMS; seed++) {
                String report = fuzzer.tryProgram(seed);
                if (report != null) {
                    return report;
                }
            }
        }
        return null;
    }

    private static void assertFound(Function<CpuState, ExecutionEngine> engine) {
        String report = find(engine);
        assertNotNull(report);
        String size = report.strip().replaceAll("(?s).*\\n(\\d+) of \\d+ items$", "$1");
        assertTrue(Integer.parseInt(size) <= LARGEST, report);
        Case kept = Case.parse(report.substring(report.indexOf("size ")));
        try (Fuzzer fuzzer =
                new Fuzzer(
                        new FuzzMachine("interpreter", Interpreter::new),
                        new FuzzMachine("defective", engine),
                        63)) {
            assertNotNull(fuzzer.compare(kept), () -> "not kept by its text: " + report);
        }
    }

    @Test
    void aSoundEngineIsNotFoundOut() {
        assertNull(find(Interpreter::new));
    }

    /** INC of a register changes CF. */
    @Test
    void findsAWrongFlag() {
        assertFound(
                cpu -> {
                    OpTable table = OpTable.standard();
                    table.put(Mnemonic.INC, Operand.File.GPR, (i, place) -> new WrongInc(i));
                    return new Interpreter(cpu, table);
                });
    }

    private static final class WrongInc extends Op {
        private final int register;
        private final int bits;

        WrongInc(Instruction instruction) {
            Operand.Register operand = (Operand.Register) instruction.operand(0);
            register = operand.index();
            bits = 8 * operand.size();
        }

        @Override
        public void execute(CpuState cpu) {
            long mask = bits == 64 ? -1 : (1L << bits) - 1;
            long value = cpu.gpr[register] + 1 & mask;
            cpu.gpr[register] = bits >= 32 ? value : cpu.gpr[register] & ~mask | value;
            cpu.setArithmeticFlags(cpu.eflags() ^ LazyFlags.CF);
        }
    }

    /** Code that is written over goes on as it was. */
    @Test
    void findsStaleCode() {
        assertFound(
                cpu -> {
                    Interpreter engine = new Interpreter(cpu);
                    cpu.mmu.setCodeGuard(
                            new CodePageGuard() {
                                @Override
                                public boolean hasCode(long physicalPage) {
                                    return false;
                                }

                                @Override
                                public void codeWritten(long physical, int bytes) {}
                            });
                    return engine;
                });
    }

    /** Comes back one instruction early, as if it had counted one too many. */
    @Test
    void findsAWrongCount() {
        assertFound(cpu -> new EarlyEngine(cpu, new Interpreter(cpu)));
    }

    private record EarlyEngine(CpuState cpu, Interpreter engine) implements ExecutionEngine {
        @Override
        public void run(long instructionLimit) {
            boolean far = instructionLimit - cpu.instructions > 20;
            engine.run(far ? instructionLimit - 1 : instructionLimit);
        }

        @Override
        public void invalidateCode(long physical, long length) {
            engine.invalidateCode(physical, length);
        }

        @Override
        public void invalidateAllCode() {
            engine.invalidateAllCode();
        }

        @Override
        public Map<String, Long> counters() {
            return engine.counters();
        }
    }
}
