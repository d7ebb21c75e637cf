package dev.arclet.emulator.cpu.translate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.bus.MmioDevice;
import dev.arclet.emulator.cpu.CpuState;
import dev.arclet.emulator.cpu.Eflags;
import dev.arclet.emulator.cpu.TestCpu;
import dev.arclet.emulator.memory.PhysicalMap;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a translator has to keep exact: counts, faults, changes of code and of where it is. */
class TranslatorTest {
    private static final long CODE = 0x1000;

    private TestCpu test = TestCpu.flat32();
    private Translator translator = new Translator(test.cpu, true);

    @AfterEach
    void close() {
        test.close();
    }

    private void use(TestCpu other) {
        test.close();
        test = other;
        translator = new Translator(test.cpu, true);
    }

    private void run(long instructions) {
        test.cpu.attention = false;
        translator.run(test.cpu.instructions + instructions);
    }

    /** Has the page of the code known to be mapped for execution, which takes an instruction. */
    private void warm() {
        long rip = test.cpu.rip();
        run(1);
        test.cpu.setRip(rip);
    }

    @Test
    void neverPassesTheLimit() {
        // inc eax; dec ecx; jnz to the start; hlt
        test.code(CODE, "40 49 75 FC F4");
        warm();
        test.cpu.gpr[CpuState.RAX] = 0;
        test.cpu.gpr[CpuState.RCX] = 1000;
        for (int step = 1; step < 40; step++) {
            long before = test.cpu.instructions;
            run(step);
            assertEquals(before + step, test.cpu.instructions);
        }
        long done = 39 * 40 / 2;
        assertEquals((done + 2) / 3, test.cpu.gpr[CpuState.RAX]);
        assertTrue(
                translator.translatedInstructions() > 200,
                () -> translator.translatedInstructions() + " " + translator.counters());
    }

    @Test
    void faultsAtTheInstructionWithExactFlagsAndCount() {
        // mov eax, 7; sub eax, 7; mov ebx, [ecx] with ecx beyond RAM reads ones; div edi: #DE
        test.code(CODE, "B8 07000000 83 E8 07 8B 19 F7 F7 90");
        warm();
        test.cpu.gpr[CpuState.RDI] = 0;
        long before = test.cpu.instructions;
        run(10);
        assertEquals(List.of(0), test.exceptions);
        assertEquals(CODE + 10, test.returnRip);
        assertEquals(before + 3, test.cpu.instructions);
        assertEquals(0x44, test.cpu.eflags() & 0x8D5, "ZF and PF of the subtraction");
    }

    @Test
    void codeThatChangesItself() {
        // inc eax; mov byte [CODE], 48h (dec eax); dec ecx; jnz to the start
        test.code(CODE, "40 C6 05 00100000 48 49 75 F5");
        warm();
        test.cpu.gpr[CpuState.RAX] = 100;
        test.cpu.gpr[CpuState.RCX] = 5;
        run(4 * 5);
        assertEquals(100 + 1 - 4, test.cpu.gpr[CpuState.RAX]);
        assertNotEquals(0, translator.counters().get("regions.invalidated"));
    }

    @Test
    void dmaOverCode() {
        test.code(CODE, "40 EB FD");
        warm();
        test.cpu.gpr[CpuState.RAX] = 0;
        run(100);
        assertEquals(50, test.cpu.gpr[CpuState.RAX]);
        // inc becomes dec
        test.put(CODE, "48");
        run(100);
        assertEquals(0, test.cpu.gpr[CpuState.RAX]);
    }

