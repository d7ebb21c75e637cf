package dev.arclet.emulator.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.fault.GuestFault;
import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Breakpoints, single step and RF (SDM vol. 3B, chapter 18). */
class DebugRegistersTest {
    private static final int CODE = SystemFixture.CODE;
    private static final int DATA = SystemFixture.DATA;

    /** DR7.R/W and .LEN. */
    private static final int EXECUTION = 0, WRITES = 1, PORTS = 2, ACCESSES = 3;

    private static final int ONE = 0, TWO = 1, EIGHT = 2, FOUR = 3;

    private final SystemFixture os = SystemFixture.protected32();
    private final CpuState cpu = os.cpu;

    @AfterEach
    void close() {
        os.close();
    }

    private static void breakpoint(CpuState cpu, int index, long address, int kind, int length) {
        DebugRegisters.write(cpu, index, address);
        long control = 1 << 2 * index | (long) (kind | length << 2) << 16 + 4 * index;
        DebugRegisters.write(cpu, 7, cpu.dr[7] | control);
    }

    private void breakpoint(int index, long address, int kind, int length) {
        breakpoint(cpu, index, address, kind, length);
    }

    /** Runs from the start of the code and expects a debug trap with these causes behind it. */
    private void expectTrap(String code, int causes, int behind) {
        cpu.dr[6] = 0xFFFF_0FF0L;
        os.exceptions().clear();
        os.ring(0);
        os.run(code);
        assertEquals(List.of(GuestFault.DB), os.exceptions(), code);
        assertEquals(causes, cpu.dr[6] & 0xE00F, code);
        assertEquals(CODE + behind, os.stack32(0), code);
        assertEquals(0, os.stack32(2) & Eflags.RF, "traps push RF clear");
    }

    private void expectNoTrap(String code) {
        os.exceptions().clear();
        os.ring(0);
        os.run(code);
        assertEquals(List.of(), os.exceptions(), code);
        assertTrue(cpu.halted);
    }

    @Test
    void writesTrapBehindTheInstruction() {
        breakpoint(2, DATA + 4, WRITES, FOUR);
        // mov [DATA+4],eax; nop; hlt
        expectTrap("A3 04 00 04 00 90 F4", 4, 5);
        assertEquals(cpu.gpr[0], os.test.map.read(DATA + 4, 4), "the store is done");
        expectNoTrap("A1 04 00 04 00 F4");
        // inc dword [DATA+4]
        expectTrap("FF 05 04 00 04 00 F4", 4, 6);
    }

    @Test
    void accessesTrapForReadsAndWritesAndNotForFetches() {
        breakpoint(0, DATA, ACCESSES, FOUR);
        expectTrap("A1 00 00 04 00 F4", 1, 5);
        expectTrap("A3 00 00 04 00 F4", 1, 5);
        DebugRegisters.write(cpu, 7, 0);
        breakpoint(0, CODE, ACCESSES, FOUR);
        expectNoTrap("90 90 F4");
    }

    @Test
    void rangesOverlapByAnyByteAndAreAligned() {
        // Low address bits are ignored: DATA+4..DATA+7
        breakpoint(1, DATA + 6, WRITES, FOUR);
        // mov byte [x],1 just below, first, last, just above; dword and word across the borders
        expectNoTrap("C6 05 03 00 04 00 01 F4");
        expectTrap("C6 05 04 00 04 00 01 F4", 2, 7);
        expectTrap("C6 05 07 00 04 00 01 F4", 2, 7);
        expectNoTrap("C6 05 08 00 04 00 01 F4");
        expectTrap("A3 01 00 04 00 F4", 2, 5);
        expectTrap("66 A3 07 00 04 00 F4", 2, 6);
        // A range of two bytes, of one and of eight
        breakpoint(3, DATA + 0x11, WRITES, TWO);
        expectTrap("C6 05 10 00 04 00 01 F4", 8, 7);
        breakpoint(0, DATA + 0x21, WRITES, ONE);
        expectNoTrap("C6 05 20 00 04 00 01 F4");
        expectTrap("C6 05 21 00 04 00 01 F4", 1, 7);
        DebugRegisters.write(cpu, 7, 0);
        breakpoint(0, DATA + 0x33, WRITES, EIGHT);
        expectTrap("C6 05 37 00 04 00 01 F4", 1, 7);
        expectNoTrap("C6 05 38 00 04 00 01 F4");
    }

