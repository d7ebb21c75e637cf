package dev.arclet.emulator.cpu.interp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.Eflags;
import dev.arclet.emulator.cpu.TestCpu;
import dev.arclet.emulator.fault.GuestFault;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How blocks are found, linked, left and forgotten. */
class InterpreterTest {
    private static final int AX = CpuState.RAX, CX = CpuState.RCX;

    @Test
    void loopCountsEveryInstruction() {
        try (TestCpu test = TestCpu.flat32()) {
            // mov ecx, 1000; 1: inc eax; dec ecx; jnz 1b; hlt
            test.code(0x1000, "b9e8030000 40 49 75fc f4");
            assertEquals(1 + 3 * 1000, test.run(3001));
            assertEquals(1000, test.cpu.gpr[AX]);
            assertEquals(0x1009, test.cpu.rip());
            assertEquals(2, test.engine.cache().decoded(), "the loop's block is decoded once");
        }
    }

    @Test
    void budgetIsExactWhereverItEnds() {
        String code = "b907000000 40 01c3 49 75fa 50 5a 83ec04 c7042478563412 ebea";
        try (TestCpu whole = TestCpu.flat32();
                TestCpu single = TestCpu.flat32();
                TestCpu parts = TestCpu.flat32()) {
            for (TestCpu test : List.of(whole, single, parts)) {
                test.code(0x1000, code);
            }
            assertEquals(500, whole.run(500));
            for (int i = 0; i < 500; i++) {
                assertEquals(1, single.run(1));
            }
            int done = 0;
            for (int n = 1; done < 500; n = n % 13 + 1) {
                done += (int) parts.run(Math.min(n, 500 - done));
            }
            assertSame(whole.cpu, single.cpu);
            assertSame(whole.cpu, parts.cpu);
        }
    }

    private static void assertSame(CpuState expected, CpuState actual) {
        for (int i = 0; i < expected.gpr.length; i++) {
            assertEquals(expected.gpr[i], actual.gpr[i], "register " + i);
        }
        assertEquals(expected.eflags(), actual.eflags());
        assertEquals(expected.instructions, actual.instructions);
    }

    @Test
    void storeIntoTheNextInstructionTakesEffectAtOnce() {
        try (TestCpu test = TestCpu.flat32()) {
            // mov byte [0x1007+1], 5; mov al, 1; hlt: the immediate of the second is rewritten
            test.code(0x1000, "c6050810000005 b001 f4");
            test.run(10);
            assertEquals(5, test.cpu.gpr[AX]);
            assertTrue(test.exceptions.isEmpty());
        }
    }

    @Test
    void loopThatRewritesItselfSeesEachVersion() {
        try (TestCpu test = TestCpu.flat32()) {
            // 1: mov bl, 0; add eax, ebx; inc byte [0x1001]; loop 1b; hlt
            test.code(0x1000, "b300 01d8 fe0501100000 e2f4 f4");
            test.cpu.gpr[CX] = 100;
            test.run(401);
            assertEquals(99 * 100 / 2, test.cpu.gpr[AX]);
            assertTrue(test.cpu.halted);
        }
    }

    @Test
    void callThatPushesOntoItsOwnBlockGoesOnCorrectly() {
        try (TestCpu test = TestCpu.flat32()) {
            // mov esp, 0x100f; push 0x...: overwrites the instruction after it with inc ecx
            test.code(0x1000, "bc0f100000 6841414141 40 40 40 40 40 f4");
            // The push is at 0x1005..0x1009; it stores 0x41 0x41 0x41 0x41 at 0x100b..0x100e.
            test.run(20);
            assertEquals(1, test.cpu.gpr[AX]);
            assertEquals(4, test.cpu.gpr[CX]);
        }
    }

    @Test
    void codeOverPageEnd() {
        try (TestCpu test = TestCpu.flat32()) {
            // inc eax; mov ecx, 0x12345678 over the border; inc eax; hlt
            test.code(0x1FFD, "40 b978563412 40 f4");
            test.run(10);
            assertEquals(2, test.cpu.gpr[AX]);
            assertEquals(0x12345678, test.cpu.gpr[CX]);
        }
    }

    @Test
    void writeToSecondPageForgetsTheInstructionOverTheBorder() {
        try (TestCpu test = TestCpu.flat32()) {
            test.code(0x1FFD, "40 b978563412 f4");
            test.run(10);
            test.put(0x2001, "99");
            test.cpu.halted = false;
            test.cpu.setRip(0x1FFD);
            test.run(10);
            assertEquals(0x12995678, test.cpu.gpr[CX]);
        }
    }