    @Test
    void remappedCode() {
        use(TestCpu.long64());
        // inc rax; jmp back
        test.code(0x5000, "48 FF C0 EB FB");
        test.put(0x6000, "48 FF C8 EB FB");
        warm();
        test.cpu.gpr[CpuState.RAX] = 0;
        run(100);
        assertEquals(50, test.cpu.gpr[CpuState.RAX]);
        test.mapPage64(5, 6);
        test.cpu.mmu.invalidatePage(0x5000);
        run(60);
        assertEquals(50 - 30, test.cpu.gpr[CpuState.RAX]);
        test.mapPage64(5, 5);
        test.cpu.mmu.invalidatePage(0x5000);
        run(20);
        assertEquals(30, test.cpu.gpr[CpuState.RAX]);
    }

    /** Ways that leave different flags, or none that are looked at, meet and go to another page. */
    @Test
    void flagsThatNobodyLooksAtOnTheWayToAnotherPage() {
        use(TestCpu.long64());
        // test eax, eax; jz to 5030; cmp rcx, rdx; jz to 5040; add rbx, 1; jmp to 5050
        test.code(0x5000, "85 C0 74 2C 48 39 D1 74 37 48 83 C3 01 EB 41");
        test.put(0x5030, "89 F6 EB 1C"); // mov esi, esi; jmp to 5050
        test.put(0x5040, "EB 0E"); // jmp to 5050
        test.put(0x5050, "89 C9 E9 A90F0000"); // mov ecx, ecx; jmp to 6000
        test.put(0x6000, "48 39 D1 F4"); // cmp rcx, rdx; hlt
        test.cpu.gpr[CpuState.RAX] = 1;
        test.cpu.gpr[CpuState.RCX] = 1;
        test.cpu.gpr[CpuState.RDX] = 0;
        run(9); // both pages are known to be mapped then
        test.cpu.setRip(0x5000);
        test.cpu.gpr[CpuState.RBX] = 0;
        long before = translator.translatedInstructions();
        run(100);
        assertTrue(test.cpu.halted);
        assertEquals(1, test.cpu.gpr[CpuState.RBX]);
        assertTrue(translator.translatedInstructions() - before >= 9);
    }

    @Test
    void codeInTheUpperHalfOfAddresses() {
        use(TestCpu.long64());
        PhysicalMap map = test.cpu.mmu.physical();
        long top = test.cpu.cr3;
        map.write(top + 8 * 511, 8, map.read(top, 8));
        long upper = -1L << 39;
        // inc rax; jmp to the next page; there jmp back
        test.code(0x5FFB, "48 FF C0 EB 00 EB F9");
        test.cpu.setRip(upper + 0x5FFB);
        run(3);
        test.cpu.gpr[CpuState.RAX] = 0;
        run(300);
        assertEquals(100, test.cpu.gpr[CpuState.RAX]);
        assertTrue(translator.translatedInstructions() > 200, "translated");
        // inc becomes dec
        test.put(0x5FFD, "C8");
        run(300);
        assertEquals(0, test.cpu.gpr[CpuState.RAX]);
    }

    @Test
    void anInstructionOverTheEndOfItsPage() {
        use(TestCpu.long64());
        // inc rax; add rbx, imm32, of which the last two bytes are in the next page; jmp back
        test.code(0x5FF8, "48 FF C0 48 81 C3 0100 0000 EB F4");
        test.put(0x7000, "0100 EB F4");
        test.code(0x6010, "90");
        warm();
        test.cpu.setRip(0x5FF8);
        warm();
        test.cpu.gpr[CpuState.RAX] = 0;
        test.cpu.gpr[CpuState.RBX] = 0;
        long before = translator.translatedInstructions();
        run(300);
        assertEquals(100, test.cpu.gpr[CpuState.RAX]);
        assertEquals(100, test.cpu.gpr[CpuState.RBX]);
        assertEquals(before + 300, translator.translatedInstructions());
        // Another page comes there: the same instruction, with another number in it.
        test.mapPage64(6, 7);
        test.cpu.mmu.invalidatePage(0x6000);
        run(300);
        assertEquals(100 + 100 * 0x10001, test.cpu.gpr[CpuState.RBX]);
        // And now that page is written to.
        test.put(0x7000, "0200");
        run(300);
        assertEquals(100 + 100 * 0x30002, test.cpu.gpr[CpuState.RBX]);
    }