    @Test
    void severalBreakpointsAreReportedTogether() {
        breakpoint(0, DATA, WRITES, FOUR);
        breakpoint(3, DATA + 4, ACCESSES, FOUR);
        cpu.gpr[CpuState.RSI] = DATA;
        cpu.gpr[CpuState.RDI] = DATA + 4;
        // mov [DATA+2],eax
        expectTrap("A3 02 00 04 00 F4", 9, 5);
    }

    @Test
    void accessesOverAPageBorderAreSeen() {
        breakpoint(0, DATA + 0x1000, WRITES, ONE);
        expectTrap("A3 FD 0F 04 00 F4", 1, 5);
        expectNoTrap("A3 FC 0F 04 00 F4");
    }

    @Test
    void pushesAndSseStoresAreSeen() {
        breakpoint(0, SystemFixture.STACK0 - 4, WRITES, FOUR);
        cpu.gpr[CpuState.RSP] = SystemFixture.STACK0;
        os.run("50 90 F4");
        assertEquals(1, cpu.dr[6] & 15);
        DebugRegisters.write(cpu, 7, 0);
        breakpoint(1, DATA + 12, WRITES, FOUR);
        // movups [DATA],xmm0
        expectTrap("0F 11 05 00 00 04 00 F4", 2, 7);
    }

    @Test
    void aTranslationThatWasThereBeforeIsTakenBack() {
        // The store goes through the TLB first, then the breakpoint comes.
        expectNoTrap("A3 00 00 04 00 A1 00 00 04 00 F4");
        breakpoint(0, DATA, WRITES, FOUR);
        expectTrap("A3 00 00 04 00 A1 00 00 04 00 F4", 1, 5);
        DebugRegisters.write(cpu, 7, 0x400);
        expectNoTrap("A3 00 00 04 00 A1 00 00 04 00 F4");
    }

    @Test
    void repetitionsTrapBehindTheElement() {
        breakpoint(0, DATA + 4, WRITES, FOUR);
        cpu.gpr[CpuState.RDI] = DATA;
        cpu.gpr[CpuState.RCX] = 4;
        // rep stosd
        os.run("F3 AB F4");
        assertEquals(List.of(GuestFault.DB), os.exceptions());
        assertEquals(2, os.reg(CpuState.RCX));
        assertEquals(DATA + 8, os.reg(CpuState.RDI));
        assertEquals(CODE, os.stack32(0), "it goes on there");
        assertTrue((os.stack32(2) & Eflags.RF) != 0, "in the middle RF is pushed set");
        // The handler returns.
        os.test.put(SystemFixture.handler(1), "CF");
        os.test.code(SystemFixture.handler(1), "CF");
        os.go();
        assertEquals(0, os.reg(CpuState.RCX));
        assertTrue(cpu.halted);
    }

    @Test
    void faultingInstructionsDropTheirHits() {
        breakpoint(0, DATA, ACCESSES, FOUR);
        // A move from the watched place to beyond the segment: movsd with ES null
        Segmentation.loadData(cpu, CpuState.ES, 0);
        cpu.gpr[CpuState.RSI] = DATA;
        os.run("A5 F4");
        assertEquals(List.of(GuestFault.GP), os.exceptions());
        assertEquals(0, cpu.dr[6] & 15);
    }

    @Test
    void eventDeliveryOntoAWatchedStackTrapsAtTheHandler() {
        breakpoint(0, SystemFixture.STACK0 - 4, WRITES, FOUR);
        os.run("0F 0B");
        assertEquals(List.of(GuestFault.UD, GuestFault.DB), os.exceptions());
        assertEquals(SystemFixture.handler(GuestFault.UD), os.stack32(0));
    }

    @Test
    void portsAreWatchedIfDebugExtensionsAreOn() {
        DebugRegisters.write(cpu, 1, 0x61);
        cpu.dr[7] = 0x400 | 1 << 2 | (PORTS | ONE << 2) << 20;
        expectNoTrap("E4 61 F4");
        cpu.cr4 |= Control.CR4_DE;
        expectTrap("E4 61 F4", 2, 2);
        expectTrap("E6 61 F4", 2, 2);
        // in eax,60h covers 60h..63h
        expectTrap("E5 60 F4", 2, 2);
        expectNoTrap("E4 60 F4");
        // outsb
        cpu.gpr[CpuState.RDX] = 0x61;
        cpu.gpr[CpuState.RSI] = DATA;
        expectTrap("6E F4", 2, 1);
    }