    @Test
    void instructionOverTheBorderFollowsItsSecondPage() {
        try (TestCpu test = TestCpu.long64()) {
            test.put(0x1FFE, "b978").put(0x2000, "563412f4").put(0x3000, "111111f4");
            test.cpu.setRip(0x1FFE);
            test.run(5);
            assertEquals(0x12345678, test.cpu.gpr[CX]);
            test.mapPage64(2, 3);
            test.cpu.mmu.invalidatePage(0x2000);
            test.cpu.halted = false;
            test.cpu.setRip(0x1FFE);
            test.run(5);
            assertEquals(0x11111178, test.cpu.gpr[CX]);
            // And back: both versions may be cached at the same address.
            test.mapPage64(2, 2);
            test.cpu.mmu.invalidatePage(0x2000);
            test.cpu.halted = false;
            test.cpu.setRip(0x1FFE);
            test.run(5);
            assertEquals(0x12345678, test.cpu.gpr[CX]);
        }
    }

    @Test
    void aliasedPagesShareCodeAndItsChanges() {
        try (TestCpu test = TestCpu.long64()) {
            test.mapPage64(0x10, 1);
            // at 1000: mov byte [rip + 0x10000 - 6 ...]: store through the alias into itself
            // c6 05 disp32 imm8 at 0x10000 writes 0x1008 (the immediate of the next mov).
            test.put(0x1000, "c6050110ffff05 b001 f4");
            test.cpu.setRip(0x10000);
            // 0x10007 + 0xffff1001 = 0x1008
            test.run(10);
            assertEquals(5, test.cpu.gpr[AX]);
            test.cpu.halted = false;
            test.cpu.setRip(0x1007);
            test.run(10);
            assertEquals(5, test.cpu.gpr[AX]);
        }
    }

    @Test
    void remappedPageIsNotReachedThroughTheOldAddress() {
        try (TestCpu test = TestCpu.long64()) {
            test.put(0x2000, "b801000000f4").put(0x3000, "b802000000f4");
            test.cpu.setRip(0x2000);
            test.run(5);
            assertEquals(1, test.cpu.gpr[AX]);
            test.mapPage64(2, 3);
            test.cpu.mmu.invalidatePage(0x2000);
            test.cpu.halted = false;
            test.cpu.setRip(0x2000);
            test.run(5);
            assertEquals(2, test.cpu.gpr[AX]);
        }
    }

    @Test
    void dataBesideCodeDisturbsNothing() {
        try (TestCpu test = TestCpu.flat32()) {
            // 1: inc dword [0x1800]; loop 1b; hlt
            test.code(0x1000, "ff0500180000 e2f8 f4");
            test.cpu.gpr[CX] = 1000;
            test.run(2001);
            assertEquals(1000, test.memory.read(0x1800, 4));
            assertEquals(0, test.engine.cache().invalidated());
            assertEquals(1000, test.engine.cache().guardedWrites());
        }
    }

    @Test
    void pageIsWrittenDirectlyAgainWhenItsCodeIsGone() {
        try (TestCpu test = TestCpu.flat32()) {
            test.put(0x5000, "40 c3");
            // call 0x5000; mov dword [0x5000], 0; 1: inc dword [0x5800]; loop 1b; hlt
            test.code(0x1000, "e8fb3f0000 c7050050000000000000 ff0500580000 e2f8 f4");
            test.cpu.gpr[CX] = 100;
            test.run(1000);
            assertEquals(1, test.cpu.gpr[AX]);
            assertEquals(100, test.memory.read(0x5800, 4));
            assertTrue(test.engine.cache().guardedWrites() <= 2);
        }
    }

    @Test
    void codeSegmentLimitStopsTheBlock() {
        try (TestCpu test = TestCpu.flat32()) {
            test.code(0x1000, "40 40 40 40 b800000000 f4");
            test.cpu.segments[CpuState.CS].limit = 0x1005;
            assertEquals(4, test.run(10));
            assertEquals(List.of(GuestFault.GP), test.exceptions);
            assertEquals(0x1004, test.cpu.rip());
            assertEquals(4, test.cpu.gpr[AX]);
            // The same code under a larger limit
            test.exceptions.clear();
            test.cpu.halted = false;
            test.cpu.segments[CpuState.CS].limit = 0xFFFF_FFFFL;
            test.cpu.setRip(0x1000);
            test.run(10);
            assertEquals(0, test.cpu.gpr[AX]);
            assertTrue(test.exceptions.isEmpty());
        }
    }

    @Test
    void faultCountsOnlyWhatCompleted() {
        try (TestCpu test = TestCpu.flat32()) {
            // inc eax; inc eax; xor ecx, ecx; div ecx; inc eax
            test.code(0x1000, "40 40 31c9 f7f1 40");
            assertEquals(3, test.run(10));
            assertEquals(List.of(GuestFault.DE), test.exceptions);
            assertEquals(0x1004, test.cpu.rip());
        }
    }