    @Test
    void callsAndReturnsInsideARegion() {
        // call f; call f; jmp back; f: inc eax; ret
        test.code(CODE, "E8 07000000 E8 02000000 EB F4 40 C3");
        warm();
        test.cpu.gpr[CpuState.RAX] = 0;
        test.cpu.gpr[CpuState.RSP] = 0x80000;
        long before = translator.counters().get("regions.entries");
        run(7 * 1000);
        assertEquals(2000, test.cpu.gpr[CpuState.RAX]);
        assertTrue(translator.counters().get("regions.entries") - before < 50);
    }

    /** As for guests, but with little that counts as hot. */
    private void becomeImpatient() {
        translator = (Translator) ImpatientEngines.inStep(test.cpu);
        test.cpu.gpr[CpuState.RCX] = 0;
        run(20_000);
        test.cpu.gpr[CpuState.RCX] = 0;
    }

    private long entriesFor(long instructions) {
        long before = translator.counters().get("regions.entries");
        run(instructions);
        return translator.counters().get("regions.entries") - before;
    }

    @Test
    void targetsOfAJumpTableBelongToTheLoop() {
        // mov eax, ecx; and eax, 7; jmp [eax * 4 + 0x3000]; each target: inc ecx; jmp back
        test.code(CODE, "89 C8 83 E0 07 FF 24 85 00300000");
        for (int i = 0; i < 8; i++) {
            int at = 0x1100 + 16 * i;
            test.put(at, "41 E9 %08x".formatted(Integer.reverseBytes(0x1000 - (at + 6))));
            test.put(0x3000 + 4 * i, "%08x".formatted(Integer.reverseBytes(at)));
        }
        becomeImpatient();
        assertTrue(entriesFor(5 * 1000) < 50);
        assertEquals(1000, test.cpu.gpr[CpuState.RCX]);
        // A target that was never seen.
        test.put(0x1180, "83 C1 0A E9 %08x".formatted(Integer.reverseBytes(0x1000 - 0x1188)));
        test.put(0x300C, "80110000");
        test.cpu.gpr[CpuState.RCX] = 3;
        run(5);
        assertEquals(13, test.cpu.gpr[CpuState.RCX]);
    }

    @Test
    void whatIsCalledByAddressBelongsToTheLoop() {
        // call edx; jmp back; there: inc ecx; ret
        test.code(CODE, "FF D2 EB FC");
        test.put(0x1100, "41 C3");
        test.cpu.gpr[CpuState.RDX] = 0x1100;
        test.cpu.gpr[CpuState.RSP] = 0x80000;
        becomeImpatient();
        assertTrue(entriesFor(4 * 1000) < 50);
        assertEquals(1000, test.cpu.gpr[CpuState.RCX]);
    }

    @Test
    void aRegionIsEnteredWhereControlComesToItsMiddle() {
        use(TestCpu.long64());
        translator =
                new Translator(
                        test.cpu, false, new Tiers(3, 2, 1, Long.MAX_VALUE / 2, 0, 2, 300, 2));
        // 5000: inc rax; jmp to 6000: inc rbx; jmp to 6010: inc rbx; dec ecx; jnz to 5000; jmp rdx
        test.code(0x5000, "48 FF C0 E9 F80F0000");
        test.put(0x6000, "48 FF C3 EB 0B");
        test.put(0x6010, "48 FF C3 FF C9 0F85 E5EFFFFF FF E2");
        // 7000, where rdx leads: mov ecx, 1; jmp rsi, which leads to 6010
        test.put(0x7000, "B9 01000000 FF E6");
        test.cpu.gpr[CpuState.RCX] = 50;
        test.cpu.gpr[CpuState.RDX] = 0x7000;
        test.cpu.gpr[CpuState.RSI] = 0x6010;
        run(50 * 7 + 1 + 6 * 50);
        assertEquals(0x7000, test.cpu.rip());
        assertEquals(1, translator.counters().get("regions.widened"));
        long before = translator.translatedInstructions();
        test.cpu.gpr[CpuState.RBX] = 0;
        run(6 * 100);
        assertEquals(100, test.cpu.gpr[CpuState.RBX]);
        assertTrue(translator.translatedInstructions() - before > 580);
        // Another page comes where the region was formed: there, inc becomes dec.
        test.put(0x8000, "48 FF C8 E9 F80F0000");
        test.mapPage64(5, 8);
        test.cpu.mmu.invalidatePage(0x5000);
        test.cpu.gpr[CpuState.RAX] = 100;
        test.cpu.gpr[CpuState.RCX] = 40;
        test.cpu.setRip(0x6010);
        run(39 * 7 + 4);
        assertEquals(0x7000, test.cpu.rip());
        assertEquals(100 - 39, test.cpu.gpr[CpuState.RAX]);
    }