    @Test
    void instructionBreakpointsPushRfClearAndRfSkipsThem() {
        breakpoint(0, CODE + 1, EXECUTION, ONE);
        os.run("90 90 90 F4");
        assertEquals(List.of(GuestFault.DB), os.exceptions());
        assertEquals(CODE + 1, os.stack32(0));
        assertEquals(0, os.stack32(2) & Eflags.RF);
        // The handler sets RF in the image and returns: or dword [esp+8],10000h; iret
        os.test.code(SystemFixture.handler(1), "81 4C 24 08 00 00 01 00 CF");
        os.go();
        assertTrue(cpu.halted);
        assertEquals(CODE + 4, cpu.rip());
        assertEquals(1, os.exceptions().size());
        assertFalse((cpu.systemFlags & Eflags.RF) != 0);
    }

    @Test
    void faultsPushRfAndItLastsForOneInstruction() {
        os.run("0F 0B");
        assertTrue((os.stack32(2) & Eflags.RF) != 0);
        // Without any breakpoint: the handler skips the UD2 and returns, RF set; an interrupt
        // two instructions later pushes it clear. add dword [esp],2; iret
        os.exceptions().clear();
        os.ring(0);
        os.test.code(SystemFixture.handler(6), "83 04 24 02 CF");
        os.run("0F 0B 90 90 CD 80");
        assertEquals(List.of(GuestFault.UD, 0x80), os.exceptions());
        assertEquals(0, os.stack32(2) & Eflags.RF);
    }

    @Test
    void aBreakpointUnderRfIsMetByTheNextRound() {
        breakpoint(0, CODE, EXECUTION, ONE);
        cpu.systemFlags |= Eflags.RF;
        // 1: jmp 1b
        os.run("EB FE");
        assertEquals(List.of(GuestFault.DB), os.exceptions());
        assertEquals(1, cpu.instructions - 1 /* HLT of the handler */);
    }

    @Test
    void generalDetectIsAFaultAndOpensTheRegisters() {
        DebugRegisters.write(cpu, 7, 0x2000);
        // mov dr0,eax
        os.run("0F 23 C0 F4");
        assertEquals(List.of(GuestFault.DB), os.exceptions());
        assertEquals(DebugRegisters.GENERAL_DETECT, cpu.dr[6] & 0xE00F);
        assertEquals(CODE, os.stack32(0));
        assertTrue((os.stack32(2) & Eflags.RF) != 0);
        assertEquals(0x400, cpu.dr[7]);
        expectNoTrap("0F 23 C0 F4");
    }

    @Test
    void reservedBitsReadAsTheyMust() {
        cpu.gpr[CpuState.RAX] = 0xFFFF_FFFFL;
        // mov dr6,eax; mov dr7,eax (GD last); the guard then stands in the way of reading
        os.run("0F 23 F0 0F 23 F8 F4");
        assertEquals(0xFFFF_EFFFL, cpu.dr[6]);
        assertEquals(0xFFFF_27FFL, cpu.dr[7]);
        cpu.dr[7] = 0x400;
        cpu.gpr[CpuState.RAX] = 0;
        os.run("0F 23 F0 0F 23 F8 F4");
        assertEquals(0xFFFF_0FF0L, cpu.dr[6]);
        assertEquals(0x400, cpu.dr[7]);
        try (SystemFixture wide = SystemFixture.long64()) {
            for (String code : List.of("0F 23 F0", "0F 23 F8")) {
                wide.ring(0);
                wide.exceptions().clear();
                wide.cpu.gpr[CpuState.RAX] = 1L << 32;
                wide.run(code);
                assertEquals(List.of(GuestFault.GP), wide.exceptions());
            }
            wide.cpu.gpr[CpuState.RAX] = 0x1234_5678_9ABC_DEF0L;
            wide.ring(0);
            wide.run("0F 23 C8 F4");
            assertEquals(0x1234_5678_9ABC_DEF0L, wide.cpu.dr[1]);
        }
    }

