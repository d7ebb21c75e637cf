package dev.arclet.emulator.cpu.translate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.TestCpu;
import dev.arclet.emulator.cpu.interp.BlockCache;
import dev.arclet.emulator.cpu.interp.Interpreter;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What C2 makes of regions. */
class BranchProfileTest {
    private static final long CODE = 0x1000;

    @Test
    void thisJdkHasIt() {
        assertTrue(BranchProfile.AVAILABLE);
    }

    /** Runs the loop up to its end or that of the budget. */
    private static void loopEndsByItselfOrByTheBudget(RegionCode code, CpuState cpu) {
        for (int start : new int[] {0, 5, 6, Integer.MAX_VALUE - 3, -7}) {
            for (int limit : new int[] {5, 0, -2}) {
                cpu.gpr[CpuState.RCX] = start & 0xFFFF_FFFFL;
                cpu.gpr[CpuState.RDX] = limit & 0xFFFF_FFFFL;
                code.run(cpu, 3 + 4 * 1000, 0);
                long rounds = cpu.gpr[CpuState.RCX] - start & 0xFFFF_FFFFL;
                long wanted = limit - start & 0xFFFF_FFFFL;
                assertEquals(wanted != 0 && wanted < 1001 ? wanted : 1001, rounds);
            }
        }
    }

    /** C2 would like to assume that a counter reaches its limit without wrapping around. */
    @Test
    @Timeout(120)
    void aLoopWhoseCounterWrapsKeepsItsCode() throws Exception {
        assertTrue(HotSpot.AVAILABLE);
        try (TestCpu test = TestCpu.flat32()) {
            CpuState cpu = test.cpu;
            // nop; nop; nop; the loop: add eax, [0x2000]; inc ecx; cmp ecx, edx; jne to it; hlt
            test.code(CODE, "90 90 90 03 05 00 20 00 00 41 39 D1 75 F5 F4");
            Interpreter interpreter = new Interpreter(cpu);
            interpreter.run(cpu.instructions + 4); // has both pages in the TLB
            cpu.setRip(CODE);
            BlockCache blocks = interpreter.cache();
            RegionCache none = new RegionCache(cpu.mmu, blocks, blocks);
            RegionPlan plan =
                    new RegionFormer(cpu, physical -> 100, none, new IndirectTargets())
                            .form(CODE, cpu.mmu.peekFetch(CODE), CODE, Mode.of(cpu), 120, false);
            RegionEmitter.Result region =
                    RegionEmitter.emit(plan, true, cpu, interpreter::operation);
            loopEndsByItselfOrByTheBudget(region.code(), cpu); // in the JVM's interpreter
            assertTrue(HotSpot.compile(region.method(), HotSpot.C2));
            long deadline = System.nanoTime() + Duration.ofSeconds(100).toNanos();
            while (HotSpot.level(region.method()) != HotSpot.C2) {
                assertTrue(System.nanoTime() < deadline, "C2 has not compiled it");
                Thread.onSpinWait();
            }
            loopEndsByItselfOrByTheBudget(region.code(), cpu);
            for (int left = 0; left < 20; left++) { // some end before the loop
                region.code().run(cpu, left, 0);
            }
            assertEquals(HotSpot.C2, HotSpot.level(region.method()), "the code was given up");
        }
    }
}