    @Test
    void interruptsAreLetInInsideARegion() {
        // cli; sti; inc eax; dec ecx; jnz back
        test.code(CODE, "FA FB 40 49 75 FA");
        warm();
        test.cpu.gpr[CpuState.RAX] = 0;
        test.cpu.gpr[CpuState.RCX] = 100_000;
        assertTrue(entriesFor(5 * 1000) < 50);
        assertEquals(1000, test.cpu.gpr[CpuState.RAX]);
        // One that waits is taken behind the instruction that follows STI.
        test.cpu.setRip(CODE + 1);
        test.cpu.systemFlags &= ~Eflags.IF;
        test.cpu.interruptLine = true;
        long before = test.cpu.instructions;
        run(100);
        assertEquals(before + 2, test.cpu.instructions);
        assertEquals(CODE + 3, test.cpu.rip());
        assertEquals(1001, test.cpu.gpr[CpuState.RAX]);
        assertFalse(test.cpu.interruptShadow);
    }

    @Test
    void accessesLookedUpTogetherNeedNotBeInOnePage() {
        // add [ebx], ecx; mov eax, [ebx + 8]; add [ebx + 12], eax; inc ecx; jmp back
        test.code(CODE, "01 0B 8B 43 08 01 43 0C 41 EB F5");
        for (long at : new long[] {0x5000, 0x5FF4, 0x5FFD}) {
            test.cpu.gpr[CpuState.RBX] = at;
            becomeImpatient();
            test.map.write(at, 4, 0);
            test.map.write(at + 8, 4, 3);
            test.map.write(at + 12, 4, 0);
            test.cpu.setRip(CODE);
            long entries = entriesFor(5 * 1000);
            assertEquals(999 * 1000 / 2, test.map.read(at, 4), "at " + at);
            assertEquals(3 * 1000, test.map.read(at + 12, 4), "at " + at);
            if (at == 0x5FF4) {
                assertEquals(1, translator.counters().get("regions.ungrouped"));
            }
            assertTrue(at == 0x5FFD || entries < 50, () -> at + ": " + entries);
        }
    }

    @Test
    void whatOftenMissesTheTlbHasItFilled() {
        // mov ebx, [ecx]; add [ecx + 4], ebx; add ecx, 1000h; and ecx, 7FF000h; jmp back
        test.code(CODE + 0x80_0000, "8B 19 01 59 04 81 C1 00100000 81 E1 00F07F00 EB ED");
        for (int page = 0; page < 0x800; page++) {
            test.map.write(0x1000L * page, 4, 1);
        }
        test.cpu.setRip(CODE + 0x80_0000);
        becomeImpatient();
        long before = test.map.read(0x5_5004, 4);
        assertTrue(entriesFor(5 * 0x800 * 10) < 500);
        assertEquals(before + 10, test.map.read(0x5_5004, 4));
        assertTrue(translator.counters().get("regions.filling") > 0);
    }