    @Test
    void dr4AndDr5AreDr6AndDr7UnlessDebugExtensionsAreOn() {
        // mov dr5,eax; mov ebx,dr5; mov ecx,dr7; mov edx,dr4; hlt
        cpu.gpr[CpuState.RAX] = 0x0700;
        os.run("0F 23 E8 0F 21 EB 0F 21 F9 0F 21 E2 F4");
        assertEquals(0x0700, os.reg(CpuState.RBX));
        assertEquals(0x0700, os.reg(CpuState.RCX));
        assertEquals(cpu.dr[6], os.reg(CpuState.RDX));
        cpu.cr4 |= Control.CR4_DE;
        for (String code : List.of("0F 23 E0", "0F 23 E8", "0F 21 E0", "0F 21 E8")) {
            os.ring(0);
            os.exceptions().clear();
            os.run(code);
            assertEquals(List.of(GuestFault.UD), os.exceptions(), code);
        }
    }

    @Test
    void stiDoesNotHoldTrapsOffButMovSsDoes() {
        cpu.systemFlags |= Eflags.TF;
        expectTrap("FB 90 F4", DebugRegisters.SINGLE_STEP, 1);
        // mov ss,ax; nop
        cpu.gpr[CpuState.RAX] = SystemFixture.DATA0;
        cpu.systemFlags |= Eflags.TF;
        expectTrap("8E D0 90 F4", DebugRegisters.SINGLE_STEP, 3);
        // An instruction breakpoint behind MOV SS is missed, behind STI it is met.
        cpu.systemFlags = 0;
        breakpoint(0, CODE + 2, EXECUTION, ONE);
        expectNoTrap("8E D0 90 F4");
        breakpoint(0, CODE + 1, EXECUTION, ONE);
        expectTrap("FB 90 F4", 1, 1);
    }

    @Test
    void aDataBreakpointOfMovSsTrapsOneInstructionLater() {
        os.test.map.write(DATA, 2, SystemFixture.DATA0);
        breakpoint(0, DATA, ACCESSES, TWO);
        // mov ss,[DATA]; nop; nop; hlt
        expectTrap("8E 15 00 00 04 00 90 90 F4", 1, 7);
    }

    @Test
    void softwareInterruptsAreNotSteppedInto() {
        cpu.systemFlags |= Eflags.TF;
        os.run("CD 80");
        assertEquals(List.of(0x80), os.exceptions());
        assertEquals(CODE + 2, os.stack32(0));
    }

    @Test
    void theFlagsBeforePopfDecideAboutItsTrap() {
        // pushfd image with TF set: popfd; nop; nop
        os.ring(0);
        os.test.map.write(SystemFixture.STACK0 - 4, 4, 0x102);
        cpu.gpr[CpuState.RSP] -= 4;
        os.run("9D 90 90 F4");
        assertEquals(List.of(GuestFault.DB), os.exceptions());
        assertEquals(CODE + 2, os.stack32(0));
        // TF set before and cleared by it
        os.exceptions().clear();
        os.ring(0);
        os.test.map.write(SystemFixture.STACK0 - 4, 4, 2);
        cpu.gpr[CpuState.RSP] -= 4;
        cpu.systemFlags |= Eflags.TF;
        os.run("9D 90 90 F4");
        assertEquals(List.of(GuestFault.DB), os.exceptions());
        assertEquals(CODE + 1, os.stack32(0));
    }