    @Test
    void interruptedRepetitionResumes() {
        try (TestCpu test = TestCpu.flat32()) {
            // rep stosb over memory of many pages; attention comes from outside
            test.code(0x1000, "f3aa f4");
            test.cpu.gpr[AX] = 0x5A;
            test.cpu.gpr[CX] = 0x100000;
            test.cpu.gpr[CpuState.RDI] = 0x100000;
            int calls = 0;
            Thread nagger =
                    Thread.ofPlatform()
                            .start(
                                    () -> {
                                        while (!test.cpu.halted && !Thread.interrupted()) {
                                            test.cpu.attention = true;
                                            Thread.onSpinWait();
                                        }
                                    });
            try {
                while (!test.cpu.halted && calls++ < 1_000_000) {
                    test.run(1000);
                }
            } finally {
                nagger.interrupt();
            }
            assertTrue(test.cpu.halted);
            assertEquals(0, test.cpu.gpr[CX]);
            assertEquals(0x200000, test.cpu.gpr[CpuState.RDI]);
            assertEquals(0x5A, test.memory.read(0x1FFFFF, 1));
            assertEquals(2, test.cpu.instructions);
        }
    }

    @Test
    void overlappingCopyRepeatsItsPattern() {
        try (TestCpu test = TestCpu.flat32()) {
            test.code(0x1000, "f3a4 f4").put(0x8000, "010203");
            test.cpu.gpr[CX] = 30;
            test.cpu.gpr[CpuState.RSI] = 0x8000;
            test.cpu.gpr[CpuState.RDI] = 0x8003;
            test.run(5);
            for (int i = 0; i < 33; i++) {
                assertEquals(i % 3 + 1, test.memory.read(0x8000 + i, 1), "byte " + i);
            }
        }
    }

    @Test
    void copyOverCodeForgetsIt() {
        try (TestCpu test = TestCpu.flat32()) {
            // call 0x3000; rep movsb (0x4000 -> 0x3000); call 0x3000; hlt
            test.put(0x3000, "b801000000c3").put(0x4000, "b802000000c3");
            test.code(0x1000, "e8fb1f0000 89c3 f3a4 e8f21f0000 f4");
            test.cpu.gpr[CX] = 6;
            test.cpu.gpr[CpuState.RSI] = 0x4000;
            test.cpu.gpr[CpuState.RDI] = 0x3000;
            test.run(20);
            assertEquals(1, test.cpu.gpr[CpuState.RBX]);
            assertEquals(2, test.cpu.gpr[AX]);
        }
    }

    @Test
    void singleStepTrapsAfterEachInstruction() {
        try (TestCpu test = TestCpu.flat32()) {
            test.code(0x1000, "40 40 40");
            test.cpu.systemFlags |= Eflags.TF;
            assertEquals(1, test.run(10));
            assertEquals(List.of(GuestFault.DB), test.exceptions);
            assertEquals(0x1001, test.cpu.rip());
            assertEquals(1 << 14, test.cpu.dr[6] & 1 << 14);
        }
    }

    @Test
    void repeatedInstructionTrapsAfterEachElement() {
        try (TestCpu test = TestCpu.flat32()) {
            test.code(0x1000, "f3aa 40");
            test.cpu.gpr[CX] = 3;
            test.cpu.gpr[CpuState.RDI] = 0x8000;
            for (int left = 2; left >= 0; left--) {
                test.cpu.halted = false;
                test.cpu.systemFlags |= Eflags.TF;
                test.run(10);
                assertEquals(left, test.cpu.gpr[CX]);
                assertEquals(left == 0 ? 0x1002 : 0x1000, test.cpu.rip());
            }
        }
    }

    @Test
    void instructionBreakpointFaultsBeforeTheInstruction() {
        try (TestCpu test = TestCpu.flat32()) {
            test.code(0x1000, "40 40 40 40");
            test.cpu.dr[1] = 0x1002;
            test.cpu.dr[7] = 0x400 | 1 << 2;
            assertEquals(2, test.run(10));
            assertEquals(List.of(GuestFault.DB), test.exceptions);
            assertEquals(0x1002, test.cpu.rip());
            assertEquals(2, test.cpu.dr[6] & 0xF);
            // RF steps over it.
            test.cpu.halted = false;
            test.cpu.systemFlags |= Eflags.RF;
            assertEquals(2, test.run(2));
            assertEquals(0x1004, test.cpu.rip());
            assertFalse((test.cpu.systemFlags & Eflags.RF) != 0);
        }
    }

    @Test
    void attentionEndsALoop() {
        try (TestCpu test = TestCpu.flat32()) {
            test.code(0x1000, "ebfe");
            test.cpu.attention = true;
            test.engine.run(1000);
            assertEquals(0, test.cpu.instructions);
            assertEquals(1000, test.run(1000));
        }
    }

    @Test
    void pendingInterruptLeavesTheEngineOnceItMayBeTaken() {
        try (TestCpu test = TestCpu.flat32()) {
            // The shadow holds the interrupt off for one instruction.
            test.code(0x1000, "40 40 40");
            test.cpu.systemFlags |= Eflags.IF;
            test.cpu.interruptLine = true;
            test.cpu.interruptShadow = true;
            assertEquals(1, test.run(10));
            assertEquals(0x1001, test.cpu.rip());
            assertEquals(0, test.run(10));
        }
    }
}