    /** An alignment fault comes before the page is looked at. */
    @Test
    void whatIsNotAlignedLeavesNoTrace() {
        use(TestCpu.long64());
        // mov ebx, [rcx]; movaps xmm0, [rdx]; add ecx, 1000h; and ecx, 3FF000h; jmp back
        test.code(CODE + 0x80_0000, "8B 19 0F 28 02 81 C1 00100000 81 E1 00F03F00 EB ED");
        test.cpu.gpr[CpuState.RDX] = 0x5000;
        test.cpu.setRip(CODE + 0x80_0000);
        becomeImpatient();
        assertTrue(translator.counters().get("regions.filling") > 0);
        long entry = TestCpu.PAGE_TABLES + 0x3000 + 8 * 0x600;
        test.cpu.gpr[CpuState.RDX] = 0x60_0008;
        run(10);
        assertEquals(List.of(13), test.exceptions);
        assertEquals(0, test.map.read(entry, 8) & 0x20);
    }

    /** Forming regions faster than they get code would go on for ever where they are forgotten. */
    @Test
    void noMoreRegionsAreFormedThanGetCode() {
        translator = ImpatientEngines.waiting(test.cpu, 4);
        for (int i = 0; i < 64; i++) {
            test.put(0x10_0000 + 0x1_0000 * i, "49 75 FD C3"); // dec ecx; jnz back; ret
        }
        // mov ecx, 100; mov eax, i * 10000h + 100000h; call eax; 64 times
        StringBuilder code = new StringBuilder();
        for (int i = 0; i < 64; i++) {
            code.append("B9 64000000 B8 0000%02x00 FF D0".formatted(0x10 + i));
        }
        test.code(CODE, code + "F4");
        test.cpu.gpr[CpuState.RSP] = 0x80000;
        run(100_000);
        assertTrue(test.cpu.halted);
        assertEquals(4, translator.counters().get("regions.waiting"));
        assertEquals(4, translator.counters().get("regions.live"));
    }

    @Test
    void heedsAttentionSoon() {
        test.code(CODE, "40 EB FD");
        warm();
        test.cpu.attention = false;
        long before = test.cpu.instructions;
        Thread other = new Thread(() -> test.cpu.attention = true);
        other.start();
        // As the run loop does: slices, so that a region need not look.
        while (!test.cpu.attention) {
            translator.run(test.cpu.instructions + 20_000);
        }
        assertTrue(test.cpu.instructions >= before);
    }

    /** Control that goes from region to region by links asks no table for them. */
    @Test
    void whatIsInUseOutlivesWhatIsNot() {
        // jmp to the next page; there: jmp back
        test.code(CODE, "E9 FB 0F 00 00");
        test.code(CODE + 0x1000, "E9 FB EF FF FF");
        warm();
        run(1000);
        test.code(CODE + 0x2000, "EB FE"); // jmp to itself
        test.cpu.setRip(CODE + 0x2000);
        warm();
        run(1000);
        assertTrue(translator.cache().count() > 1);
        translator.cache().evictLeastUsed(Integer.MAX_VALUE);
        test.cpu.setRip(CODE);
        run(1000);
        translator.cache().evictLeastUsed(1);
        assertEquals(1, translator.cache().count());
        assertNotEquals(CODE + 0x2000, translator.regions().getFirst().rip);
    }

    @Test
    void noMethodPassesTheBudget() {
        // Additions to memory at [ebx + esi + displacement], and a loop around.
        StringBuilder code = new StringBuilder();
        for (int i = 0; i < 200; i++) {
            code.append("81 84 33 %02x%02x0200 78563412".formatted(i, 0x10));
        }
        test.code(CODE, code + "E9 63F7FFFF");
        warm();
        run(5000);
        assertTrue(translator.counters().get("regions.tooLarge") > 0);
        for (Region region : translator.regions()) {
            assertTrue(region.codeBytes <= RegionEmitter.MAX_CODE_BYTES);
        }
    }