    @Test
    void taskSwitchesTrapWhenTheNewTaskAsksForItAndDropLocalBreakpoints() {
        int tss = SystemFixture.OTHER_TSS;
        os.test.map.write(tss + 0x1C, 4, 0);
        os.test.map.write(tss + 0x20, 4, DATA);
        os.test.map.write(tss + 0x24, 4, 2);
        os.test.map.write(tss + 0x38, 4, SystemFixture.STACK3);
        for (int i = 0; i < 6; i++) {
            int selector = i == CpuState.CS ? SystemFixture.CODE0 : SystemFixture.DATA0;
            os.test.map.write(tss + 0x48 + 4 * i, 2, selector);
        }
        os.test.put(DATA, "90 F4");
        DebugRegisters.write(cpu, 7, 1 << 2 | 1 << 5 | 1 << 8 | 1 << 9);
        cpu.dr[1] = 0x1234_5678;
        cpu.dr[2] = 0x1234_5678;
        for (int trap = 0; trap < 2; trap++) {
            os.exceptions().clear();
            os.test.map.write(tss + 0x64, 2, trap);
            os.descriptor(SystemFixture.OTHER_TASK, SystemFixture.segment(tss, 0x67, 0x89, 0));
            cpu.tr.load(
                    SystemFixture.TASK, SystemFixture.segment(SystemFixture.TSS, 0x67, 0x8B, 0));
            os.ring(0);
            os.run("EA 00 00 00 00 60 00");
            assertTrue(cpu.halted);
            if (trap == 0) {
                assertEquals(List.of(), os.exceptions());
            } else {
                assertEquals(List.of(GuestFault.DB), os.exceptions());
                assertEquals(DATA, os.stack32(0), "before the first instruction");
                assertEquals(DebugRegisters.TASK_SWITCH, cpu.dr[6] & 0xE00F);
            }
            assertEquals(1 << 5 | 1 << 9 | 1 << 10, cpu.dr[7], "global breakpoints stay");
        }
    }

    @Test
    void hltIsLeftByItsSingleStep() {
        cpu.systemFlags |= Eflags.TF;
        expectTrap("F4", DebugRegisters.SINGLE_STEP, 1);
    }

    @Test
    void syscallIsSteppedByTheFlagsItLoads() {
        try (SystemFixture wide = SystemFixture.long64()) {
            CpuState c = wide.cpu;
            c.efer |= Control.EFER_SCE;
            c.msrs.star = 0x38L << 32;
            c.msrs.lstar = DATA;
            c.msrs.fmask = Eflags.TF;
            wide.test.put(DATA, "90 F4");
            c.systemFlags |= Eflags.TF;
            wide.run("0F 05");
            assertEquals(List.of(), wide.exceptions());
            assertTrue(c.halted);
            c.msrs.fmask = 0;
            c.systemFlags |= Eflags.TF;
            wide.run("0F 05");
            assertEquals(List.of(GuestFault.DB), wide.exceptions());
            assertEquals(DATA, wide.stack64(0));
        }
    }

    @Test
    void dataBreakpointsIn64BitModeCompareWholeAddresses() {
        try (SystemFixture wide = SystemFixture.long64()) {
            breakpoint(wide.cpu, 0, DATA | 1L << 40, ACCESSES, EIGHT);
            // mov rax,[DATA]
            wide.run("48 8B 04 25 00 00 04 00 F4");
            assertEquals(List.of(), wide.exceptions());
            DebugRegisters.write(wide.cpu, 0, DATA + 3);
            wide.ring(0);
            wide.run("8A 04 25 07 00 04 00 F4");
            assertEquals(List.of(GuestFault.DB), wide.exceptions());
        }
    }

    @Test
    void snapshotsKeepBreakpointsAndWhatIsDue() throws SnapshotException {
        breakpoint(0, DATA, WRITES, FOUR);
        cpu.pendingDebug = 4;
        SnapshotWriter out = new SnapshotWriter();
        cpu.save(out);
        try (TestCpu other = TestCpu.flat32()) {
            other.cpu.restore(new SnapshotReader("cpu", out.toByteArray()), cpu.sectionVersion());
            assertEquals(4, other.cpu.pendingDebug);
            other.cpu.pendingDebug = 0;
            other.code(CODE, "A3 00 00 04 00 90 F4");
            other.run(10);
            assertEquals(List.of(GuestFault.DB), other.exceptions);
            assertEquals(CODE + 5, other.returnRip);
        }
    }

    @Test
    void withoutBreakpointsStoresStayOnTheFastPath() {
        expectNoTrap("A3 00 00 04 00 F4");
        assertTrue(cpu.mmu.hostForWrite(DATA) != 0);
        breakpoint(0, DATA, WRITES, FOUR);
        assertEquals(0, cpu.mmu.hostForWrite(DATA), "watched page");
        assertTrue(cpu.mmu.hostForWrite(DATA + 0x1000) != 0, "another page");
        DebugRegisters.write(cpu, 7, 0);
        assertTrue(cpu.mmu.hostForWrite(DATA) != 0);
    }
}