    private long exits(String cause) {
        return translator.counters().get("regions.exits." + cause);
    }

    /** Runs code that has to leave its region for a reason. */
    private void leaves(String cause, String code, int instructions) {
        leaves(cause, CODE, code, instructions);
    }

    private void leaves(String cause, long address, String code, int instructions) {
        test.code(address, code);
        warm();
        long before = exits(cause);
        test.cpu.halted = false;
        run(instructions);
        assertTrue(exits(cause) > before, () -> cause + " of " + translator.counters());
    }

    /** Each return from a region counts under one cause. */
    @Test
    void tellsWhyRegionsAreLeft() {
        long device = 0x1000_0000;
        test.map.mapMmio(
                "doorbell",
                device,
                0x1_0000,
                new MmioDevice() {
                    @Override
                    public long readMmio(long offset, int bytes) {
                        test.cpu.attention = true;
                        return 0;
                    }

                    @Override
                    public void writeMmio(long offset, int bytes, long value) {
                        test.cpu.attention = true;
                    }
                });
        long[] r = test.cpu.gpr;
        r[CpuState.RAX] = CODE;
        leaves("indirect", "FF E0", 10); // jmp eax
        leaves("budget", "43 EB FD", 10); // inc ebx; jmp back
        leaves("interpret", "43 0F 31 EB FB", 10); // inc ebx; rdtsc; jmp back
        leaves("called", "43 0F 06 EB FB", 10); // inc ebx; clts; jmp back
        r[CpuState.RCX] = 0x10_0000;
        leaves("tlbMiss", "8B 19 81 C1 00100000 EB F6", 10); // mov ebx, [ecx]; add ecx, 1000h
        leaves("unusual", "43 31 C9 F7 F1 EB F9", 10); // inc ebx; xor ecx, ecx; div ecx; jmp back
        leaves("fault", "43 D4 00 EB FB", 10); // inc ebx; aam 0; jmp back
        r[CpuState.RDI] = CODE + 1;
        leaves("overwritten", "43 0F C0 07 EB FA", 4); // inc ebx; xadd [edi], al; jmp back
        r[CpuState.RDI] = device;
        leaves("attention", "43 0F C0 07 EB FA", 10);
        r[CpuState.RSI] = device;
        r[CpuState.RCX] = 0x8000;
        leaves("repetition", "43 F3 AC EB FB", 10); // inc ebx; rep lodsb; jmp back
        // Each of nine pages jumps to the next, the last to the first: more than a region has.
        for (int i = 0; i < 9; i++) {
            test.put(0x4000 + 0x1000 * i, i < 8 ? "E9 FB0F0000" : "E9 FB7FFFFF");
        }
        test.cpu.setRip(0x4000);
        run(20);
        leaves("go", 0x4000, "E9 FB0F0000", 30);
        test.cpu.mmu.flushAll(); // so that only the first page is known when that is entered
        test.cpu.setRip(0x4000);
        warm();
        run(30);
        assertNotEquals(0, exits("page"));
        ExitCounts.check(translator.counters());
    }

    @Test
    void deadRegionsUnload() throws InterruptedException {
        List<WeakReference<Object>> codes = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            test.code(CODE, "40 EB FD");
            warm();
            run(100);
            for (Region region : translator.regions()) {
                codes.add(new WeakReference<>(region.code().getClass()));
            }
            translator.invalidateAllCode();
        }
        test.code(0x3000, "40 EB FD");
        run(100);
        long deadline = System.nanoTime() + 5_000_000_000L;
        long left = codes.size();
        while (left > 2 && System.nanoTime() < deadline) {
            System.gc();
            left = codes.stream().filter(code -> code.get() != null).count();
        }
        assertTrue(codes.size() >= 20 && left <= 2, left + " of " + codes.size() + " are alive");
    }
}
